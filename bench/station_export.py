"""Give a station to people who only have pyvisa-sim, and make sure that pyvisa-sim takes it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyvisa

from bench.errors import ConfigurationError
from bench.station_manual import snapshot

if TYPE_CHECKING:
    from bench.station import Station


def export(station: Station, seed: int | None = None) -> str:
    """Return a station as a plain pyvisa-sim file that pyvisa-sim itself has opened.

    Args:
        station: the station.
        seed: seed of the world that is asked; the station's own if not given.

    Raises:
        ConfigurationError: pyvisa-sim does not take an address, or finds others than the station has.
    """
    text = snapshot(station, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "station.yaml"
        path.write_text(text, encoding="utf-8")
        manager = pyvisa.ResourceManager(f"{path}@sim")
        try:
            listed = manager.list_resources("?*")
            missing = set(station.resources) - set(listed)
            if missing:
                raise ConfigurationError(station.source, f"resources.{min(missing)}", "pyvisa-sim does not list it")
            for address in listed:
                manager.open_resource(address).close()
        except (pyvisa.Error, ValueError, KeyError, OSError) as problem:
            if isinstance(problem, ConfigurationError):
                raise
            raise ConfigurationError(station.source, "resources", f"pyvisa-sim cannot open it: {problem}") from None
        finally:
            manager.close()
    return text
