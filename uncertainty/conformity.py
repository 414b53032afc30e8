"""Verdicts and decision rules (JCGM 106:2012, ILAC G8:09/2019, JJF 1094)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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
