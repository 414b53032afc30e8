"""The station: what stands behind each role, as a file that pyvisa-sim reads as well.

```yaml
spec: "1.1"
devices:
  source:
    twin: power_source                     # module in instruments/, or a dotted name of one's own
    parameters:
      serial: "TWIN-0001"
      voltage_error: {rectangular: [-5e-4, 5e-4]}     # drawn from the seed: hidden truth
    ports: {output: bench}                 # the twin's port -> shared name
  shaker:                                  # no twin: pyvisa-sim speaks for it
    dialogues: [{q: "?ID", r: "SHAKER"}]
resources:
  TCPIP0::192.0.2.1::inst0::INSTR: {device: source}
  GPIB0::5::INSTR: {device: shaker, latency_s: 0.002}
ports:                                     # what is to be said of the shared ports themselves
  room: {temperature_degc: {normal: [23, 0.3]}}
roles: {source: "TCPIP0::192.0.2.1::inst0::INSTR"}    # an address that is not above is real hardware
seed: 1
sleeps: [some_driver_package]              # while the backend is open, its time.sleep costs bench time, not wall time
```
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from pyvisa.rname import InvalidResourceName, parse_resource_name

from bench.errors import ConfigurationError
from bench.station_check import Checker
from bench.station_file import read_yaml
from bench.station_values import WrongValue, check_values
from instruments.clock import Environment, RealtimeEnvironment
from instruments.world import World, WorldPlan

if TYPE_CHECKING:
    from instruments.twin import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Hold a station that was checked; it can be pickled and builds any number of worlds."""

    source: str
    """File, or what stands for one, for messages."""
    plan: WorldPlan
    """Twins, ports and addresses, ready to build."""
    seed: int = 0
    """Seed of a world that is built without another one."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role -> VISA address, canonical."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """Simulated address, canonical -> device; an address that is not here is real hardware."""
    plain: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Address -> pyvisa-sim description of a device without a twin, with its `name` and `resource`."""
    laboratory: Mapping[str, Any] = field(default_factory=dict)
    """What the file says of the laboratory; not looked at here."""
    sleeps: tuple[str, ...] = ()
    """Packages whose code sleeps on the bench while the backend is open."""
    digest: str = ""
    """SHA-256 of the description, hexadecimal."""
    description: Mapping[str, Any] = field(default_factory=dict)
    """The description as it was given, so that an interrupted run can be taken up without the file."""

    @classmethod
    def from_file(cls, path: Path | str, kinds: Mapping[str, Kind] | None = None) -> Station:
        """Read and check a station file (YAML).

        Args:
            path: the file.
            kinds: further twins by name, besides the modules of `instruments`.

        Raises:
            ConfigurationError: names file, line, key and why.
        """
        path = Path(path)
        data, lines = read_yaml(path)
        return cls._checked(data, Checker(str(path), lines, kinds or {}))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str, kinds: Mapping[str, Kind] | None = None) -> Station:
        """Check a station that was read elsewhere, e.g. as part of a data sheet.

        Args:
            data: the description, with the keys of a station file; `spec` may be left out.
            source: file, or what stands for one, for messages.
            kinds: further twins by name, besides the modules of `instruments`.

        Raises:
            ConfigurationError: names source, key and why.
        """
        return cls._checked({"spec": "1.1", **data}, Checker(source, {}, kinds or {}))

    @classmethod
    def _checked(cls, data: dict[str, Any], checker: Checker) -> Station:
        found = checker.check(data)
        digest = _digest(data)
        return cls(
            source=checker.source,
            plan=found.plan,
            seed=found.seed,
            roles=found.roles,
            resources=found.resources,
            plain=found.plain,
            laboratory=found.laboratory,
            sleeps=found.sleeps,
            digest=digest,
            description=data,
        )

    def with_parameters(self, parameters: Mapping[str, Mapping[str, Any]]) -> Station:
        """Return a station in which some parameters have other values or distributions.

        Args:
            parameters: device or port -> parameter -> number, text or distribution (table or `Distribution`).

        Raises:
            ConfigurationError: an unknown device, port or parameter, or a wrong value.
        """
        plan = self.plan
        unknown = set(parameters) - {device.name for device in plan.devices} - {port.name for port in plan.ports}
        if unknown:
            raise ConfigurationError(
                self.source, f"devices.{min(unknown)}", "no twin or port of this name to set parameters of"
            )

        def changed(where: str, name: str, kind: type, own: Mapping[str, Any]) -> Mapping[str, Any]:
            if name not in parameters:
                return own
            try:
                return check_values(kind, {**own, **parameters[name]})
            except WrongValue as problem:
                raise ConfigurationError(
                    self.source, f"{where}.{name}.parameters.{problem.key}".rstrip("."), problem.why
                ) from None

        devices = tuple(
            replace(device, parameters=changed("devices", device.name, device.kind.parameters, device.parameters))
            for device in plan.devices
        )
        ports = tuple(
            replace(port, parameters=changed("ports", port.name, port.kind.parameters_type, port.parameters))
            for port in plan.ports
        )
        return replace(self, plan=replace(plan, devices=devices, ports=ports))

    def with_laboratory(self, laboratory: Mapping[str, Any]) -> Station:
        """Return the station with another `laboratory:` part: what a register says instead of the file."""
        description = {**self.description, "laboratory": laboratory}
        return replace(self, laboratory=laboratory, description=description, digest=_digest(description))

    def build(
        self,
        seed: int | None = None,
        *,
        realtime: bool = False,
        factor: float = 1.0,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        environment: Environment | RealtimeEnvironment | None = None,
    ) -> World:
        """Build a world.

        Args:
            seed: seed of everything random; the station's own if not given.
            realtime: whether bench time follows the wall clock.
            factor: wall seconds per bench second in real time.
            parameters: see `with_parameters`; for many worlds call that once instead.
            environment: a clock of one's own, in place of `realtime` and `factor`.

        Raises:
            ConfigurationError: parameters do not fit together.
        """
        station = self if not parameters else self.with_parameters(parameters)
        if environment is None:
            environment = RealtimeEnvironment(factor=factor) if realtime else Environment()
        try:
            return World(station.plan, self.seed if seed is None else seed, environment)
        except ValueError as problem:
            raise ConfigurationError(self.source, "devices", f"cannot be built: {problem}") from problem


def _digest(description: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(description, order="sorted")).hexdigest()


def canonical(address: str) -> str:
    """Return a VISA resource name in its full form.

    Raises:
        ValueError: it is not a VISA resource name.
    """
    try:
        return str(parse_resource_name(address))
    except InvalidResourceName as problem:
        raise ValueError(str(problem)) from None
