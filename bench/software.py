"""The software that made a record: version, digest of the sources, platform."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from bench import ROOMS
from scenarios.record import Software


@cache
def release() -> str:
    """Return the installed version of caltwin."""
    try:
        return version("caltwin")
    except PackageNotFoundError:
        return "0.0.0"


@cache
def digest() -> str:
    """Return the SHA-256 of every source and data file of the six rooms, in order of their paths."""
    home = Path(__file__).resolve().parent.parent
    total = hashlib.sha256()
    for room in sorted(ROOMS):
        for path in sorted((home / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(path.relative_to(home).as_posix().encode() + b"\0")
                # Line ends differ between checkouts, the program does not.
                total.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()


def describe(sheet: str, station: str) -> Software:
    """Return what the record keeps: `sheet` and `station` are the SHA-256 of the data used."""
    return Software(
        name="caltwin",
        version=release(),
        digest=digest(),
        sheet=sheet,
        station=station,
        platform=", ".join(
            (
                f"Python {platform.python_version()}",
                f"NumPy {np.__version__}",
                f"{platform.system()} {platform.machine()}",
            )
        ),
    )
