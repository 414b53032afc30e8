"""What a station says of itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
from twins_for_tests.tiny import twin

from bench.station import Station
from bench.station_manual import manual, snapshot

if TYPE_CHECKING:
    from pathlib import Path

GPIB = "GPIB0::5::INSTR"
STATION = {
    "devices": {
        "reader": {"twin": "twins_for_tests.tiny", "parameters": {"serial": "A1-TWIN"}},
        "plain": {"eom": {"GPIB INSTR": {"q": "\n", "r": "\n"}}, "dialogues": [{"q": "?ID", "r": "PLAIN"}]},
    },
    "resources": {GPIB: {"device": "reader"}, "GPIB0::7::INSTR": {"device": "plain"}},
}


def test_the_manual_has_every_command_parameter_and_port() -> None:
    text = manual("tiny", twin)
    assert "CALTWIN TINY, firmware 1.0" in text
    for line in (
        "| `gain_error` | `0.0` |",
        "| `input` | Level | if wanted |",
        "| `[SOURce:]LEVel[:AMPLitude] <value>` `[SOURce:]LEVel[:AMPLitude]?` | 0 to limit V | Level that is",
        "| `READ?` |  | Mean input over the aperture that begins now. |",
        "| `TRIGger:SOURce <value>` `TRIGger:SOURce?` | IMMediate \\| BUS \\| EXTernal |",
        "| `SCALe` | 0 to 10, [0 to 10] |",
        "| `*IDN?` |  | Manufacturer, model, serial number, firmware. |",
    ):
        assert line in text, line
    for command in twin.build.commands:  # type: ignore[attr-defined]
        assert f"`{command.header}" in text


@pytest.mark.parametrize("name", ["power_source", "energy_standard", "climate_logger", "dc_energy", "replay"])
def test_every_twin_has_a_manual(name: str) -> None:
    kind = import_module(f"instruments.{name}").twin
    text = manual(name, kind)
    assert text.startswith(f"# {name}\n")
    assert all(len(row.replace("\\|", "").split("|")) == 5 for row in text.splitlines() if row.startswith("| `"))


def test_a_snapshot_serves_pyvisa_sim(tmp_path: Path) -> None:
    path = tmp_path / "sim.yaml"
    path.write_text(snapshot(Station.from_dict(STATION, "test")))
    manager = pyvisa.ResourceManager(f"{path}@sim")
    assert set(manager.list_resources()) == {GPIB, "GPIB0::7::INSTR"}
    resource: Any = manager.open_resource(GPIB, read_termination="\n", write_termination="\n")
    assert resource.query("*IDN?") == "CALTWIN,TINY,A1-TWIN,1.0"
    assert resource.query("LEV?") == "0"
    resource.write("LEV 5")
    assert resource.query("LEV?") == "5"
    assert resource.query("CHAN3:NAME?") == '"in""3"'
    assert resource.query("READ?") == "0.000000E+00"
    plain: Any = manager.open_resource("GPIB0::7::INSTR", read_termination="\n", write_termination="\n")
    assert plain.query("?ID") == "PLAIN"
    manager.close()
