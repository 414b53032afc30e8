"""What holds for every SCPI twin that there is, whatever it measures."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from worlds import ask

import instruments
from instruments.engine import Exchange
from instruments.front import Front
from instruments.scpi import Numeric, Query, ScpiInstrument, Setting
from instruments.scpi.header import parse_header
from instruments.scpi.parameters import short_form
from instruments.scpi.table import table_of
from instruments.world import DevicePlan, World, WorldPlan

SOURCES = {file.stem: file.read_text(encoding="utf-8") for file in Path(instruments.__path__[0]).glob("*.py")}
NAMES = sorted(name for name, text in SOURCES.items() if re.search(r"^twin = Kind\(", text, re.MULTILINE))
SCPI = [
    name
    for name in NAMES
    if isinstance(build := import_module(f"instruments.{name}").twin.build, type) and issubclass(build, ScpiInstrument)
]


def opened(name: str, exchange: Exchange = Exchange.INSTR) -> Front:
    kind = import_module(f"instruments.{name}").twin
    bench = World(WorldPlan(devices=(DevicePlan(name=name, kind=kind),)), 1)
    return Front(bench.twins[name], exchange, bench.environment, 1e-3)


def queue(front: Front) -> list[int]:
    engine: Any = front.engine
    return [code for code, _ in engine.status.errors]


def sent(notation: str, long: bool) -> str:
    """Return a way to send a header: all nodes in their long form, or only those that must be, in short form."""
    nodes = parse_header(notation.removesuffix("?"))
    words = [
        (node.word.upper() if long else short_form(node.word))
        + (str(node.suffixes[0]) if node.suffixes and long else "")
        for node in nodes
        if long or not node.optional
    ]
    return ":".join(words)


def test_there_are_twins() -> None:
    assert {"power_source", "energy_standard", "climate_logger", "dc_energy"} <= set(SCPI)


@pytest.mark.parametrize("name", SCPI)
def test_common_rules(name: str) -> None:
    front = opened(name)
    identity = ask(front, "*IDN?")
    assert identity is not None
    assert len(identity.split(",")) == 4
    assert ask(front, "*ESR?") == "128"
    assert ask(front, "*ESE 60;*ESE?") == "60"
    assert ask(front, "*STB?") == "0"
    front.write(b"NO:SUCH:HEADER\n")
    assert queue(front) == [-113]
    assert ask(front, "*STB?") == "36"
    assert ask(front, "*ESR?") == "32"
    front.write(b"*ESE 999\n")
    assert queue(front) == [-113, -222]
    assert (ask(front, "SYST:ERR?") or "").lstrip("+").startswith("-113,")
    front.write(b"*CLS\n")
    assert queue(front) == []
    assert re.match(r'\+?0,"', ask(front, "SYST:ERR?") or "")
    front.write(b"*IDN?\n")
    assert ask(front, "*OPC?") == "1"
    assert queue(front) == [-410]
    front.write(b"*CLS\n")
    assert front.read(100, None, 1.0) is None
    assert queue(front) == [-420]
    front.write(b"*RST;*CLS\n")
    assert queue(front) == []
    assert ask(front, "*TST?") is not None


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("name", SCPI)
def test_every_setting_can_be_read_in_short_and_long_form(name: str, long: bool) -> None:
    front = opened(name)
    for command in table_of(type(front.engine)).commands:  # type: ignore[arg-type]
        if not isinstance(command, Setting):
            continue
        header = sent(command.header, long)
        reply = ask(front, f"{header}?", 1000.0)
        assert reply is not None, (header, queue(front))
        if isinstance(command.parameter, Numeric):
            for word, limit in (("MIN", "low"), ("MAX", "high"), ("DEF", "default")):
                if getattr(command.parameter, limit) is not None:
                    assert ask(front, f"{header}? {word}") is not None, (header, word, queue(front))
        assert queue(front) == []


@pytest.mark.parametrize("name", SCPI)
def test_every_question_is_answered_or_refused_with_a_number(name: str) -> None:
    front = opened(name)
    for command in table_of(type(front.engine)).commands:  # type: ignore[arg-type]
        if not isinstance(command, Query) or command.parameters:
            continue
        front.clear()
        front.write(b"*CLS\n")
        header = sent(command.header, long=False)
        reply = ask(front, f"{header}?", 1000.0)
        assert reply is not None or queue(front), header
