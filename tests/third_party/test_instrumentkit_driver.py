"""InstrumentKit's MT-SICS driver, unmodified, on a served twin over TCP.

Its import name is `instruments` as well, so it lives in an environment of its own and runs as another process. The
environment is made (from the package index) only when CALTWIN_INSTRUMENTKIT is set: "1" makes one for the test, and a
path names the Python of one that is there already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from bench.serve import served
from bench.station import Station

from .conftest import STATION

if TYPE_CHECKING:
    from pathlib import Path

WANTED = os.environ.get("CALTWIN_INSTRUMENTKIT", "")

pytestmark = [
    pytest.mark.skipif(not WANTED, reason="CALTWIN_INSTRUMENTKIT is not set"),
    pytest.mark.driver("instrumentkit", "mettler_toledo.MTSICS", "balance_mt_sics", how="served socket, own process"),
]

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
    if WANTED != "1":
        return WANTED
    home: Path = tmp_path_factory.mktemp("instrumentkit")
    venv.create(home, with_pip=True)
    executable = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([executable, "-m", "pip", "install", "-q", "--pre", "instrumentkit>=1.0.0b2"], check=True)
    return str(executable)


def test_mt_sics_driver(python: str, tmp_path: Path) -> None:
    script = tmp_path / "use.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with served(Station.from_file(STATION).build()) as endpoints:
        endpoint = next(e for e in endpoints if e.device == "balance" and e.address.endswith("SOCKET"))
        done = subprocess.run(
            [python, str(script), str(endpoint.port)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "TWIN000001 01"
    assert lines[1] == "TWIN pan"
    assert [float(line) for line in lines[2:5]] == [1.5, -1.5, 0.0]
    assert lines[5] == "Syntax Error."
    assert lines[6].startswith("Logical error")
