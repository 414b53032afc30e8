"""The checks of a station: every key known, every twin, port and address what it must be; errors name their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pyvisa import rname
from pyvisa_sim import parser as plain_parser

import instruments
from bench.errors import ConfigurationError
from bench.station_values import WrongValue, advice, check_values
from instruments.engine import Exchange
from instruments.faults import Fault, catalogue
from instruments.twin import Kind, Port
from instruments.world import DevicePlan, PortPlan, ResourcePlan, WorldPlan

OPERATOR = "OPERATOR"
"""Address of an instrument without an interface: a person reads it."""
TOP_KEYS = ("spec", "devices", "resources", "seed", "roles", "laboratory", "ports", "sleeps")
TWIN_SERIAL = "TWIN"
"""Mark in the serial number of every twin, so that a twin behind a socket is known for one."""
TWIN_KEYS = ("twin", "parameters", "ports", "faults")
PLAIN_KEYS = ("eom", "error", "dialogues", "properties", "channels", "delimiter", "bases")
RESOURCE_KEYS = ("device", "filename", "bundled", "channel_ids", "latency_s")
LATENCY_S = {"GPIB": 1e-3, "ASRL": 1e-3, "TCPIP": 2e-4, "USB": 2e-4}
"""Bench time of a transaction by interface, where the station gives none."""


@dataclass(slots=True, kw_only=True)
class Found:
    """Hold what a station says, checked."""

    plan: WorldPlan
    """Twins, ports and addresses."""
    seed: int
    """Seed."""
    roles: dict[str, str]
    """Role -> address."""
    resources: dict[str, str]
    """Address -> device."""
    plain: dict[str, dict[str, Any]]
    """Address -> pyvisa-sim description."""
    laboratory: dict[str, Any]
    """As given."""
    sleeps: tuple[str, ...]
    """Packages whose code sleeps on the bench."""


@dataclass(slots=True)
class Checker:
    """Check one station."""

    source: str
    """File, for messages."""
    lines: Mapping[tuple[str, ...], int]
    """Key -> line, where known."""
    kinds: Mapping[str, Kind]
    """Twins besides the modules of `instruments`."""
    _shared: dict[str, tuple[type[Port], str]] = field(default_factory=dict)

    def check(self, data: Mapping[str, Any]) -> Found:
        """Check everything.

        Raises:
            ConfigurationError: names the place.
        """
        self._known(data, TOP_KEYS, ())
        self._spec(data)
        devices = self._table(data, "devices")
        twins, plain = [], {}
        for name, entry in devices.items():
            key = ("devices", str(name))
            self._mapping(entry, key)
            if "twin" in entry:
                self._known(entry, TWIN_KEYS + PLAIN_KEYS, key)
                twins.append(self._device(str(name), entry, key))
            else:
                self._known(entry, PLAIN_KEYS + TWIN_KEYS[:1], key)
            plain[str(name)] = entry
        names = {plan.name for plan in twins}
        resources, plain_resources = self._resources(self._table(data, "resources"), plain, names)
        return Found(
            plan=WorldPlan(devices=tuple(twins), ports=self._ports(data), resources=tuple(resources.values())),
            seed=self._seed(data),
            roles=self._roles(data),
            resources={
                **{address: plan.device for address, plan in resources.items()},
                **{address: str(entry["name"]) for address, entry in plain_resources.items()},
            },
            plain=plain_resources,
            laboratory=dict(self._table(data, "laboratory", required=False)),
            sleeps=self._sleeps(data),
        )

    # -- parts --------------------------------------------------------------------------------------------------------

    def _spec(self, data: Mapping[str, Any]) -> None:
        spec = data.get("spec")
        if spec is None:
            raise self._error(("spec",), 'missing; write spec: "1.1" (the version of pyvisa-sim\'s format)')
        if not isinstance(spec, str | float | int) or str(spec) not in ("1.0", "1.1"):
            raise self._error(("spec",), f'{spec!r} is not a version that pyvisa-sim knows; write "1.1"')

    def _seed(self, data: Mapping[str, Any]) -> int:
        seed = data.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise self._error(("seed",), f"must be a whole number of at least 0, not {seed!r}")
        return seed

    def _sleeps(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        names = data.get("sleeps", [])
        if not isinstance(names, list) or not all(
            isinstance(n, str) and n.replace(".", "").isidentifier() for n in names
        ):
            raise self._error(("sleeps",), f"must be a list of names of packages, not {names!r}")
        return tuple(names)

    def _kind(self, name: Any, key: tuple[str, ...]) -> Kind:
        if not isinstance(name, str) or not name:
            raise self._error((*key, "twin"), f"must be the name of a twin, not {name!r}")
        if name in self.kinds:
            return self.kinds[name]
        module = name if "." in name else f"instruments.{name}"
        try:
            found = module.replace(".", "").isidentifier() and find_spec(module) is not None
        except ModuleNotFoundError:
            found = False
        kind = getattr(import_module(module), "twin", None) if found else None
        if not isinstance(kind, Kind):
            known = [*self.kinds, *_twin_modules()]
            why = f"unknown twin {name!r}" if not found else f"{module} exports no twin"
            raise self._error((*key, "twin"), f"{why}; {advice(name, known)}")
        return kind

    def _device(self, name: str, entry: Mapping[str, Any], key: tuple[str, ...]) -> DevicePlan:
        kind = self._kind(entry["twin"], key)
        values = self._values(kind.parameters, entry.get("parameters"), (*key, "parameters"))
        serial = values.get("serial", TWIN_SERIAL)
        if isinstance(serial, str) and TWIN_SERIAL not in serial.upper():
            why = f"must contain {TWIN_SERIAL}, so that nobody takes a twin for an instrument, not {serial!r}"
            raise self._error((*key, "parameters", "serial"), why)
        wired = entry.get("ports") or {}
        self._mapping(wired, (*key, "ports"))
        ports: dict[str, str] = {}
        for port, shared in wired.items():
            place = (*key, "ports", str(port))
            if port not in kind.ports:
                raise self._error(place, f"unknown port; {advice(str(port), kind.ports)}")
            if not isinstance(shared, str) or not shared:
                raise self._error(place, f"must be the name of a shared port, not {shared!r}")
            self._share(shared, kind.ports[port], ".".join(place), place)
            ports[port] = shared
        for port in kind.ports:
            if port not in ports and port not in kind.optional_ports:
                raise self._error((*key, "ports", port), "missing; give the name of the shared port it is wired to")
        faults = self._faults(entry.get("faults"), (*key, "faults"))
        return DevicePlan(name=name, kind=kind, parameters=values, ports=ports, faults=faults)

    def _faults(self, entries: Any, key: tuple[str, ...]) -> tuple[tuple[type[Fault], dict[str, Any]], ...]:
        if entries is None:
            return ()
        if not isinstance(entries, list):
            raise self._error(key, f"must be a list of faults, each with its kind, not {entries!r}")
        known, faults = catalogue(), []
        for index, entry in enumerate(entries, 1):
            place = (*key, str(index))
            self._mapping(entry, place)
            kind = entry.get("kind")
            if kind not in known:
                why = "missing" if kind is None else f"unknown fault {kind!r}"
                raise self._error((*place, "kind"), f"{why}; {advice(str(kind), known)}")
            values = {name: value for name, value in entry.items() if name != "kind"}
            faults.append((known[kind], self._values(known[kind], values, place)))
        return tuple(faults)

    def _share(self, shared: str, kind: type[Port], user: str, place: tuple[str, ...]) -> None:
        known = self._shared.setdefault(shared, (kind, user))
        if issubclass(kind, known[0]):  # the more special port serves both
            self._shared[shared] = (kind, user) if kind is not known[0] else known
        elif not issubclass(known[0], kind):
            raise self._error(
                place, f"{shared!r} is a {known[0].__name__} for {known[1]}, but a {kind.__name__} is needed here"
            )

    def _ports(self, data: Mapping[str, Any]) -> tuple[PortPlan, ...]:
        given = self._table(data, "ports", required=False)
        for name in given:
            if name not in self._shared:
                raise self._error(("ports", str(name)), f"no device is wired to it; {advice(str(name), self._shared)}")
        return tuple(
            PortPlan(
                name=name,
                kind=kind,
                parameters=self._values(kind.parameters_type, given.get(name), ("ports", name)),
            )
            for name, (kind, _) in self._shared.items()
        )

    def _resources(
        self, table: Mapping[str, Any], devices: Mapping[str, Any], twins: set[str]
    ) -> tuple[dict[str, ResourcePlan], dict[str, dict[str, Any]]]:
        resources: dict[str, ResourcePlan] = {}
        plain: dict[str, dict[str, Any]] = {}
        for address, entry in table.items():
            key = ("resources", str(address))
            self._mapping(entry, key)
            self._known(entry, RESOURCE_KEYS, key)
            parsed = self._address(str(address), key)
            name = str(parsed)
            if name in resources or name in plain:
                raise self._error(key, f"the same address as another one: {name}")
            device = entry.get("device")
            if device in twins:
                resources[name] = ResourcePlan(
                    address=name,
                    device=str(device),
                    exchange=exchange_of(parsed),
                    latency_s=self._latency(entry, parsed.interface_type, key),
                )
                continue
            if device not in devices and "filename" not in entry:
                why = "missing" if device is None else f"unknown device {device!r}"
                raise self._error((*key, "device"), f"{why}; {advice(str(device), devices)}")
            plain[name] = self._plain(str(device), devices, entry, key)
        return resources, plain

    def _plain(
        self, device: str, devices: Mapping[str, Any], entry: Mapping[str, Any], key: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return a device description as pyvisa-sim reads it, after letting pyvisa-sim read it."""
        try:
            if "filename" in entry:
                path = Path(self.source).parent / str(entry["filename"])
                description = plain_parser.parse_file(path)["devices"][device]
            else:
                description = texts(devices[device])
            resource = texts({name: value for name, value in entry.items() if name != "latency_s"})
            plain_parser.get_device(device, description, None, resource)
        except Exception as problem:  # pyvisa-sim raises whatever its parts raise, bare Exception included
            why = " ".join(str(problem).split()) or type(problem).__name__
            raise self._error(("devices", device), f"pyvisa-sim cannot read it: {why[:200]}") from None
        return {"name": device, "description": description, "resource": resource}

    def _latency(self, entry: Mapping[str, Any], interface: str, key: tuple[str, ...]) -> float:
        value = entry.get("latency_s", LATENCY_S.get(interface, 1e-3))
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 3600:
            raise self._error((*key, "latency_s"), f"must be a time above 0 s and below an hour, not {value!r}")
        return float(value)

    def _roles(self, data: Mapping[str, Any]) -> dict[str, str]:
        roles = self._table(data, "roles", required=False)
        return {
            str(role): OPERATOR if address == OPERATOR else str(self._address(address, ("roles", str(role))))
            for role, address in roles.items()
        }

    # -- tools --------------------------------------------------------------------------------------------------------

    def _address(self, address: Any, key: tuple[str, ...]) -> rname.ResourceName:
        if not isinstance(address, str):
            raise self._error(key, f"must be a VISA resource name, not {address!r}")
        try:
            parsed = rname.parse_resource_name(address)
        except rname.InvalidResourceName as problem:
            raise self._error(key, f"{address!r} is not a VISA resource name: {problem}") from None
        board = getattr(parsed, "board", "0")
        if parsed.interface_type != "ASRL" and not board.isdigit():  # PyVISA takes "GPIBB::5" for a board named B
            raise self._error(key, f"{address!r} is not a VISA resource name: board {board!r} is no number")
        return parsed

    def _values(self, kind: type, values: Any, key: tuple[str, ...]) -> dict[str, Any]:
        values = {} if values is None else values
        self._mapping(values, key)
        try:
            return check_values(kind, values)
        except WrongValue as problem:
            raise self._error((*key, *([problem.key] if problem.key else [])), problem.why) from None

    def _table(self, data: Mapping[str, Any], name: str, *, required: bool = True) -> Mapping[str, Any]:
        value = data.get(name)
        if value is None:
            if required:
                raise self._error((name,), "missing")
            return {}
        self._mapping(value, (name,))
        table: Mapping[str, Any] = value
        return table

    def _mapping(self, value: Any, key: tuple[str, ...]) -> None:
        if not isinstance(value, Mapping):
            raise self._error(key, f"must be a mapping of keys to values, not {value!r}")

    def _known(self, table: Mapping[str, Any], known: tuple[str, ...], key: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self._error((*key, str(name)), f"unknown key; {advice(str(name), known)}")

    def _error(self, key: tuple[str, ...], why: str) -> ConfigurationError:
        line = next((self.lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.lines), None)
        return ConfigurationError(self.source, ".".join(key), why, line)


def exchange_of(name: rname.ResourceName) -> Exchange:
    """Return the message exchange of an address: IEEE 488.2 for INSTR except serial lines, else a stream."""
    instr = name.resource_class == "INSTR" and name.interface_type != "ASRL"
    return Exchange.INSTR if instr else Exchange.STREAM


def texts(value: Any) -> Any:
    """Return a description with every scalar as text, which is what pyvisa-sim's own reader gives it."""
    if isinstance(value, Mapping):
        return {str(key): texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [texts(item) for item in value]
    return str(value)


def _twin_modules() -> list[str]:
    """Return the modules of `instruments` that may be twins, for advice; none is imported."""
    files = [file for place in instruments.__path__ for file in Path(place).glob("*.py")]
    return [file.stem for file in files if "twin = Kind(" in file.read_text(encoding="utf-8")]
