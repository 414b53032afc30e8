"""InstrumentKit's MT-SICS driver, unmodified, on a served twin over TCP.

Its import name is `instruments` as well, so it lives in an environment of its own; see `outside`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .outside import python_with, run_against

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.driver(
    "instrumentkit", "mettler_toledo.MTSICS", "balance_mt_sics", how="served socket, own process"
)

SCRIPT = """
import sys
import warnings
import instruments
from instruments.units import ureg
warnings.simplefilter("ignore")
balance = instruments.mettler_toledo.MTSICS.open_tcpip("127.0.0.1", int(sys.argv[1]))
balance.timeout = 10
print(balance.serial_number, balance.mt_sics[0])
balance.name = "TWIN pan"
print(balance.name)
balance.tare_value = ureg.Quantity(1.5, "gram")
print(balance.tare_value.magnitude)
print(balance.weight.magnitude)
balance.clear_tare()
for mode in balance.WeightMode:
    balance.weight_mode = mode
    balance.weight
    balance.tare()
    balance.zero()
balance.tare(immediately=True)
balance.zero(immediately=False)
balance.reset()
print(balance.tare_value.magnitude)
for command, error in (("NOPE", OSError), ("TA x", OSError)):
    try:
        balance.query(command)
    except error as problem:
        print(problem)
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with("instrumentkit>=1.0.0b2", "CALTWIN_INSTRUMENTKIT", tmp_path_factory)


def test_mt_sics_driver(python: str, tmp_path: Path) -> None:
    lines = run_against("balance", python, SCRIPT, tmp_path)
    assert lines[0] == "TWIN000001 01"
    assert lines[1] == "TWIN pan"
    assert [float(line) for line in lines[2:5]] == [1.5, -1.5, 0.0]
    assert lines[5] == "Syntax Error."
    assert lines[6].startswith("Logical error")
