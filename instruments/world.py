"""The world: one clock, the twins on it, the ports they share, and the addresses they answer to.

A world is built from plans that were checked before (a station does so), so building one is cheap: a campaign makes
hundreds a second. All randomness comes from the seed and the names of devices and ports, so adding a device changes
nothing for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from instruments.clock import Environment, RealtimeEnvironment
from instruments.draw import Distribution
from instruments.engine import Engine, Exchange
from instruments.faults import Fault
from instruments.front import Front
from instruments.interference import Interference
from instruments.twin import Consumed, Consumer, Kind, Port, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMETERS, BEHAVIOUR, FAULTS = 0, 1, 2  # random streams of a device: what it is, what it does, what goes wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """Plan one twin."""

    name: str
    """Name of the device in the station."""
    kind: Kind
    """What it is."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameter -> value, a `Distribution` to draw it from, or a table of both; the others have their defaults."""
    ports: Mapping[str, str] = field(default_factory=dict)
    """Port of the twin -> name of the shared port."""
    faults: tuple[tuple[type[Fault], Mapping[str, Any]], ...] = ()
    """Faults that it has from the beginning: class, and field -> value or `Distribution`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortPlan:
    """Plan one shared port."""

    name: str
    """Shared name."""
    kind: type[Port]
    """Its class."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameter -> value or `Distribution`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePlan:
    """Plan one address."""

    address: str
    """VISA resource name, canonical."""
    device: str
    """Name of the device behind it."""
    exchange: Exchange
    """Message exchange of its transport."""
    latency_s: float
    """Bench time of one transaction in s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPlan:
    """Plan a world; everything in it was checked."""

    devices: tuple[DevicePlan, ...]
    """Twins."""
    ports: tuple[PortPlan, ...] = ()
    """Shared ports."""
    resources: tuple[ResourcePlan, ...] = ()
    """Addresses."""


class World:
    """Hold the clock, the twins and their ports."""

    def __init__(
        self,
        plan: WorldPlan,
        seed: int,
        environment: Environment | RealtimeEnvironment | None = None,
        wrap: Callable[[Engine], Engine] | None = None,
    ) -> None:
        """Build all ports, then all twins.

        Args:
            plan: what to build.
            seed: 0 or larger; same plan and seed, same world.
            environment: bench time; virtual if not given.
            wrap: applied to every twin after it is built (faults, transcripts).

        Raises:
            ValueError: drawn parameters do not fit together.
        """
        self.seed = seed
        self.environment = Environment() if environment is None else environment
        self.ports: dict[str, Port] = {}
        """Shared ports by name."""
        self.twins: dict[str, Engine] = {}
        """Twins by device name."""
        self._wired: dict[str, Mapping[str, Port]] = {}
        self.resources: dict[str, ResourcePlan] = {resource.address: resource for resource in plan.resources}
        """Addresses."""
        for port in plan.ports:
            self.ports[port.name] = port.kind(
                _parameters(port.kind.parameters_type, port.parameters, seed, f"port {port.name}"), self.environment
            )
        for device in plan.devices:
            engine = self._build(device)
            self.twins[device.name] = engine if wrap is None else wrap(engine)
            for index, (kind, values) in enumerate(device.faults, 1):
                self.faults(device.name).add(_parameters(kind, values, seed, f"{device.name} fault {index}"))

    def _build(self, device: DevicePlan) -> Engine:
        kind = device.kind
        ports: dict[str, Port] = {}
        for name, port_class in kind.ports.items():
            shared = device.ports.get(name)
            if shared is not None:
                ports[name] = self.ports[shared]
            else:
                ports[name] = port_class(port_class.parameters_type(), self.environment)
        self._wired[device.name] = ports
        surroundings = Surroundings(
            name=device.name,
            clock=self.environment,
            rng=generator(self.seed, device.name, BEHAVIOUR),
            ports=ports,
        )
        return kind.build(_parameters(kind.parameters, device.parameters, self.seed, device.name), surroundings)

    def twin(self, name: str) -> Any:
        """Return a twin with its drawn parameters (`.parameters`): the truth, for the campaign and for tests alone.

        Raises:
            KeyError: there is no such device.
        """
        return self.twins[name]

    def knower(self, name: str) -> Any:
        """Return the twin or the port of a name: whoever knows the truth; for the campaign and for tests alone.

        Raises:
            KeyError: there is neither.
        """
        return self.twins[name] if name in self.twins else self.ports[name]

    def consumed(self) -> dict[str, tuple[Consumed, ...]]:
        """Return what was used up so far, by the names of ports and twins that know it."""
        return {
            name: part.consumed(float(self.environment.now))
            for name, part in {**self.ports, **self.twins}.items()
            if isinstance(part, Consumer)
        }

    def faults(self, name: str) -> Interference:
        """Return the faults of a device, to add to or to look at what struck.

        Raises:
            KeyError: there is no such device.
        """
        engine = self.twins[name]
        if engine.interference is None:
            return Interference(engine, generator(self.seed, name, FAULTS), self._wired[name])
        return engine.interference

    def front(self, address: str) -> Front:
        """Open a session at an address.

        Raises:
            KeyError: nothing answers there.
        """
        resource = self.resources[address]
        return Front(self.twins[resource.device], resource.exchange, self.environment, resource.latency_s)


def generator(seed: int, name: str, stream: int) -> np.random.Generator:
    """Return the random generator of one stream of one device."""
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, *name.encode("utf-8")))
    return np.random.Generator(np.random.PCG64(sequence))


def _parameters(kind: type, values: Mapping[str, Any], seed: int, name: str) -> Any:
    """Draw what is to be drawn, in the order of the fields (and of a table's keys), and make the parameters."""
    if not any(drawable(value) for value in values.values()):
        return kind(**values)
    rng = generator(seed, name, PARAMETERS)
    drawn = dict(values)
    for key in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        value = values.get(key)
        if isinstance(value, Distribution):
            drawn[key] = value.draw(rng)
        elif drawable(value):
            table = cast("Mapping[str, Any]", value)
            drawn[key] = {k: v.draw(rng) if isinstance(v, Distribution) else v for k, v in table.items()}
    return kind(**drawn)


def drawable(value: object) -> bool:
    """Say whether a parameter is to be drawn: a distribution, or a table that holds one."""
    if isinstance(value, Mapping):
        return any(isinstance(part, Distribution) for part in value.values())
    return isinstance(value, Distribution)
