"""Stations: what is wrong is named with file, line and key; what is right builds worlds and pleases pyvisa-sim."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from pyvisa_sim.highlevel import SimVisaLibrary

from bench.errors import ConfigurationError
from bench.station import Station, canonical
from instruments.draw import Normal, Rectangular
from instruments.engine import Exchange
from instruments.faults import LateReply, WrongIdentity

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
spec: "1.1"
seed: 12
devices:
  reader:
    twin: twins_for_tests.tiny
    parameters:
      serial: "0123-TWIN"
      gain_error: {rectangular: [-5e-4, 5e-4]}
    ports: {input: line}
  writer:
    twin: twins_for_tests.tiny
    ports: {output: line}
  plain:
    eom:
      GPIB INSTR: {q: "\\n", r: "\\n"}
    dialogues:
      - {q: "?ID", r: "PLAIN"}
resources:
  GPIB::5::INSTR: {device: reader}
  TCPIP::192.0.2.5::5025::SOCKET: {device: reader, latency_s: 0.01}
  ASRL1::INSTR: {device: writer}
  GPIB::7::INSTR: {device: plain}
ports:
  line: {start: 2.5}
roles:
  standard: GPIB::5::INSTR
  source: USB0::1::2::3::INSTR
laboratory:
  name: anything
"""


def write(tmp_path: Path, text: str = GOOD, old: str = "", new: str = "") -> Path:
    assert old in text
    path = tmp_path / "station.yaml"
    path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return path


def test_a_good_station(tmp_path: Path) -> None:
    station = Station.from_file(write(tmp_path))
    assert station.seed == 12
    assert station.roles == {"standard": "GPIB0::5::INSTR", "source": "USB0::1::2::3::0::INSTR"}
    assert station.resources == {
        "GPIB0::5::INSTR": "reader",
        "TCPIP0::192.0.2.5::5025::SOCKET": "reader",
        "ASRL1::INSTR": "writer",
        "GPIB0::7::INSTR": "plain",
    }
    assert station.roles["source"] not in station.resources
    assert station.laboratory == {"name": "anything"}
    world = station.build()
    reader = world.twin("reader")
    assert reader.parameters.serial == "0123-TWIN"
    assert -5e-4 <= reader.parameters.gain_error <= 5e-4
    assert reader.inlet is world.twin("writer").outlet
    assert reader.inlet.steps == [(0.0, 2.5), (0.0, 0.0)]
    kinds = {address: (plan.exchange, plan.latency_s) for address, plan in world.resources.items()}
    assert kinds == {
        "GPIB0::5::INSTR": (Exchange.INSTR, 1e-3),
        "TCPIP0::192.0.2.5::5025::SOCKET": (Exchange.STREAM, 0.01),
        "ASRL1::INSTR": (Exchange.STREAM, 1e-3),
    }


def test_pyvisa_sim_reads_the_same_file(tmp_path: Path) -> None:
    library = SimVisaLibrary(str(write(tmp_path)))
    assert set(library.devices.list_resources()) == set(Station.from_file(write(tmp_path)).resources)


def test_seeds_and_workers_give_the_same_truth(tmp_path: Path) -> None:
    station = Station.from_file(write(tmp_path))
    copy = pickle.loads(pickle.dumps(station))
    assert copy.digest == station.digest

    def truth(which: Station, seed: int | None = None) -> float:
        value: float = which.build(seed).twin("reader").parameters.gain_error
        return value

    assert truth(station) == truth(copy) == truth(station, 12)
    assert truth(station, 13) != truth(station)


def test_parameters_can_be_replaced_for_a_campaign(tmp_path: Path) -> None:
    station = Station.from_file(write(tmp_path))
    world = station.build(1, parameters={"reader": {"gain_error": {"normal": [0.5, 0.0]}}})
    assert world.twin("reader").parameters.gain_error == 0.5
    assert world.twin("reader").parameters.serial == "0123-TWIN"
    changed = station.with_parameters({"writer": {"gain_error": Normal(0.25, 0.0)}})
    assert changed.build(1).twin("writer").parameters.gain_error == 0.25
    assert station.build(1).twin("writer").parameters.gain_error == 0.0
    for wrong in ({"reader": {"gain": 1}}, {"nobody": {}}, {"reader": {"gain_error": Rectangular(-5, 5)}}):
        with pytest.raises(ConfigurationError, match="devices"):
            station.with_parameters(wrong)


def test_a_dictionary_needs_no_spec() -> None:
    station = Station.from_dict(
        {
            "devices": {"a": {"twin": "twins_for_tests.tiny"}},
            "resources": {"GPIB0::1::INSTR": {"device": "a"}},
        },
        source="sheet.toml [station]",
    )
    assert station.source == "sheet.toml [station]"
    assert station.build().twin("a").parameters.serial == "TINY-1"


TINY = "twin: twins_for_tests.tiny\n    parameters"
WRONG: list[tuple[str, str, str, str, int | None]] = [
    # old, new, key, part of why, line
    (TINY, "twin: power_sorce\n    parameters", "devices.reader.twin", "did you mean 'power_source'", 5),
    (TINY, "twin: no.such.module\n    parameters", "devices.reader.twin", "unknown twin", 5),
    (TINY, "twin: instruments.draw\n    parameters", "devices.reader.twin", "exports no twin", 5),
    (TINY, "twin: [1]\n    parameters", "devices.reader.twin", "must be the name of a twin", 5),
    ("gain_error", "gain_eror", "devices.reader.parameters.gain_eror", "did you mean 'gain_error'", 8),
    ("{rectangular: [-5e-4, 5e-4]}", "much", "devices.reader.parameters.gain_error", "Expected `float`, got `str`", 8),
    ("{rectangular: [-5e-4, 5e-4]}", "2", "devices.reader.parameters.gain_error", "<= 1.0", 8),
    ("{rectangular: [-5e-4, 5e-4]}", ".nan", "devices.reader.parameters.gain_error", "", 8),
    ("[-5e-4, 5e-4]", "[-5, 5]", "devices.reader.parameters.gain_error", ">= -1.0", 8),
    ("[-5e-4, 5e-4]", "[5e-4, -5e-4]", "devices.reader.parameters.gain_error", "lower limit first", 8),
    ("rectangular", "rectangle", "devices.reader.parameters.gain_error", "did you mean 'rectangular'", 8),
    ('serial: "0123-TWIN"', "serial: 123", "devices.reader.parameters.serial", "put it in quotes", 7),
    ('serial: "0123-TWIN"', 'serial: "0123"', "devices.reader.parameters.serial", "must contain TWIN", 7),
    ('serial: "0123-TWIN"', "low: 500", "devices.reader.parameters", "low must lie below high", 6),
    ("ports: {input: line}", "ports: {inputs: line}", "devices.reader.ports.inputs", "did you mean 'input'", 9),
    ("ports: {input: line}", "ports: {input: 5}", "devices.reader.ports.input", "name of a shared port", 9),
    ("ports: {input: line}", "ports: [a]", "devices.reader.ports", "must be a mapping", 9),
    ("ports: {input: line}", "port: {input: line}", "devices.reader.port", "did you mean 'ports'", 9),
    ("  line: {start: 2.5}", "  lin: {start: 2.5}", "ports.lin", "did you mean 'line'", 24),
    ("{start: 2.5}", "{stort: 2.5}", "ports.line.stort", "did you mean 'start'", 24),
    ("seed: 12", "seed: -1", "seed", "at least 0", 2),
    ("seed: 12", "seed: 1.5", "seed", "whole number", 2),
    ("seed: 12", "sede: 12", "sede", "did you mean 'seed'", 2),
    ('spec: "1.1"', 'spec: "9.9"', "spec", "pyvisa-sim", 1),
    ('spec: "1.1"\n', "", "spec", "missing", None),
    (
        "GPIB::5::INSTR: {device: reader}",
        "GPIB::5::INSTR: {device: raeder}",
        "resources.GPIB::5::INSTR.device",
        "'reader'",
        19,
    ),
    ("GPIB::5::INSTR: {device: reader}", "GPIB::5::INSTR: {}", "resources.GPIB::5::INSTR.device", "missing", 19),
    ("GPIB::5::INSTR: {device: reader}", "GPIB::5::INSTR: reader", "resources.GPIB::5::INSTR", "must be a mapping", 19),
    ("GPIB::5::INSTR: {device", "GPIBB::5: {device", "resources.GPIBB::5", "not a VISA resource name", 19),
    ("GPIB::7::INSTR", "GPIB0::5::INSTR", "resources.GPIB0::5::INSTR", "same address", 22),
    ("GPIB::7::INSTR", "GPIB::5::INSTR", "resources.GPIB::5::INSTR", "given twice, first in line 19", 22),
    ("latency_s: 0.01", "latency_s: 0", "resources.TCPIP::192.0.2.5::5025::SOCKET.latency_s", "above 0", 20),
    ("latency_s: 0.01", "latency: 1", "resources.TCPIP::192.0.2.5::5025::SOCKET.latency", "'latency_s'", 20),
    ("standard: GPIB::5::INSTR", "standard: nowhere", "roles.standard", "not a VISA resource name", 26),
    ("standard: GPIB::5::INSTR", "standard: 5", "roles.standard", "VISA resource name", 26),
    ('{q: "?ID", r: "PLAIN"}', '{r: "PLAIN"}', "devices.plain", "pyvisa-sim cannot read it", 13),
    ("dialogues:", "dialogs:", "devices.plain.dialogs", "did you mean 'dialogues'", 16),
    ("devices:\n", "devices: [\n", "(file)", "not YAML", None),
    ("seed: 12", "sleeps: pymeasure", "sleeps", "list of names of packages", 2),
    ("resources:", "resourcs:", "resourcs", "did you mean 'resources'", 18),
]


@pytest.mark.parametrize(("old", "new", "key", "why", "line"), WRONG, ids=[f"{w[2]}: {w[1][:30]}" for w in WRONG])
def test_a_wrong_station_is_one_line_that_names_the_place(
    tmp_path: Path, old: str, new: str, key: str, why: str, line: int | None
) -> None:
    path = write(tmp_path, GOOD, old, new)
    with pytest.raises(ConfigurationError) as caught:
        Station.from_file(path)
    problem = caught.value
    assert problem.key == key
    assert why in problem.why
    if line is not None:
        assert problem.line == line
        assert str(problem).startswith(f"{path}:{line}: {key}: ")
    assert "\n" not in str(problem)


@pytest.mark.parametrize("text", ["", "[]", "5", "devices", "\x00", "a: &x [*x]", "{" * 2000])
def test_what_is_no_station_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        Station.from_file(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        Station.from_file(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        Station.from_file(tmp_path / "latin.yaml")


def test_ports_of_two_classes_cannot_be_joined(tmp_path: Path) -> None:
    text = GOOD.replace(
        "twin: twins_for_tests.tiny\n    ports: {output: line}", "twin: power_source\n    ports: {output: line}"
    )
    with pytest.raises(ConfigurationError, match=r"devices.writer.ports.output: 'line' is a Level .* ElectricalNode"):
        Station.from_file(write(tmp_path, text))


def test_a_port_that_must_be_wired_is_missed(tmp_path: Path) -> None:
    text = GOOD.replace("twin: twins_for_tests.tiny\n    ports: {output: line}", "twin: power_source")
    with pytest.raises(ConfigurationError, match=r"devices.writer.ports.output: missing"):
        Station.from_file(write(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("5e-4", 5e-4),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-0.25", -0.25),
        ("7", 7),
        ("on", "on"),
        ("0123", "0123"),
        ("~", None),
    ],
)
def test_scalars_are_read_as_people_mean_them(tmp_path: Path, given: str, read: Any) -> None:
    station = Station.from_file(write(tmp_path, GOOD, "name: anything", f"name: {given}"))
    assert station.laboratory["name"] == read
    assert type(station.laboratory["name"]) is type(read)


def test_canonical_addresses() -> None:
    assert canonical("GPIB::5") == "GPIB0::5::INSTR"
    with pytest.raises(ValueError, match="nowhere"):
        canonical("nowhere")


# -- faults ---------------------------------------------------------------------------------------------------------

FAULTY = GOOD.replace(
    "    ports: {input: line}\n",
    """    ports: {input: line}
    faults:
      - {kind: late_reply, delay_s: {rectangular: [1, 2]}, on: LEV}
      - {kind: wrong_identity}
""",
)


def test_a_station_names_faults(tmp_path: Path) -> None:
    station = Station.from_file(write(tmp_path, FAULTY))
    late, identity = station.build(1).faults("reader").armed
    assert isinstance(late, LateReply)
    assert 1 <= late.delay_s <= 2
    assert isinstance(identity, WrongIdentity)
    other = station.build(2).faults("reader").armed[0]
    assert isinstance(other, LateReply)
    assert other.delay_s != late.delay_s
    assert SimVisaLibrary(str(write(tmp_path, FAULTY))).devices.list_resources()


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ("late_reply", "late_replay", "devices.reader.faults.1.kind", "did you mean 'late_reply'"),
        ("kind: late_reply, ", "", "devices.reader.faults.1.kind", "missing"),
        ("delay_s", "delay", "devices.reader.faults.1.delay", "did you mean 'delay_s'"),
        ("on: LEV", "rate: 3", "devices.reader.faults.1", "rate must lie in 0..1"),
        ("on: LEV", "on: '('", "devices.reader.faults.1", "no regular expression"),
        ("on: LEV", "times: 1.5", "devices.reader.faults.1.times", "Expected"),
        ("{kind: wrong_identity}", "wrong_identity", "devices.reader.faults.2", "must be a mapping"),
    ],
)
def test_a_wrong_fault_is_named(tmp_path: Path, old: str, new: str, key: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Station.from_file(write(tmp_path, FAULTY, old, new))
    assert caught.value.key == key
    assert why in caught.value.why
    assert caught.value.line is not None


def test_a_fault_that_does_not_fit_the_twin_is_refused_at_build(tmp_path: Path) -> None:
    text = FAULTY.replace("{kind: wrong_identity}", "{kind: happening, call: explode}")
    with pytest.raises(ConfigurationError, match="reader: the twin has no public method 'explode'"):
        Station.from_file(write(tmp_path, text)).build()
