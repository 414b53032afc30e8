"""A station whose worlds are prepared before use, and kept to be looked at: for faults and for pre-flights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.station import Station
from instruments.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Rigged(Station):
    """Be a station whose worlds are prepared before they are used, and kept to be looked at."""

    prepare: Callable[[World], None] = field(default=lambda world: None)
    """What is done to a world that was built."""
    built: list[World] = field(default_factory=list)
    """Worlds that were built."""

    def build(self, *args: Any, **kwargs: Any) -> World:
        """See `Station.build`."""
        world = Station.build(self, *args, **kwargs)
        self.built.append(world)
        self.prepare(world)
        return world


def rigged(station: Station, prepare: Callable[[World], None]) -> Rigged:
    """Return a station that calls `prepare(world)` on every world it builds, and keeps them in `built`."""
    values = {name: getattr(station, name) for name in Station.__dataclass_fields__}
    return Rigged(**values, prepare=prepare)
