"""Read a budget from a TOML file: a measurand, an expression, its input quantities.

    [measurand]
    name = "P"
    unit = "W"
    label = { zh = "功率", en = "power" }
    model = "V * I * cos(phi)"

    [inputs.V]
    unit = "V"
    distribution = "normal"
    value = 230.0
    U = 0.1
    k = 2

docs/uncertainty/budget-file.md describes every field.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uncertainty.budget import Budget
from uncertainty.conformity import RULES, Rule
from uncertainty.errors import InputError
from uncertainty.expression import CONSTANTS, FUNCTIONS, parse
from uncertainty.expression_units import with_units
from uncertainty.file_inputs import read_distribution
from uncertainty.inputs import InputQuantity
from uncertainty.quantity import UnitMismatch, coherent
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class BudgetFileError(InputError):
    """A budget file says something that cannot be done: str() is one line, `file: field: why`."""

    def __init__(self, file: str, field: str, why: str) -> None:
        """Name the place and the reason."""
        self.file, self.field, self.why = file, field, " ".join(why.split())
        super().__init__(file, field, why)

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFile:
    """Hold a budget and how it is to be evaluated."""

    budget: Budget
    """Model and inputs."""
    expression: str
    """The model as written."""
    p: float
    """Coverage probability."""
    k: float | None
    """Coverage factor of U; None to take it from p and the degrees of freedom."""
    trials: int | None
    """Monte Carlo trials; None for the adaptive procedure."""
    seed: int
    """Seed of the random numbers."""
    digits: int
    """Significant digits of U and of the validation, 1 or 2."""
    mpe: float | None
    """Maximum permissible error, in the output's unit, for a decision; None for none."""
    rule: Rule
    """Decision rule."""


def read(path: Path) -> BudgetFile:
    """Read a budget file.

    Raises:
        BudgetFileError: the file cannot be read, or a field is missing, unknown, or cannot be used.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BudgetFileError(str(path), "file", f"cannot be read: {problem}") from None
    return read_text(content, str(path))


def read_text(content: str, name: str = "budget") -> BudgetFile:
    """Read a budget from the text of a file; `name` stands for the file in messages.

    Raises:
        BudgetFileError: a field is missing, unknown, or cannot be used.
    """
    try:
        tree = tomllib.loads(content)
    except tomllib.TOMLDecodeError as problem:
        raise BudgetFileError(name, "TOML", str(problem)) from None
    top = Fields(name, "", tree)
    measurand, settings, decision = top.table("measurand"), top.table("settings", {}), top.table("decision", {})
    inputs, correlations = top.table("inputs"), top.rows("correlations")
    top.finish()
    expression = measurand.guarded("model", lambda: parse(measurand.text("model")))
    output = measurand.unit(None)
    quantities = tuple(_input(inputs, symbol) for symbol in inputs.tree)
    units = {quantity.name: quantity.unit for quantity in quantities}
    for symbol in expression.symbols:
        if symbol not in units:
            near = difflib.get_close_matches(symbol, units, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise measurand.error("model", f"{symbol!r} is not among the inputs{hint}")
    for symbol in units:
        if symbol not in expression.symbols:
            raise inputs.error(symbol, "the model does not use this input; take it out, or put it into the model")
    try:
        model = with_units(expression, units, output)
    except UnitMismatch as problem:
        raise measurand.error("model", str(problem)) from None
    pairs: dict[tuple[str, str], float] = {}
    for row in correlations:
        between = row.any("between", list)
        if len(between) != 2 or not all(isinstance(symbol, str) for symbol in between):
            raise row.error("between", "two names of inputs are needed, e.g. ['V', 'I']")
        pairs[between[0], between[1]] = row.number("r")
        row.finish()
    label, symbol = measurand.label(), measurand.text("name", "y")
    measurand.finish()
    try:
        budget = Budget(
            model=model, inputs=quantities, unit=output, name=symbol, label=label, correlations=pairs or None
        )
    except InputError as problem:
        raise BudgetFileError(name, "correlations", str(problem)) from None
    found = BudgetFile(
        budget=budget,
        expression=expression.text,
        p=settings.number("p", 0.95),
        k=settings.number("k") if "k" in settings.tree else None,
        trials=settings.trials(),
        seed=settings.whole("seed", 1),
        digits=settings.whole("digits", 2),
        mpe=decision.number("mpe") if "mpe" in decision.tree else None,
        rule=decision.choice("rule", RULES, "simple"),
    )
    settings.finish()
    decision.finish()
    _check(found, settings, decision)
    return found


def _check(found: BudgetFile, settings: Fields, decision: Fields) -> None:
    if not 0 < found.p < 1:
        raise settings.error("p", f"{found.p} must lie between 0 and 1, e.g. 0.95")
    if found.k is not None and not found.k > 0:
        raise settings.error("k", f"{found.k} must be positive")
    if found.digits not in (1, 2):
        raise settings.error("digits", f"{found.digits} must be 1 or 2")
    if found.seed < 0:
        raise settings.error("seed", f"{found.seed} must not be negative")
    if found.mpe is not None and not found.mpe > 0:
        raise decision.error("mpe", f"{found.mpe} must be positive")


def _input(inputs: Fields, symbol: str) -> InputQuantity:
    if symbol in FUNCTIONS or symbol in CONSTANTS:
        raise inputs.error(symbol, "is a function or constant of the model's language; take another name")
    fields = inputs.table(symbol)
    label, unit = fields.label(), fields.unit("1")
    distribution, evaluation = read_distribution(fields)
    evaluation = fields.choice("evaluation", ("A", "B"), evaluation)
    fields.finish()
    try:
        return InputQuantity(name=symbol, distribution=distribution, unit=unit, label=label, evaluation=evaluation)
    except InputError as problem:
        raise inputs.error(symbol, str(problem)) from None


class Fields:
    """Read the fields of one table, and notice those that nobody asked for."""

    def __init__(self, file: str, path: str, tree: Mapping[str, Any]) -> None:
        """Hold a table of a file; `path` is empty for the whole file."""
        self.file, self.path, self.tree = file, path, tree
        self._asked: set[str] = set()

    def error(self, key: str, why: str) -> BudgetFileError:
        """Return an error at a field of this table."""
        return BudgetFileError(self.file, f"{self.path}.{key}".lstrip("."), why)

    def guarded(self, key: str, make: Any) -> Any:
        """Call `make`; an `InputError` becomes one at this field."""
        try:
            return make()
        except BudgetFileError:
            raise
        except InputError as problem:
            raise self.error(key, str(problem)) from None

    def any(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a field of a kind; without default it must be there.

        Raises:
            BudgetFileError: it is missing or of another kind.
        """
        self._asked.add(key)
        if key not in self.tree:
            if default is None:
                near = difflib.get_close_matches(key, self.tree, 1)
                raise self.error(key, f"missing{f'; did you mean it by {near[0]!r}?' if near else ''}")
            return default
        value = self.tree[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            names = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.error(key, f"{value!r} is not of the kind {names}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = float(self.any(key, (int, float), default))
        if not math.isfinite(value):
            raise self.error(key, f"{value} must be a finite number")
        return value

    def numbers(self, key: str) -> list[float]:
        """Return a list of finite numbers."""
        values = self.any(key, list)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise self.error(key, f"{value!r} is not a finite number")
        return [float(value) for value in values]

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        return int(self.any(key, int, default))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        return str(self.any(key, str, default))

    def choice(self, key: str, allowed: tuple[Any, ...], default: Any) -> Any:
        """Return one of some words."""
        value = self.any(key, str, default)
        if value not in allowed:
            raise self.error(key, f"{value!r} must be one of {', '.join(allowed)}")
        return value

    def label(self) -> Text | None:
        """Return the field `label`: one text for both languages, or a table of zh and en."""
        value = self.any("label", (str, dict), {})
        if not value:
            return None
        if isinstance(value, str):
            return Text(zh=value, en=value)
        if set(value) != {"zh", "en"} or not all(isinstance(part, str) for part in value.values()):
            raise self.error("label", "a text, or { zh = ..., en = ... }, is needed")
        return Text(zh=value["zh"], en=value["en"])

    def unit(self, default: str | None) -> str:
        """Return the field `unit`, a unit that pint knows."""
        unit = self.text("unit", default)
        try:
            coherent(unit)
        except UnitMismatch as problem:
            raise self.error("unit", str(problem)) from None
        return unit

    def trials(self) -> int | None:
        """Return the field `trials`: a number of at least 1000, or "adaptive"."""
        value = self.any("trials", (int, float, str), 1_000_000)
        if value == "adaptive":
            return None
        if isinstance(value, str) or value != int(value) or not 1000 <= value <= 10**10:
            raise self.error("trials", f"{value!r} must be a whole number from 1000 to 1e10, or 'adaptive'")
        return int(value)

    def table(self, key: str, default: dict[str, Any] | None = None) -> Fields:
        """Return a table inside this one."""
        self._asked.add(key)
        return Fields(self.file, f"{self.path}.{key}".lstrip("."), self.any(key, dict, default))

    def rows(self, key: str) -> list[Fields]:
        """Return an array of tables; none if it is not there."""
        rows = self.any(key, list, [])
        for row in rows:
            if not isinstance(row, dict):
                raise self.error(key, f"[[{key}]] is a list of tables, not of {row!r}")
        return [Fields(self.file, f"{self.path}{key}[{i + 1}]", row) for i, row in enumerate(rows)]

    def finish(self) -> None:
        """Refuse fields that nobody asked for: most often they are typing errors.

        Raises:
            BudgetFileError: there is one.
        """
        for key in self.tree:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, 1)
                raise self.error(key, f"unknown field{f'; did you mean {near[0]!r}?' if near else ''}")
