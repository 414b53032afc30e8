"""Signals over bench time: pieces that are exact functions, and signals derived from other signals.

A device writes what it will do from now on (`Signal.replace_from`); what is past stays. Derived signals (`LowPass`,
`Pointwise`, `Accumulated`) follow lazily: they keep what they worked out for the past and redo only what a later
write has changed. Nothing is stepped, so an idle hour costs nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from instruments import terms as algebra
from instruments.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TRANSIENT_ENDS = 40.0
"""Time constants after which an exponential is dropped: exp(-40) = 4e-18 is below rounding."""

_NEGLIGIBLE = 1e-15
"""Share of the largest term below which a transient is rounding noise of the state that was carried over."""

Piece = tuple[float, Terms]
"""Bench time at which the piece begins, s, and its terms in the time since then."""


class Follower(Protocol):
    """Be told when a signal changes."""

    def invalidate(self, at: float) -> None:
        """Take note that everything from a bench time on may be different."""


class Signal:
    """Hold a real quantity as a function of bench time, from 0 s on, without end.

    The last piece lasts for ever; transients should be cut off after `TRANSIENT_ENDS` time constants so that steady
    states stay cheap.
    """

    __slots__ = ("_last", "_pieces", "_stale", "_starts", "followers", "listeners")

    def __init__(self, level: float = 0.0) -> None:
        self._starts: list[float] = [0.0]
        self._pieces: list[Terms] = [algebra.constant(level)]
        self._last = 0
        self._stale = math.inf
        self.followers: list[Follower] = []
        """Told from when on the signal has changed, at each write."""
        self.listeners: list[Callable[[], None]] = []
        """Called after each write, for those who have something scheduled that depends on the future."""

    def replace_from(self, at: float, pieces: Sequence[Piece]) -> None:
        """Write the signal anew from a bench time on; what lies before is kept.

        Args:
            at: s. Must not lie before anything that a reader may already have used: normally "now".
            pieces: in order; the first begins at `at`.

        Raises:
            ValueError: the pieces are not in order or do not begin at `at`.
        """
        starts = [start for start, _ in pieces]
        in_order = len(starts) < 2 or all(a < b for a, b in pairwise(starts))
        if not starts or starts[0] != at or at < 0.0 or not in_order:
            raise ValueError(f"pieces must begin at {at} s and follow in order, got {starts}")
        self._put(at, pieces)
        for follower in self.followers:
            follower.invalidate(at)
        for listener in self.listeners:
            listener()

    def _put(self, at: float, pieces: Sequence[Piece]) -> None:
        keep = len(self._starts)
        while keep and self._starts[keep - 1] >= at:
            keep -= 1
        del self._starts[keep:]
        del self._pieces[keep:]
        self._starts += [start for start, _ in pieces]
        self._pieces += [terms for _, terms in pieces]
        self._last = 0

    def sync(self) -> None:
        """Bring a derived signal up to date; nothing to do for a written one."""

    def _index(self, at: float) -> int:
        starts = self._starts
        last = self._last
        if starts[last] <= at and (last + 1 == len(starts) or at < starts[last + 1]):
            return last
        index = bisect_right(starts, at) - 1
        if index < 0:
            raise ValueError(f"a signal begins at bench time 0 s, asked for {at} s")
        self._last = index
        return index

    def piece(self, at: float) -> tuple[float, float, Terms]:
        """Return (start, end, terms) of the piece that holds at a bench time; `end` is infinite for the last."""
        if self._stale < math.inf:
            self.sync()
        starts, index = self._starts, self._last
        count = len(starts)
        if not (starts[index] <= at and (index + 1 == count or at < starts[index + 1])):
            index = self._index(at)
        return starts[index], starts[index + 1] if index + 1 < count else math.inf, self._pieces[index]

    def pieces_from(self, at: float) -> list[Piece]:
        """Return the pieces from a bench time on, the first beginning at `at`."""
        start, _, terms = self.piece(at)
        index = self._index(at) + 1
        rest = zip(self._starts[index:], self._pieces[index:], strict=True)
        return [(at, algebra.shift(terms, at - start)), *rest]

    def value(self, at: float) -> float:
        """Return the value at a bench time (after the jump, if there is one just there)."""
        if self._stale < math.inf:
            self.sync()
        index = self._index(at)
        return algebra.value(self._pieces[index], at - self._starts[index])

    def integral(self, start: float, stop: float) -> float:
        """Return the exact integral over [start, stop] (unit of the signal times s); start <= stop."""
        if stop < start:
            raise ValueError(f"integral: stop {stop} s lies before start {start} s")
        if self._stale < math.inf:
            self.sync()
        starts, pieces = self._starts, self._pieces
        index = self._index(start)
        total = 0.0
        while True:
            origin = starts[index]
            end = starts[index + 1] if index + 1 < len(starts) else math.inf
            total += algebra.integral(pieces[index], start - origin, min(stop, end) - origin)
            if stop <= end:
                return total
            start = end
            index += 1

    def mean(self, start: float, stop: float) -> float:
        """Return the mean over [start, stop]; the value itself where both are equal."""
        if start == stop:
            return self.value(start)
        return self.integral(start, stop) / (stop - start)


class Derived(Signal):
    """Follow other signals; subclasses say how by `derive`."""

    __slots__ = ("_inputs",)

    def __init__(self, *inputs: Signal) -> None:
        super().__init__()
        self._inputs = inputs
        self._stale = 0.0
        for source in inputs:
            source.followers.append(self)

    def derive(self, at: float) -> list[Piece]:
        """Return the pieces from `at` on. What was derived before `at` is still there to be read."""
        raise NotImplementedError

    def invalidate(self, at: float) -> None:
        """Take note that an input has changed from a bench time on; nothing is worked out before someone asks."""
        if at < self._stale:
            self._stale = at
            for follower in self.followers:
                follower.invalidate(at)

    def sync(self) -> None:
        """Derive anew from the first change of an input on."""
        if self._stale < math.inf:
            for source in self._inputs:
                source.sync()  # an input that writes another of our inputs invalidates us here, not later
            at, self._stale = self._stale, math.inf
            self._put(at, self.derive(at))


class Pointwise(Derived):
    """Follow inputs by a function of their terms at the same time, e.g. a product for power."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Terms], *inputs: Signal) -> None:
        self._function = function
        super().__init__(*inputs)

    def derive(self, at: float) -> list[Piece]:
        """Apply the function to every common piece of the inputs."""
        pieces: list[Piece] = []
        while at < math.inf:
            end, together = math.inf, []
            for source in self._inputs:
                start, stop, terms = source.piece(at)
                together.append(terms if start == at else algebra.shift(terms, at - start))
                if stop < end:
                    end = stop
            pieces.append((at, self._function(*together)))
            at = end
        return pieces


class LowPass(Derived):
    """Follow one input through a first-order low-pass, in its steady state at bench time 0."""

    __slots__ = ("_initial", "_time_constant_s")

    def __init__(self, source: Signal, time_constant_s: float) -> None:
        self._time_constant_s = time_constant_s
        self._initial = source.value(0.0)
        super().__init__(source)

    def derive(self, at: float) -> list[Piece]:
        """Solve T·dy/dt + y = x piece by piece, and drop each transient once it is over."""
        state = self._initial
        if at > 0.0:
            index = bisect_left(self._starts, at) - 1  # the piece that led to `at`, not the one that begins there
            state = algebra.value(self._pieces[index], at - self._starts[index])
        return low_passed(self._inputs[0], at, self._time_constant_s, state)


def low_passed(source: Signal, at: float, time_constant_s: float, state: float) -> list[Piece]:
    """Return the pieces of a signal behind a first-order low-pass, from a bench time and a state on."""
    pieces: list[Piece] = []
    settled_after = TRANSIENT_ENDS * time_constant_s
    pole = complex(-1.0 / time_constant_s)
    while at < math.inf:
        start, end, terms = source.piece(at)
        y = algebra.low_pass(algebra.shift(terms, at - start), time_constant_s, state)
        transient = y.get((pole, 0), 0j)
        if abs(transient) <= _NEGLIGIBLE * max(map(abs, y.values()), default=0.0):
            y = {key: c for key, c in y.items() if key != (pole, 0)}
        pieces.append((at, y))
        if at + settled_after < end and any(key[0] == pole for key in y):
            steady = {key: c for key, c in y.items() if key[0] != pole}
            pieces.append((at + settled_after, algebra.shift(steady, settled_after)))
        state = algebra.value(y, end - at) if end < math.inf else 0.0
        at = end
    return pieces


class Accumulated:
    """Hold the running integral of a signal since bench time 0, and answer when it reached a value."""

    __slots__ = ("_source", "_stale", "_starts", "_totals")

    def __init__(self, source: Signal) -> None:
        self._source = source
        self._stale = 0.0
        self._starts: list[float] = []
        self._totals: list[float] = []
        source.followers.append(self)

    def invalidate(self, at: float) -> None:
        """Take note that the signal has changed from a bench time on."""
        self._stale = min(self._stale, at)

    def _sync(self) -> None:
        if self._stale == math.inf:
            return
        source = self._source
        source.sync()
        at, self._stale = self._stale, math.inf
        keep = bisect_left(self._starts, at)
        del self._starts[keep:], self._totals[keep:]
        total = 0.0
        if keep:
            start = self._starts[-1]
            total = self._totals[-1] + source.integral(start, at)
        while True:
            self._starts.append(at)
            self._totals.append(total)
            start, end, terms = source.piece(at)
            if end == math.inf:
                return
            total += algebra.integral(terms, at - start, end - start)
            at = end

    def value(self, at: float) -> float:
        """Return the integral over [0, at]."""
        self._sync()
        index = bisect_right(self._starts, at) - 1
        start = self._starts[index]
        return self._totals[index] + self._source.integral(start, at)

    def time_of(self, total: float) -> float:
        """Return the first bench time at which the integral of a signal that is never negative reaches a total.

        Infinite if it never does as things stand: whoever writes a signal later may change the answer for times after
        that write, never for times before it.
        """
        self._sync()
        if total <= 0.0:
            return 0.0
        index = bisect_right(self._totals, total) - 1
        while index > 0 and self._totals[index] == total:  # it stood still there: the first of equal totals
            index -= 1
        at, missing = self._starts[index], total - self._totals[index]
        if not missing:
            return at
        start, end, terms = self._source.piece(at)
        if algebra.is_level(terms):
            rate = algebra.value(terms, 0.0)
            return at + missing / rate if rate > 0.0 else math.inf
        offset = at - start

        return at + _reach(terms, offset, missing, end - at)


def _reach(terms: Terms, offset: float, wanted: float, span: float) -> float:
    """Return the time after `offset` at which the integral from there reaches `wanted` (above 0), s.

    By Newton's method, since most rates are nearly constant; by bracketing where that fails.
    """

    def short(tau: float) -> float:
        return algebra.integral(terms, offset, offset + tau) - wanted

    tau = 0.0
    for _ in range(12):
        rate = algebra.value(terms, offset + tau)
        step = -short(tau) / rate if rate > 0.0 else math.inf
        tau += step
        if not 0.0 <= tau <= span:
            break
        if abs(step) <= 1e-13 * tau:
            return tau
    if span == math.inf:
        span = 1.0
        while short(span) < 0.0:
            span *= 2.0
            if span > 1e12:
                return math.inf
    return algebra.root_between(short, 0.0, span)
