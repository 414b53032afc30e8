"""The station that other people's drivers are tried on, and the marker by which the table knows them."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

STATION = Path(__file__).with_name("station.yaml")
LIBRARY = f"{STATION}@caltwin"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "driver(package, name, twin, how='in process'): unmodified driver under test, and the twin's module"
    )


def imported(module: str) -> Any:
    """Import somebody's driver module, whatever warnings it gives; skip the tests where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip(module.split(".")[0], reason="the extra third-party is not installed")
        return import_module(module)


@pytest.fixture
def library() -> str:
    return LIBRARY
