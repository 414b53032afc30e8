"""Code that asks PyVISA for its default library reaches the twins by the environment variable PYVISA_LIBRARY alone."""

from __future__ import annotations

import pytest

from .conftest import LIBRARY, imported


@pytest.mark.driver("pymeasure", "hp.HP34401A by PYVISA_LIBRARY", "dmm_34401a", how="in process, environment")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_pymeasure_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    hp = imported("pymeasure.instruments.hp")
    monkeypatch.setenv("PYVISA_LIBRARY", LIBRARY)
    meter = hp.HP34401A("GPIB0::22::INSTR")
    assert "TWIN" in meter.id
    assert meter.reading == pytest.approx(1.25, abs=1e-5)
    meter.adapter.connection.close()


@pytest.mark.driver(
    "qcodes", "Keithley.Keithley2000 by PYVISA_LIBRARY", "dmm_keithley2000", how="in process, environment"
)
@pytest.mark.filterwarnings("ignore")
def test_qcodes_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    keithley = imported("qcodes.instrument_drivers.Keithley")
    monkeypatch.setenv("PYVISA_LIBRARY", LIBRARY)
    meter = keithley.Keithley2000("meter", "GPIB0::16::INSTR", reset=True)
    meter.trigger()
    assert meter.amplitude() == pytest.approx(0.5, abs=1e-5)
    meter.close()
