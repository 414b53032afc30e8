"""Coverage intervals without keeping the sample: two fine histograms of the tails.

A pilot run of the model tells where the tails begin. From then on a block of model values is reduced to sums and to
the counts of two histograms that reach from there outward. The counts are integers, so blocks can be merged in any
order and the result has the same bits. Within a bin the distribution function is interpolated; with 8192 bins the error
of a quantile is about 1e-5 u and less, far below the Monte Carlo error of any feasible number of trials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from uncertainty.distributions import Array

Counts = np.ndarray[Any, np.dtype[np.int64]]
Interval = tuple[float, float]

_FINE, _COARSE = 8192, 1024
BINS = _FINE + _COARSE + 1
"""Bins of one tail: fine ones beside the start, coarse ones further out, one for what lies beyond."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Say how one tail is divided into bins by the distance from its start."""

    start: float
    """Where the tail begins."""
    sign: int
    """-1 for the lower tail, 1 for the upper."""
    fine: float
    """Reach of the fine bins, in the output's unit."""
    reach: float
    """Reach of all bins."""

    def count(self, d: Array) -> tuple[Counts, float]:
        """Return how many values lie in each bin, (BINS,), and the outermost value, or else the start.

        Args:
            d: distances of the tail's values from its start, outward; overwritten.
        """
        outermost = float(d.max()) if d.size else 0.0
        k = d * (_FINE / self.fine) if self.fine > 0 else np.zeros_like(d)
        np.minimum(k, _FINE, out=k)
        far = np.flatnonzero(d >= self.fine)
        if far.size:
            beyond = self.reach - self.fine
            k[far] = _FINE + np.minimum((d[far] - self.fine) * (_COARSE / beyond if beyond > 0 else 0.0), _COARSE)
        return np.bincount(k.astype(np.intp), minlength=BINS), self.start + self.sign * outermost

    def edges(self, extreme: float) -> Array:
        """Return the edges of the bins from the start outward, (BINS + 1,); the last is the extreme value seen."""
        distance = np.concatenate(
            [np.linspace(0, self.fine, _FINE, endpoint=False), np.linspace(self.fine, self.reach, _COARSE + 1)]
        )
        last = max(self.sign * (extreme - self.start), self.reach)
        return np.asarray(self.start + self.sign * np.append(distance, last))


@dataclass(frozen=True, slots=True)
class Window:
    """Say where both tails are looked for: at `gap` and more from `centre`, on either side."""

    centre: float
    """Middle between the starts of the tails; the moments are taken about it."""
    gap: float
    """Half the distance between the starts; negative where the tails overlap (small p)."""
    low: Tail
    """Lower tail."""
    high: Tail
    """Upper tail."""

    def split(self, d: Array) -> tuple[Array, Array]:
        """Return the distances of both tails' values from their starts, outward.

        Args:
            d: model values less the centre, (n,).
        """
        if self.gap > 0:  # one look at all values, a second one at the few that lie far out
            far = d[np.abs(d) >= self.gap]
            low, high = far[far < 0], far[far > 0]
        else:
            low, high = d[d <= -self.gap], d[d >= self.gap]
        np.negative(low, out=low)
        low -= self.gap
        high -= self.gap
        return low, high


def open_window(pilot: Array, p: float, margin: float) -> Window:
    """Choose a window from a pilot sample.

    Args:
        pilot: model values, (n,).
        p: coverage probability.
        margin: how many standard errors of the pilot's quantile the tails are made longer.
    """
    n = pilot.size
    fraction = (1 - p) + margin * np.sqrt(p * (1 - p) / n) + 2 / n
    place = min(int(fraction * n), n - 1)
    thin = int(0.02 * (1 - p) * n)
    y = np.partition(pilot, sorted({0, thin, place, n - 1 - place, n - 1 - thin, n - 1}))
    tails = []
    for sign, start, outer, extreme in (
        (-1, y[place], y[thin], y[0]),
        (1, y[n - 1 - place], y[n - 1 - thin], y[-1]),
    ):
        fine, reach = abs(outer - start), 1.5 * abs(extreme - start)
        tails.append(Tail(float(start), sign, float(fine), float(max(reach, fine))))
    centre, gap = 0.5 * (tails[0].start + tails[1].start), 0.5 * (tails[1].start - tails[0].start)
    return Window(centre, gap, tails[0], tails[1])


@dataclass(slots=True)
class Tally:
    """Hold the counts of some blocks; they can be added in any order."""

    low: Counts
    """Counts of the lower tail's bins, (BINS,)."""
    high: Counts
    """Counts of the upper tail's bins, (BINS,)."""
    smallest: float
    """Smallest model value."""
    largest: float
    """Largest model value."""

    @classmethod
    def empty(cls) -> Tally:
        """Make one without counts."""
        zero = np.zeros(BINS, np.int64)
        return cls(zero, zero.copy(), np.inf, -np.inf)

    def take(self, d: Array, window: Window) -> None:
        """Count a block of model values, given less the window's centre."""
        below, above = window.split(d)
        low, smallest = window.low.count(below)
        high, largest = window.high.count(above)
        self.low += low
        self.high += high
        self.smallest = min(self.smallest, smallest)
        self.largest = max(self.largest, largest)

    def add(self, other: Tally) -> None:
        """Add the counts of other blocks."""
        self.low += other.low
        self.high += other.high
        self.smallest = min(self.smallest, other.smallest)
        self.largest = max(self.largest, other.largest)


def ranks(m: int, p: float) -> tuple[int, int]:
    """Return (q, r) of JCGM 101:2008 7.7.2: q = pM values are covered, the symmetric interval begins at the r-th."""
    product = p * m
    q = round(product) if abs(product - round(product)) < 1e-9 * m else int(product + 0.5)
    return q, (m - q + 1) // 2


def intervals_from_tally(tally: Tally, window: Window, m: int, p: float) -> tuple[Interval, Interval] | None:
    """Return the symmetric and the shortest coverage interval; None where the window was too narrow.

    Args:
        tally: counts of all trials.
        window: the window they were counted in.
        m: number of trials.
        p: coverage probability.
    """
    q, r = ranks(m, p)
    below, above = int(tally.low.sum()), int(tally.high.sum())
    if below < m - q or above < m - q or tally.low[-1] >= r or tally.high[-1] >= r:
        return None
    # Ranks at the edges, counted from the smallest value; both run upward.
    low_edges = window.low.edges(tally.smallest)[::-1]
    low_ranks = np.concatenate([[0], np.cumsum(tally.low[::-1])]).astype(float)
    high_edges = window.high.edges(tally.largest)
    high_ranks = m - above + np.concatenate([[0], np.cumsum(tally.high)]).astype(float)
    symmetric = (
        float(np.interp(r - 0.5, low_ranks, low_edges)),
        float(np.interp(r + q - 0.5, high_ranks, high_edges)),
    )
    starts = np.concatenate([low_ranks, high_ranks - q])
    starts = starts[(starts >= 0) & (starts <= m - q)]
    lows = np.interp(starts, low_ranks, low_edges)
    highs = np.interp(starts + q, high_ranks, high_edges)
    best = int(np.argmin(highs - lows))
    return symmetric, (float(lows[best]), float(highs[best]))


def intervals_of_sample(y: Array, p: float) -> tuple[Interval, Interval] | None:
    """Return the symmetric and the shortest coverage interval of a kept sample (JCGM 101:2008 7.7), exactly.

    Only the tails are sorted: a shortest interval begins among the lowest M - q values and ends among the highest.
    None where M is too small for p.
    """
    m = y.size
    q, r = ranks(m, p)
    tail = m - q
    if tail < 1 or q < 1:
        return None
    low, high = _outermost(y, tail)
    best = int((high - low).argmin())
    return (float(low[r - 1]), float(high[r - 1])), (float(low[best]), float(high[best]))


_SAMPLE = 1024
"""First values of a sample that tell roughly where its tails begin."""


def _outermost(y: Array, count: int) -> tuple[Array, Array]:
    """Return the `count` smallest and the `count` largest values, (count,) each, in ascending order.

    Comparing all values with two thresholds is several times cheaper than partitioning them. The thresholds are guesses
    from the first values; where one keeps too few (the values are in some order), all are partitioned. Either way the
    result is exact.
    """
    share = _SAMPLE * count / y.size
    rank = math.ceil(share + 4 * math.sqrt(share)) + 4
    if y.size >= 4 * _SAMPLE and rank < _SAMPLE // 4:
        first = y[:_SAMPLE].copy()
        first.partition((rank, _SAMPLE - 1 - rank))
        below, above = y[y <= first[rank]], y[y >= first[_SAMPLE - 1 - rank]]
        if below.size >= count and above.size >= count:
            below.partition(count - 1)
            above.partition(above.size - count)
            low, high = below[:count], above[above.size - count :]
            low.sort()
            high.sort()
            return low, high
    last = y.size - count
    parted = np.partition(y, (count - 1, last) if count - 1 < last else (last, count - 1))
    return np.sort(parted[:count]), np.sort(parted[last:])
