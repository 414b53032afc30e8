"""What a twin module exports, and what surrounds a twin.

A twin module (`instruments/<name>.py`) exports one `twin = Kind(...)`. A station names the module, gives values for the
parameters and wires the ports; the world draws, builds and connects. The twin itself knows no distribution, no station,
no VISA address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from numpy.random import Generator

from instruments.clock import Clock
from instruments.engine import Engine

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """Hold what a run has used up of something: gas of a cylinder, water of a main."""

    what: str
    """What, e.g. "gas"."""
    amount: float
    """How much."""
    unit: str
    """Its unit."""


@runtime_checkable
class Consumer(Protocol):
    """Be a port or a twin that something is used up of."""

    def consumed(self, at: float) -> tuple[Consumed, ...]:
        """Return what has been used up from bench time 0 to a bench time, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoParameters:
    """Say that there is nothing to set."""


class Port:
    """Be one place where twins touch: an electrical node, a gas line, a pulse line, the air of the room.

    A source writes the port, sensors read it. The world makes one object per shared name of the station, with
    `PortClass(parameters, clock)`, before any twin.
    """

    parameters_type: ClassVar[type] = NoParameters
    """Frozen dataclass of what a station may say about the port itself (e.g. the room's true temperature)."""

    def __init__(self, parameters: Any, clock: Clock) -> None:
        self.parameters = parameters
        self.clock = clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Hold all that a twin may know of the world."""

    name: str
    """Name of the device in the station."""
    clock: Clock
    """Bench time and calls at a later time."""
    rng: Generator
    """Random generator of this device alone: it depends on the station's seed and the device's name only."""
    ports: Mapping[str, Port]
    """Port objects by the names that the twin's `Kind.ports` declares."""

    def port(self, name: str, kind: type[T]) -> T:
        """Return a port with its type known.

        Raises:
            TypeError: the port is of another class (a station cannot cause this, only a wrong `Kind.ports`).
        """
        port = self.ports[name]
        if not isinstance(port, kind):
            raise TypeError(f"{self.name}: port {name!r} is a {type(port).__name__}, not a {kind.__name__}")
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Describe a kind of instrument; every twin module exports one as `twin`."""

    parameters: type
    """Frozen dataclass with a default for every field and a docstring (with unit) under it.

    Values arrive already drawn. A field may be `Annotated[float, msgspec.Meta(ge=..., le=...)]`; `__post_init__` may
    raise ValueError for what no single field can say.
    """
    ports: Mapping[str, type[Port]] = field(default_factory=dict)
    """Port name -> port class, e.g. {"output": ElectricalNode}. All must be wired, unless named in `optional_ports`."""
    optional_ports: frozenset[str] = frozenset()
    """Ports that a station may leave unwired; the world then gives the twin a private one."""
    build: Callable[[Any, Surroundings], Engine]
    """Make the engine from parameters and surroundings; usually the `ScpiInstrument` subclass itself."""
