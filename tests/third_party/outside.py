"""Drivers that cannot live in our environment: they run as another process, in an environment of their own.

An environment variable says whether, and where: unset, the tests are skipped; "1" makes an environment for the test
(from the package index); anything else is the path of the Python of one that is there already.
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


def python_with(requirement: str, variable: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the Python of an environment that has a package, making one if that is wanted."""
    wanted = os.environ.get(variable, "")
    if not wanted:
        pytest.skip(f"{variable} is not set")
    if wanted != "1":
        return wanted
    home: Path = tmp_path_factory.mktemp(variable.lower())
    venv.create(home, with_pip=True)
    executable = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([executable, "-m", "pip", "install", "-q", "--pre", requirement], check=True)
    return str(executable)


def run_against(device: str, python: str, script: str, folder: Path) -> list[str]:
    """Run a script that uses a driver on a served twin; return the lines that it prints.

    The script gets the port of the twin's socket as its argument.
    """
    file = folder / "use.py"
    file.write_text(script, encoding="utf-8")
    with served(Station.from_file(STATION).build()) as endpoints:
        endpoint = next(e for e in endpoints if e.device == device and e.address.endswith("SOCKET"))
        done = subprocess.run(
            [python, str(file), str(endpoint.port)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=folder,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
