"""Record what clients and served twins say to each other, under the addresses that the station gives the twins.

So a recording made over a free port is held against the same station later: `caltwin replay FILE --station STATION`.
Clients that speak to one twin at the same time share its address, as they share the twin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.transcript import Direction, Entry, TranscriptFile

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from bench.station import Station
    from instruments.engine import Exchange
    from instruments.world import World


class ServedRecorder:
    """Write a transcript of a server: give the instance to `bench.serve.Server` as `note`."""

    def __init__(self, path: Path, station: Station, world: World) -> None:
        """Begin the file.

        Args:
            path: the file; one that is there already is replaced.
            station: names the addresses.
            world: what is served.

        Raises:
            OSError: the file cannot be written.
        """
        self._file = TranscriptFile(path)
        self._environment = world.environment
        self._origin = world.environment.now
        self._any: dict[str, str] = {}
        self._exact: dict[tuple[str, Exchange], str] = {}
        for resource in station.plan.resources:
            self._any.setdefault(resource.device, resource.address)
            self._exact.setdefault((resource.device, resource.exchange), resource.address)

    def address(self, device: str, exchange: Exchange) -> str:
        """Return the name under which a session is recorded.

        It is the twin's address of the same message exchange in the station, else any address of it, else the name of
        the device.
        """
        return self._exact.get((device, exchange)) or self._any.get(device, device)

    def __call__(self, device: str, exchange: Exchange, direction: Direction, data: bytes) -> None:
        """Add an event at this bench time.

        Raises:
            OSError: it cannot be written.
        """
        time = self._environment.now - self._origin
        self._file.add(Entry(time=time, address=self.address(device, exchange), direction=direction, data=data))

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
