"""The way of a gas from where its composition changes to where it is measured, as signals.

A line delays, its volumes mix, its walls take up a share of sticky gases and give it back slowly:

    x ──> delay T_d ──> lag T_1 ──> lag T_2 ──> (1 - a)·y + a·lag T_a(y) ──> out

Each lag is a first-order low-pass, so the way is linear, and a piece of exponential polynomial comes out as one. A lag
of two volumes has T_90 = T_d + 3.89 T for T_1 = T_2 = T, and T_d + 2.303 T_1 for T_2 = 0.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments import terms as algebra
from instruments.signal import TRANSIENT_ENDS, Derived, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from instruments.signal import Piece
    from instruments.terms import Terms

_NEGLIGIBLE = 1e-15
"""Share of the largest term below which a transient is rounding noise of the state that was carried over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Describe the way of one gas."""

    delay_s: float = 0.0
    """Pure delay, s: volume of the tube over the flow."""
    first_lag_s: float = 0.0
    """Time constant of the first mixing volume (filter, trap), s; 0 for none."""
    second_lag_s: float = 0.0
    """Time constant of the second mixing volume (cell), s; 0 for none."""
    adsorbed: float = 0.0
    """Share of a change that goes through the walls, 0 to 1."""
    adsorption_s: float = 0.0
    """Time constant of the walls, s; 0 for none."""

    def __post_init__(self) -> None:
        for name in ("delay_s", "first_lag_s", "second_lag_s", "adsorption_s"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must not be below 0 s, got {getattr(self, name)}")
        if not 0.0 <= self.adsorbed <= 1.0:
            raise ValueError(f"adsorbed must lie in 0..1, got {self.adsorbed}")

    def response(self, after_s: float) -> float:
        """Return the output after a step from 0 to 1, this long after it: the closed form for one step."""
        signal = Signal()
        signal.replace_from(1.0, [(1.0, algebra.constant(1.0))])
        return Sampled(signal, self).value(1.0 + after_s)

    def time_to(self, share: float, averaged_s: float = 0.0) -> float:
        """Return how long after a step the output, averaged over a time, first reaches this share of it, s.

        Args:
            share: above 0 and below 1, e.g. 0.9.
            averaged_s: averaging time, s; 0 for none.

        Raises:
            ValueError: the share is out of range.
        """
        if not 0.0 < share < 1.0:
            raise ValueError(f"share must lie between 0 and 1, got {share}")
        begin = averaged_s + 1.0
        signal = Signal()
        signal.replace_from(begin, [(begin, algebra.constant(1.0))])
        out = Sampled(signal, self)

        def reached(after: float) -> float:
            return out.mean(begin + after - averaged_s, begin + after)

        low = high = self.delay_s
        step = self.first_lag_s + self.second_lag_s + self.adsorption_s + averaged_s + 1e-9
        while reached(high) < share:
            low, high = high, high + step
        if low == high:
            return high
        return algebra.root_between(lambda t: reached(t) - share, low, high)


def way(
    flow_l_per_min: float,
    *,
    tube_ml: float = 0.0,
    first_ml: float = 0.0,
    second_ml: float = 0.0,
    adsorbed: float = 0.0,
    adsorption_s: float = 0.0,
) -> Way:
    """Return the way through given volumes (ml) at a flow (l/min).

    Raises:
        ValueError: no flow.
    """
    if not flow_l_per_min > 0.0:
        raise ValueError(f"no way without flow, got {flow_l_per_min} l/min")
    ml_per_s = flow_l_per_min * 1000.0 / 60.0
    return Way(
        delay_s=tube_ml / ml_per_s,
        first_lag_s=first_ml / ml_per_s,
        second_lag_s=second_ml / ml_per_s,
        adsorbed=adsorbed,
        adsorption_s=adsorption_s,
    )


class Sampled(Derived):
    """Follow a fraction through a `Way`: what is there at its end."""

    __slots__ = ("_marks", "_shares", "_states", "_taus", "_way")

    def __init__(self, source: Signal, way: Way) -> None:
        """Lay the way; before bench time 0 everything has settled.

        Args:
            source: amount fraction at its beginning, 1.
            way: the way.
        """
        self._way = way
        self._taus = [tau for tau in (way.first_lag_s, way.second_lag_s) if tau > 0.0]
        walls = way.adsorption_s if way.adsorbed else 0.0
        self._shares = (1.0 - way.adsorbed, way.adsorbed) if walls > 0.0 else (1.0, 0.0)
        if walls > 0.0:
            self._taus.append(walls)
        self._marks: list[float] = []  # beginnings of pieces of the input, delayed
        self._states: list[list[Terms]] = []  # behind each lag, by piece of the input
        super().__init__(source)

    def invalidate(self, at: float) -> None:
        """Take note that the input has changed from a bench time on: the output does so a delay later."""
        super().invalidate(at + self._way.delay_s)

    def derive(self, at: float) -> list[Piece]:
        """Send the input through the lags, piece by piece, from the states that they have by then."""
        source, delay = self._inputs[0], self._way.delay_s
        keep = bisect_right(self._marks, at)
        if keep and self._marks[keep - 1] == at:
            keep -= 1
        if keep:
            tau = at - self._marks[keep - 1]
            states = [algebra.value(terms, tau) for terms in self._states[keep - 1]]
        else:
            states = [source.value(0.0)] * len(self._taus)
        del self._marks[keep:], self._states[keep:]
        pieces: list[Piece] = []
        when = at - delay
        while True:
            if when < 0.0:
                end, terms = 0.0, algebra.constant(source.value(0.0))
            else:
                start, end, terms = source.piece(when)
                terms = algebra.shift(terms, when - start)
            lags = self._lags(terms, states)
            self._marks.append(at)
            self._states.append(lags)
            out = self._out(terms, lags)
            pieces.append((at, out))
            self._settled(pieces, at, end + delay, out)
            if end == math.inf:
                return pieces
            states = [algebra.value(lag, end + delay - at) for lag in lags]
            at, when = max(end + delay, math.nextafter(at, math.inf)), end

    def _lags(self, terms: Terms, states: list[float]) -> list[Terms]:
        found = []
        for tau, state in zip(self._taus, states, strict=True):
            terms = _lag(terms, tau, state)
            found.append(terms)
        return found

    def _out(self, terms: Terms, lags: list[Terms]) -> Terms:
        direct, walls = self._shares
        if not walls:
            return lags[-1] if lags else terms
        before = lags[-2] if len(lags) > 1 else terms
        return algebra.add(algebra.scale(before, direct), algebra.scale(lags[-1], walls))

    def _settled(self, pieces: list[Piece], at: float, end: float, out: Terms) -> None:
        """Cut a piece where all its transients are over, so that steady states stay cheap."""
        decaying = [key[0].real for key in out if key[0].real < 0.0]
        if not decaying:
            return
        over = at + TRANSIENT_ENDS / -max(decaying)
        if over < end:
            steady = {key: c for key, c in out.items() if not key[0].real < 0.0}
            pieces.append((over, algebra.shift(steady, over - at)))


def _lag(terms: Terms, time_constant_s: float, state: float) -> Terms:
    if algebra.is_level(terms):  # by far the most frequent: nothing changes before the lag
        level = algebra.value(terms, 0.0)
        gap = state - level
        if abs(gap) <= _NEGLIGIBLE * abs(level):
            return terms
        return algebra.add(terms, algebra.decay(gap, time_constant_s))
    return algebra.low_pass(terms, time_constant_s, state)


# -- many values at once --------------------------------------------------------------------------------------------


def values(signal: Signal, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a signal at many bench times.

    Args:
        signal: the signal.
        times: s, in order, shape (n,).
    """
    out = np.empty_like(times)
    index, at = 0, float(times[0])
    while index < len(times):
        start, end, terms = signal.piece(at)
        last = _before(times, end)
        out[index:last] = _values(terms, times[index:last] - start)
        index, at = max(last, index), end
    return out


def means(signal: Signal, times: NDArray[np.float64], span_s: float) -> NDArray[np.float64]:
    """Return the exact means of a signal over [t - span, t] for many bench times; what lies before 0 s is left out.

    Args:
        signal: the signal.
        times: s, in order, shape (n,).
        span_s: length of each window, s; 0 for momentary values.
    """
    starts = np.maximum(times - span_s, 0.0)
    lengths = times - starts
    still = lengths <= 0.0
    if np.all(still):
        return values(signal, times)
    first = float(starts[0])
    areas = _running(signal, times, first) - _running(signal, starts, first)
    if not np.any(still):
        return areas / lengths
    return np.where(still, values(signal, times), areas / np.where(still, 1.0, lengths))


def _running(signal: Signal, times: NDArray[np.float64], since: float) -> NDArray[np.float64]:
    """Return the integrals from `since` to many bench times."""
    out = np.empty_like(times)
    index, at, total = 0, since, 0.0
    while index < len(times):
        start, end, terms = signal.piece(at)
        last = _before(times, end)
        origin = _areas(terms, np.array([at - start]))[0]
        out[index:last] = total + _areas(terms, times[index:last] - start) - origin
        if end < math.inf:
            total += algebra.integral(terms, at - start, end - start)
        index, at = max(last, index), end
    return out


def _before(times: NDArray[np.float64], end: float) -> int:
    return len(times) if end == math.inf else int(np.searchsorted(times, end, side="left"))


def _values(terms: Terms, tau: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros_like(tau)
    for (rate, power), c in terms.items():
        part = c.real * np.ones_like(tau) if not rate else _exponential(c, rate, tau)
        total += part * tau**power if power else part
    return total


def _exponential(c: complex, rate: complex, tau: NDArray[np.float64]) -> NDArray[np.float64]:
    if rate.imag:
        return np.real(c * np.exp(rate * tau))
    return c.real * np.exp(rate.real * tau)


def _areas(terms: Terms, tau: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a primitive of the terms, 0 at τ = 0 up to rounding."""
    total = np.zeros_like(tau)
    for (rate, power), c in terms.items():
        if not rate:
            total += c.real * tau ** (power + 1) / (power + 1)
        elif not power:
            total += np.real(c / rate * np.expm1(rate * tau))
        else:
            # By parts: exp(λτ)·Σ (-1)^j·k!/(k-j)!·τ^(k-j)/λ^(j+1); the last summand is what it is at τ = 0.
            factor, inner = 1.0 / rate, np.zeros_like(tau, dtype=np.complex128)
            for j in range(power):
                inner += factor * tau ** (power - j)
                factor *= -(power - j) / rate
            total += np.real(c * (np.exp(rate * tau) * (inner + factor) - factor))
    return total
