"""Relative accuracy by paired runs, as HJ 75 has it, with the rounding chain of its users.

d_i = reference - CEMS; CC = t(0.975, n - 1)·s_d/√n; RA = (|mean d| + |CC|)/mean reference. Testers round the means to
two decimals and RA to four (as a fraction) before they compare. Near a limit that can turn a verdict, so it can be
switched off, and a record says which way was taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scipy import special

from scenarios.sheet import Number, Prescribed, SheetError
from uncertainty.rounding import round_to_step

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.975
"""Quantile of Student's distribution in CC: two-sided 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Say how intermediate results are rounded."""

    applied: bool
    """Whether they are rounded at all."""
    mean_decimals: Number
    """Decimals of the means, in the unit of the concentration."""
    ratio_decimals: Number
    """Decimals of RA as a fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Hold the limit for a range of the mean reference concentration; the first range that begins low enough counts."""

    above: Prescribed
    """Mean reference concentration from which it applies; largest first."""
    quantity: Literal["RA", "relative", "absolute"]
    """What is limited: RA, the relative mean difference, or the mean difference."""
    limit: Prescribed
    """Its largest permitted magnitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeAccuracy:
    """Hold the result of paired runs, in the unit of the concentration where nothing else is said."""

    pairs: int
    """Number of pairs."""
    reference: float
    """Mean of the reference method."""
    cems: float
    """Mean of the CEMS."""
    difference: float
    """Mean difference, reference less CEMS."""
    scatter: float
    """Standard deviation of the differences."""
    confidence: float
    """Confidence coefficient CC."""
    ratio: float
    """RA, 1."""


def student(n: int) -> float:
    """Return t(0.975, n - 1)."""
    return float(special.stdtrit(n - 1, CONFIDENCE))


def relative_accuracy(
    reference: Sequence[float], cems: Sequence[float], chain: Chain | None = None
) -> RelativeAccuracy:
    """Return the relative accuracy of paired runs.

    Args:
        reference: means of the reference method, one per pair.
        cems: means of the CEMS.
        chain: how to round; None for not at all.

    Raises:
        ValueError: fewer than three pairs, or as many of one as of the other there are not.
    """
    n = len(reference)
    if n != len(cems) or n < 3:
        raise ValueError(f"relative accuracy: {n} reference and {len(cems)} CEMS values; at least 3 pairs are needed")
    places = round(chain.mean_decimals.value) if chain is not None and chain.applied else None

    def mean(value: float) -> float:
        return value if places is None else float(round_to_step(repr(value), _step(places)))

    d = [r - c for r, c in zip(reference, cems, strict=True)]
    exact = math.fsum(d) / n
    scatter = math.sqrt(math.fsum((x - exact) ** 2 for x in d) / (n - 1))
    reference_mean, difference = mean(math.fsum(reference) / n), mean(exact)
    scatter = mean(scatter)
    confidence = mean(student(n) * scatter / math.sqrt(n))
    ratio = (abs(difference) + abs(confidence)) / reference_mean
    if chain is not None and chain.applied:
        ratio = float(round_to_step(repr(ratio), _step(round(chain.ratio_decimals.value))))
    return RelativeAccuracy(
        pairs=n,
        reference=reference_mean,
        cems=mean(math.fsum(cems) / n),
        difference=difference,
        scatter=scatter,
        confidence=confidence,
        ratio=ratio,
    )


def _step(decimals: int) -> str:
    return "1" if not decimals else f"0.{'0' * (decimals - 1)}1"


def limited(ranges: Sequence[Range], found: RelativeAccuracy, unit: str) -> tuple[Range, float, float]:
    """Return the range that applies, what it limits (in its unit), and the limit.

    Args:
        ranges: of the sheet, largest first.
        found: what was measured.
        unit: unit of the concentrations.

    Raises:
        SheetError: no range begins low enough.
    """
    for item in ranges:
        if found.reference >= item.above.to(unit):
            if item.quantity == "RA":
                return item, 100 * found.ratio, item.limit.to("%")
            if item.quantity == "relative":
                return item, 100 * abs(found.difference) / found.reference, item.limit.to("%")
            return item, abs(found.difference), item.limit.to(unit)
    raise SheetError("accuracy", f"no limit for a mean reference concentration of {found.reference:g} {unit}")


def related(concentration: float, oxygen: float, reference_oxygen: float) -> float:
    """Return a concentration at a reference oxygen: c·(21 - O_ref)/(21 - O), oxygen in %.

    Raises:
        ValueError: the oxygen is that of air, where the correction has no end.
    """
    if not oxygen < 21.0:
        raise ValueError(f"oxygen: {oxygen:g} % is not below that of air; nothing can be related to a reference oxygen")
    return concentration * (21.0 - reference_oxygen) / (21.0 - oxygen)


def related_u(u_concentration: float, oxygen: float, u_oxygen: float) -> float:
    """Return the relative standard uncertainty of a concentration at reference oxygen, 1.

    Args:
        u_concentration: relative standard uncertainty of the concentration, 1.
        oxygen: %.
        u_oxygen: its standard uncertainty, %.
    """
    return math.hypot(u_concentration, u_oxygen / (21.0 - oxygen))
