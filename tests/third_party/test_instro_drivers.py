"""Drivers of instro, unmodified, on served twins: EA PSB 10000, 34401A, 34461A, Keithley 2400.

instro asks for another pymodbus than ours, so it lives in an environment of its own; see `outside`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .outside import python_with, run_against

if TYPE_CHECKING:
    from pathlib import Path

HOW = "served socket, own process"

COMMON = """
import sys
from instro.lib.transports.visa import VisaConfig
config = VisaConfig(f"TCPIP0::127.0.0.1::{sys.argv[1]}::SOCKET", visa_backend="@py")
"""

PSB = """
import time
from instro.psu.drivers.ea_psb10000 import EAPSB10000Visa
supply = EAPSB10000Visa(config).source
supply.open()
supply.set_voltage(48.0, 1)
supply.set_current_limit(10.0, 1)
supply.set_overvoltage_protection_level(60.0, 1)
print(supply.get_overvoltage_protection_level(1))
print(supply.get_output_status(1))
supply.output_enable(True, 1)
print(supply.get_output_status(1))
for _ in range(6000):  # in fast mode every question costs a little bench time: let the ramp end
    volts = supply.get_voltage(1)
    if volts == 48.0:
        break
print(volts, supply.get_current(1))
try:
    supply.set_voltage(5000.0, 1)
except RuntimeError as problem:
    print(problem)
supply.output_enable(False, 1)
supply.close()
"""

METER = """
from instro.dmm.types import MeasurementFunction
from instro.dmm.drivers.{module} import {name}
meter = {name}(config)
meter.open()
meter.set_measurement_function(MeasurementFunction.{function})
print(meter.measure_{function_lower}())
try:
    meter._visa.write("NOPE")
    meter._check_errors()
except RuntimeError as problem:
    print(problem)
meter.close()
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with("instro>=1.22", "CALTWIN_INSTRO", tmp_path_factory)


@pytest.mark.driver("instro", "psu.ea_psb10000", "power_source", how=HOW)
def test_ea_psb10000(python: str, tmp_path: Path) -> None:
    lines = run_against("ea_psb10000", python, COMMON + PSB, tmp_path)
    assert lines[:3] == ["60.0", "False", "True"]
    assert lines[3] == "48.0 10.0"
    assert "-222" in lines[4]


@pytest.mark.parametrize(
    ("device", "module", "name", "function", "reading"),
    [
        pytest.param(
            "hp34401a",
            "agilent_a34401a",
            "Agilent34401A",
            "DC_VOLTAGE",
            1.25,
            marks=pytest.mark.driver("instro", "dmm.agilent_a34401a", "dmm_34401a", how=HOW),
        ),
        pytest.param(
            "k34461a",
            "keysight_34461a",
            "Keysight34461A",
            "DC_VOLTAGE",
            1.25,
            marks=pytest.mark.driver("instro", "dmm.keysight_34461a", "dmm_34461a", how=HOW),
        ),
        pytest.param(
            "keithley2400",
            "keithley_2400",
            "Keithley2400",
            "TWO_WIRE_RESISTANCE",
            1000.0,
            marks=pytest.mark.driver("instro", "dmm.keithley_2400", "smu_keithley2400", how=HOW),
        ),
    ],
)
def test_meters(
    python: str, tmp_path: Path, device: str, module: str, name: str, function: str, reading: float
) -> None:
    method = "resistance" if function == "TWO_WIRE_RESISTANCE" else function.lower()
    script = METER.format(module=module, name=name, function=function, function_lower=method)
    lines = run_against(device, python, COMMON + script, tmp_path)
    assert float(lines[0]) == pytest.approx(reading, rel=1e-5)
    assert "-113" in lines[1]
