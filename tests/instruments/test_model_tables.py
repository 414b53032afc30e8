"""Every twin of a real model: all its settings can be asked for, kept and recalled; any bytes leave it alive."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments import (
    analyser_ak,
    balance_mt_sics,
    dmm_34401a,
    dmm_34461a,
    dmm_keithley2000,
    mfc_alicat,
    power_analyser_wt1800e,
    smu_keithley2400,
    source_gs200,
    transmitter_modbus,
)
from instruments.engine import Exchange
from instruments.scpi.commands import Event, Query, Setting
from instruments.scpi.header import parse_header
from instruments.scpi.table import table_of

from .model_bench import ModelBench

SCPI = {
    module.__name__.removeprefix("instruments."): module.twin
    for module in (
        dmm_34401a,
        dmm_34461a,
        dmm_keithley2000,
        smu_keithley2400,
        source_gs200,
        power_analyser_wt1800e,
    )
}
OTHERS = {
    module.__name__.removeprefix("instruments."): module.twin
    for module in (analyser_ak, balance_mt_sics, mfc_alicat, transmitter_modbus)
}


def header(notation: str) -> str:
    """Return a header with every optional node, and with the suffix 1 where there is one."""
    nodes = parse_header(notation.removesuffix("?"))
    return ":".join(node.word + (str(node.suffixes[0]) if node.suffixes else "") for node in nodes)


@pytest.mark.parametrize("name", SCPI)
def test_every_setting_can_be_asked_for_at_power_on_and_after_reset(name: str) -> None:
    bench = ModelBench(SCPI[name])
    for when in ("power-on", "reset"):
        for command in table_of(type(bench.engine)).commands:
            if isinstance(command, Setting):
                reply = bench.query(header(command.header) + "?")
                assert reply and bench.errors() == [], f"{when}: {command.header} {reply}"
        bench.write("*RST")
        assert bench.errors() == []


@pytest.mark.parametrize("name", SCPI)
def test_every_command_without_parameters_is_carried_out_or_refused(name: str) -> None:
    """A handler that fails otherwise than by ScpiError comes out of here as an exception."""
    bench = ModelBench(SCPI[name])
    for command in table_of(type(bench.engine)).commands:
        if isinstance(command, Event | Query) and all(parameter.optional for parameter in command.parameters):
            bench.write(header(command.header) + ("?" if isinstance(command, Query) else ""))
            bench.run(0.001)
            bench.link.clear()
            bench.run(20.0)


CHANGES = {
    "dmm_34401a": "VOLT:RANG 1;NPLC 1;:SAMP:COUN 5;:TRIG:SOUR BUS;DEL 2;:CURR:RANG:AUTO ON;:FUNC 'CURR'",
    "dmm_34461a": "VOLT:RANG 1;NPLC 1;:SAMP:COUN 5;TIM 3;:RES:NULL:VAL 3;:DISP:TEXT 'A'",
    "dmm_keithley2000": "VOLT:NPLC 5;RANG 10;AVER:COUN 7;:TRAC:POIN 20;:TRIG:COUN 8;DEL 2;:INIT:CONT OFF",
    "smu_keithley2400": "SOUR:FUNC CURR;CURR 1e-3;:SENS:VOLT:PROT 5;RANG 2;:TRIG:COUN 9;:SOUR:DEL 0.2",
    "source_gs200": "SOUR:PROT:VOLT 10;CURR 0.05;:PROG:INT 5;SLOP 2;:SENS:NPLC 5;REM ON",
    "power_analyser_wt1800e": "VOLT:AUTO:ELEM1 ON;:NUM:NUM 7;FORM FLOAT;:RATE 2S;:MEAS:AVER:COUN 16",
}
"""Settings away from the reset state, by twin."""


@pytest.mark.parametrize("name", SCPI)
def test_settings_are_kept_and_recalled(name: str) -> None:
    bench = ModelBench(SCPI[name])
    bench.write(CHANGES[name])
    assert bench.errors() == []
    asked = [c for c in table_of(type(bench.engine)).commands if isinstance(c, Setting) and "STAT" not in c.header]
    before = {c.header: bench.query(header(c.header) + "?") for c in asked}
    bench.write("*SAV 1")
    bench.write("*RST")
    bench.write("*RCL 1")
    assert bench.errors() == []
    after = {c.header: bench.query(header(c.header) + "?") for c in asked}
    assert after == before


@pytest.mark.parametrize("name", SCPI)
def test_defaults_named_in_the_table_are_those_after_reset(name: str) -> None:
    """What DEF means for a number is what *RST sets, unless the setting depends on others."""
    bench = ModelBench(SCPI[name])
    bench.write("*RST")
    for place in table_of(type(bench.engine)).places:
        default = place.setting.parameter.initial(bench.engine)
        if default is not None and isinstance(default, int | float) and not isinstance(default, bool):
            value = place.get(bench.engine)
            if "DELay" in place.setting.header or "APERture" in place.setting.header or "NULL" in place.setting.header:
                continue  # automatic delays, apertures that follow from PLC
            if "RANGe" in place.setting.header:
                continue  # a range is the one that holds the number
            assert value == pytest.approx(default), place.setting.header


@pytest.mark.parametrize("name", [*SCPI, *OTHERS])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_leave_it_alive(name: str, data: list[bytes]) -> None:
    kind: Any = SCPI.get(name) or OTHERS[name]
    bench = ModelBench(kind, exchange=Exchange.STREAM)
    for piece in data:
        bench.link.deliver(piece, False)
        bench.run(0.1)
        bench.link.read(1 << 20)


ALPHABET = st.sampled_from([*"ABDKLMRSTUV:;?*@$=+-.0123456789 ,\"'#()", "\r\n", "\n", "\r", "\x02", "\x03", "\x00"])


@pytest.mark.parametrize("name", [*SCPI, *OTHERS])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(ALPHABET, max_size=120).map("".join))
def test_any_characters_of_its_language_leave_it_alive(name: str, text: str) -> None:
    kind: Any = SCPI.get(name) or OTHERS[name]
    bench = ModelBench(kind, exchange=Exchange.STREAM)
    prefix = {"mfc_alicat": "A", "analyser_ak": "\x02 "}.get(name, "")
    bench.link.deliver((prefix + text + "\r\n\x03").encode("latin-1"), False)
    bench.run(1.0)
    bench.link.read(1 << 20)


FLOODS = {
    "analyser_ak": b"\x02 AKON K0\x03",
    "balance_mt_sics": b"SI\r\n",
    "mfc_alicat": b"A\r",
    "transmitter_modbus": b"\x00\x01\x00\x00\x00\x06\x01\x04\x00\x00\x00\x02",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_requests_takes_bounded_memory_and_ends(name: str) -> None:
    bench = ModelBench(OTHERS[name], exchange=Exchange.STREAM)
    for _ in range(20):
        bench.link.deliver(FLOODS[name] * 1000, False)
    bench.run(60.0)
    answered = bench.link.unread_size
    assert 0 < answered < 1100 * 60
    bench.link.read(1 << 24)
    bench.link.deliver(FLOODS[name], False)
    bench.run(1.0)
    assert bench.link.unread
