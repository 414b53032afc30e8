"""The systems of the bench, discovered by name: a data sheet in `bench/systems/` and the modules that it names."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from bench.errors import ConfigurationError
from scenarios.procedure import Forecast, Nameplate, Procedure
from scenarios.sheet import Sheet, SheetError, decode, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from scenarios.references import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Hold a system that is ready to run."""

    sheet: Sheet
    """Its data sheet."""
    plan: Any
    """The sheet's procedure part, in the shape of the scenario's `Plan`."""
    procedure: Procedure
    """The scenario module."""
    source: str
    """File name of the sheet, for messages."""
    digest: str
    """SHA-256 of the sheet."""
    text: str
    """The sheet itself, so that an interrupted run can be taken up without the file."""
    _forecasts: dict[Nameplate, tuple[Forecast, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _equipped: dict[str, System] = field(init=False, repr=False, compare=False, default_factory=dict)

    def forecast(self, nameplate: Nameplate) -> tuple[Forecast, ...]:
        """Return the expected uncertainty per point; it depends on sheet and nameplate alone, so it is worked out once.

        Raises:
            PlanRefused: the plan cannot prove conformity.
            SheetError: the sheet does not cover this device.
        """
        known = self._forecasts.get(nameplate)
        if known is None:
            known = self._forecasts[nameplate] = self.procedure.forecast(self.sheet, self.plan, nameplate)
        return known

    def equipped(self, references: Mapping[str, Reference]) -> System:
        """Return the system with a laboratory's references in its plan, where the scenario works with references."""
        if not hasattr(self.plan, "references") or self.plan.references == references:
            return self
        known = self._equipped.get("last")
        if known is None or known.plan.references != references:
            known = self._equipped["last"] = replace(self, plan=replace(self.plan, references=references))
        return known

    def nameplate(self, data: object, source: str) -> Nameplate:
        """Decode the markings of a device under test.

        Raises:
            ConfigurationError: a marking is missing, unknown or of the wrong type.
        """
        if not isinstance(data, dict):
            raise ConfigurationError(source, "laboratory.device", "missing; give the markings of the device under test")
        try:
            return decode(data, self.procedure.Nameplate, "laboratory.device")
        except SheetError as problem:
            raise ConfigurationError(source, problem.key, problem.why) from None


def names() -> tuple[str, ...]:
    """Return the names of the systems, in alphabetical order."""
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in _sheets() if entry.name.endswith(".toml")))


def find(name: str, sheet: Path | None = None) -> System:
    """Return a system by name, with its own data sheet or with a laboratory's copy of it.

    Raises:
        ConfigurationError: the system is unknown, or the sheet is wrong; names the file, the key and the remedy.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known systems: {', '.join(names())}"
        raise ConfigurationError("caltwin", name, f"unknown system; {advice}")
    if sheet is not None:
        return read(sheet, name)
    return parse(files("bench").joinpath("systems", f"{name}.toml").read_bytes(), f"{name}.toml", name)


def read(path: Path, name: str) -> System:
    """Read a data sheet of system `name` from a file.

    Raises:
        ConfigurationError: the file cannot be read, or is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    return parse(data, str(path), name)


def _sheets() -> list[Traversable]:
    return list(files("bench").joinpath("systems").iterdir())


def parse(data: bytes, source: str, name: str) -> System:
    """Decode the data sheet of system `name`.

    Raises:
        ConfigurationError: the sheet is wrong.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigurationError(source, "(file)", f"not a TOML file: {problem}") from None
    try:
        sheet = load(table)
        if sheet.system != name:
            raise SheetError("system", f"{sheet.system!r} where {name!r} was asked for")
        procedure = cast("Procedure", _module("scenarios", sheet.scenario or name, "scenario"))
        for role, wanted in sheet.roles.items():
            _module("drivers", wanted.driver, f"roles.{role}.driver")
        plan = decode(sheet.procedure, procedure.Plan, "procedure")
    except SheetError as problem:
        raise ConfigurationError(source, problem.key, problem.why) from None
    return System(
        sheet=sheet,
        plan=plan,
        procedure=procedure,
        source=source,
        digest=hashlib.sha256(data).hexdigest(),
        text=data.decode("utf-8"),
    )


def _module(room: str, name: str, key: str) -> Any:
    """Import a module of a room by the name that a sheet gives."""
    try:
        return import_module(f"{room}.{name}")
    except ModuleNotFoundError as problem:
        if problem.name != f"{room}.{name}":
            raise
        raise SheetError(key, f"there is no {room}/{name}.py") from None
