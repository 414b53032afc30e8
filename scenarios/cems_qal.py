"""Quality assurance of automated measuring systems as EN 14181 has it: QAL2, QAL3, AST.

Recalled, not compared with the printed standard (the card marks all of it so): formulas of the calibration function,
σ0 = P·ELV/1.96, both variability tests, and the constants of the CUSUM chart. k_v is the median of χ²: it follows from
its definition and agrees with the published table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_PAIRS = 3
"""Fewest pairs that say anything of a scatter."""


def k_v(pairs: int) -> float:
    """Return the test value k_v = sqrt(χ²(0.5, N - 1)/(N - 1)) of N pairs."""
    dof = pairs - 1
    return math.sqrt(float(special.chdtri(dof, 0.5)) / dof)


def student_one_sided(pairs: int) -> float:
    """Return t(0.95, N - 1)."""
    return float(special.stdtrit(pairs - 1, 0.95))


def sigma_0(limit: float, share: float) -> float:
    """Return σ0 from an emission limit and the permitted half-width of its 95 % interval, a share of it, 1."""
    return share * limit / 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Hold a calibration function ŷ = a + b x, with the range in which it is valid."""

    method: Literal["regression", "ratio"]
    """By regression, or by the ratio of the means above the zero where the readings hardly vary."""
    a: float
    """Intercept, in the unit of the reference."""
    b: float
    """Slope."""
    valid_to: float
    """Upper end of the valid range, which begins at 0: 1.1 times the largest calibrated reading."""
    differences: tuple[float, ...]
    """D_i = y_i - ŷ_i."""
    scatter: float
    """s_D."""

    def value(self, x: float) -> float:
        """Return the calibrated reading."""
        return self.a + self.b * x


def calibrate(
    readings: Sequence[float], reference: Sequence[float], *, limit: float, enough: float, zero: float = 0.0
) -> Function:
    """Return the calibration function of QAL2.

    Args:
        readings: x_i of the automated system.
        reference: y_i of the reference method.
        limit: emission limit, in the unit of the reference.
        enough: share of the limit, 1, over which the reference must range for a regression.
        zero: reading of the automated system on zero gas.

    Raises:
        ValueError: too few pairs, or as many of one as of the other there are not; or readings that cannot be used.
    """
    x, y = np.asarray(readings, dtype=float), np.asarray(reference, dtype=float)
    if x.size != y.size or x.size < LEAST_PAIRS:
        raise ValueError(
            f"QAL2: {x.size} readings and {y.size} reference values; at least {LEAST_PAIRS} pairs are needed"
        )
    if float(np.ptp(y)) >= enough * limit:
        method: Literal["regression", "ratio"] = "regression"
        b = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
        a = float(y.mean() - b * x.mean())
    else:
        if not x.mean() > zero:
            raise ValueError(f"QAL2: the mean reading {x.mean():.4g} does not exceed the zero reading {zero:.4g}")
        method = "ratio"
        b = float(y.mean() / (x.mean() - zero))
        a = -b * zero
    fitted = a + b * x
    d = y - fitted
    return Function(
        method=method,
        a=a,
        b=b,
        valid_to=1.1 * float(fitted.max()),
        differences=tuple(float(value) for value in d),
        scatter=float(d.std(ddof=1)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Hold a test of a number against its limit."""

    found: float
    """What was found."""
    limit: float
    """What it must not exceed."""

    @property
    def passed(self) -> bool:
        """Whether it does not."""
        return self.found <= self.limit


def variability(scatter: float, pairs: int, s_0: float, factor: float = 1.0) -> Test:
    """Return the variability test s_D ≤ factor·σ0·k_v; the factor is 1 in QAL2 and 1.5 in an AST."""
    return Test(found=scatter, limit=factor * s_0 * k_v(pairs))


def still_valid(differences: Sequence[float], s_0: float) -> Test:
    """Return the AST's test of the calibration function: |mean D| ≤ t(0.95)·s_D/√N + σ0."""
    d = np.asarray(differences, dtype=float)
    limit = student_one_sided(d.size) * float(d.std(ddof=1)) / math.sqrt(d.size) + s_0
    return Test(found=abs(float(d.mean())), limit=limit)


# -- QAL3 ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shewhart:
    """Hold a chart of single deviations."""

    deviations: tuple[float, ...]
    """Deviations from the reference value, in order of time."""
    warning: float
    """Warning limit: twice the standard deviation."""
    action: float
    """Action limit: three times."""

    @property
    def alarms(self) -> tuple[int, ...]:
        """Return the places of deviations beyond the action limit, or of the second of two beyond the warning limit.

        Two beyond it count only on the same side.
        """
        found = []
        for place, d in enumerate(self.deviations):
            before = self.deviations[place - 1] if place else 0.0
            twice = abs(d) > self.warning and abs(before) > self.warning and d * before > 0
            if abs(d) > self.action or twice:
                found.append(place)
        return tuple(found)


def shewhart(deviations: Sequence[float], s: float) -> Shewhart:
    """Return the chart of deviations whose standard deviation should be `s`."""
    return Shewhart(deviations=tuple(deviations), warning=2 * s, action=3 * s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cusum:
    """Hold the two sums of a CUSUM chart for drift."""

    upper: tuple[float, ...]
    """Sum of what exceeds the slack upwards, in order of time."""
    lower: tuple[float, ...]
    """Likewise downwards, as a positive number."""
    limit: float
    """h: a sum beyond it means drift."""

    @property
    def alarms(self) -> tuple[int, ...]:
        """Return the places at which a sum is beyond the limit."""
        pairs = zip(self.upper, self.lower, strict=True)
        return tuple(place for place, (up, down) in enumerate(pairs) if max(up, down) > self.limit)


def cusum(deviations: Sequence[float], s: float, *, slack: float, decision: float) -> Cusum:
    """Return the tabular CUSUM of deviations.

    Args:
        deviations: in order of time.
        s: standard deviation that they should have.
        slack: k in standard deviations: half of the shift that is to be found.
        decision: h in standard deviations.
    """
    upper, lower = [], []
    up = down = 0.0
    for d in deviations:
        up, down = max(0.0, up + d - slack * s), max(0.0, down - d - slack * s)
        upper.append(up)
        lower.append(down)
    return Cusum(upper=tuple(upper), lower=tuple(lower), limit=decision * s)
