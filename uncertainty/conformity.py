"""Verdicts and decision rules (JCGM 106:2012, ILAC G8:09/2019, JJF 1094)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, get_args

from uncertainty.errors import InputError
from uncertainty.rounding import to_decimal

if TYPE_CHECKING:
    from collections.abc import Iterable


Rule = Literal["simple", "guarded", "jjf1094", "nonbinary"]
"""Decision rules that `decide` knows."""
RULES: tuple[Rule, ...] = get_args(Rule)
"""The same as values."""


class Verdict(StrEnum):
    """A finding about conformity, from best to worst."""

    PASS = "pass"
    """Conforms by the declared rule."""
    CONDITIONAL = "conditional"
    """Conforms, but within the guard band (ILAC G8 4.2.3)."""
    INCONCLUSIVE = "inconclusive"
    """Neither conformity nor nonconformity can be stated."""
    FAIL = "fail"
    """Does not conform."""
    ERROR = "error"
    """The finding could not be obtained."""

    @property
    def rank(self) -> int:
        """Return the place in the lattice, 0 for the best."""
        return tuple(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; PASS for none."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.PASS)


def decide(error: float, U: float, mpe: float, rule: Rule = "simple", *, w: float | None = None) -> Verdict:
    """Decide on conformity of an error of indication with the tolerance interval [-mpe, +mpe].

    The numbers are compared as the decimals that a reader sees: 0.1 does lie within 0.3 - 0.2.

    Args:
        error: estimate of the error, already rounded to the regulation's step where one is prescribed.
        U: its expanded uncertainty, in the same unit.
        mpe: maximum permissible error as a positive half-width, in the same unit.
        rule:
            "simple": PASS if |error| ≤ mpe, else FAIL; whether U ≤ mpe/3 was to be agreed before (`entry_condition`).
            "guarded": PASS if |error| ≤ mpe - w, else FAIL (JCGM 106:2012, ILAC G8).
            "jjf1094": U ≤ mpe/3: as "simple"; otherwise PASS if |error| ≤ mpe - U, FAIL if |error| ≥ mpe + U,
                INCONCLUSIVE in between.
            "nonbinary": PASS if |error| ≤ mpe - w, CONDITIONAL up to mpe (conditional pass), INCONCLUSIVE up to
                mpe + w (conditional fail), else FAIL (ILAC G8 4.2.3).
        w: guard band; None for w = U.

    Raises:
        InputError: a number is not finite, U or w is negative, mpe is not positive, or the rule is unknown.
    """
    e, limit, expanded = abs(to_decimal(error, "error")), to_decimal(mpe, "mpe"), to_decimal(U, "U")
    band = expanded if w is None else to_decimal(w, "w")
    for name, number in (("U", expanded), ("w", band)):
        if number < 0:
            raise InputError(f"{name} = {number} must not be negative (uncertainty.risk knows relaxed acceptance)")
    if limit <= 0:
        raise InputError(f"mpe = {mpe} must be positive")
    match rule:
        case "simple":
            return Verdict.PASS if e <= limit else Verdict.FAIL
        case "guarded":
            return Verdict.PASS if e <= limit - band else Verdict.FAIL
        case "jjf1094":
            if entry_condition(U, mpe):
                return Verdict.PASS if e <= limit else Verdict.FAIL
            if e <= limit - expanded:
                return Verdict.PASS
            return Verdict.FAIL if e >= limit + expanded else Verdict.INCONCLUSIVE
        case "nonbinary":
            if e <= limit - band:
                return Verdict.PASS
            if e <= limit:
                return Verdict.CONDITIONAL
            return Verdict.INCONCLUSIVE if e <= limit + band else Verdict.FAIL
        case _:
            raise InputError(f"rule = {rule!r} must be one of {', '.join(RULES)}")


def entry_condition(U: float, mpe: float, ratio: float = 1 / 3) -> bool:
    """Say whether U is small enough for simple acceptance: U ≤ mpe/3 (JJF 1094), a rounding error of U allowed.

    Args:
        U: expanded uncertainty.
        mpe: maximum permissible error as a positive half-width.
        ratio: largest U/mpe.
    """
    return U <= mpe * ratio * (1 + 1e-12)
