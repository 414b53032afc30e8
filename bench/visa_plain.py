"""pyvisa-sim for the devices of a station that have no twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyvisa.util import LibraryPath
from pyvisa_sim import parser
from pyvisa_sim.devices import Devices
from pyvisa_sim.highlevel import SimVisaLibrary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class PlainLibrary(SimVisaLibrary):  # type: ignore[misc]
    """Be a pyvisa-sim library whose devices come from a station that was read already."""

    addresses: frozenset[str]
    """Addresses that it answers for."""

    @classmethod
    def of(cls, plain: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return a library of its own with the devices of `Station.plain`."""
        path = LibraryPath("(station)", "caltwin")
        cls._registry.pop((cls, path), None)  # PyVISA would hand out the library of another bench
        library: Self = cls(path)
        cls._registry.pop((cls, path), None)
        for address, entry in plain.items():
            device = parser.get_device(entry["name"], dict(entry["description"]), None, dict(entry["resource"]))
            library.devices.add_device(address, device)
        library.addresses = frozenset(plain)
        return library

    def _init(self) -> None:
        self.sessions: dict[int, Any] = {}
        self.devices = Devices()
