"""The algebra of exponential polynomials: sums of c·τ^k·exp(λ·τ) with complex c and λ.

Ramps, settling, drifts and ripple are all of this shape, and the shape is closed under sum, product, first-order
low-pass and integration. So power, energy and pulse times follow exactly, however long the interval.

A real signal carries its complex exponentials in conjugate pairs; `value` and `integral` return the real part.
"""

from __future__ import annotations

import math
from cmath import exp, rect
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeAlias

Key: TypeAlias = tuple[complex, int]
"""(λ in 1/s, k): the exponential rate and the power of τ of a term."""
Terms: TypeAlias = Mapping[Key, complex]
"""Coefficient of each τ^k·exp(λ·τ). Never changed once made."""

LEVEL: Key = (0j, 0)
ZERO: Terms = {}

_RESONANCE = 1e-8
"""Relative distance of λ from the pole below which the low-pass is taken as resonant: √(machine epsilon)."""

# Nodes and weights of the ten-point Gauss-Legendre rule on [-1, 1], positive half.
_GAUSS = (
    (0.1488743389816312, 0.2955242247147529),
    (0.4333953941292472, 0.2692667193099963),
    (0.6794095682990244, 0.2190863625159820),
    (0.8650633666889845, 0.1494513491505806),
    (0.9739065285171717, 0.0666713443086881),
)


def constant(level: float) -> Terms:
    """Return a constant signal."""
    return {LEVEL: complex(level)} if level else ZERO


def line(level: float, slope: float) -> Terms:
    """Return level + slope·τ; the slope is per second."""
    return add(constant(level), {(0j, 1): complex(slope)} if slope else ZERO)


def decay(amplitude: float, time_constant_s: float) -> Terms:
    """Return amplitude·exp(-τ/T)."""
    return {(complex(-1.0 / time_constant_s), 0): complex(amplitude)} if amplitude else ZERO


def sinusoid(amplitude: float, frequency_hz: float, phase_rad: float) -> Terms:
    """Return amplitude·cos(2π·f·τ + phase); the amplitude is the peak value."""
    if not amplitude:
        return ZERO
    omega = 2.0 * math.pi * frequency_hz
    half = rect(0.5 * amplitude, phase_rad)
    return {(complex(0.0, omega), 0): half, (complex(0.0, -omega), 0): half.conjugate()}


def is_level(terms: Terms) -> bool:
    """Tell whether the signal is constant."""
    return not terms or (len(terms) == 1 and LEVEL in terms)


def scale(terms: Terms, factor: float) -> Terms:
    """Return factor·x."""
    if not factor:
        return ZERO
    return {key: c * factor for key, c in terms.items()}


def add(a: Terms, b: Terms) -> Terms:
    """Return a + b; terms that cancel exactly vanish."""
    if not a:
        return b
    if not b:
        return a
    total = dict(a)
    for key, c in b.items():
        both = total.get(key, 0j) + c
        if both:
            total[key] = both
        else:
            total.pop(key, None)
    return total


def multiply(a: Terms, b: Terms) -> Terms:
    """Return a·b."""
    if not a or not b:
        return ZERO
    if len(b) == 1 and LEVEL in b:
        return scale(a, b[LEVEL].real)
    if len(a) == 1 and LEVEL in a:
        return scale(b, a[LEVEL].real)
    product: dict[Key, complex] = {}
    for (rate_a, power_a), c_a in a.items():
        for (rate_b, power_b), c_b in b.items():
            key = (rate_a + rate_b, power_a + power_b)
            product[key] = product.get(key, 0j) + c_a * c_b
    return product


def shift(terms: Terms, by: float) -> Terms:
    """Return x(τ + by): the same signal with its origin moved `by` seconds later."""
    if not by or is_level(terms):
        return terms
    moved: dict[Key, complex] = {}
    for (rate, power), c in terms.items():
        if rate:
            c *= exp(rate * by)
            if not c:
                continue
        if not power:
            moved[rate, 0] = moved.get((rate, 0), 0j) + c
            continue
        for j in range(power + 1):
            key = (rate, j)
            moved[key] = moved.get(key, 0j) + c * math.comb(power, j) * by ** (power - j)
    return moved


def value(terms: Terms, tau: float) -> float:
    """Return x(τ)."""
    total = 0.0
    for (rate, power), c in terms.items():
        if rate:
            c = c * exp(rate * tau)
        total += c.real * tau**power if power else c.real
    return total


def derivative(terms: Terms) -> Terms:
    """Return dx/dτ."""
    slope: dict[Key, complex] = {}
    for (rate, power), c in terms.items():
        if rate:
            slope[rate, power] = slope.get((rate, power), 0j) + c * rate
        if power:
            slope[rate, power - 1] = slope.get((rate, power - 1), 0j) + c * power
    return slope


def integral(terms: Terms, start: float, stop: float) -> float:
    """Return the integral of x over [start, stop], exact to rounding."""
    span = stop - start
    total = 0.0
    for (rate, power), c in terms.items():
        if not rate:
            total += c.real * span if not power else c.real * (stop ** (power + 1) - start ** (power + 1)) / (power + 1)
        elif abs(rate) * span < 0.1:
            # The closed form would subtract two nearly equal numbers; these two are exact to rounding here.
            if power:
                total += _gauss(rate, power, c, start, span)
            else:
                total += (c * exp(rate * start) * span * _growth(rate * span)).real
        elif not power:
            total += (c / rate * (exp(rate * stop) - exp(rate * start))).real
        else:
            total += (_primitive(rate, power, c, stop) - _primitive(rate, power, c, start)).real
    return total


def _growth(z: complex) -> complex:
    """Return (exp(z) - 1)/z for |z| < 0.1 by its series."""
    total = 1.0 + z / 9.0
    for n in (8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0):
        total = 1.0 + z / n * total
    return total


def _gauss(rate: complex, power: int, c: complex, start: float, span: float) -> float:
    half = 0.5 * span
    middle = start + half
    total = 0.0
    for node, weight in _GAUSS:
        for tau in (middle - half * node, middle + half * node):
            total += weight * ((c * exp(rate * tau)).real * tau**power)
    return total * half


def _primitive(rate: complex, power: int, c: complex, tau: float) -> complex:
    """Return ∫ c·τ^k·exp(λτ) dτ by parts: exp(λτ)·Σ (-1)^j·k!/(k-j)!·τ^(k-j)/λ^(j+1)."""
    factor = 1.0 / rate
    total = 0j
    for j in range(power + 1):
        total += factor * tau ** (power - j)
        factor *= -(power - j) / rate
    return c * exp(rate * tau) * total


def low_pass(terms: Terms, time_constant_s: float, initial: float) -> Terms:
    """Return y with T·dy/dτ + y = x and y(0) = initial.

    Args:
        terms: x.
        time_constant_s: T, s; above zero.
        initial: y(0), in the unit of x.
    """
    pole = 1.0 / time_constant_s
    y: dict[Key, complex] = {}
    for (rate, power), c in terms.items():
        distance = rate + pole
        c *= pole
        if abs(distance) < _RESONANCE * pole:
            key = (complex(-pole), power + 1)
            y[key] = y.get(key, 0j) + c / (power + 1)
            continue
        # τ^k drives y_k = (τ^k·e^{λτ} - k·y_{k-1})/(λ + 1/T).
        c /= distance
        for j in range(power, -1, -1):
            y[rate, j] = y.get((rate, j), 0j) + c
            c *= -j / distance
    transient = initial - value(y, 0.0)
    if transient:
        key = (complex(-pole), 0)
        y[key] = y.get(key, 0j) + transient
    return y


def slow(terms: Terms) -> Terms:
    """Return x without its oscillating part (ripple)."""
    return {key: c for key, c in terms.items() if not key[0].imag}


def crossings(terms: Terms, level: float, stop: float) -> list[float]:
    """Return the times in (0, stop) at which x crosses a level, in order.

    A signal between two crossings is taken to turn at most once per sixteenth of the interval, which holds for ramps,
    lags and drifts (`slow`); ripple is not searched. `stop` may be infinite for a constant or a straight line.

    Raises:
        ValueError: `stop` is infinite and the signal is neither constant nor straight.
    """
    gap = add(terms, constant(-level))
    if is_level(gap):
        return []
    if all(key in (LEVEL, (0j, 1)) for key in gap):
        root = -gap.get(LEVEL, 0j).real / gap[0j, 1].real
        return [root] if 0.0 < root < stop else []
    low, high = bounds(gap, stop)
    if low > 0.0 or high < 0.0:
        return []
    if math.isinf(stop):
        raise ValueError("crossings: an endless piece must be constant or straight; end it where its transient is over")

    def f(tau: float) -> float:
        return value(gap, tau)

    # Fast transients begin at 0: the grid is finer there.
    grid = [(tau, f(tau)) for tau in [stop * (i / 16) ** 2 for i in range(17)]]
    return [root_between(f, left, right) for (left, below), (right, above) in pairwise(grid) if below * above < 0.0]


def bounds(terms: Terms, stop: float) -> tuple[float, float]:
    """Return an interval that x does not leave over [0, stop]: quick to find, not tight; it may be infinite."""
    level = below = above = 0.0
    for (rate, power), c in terms.items():
        if not rate and not power:
            level = c.real
            continue
        if rate.real > 0.0 or (power and stop == math.inf):
            return -math.inf, math.inf
        reach = abs(c) * stop**power if power else abs(c)
        # A term that does not oscillate keeps its sign: a decay from above never takes the signal below its end.
        if rate.imag or c.real < 0.0:
            below += reach
        if rate.imag or c.real >= 0.0:
            above += reach
    return level - below, level + above


def root_between(f: Callable[[float], float], left: float, right: float) -> float:
    """Return a root of f in [left, right] by bisection and secant (Illinois rule), to the last digits.

    `f(left)` and `f(right)` must not have the same sign.
    """
    f_left, f_right = f(left), f(right)
    for _ in range(200):
        if f_left == f_right:
            break
        guess = right - f_right * (right - left) / (f_right - f_left)
        low, high = min(left, right), max(left, right)
        if not low < guess < high:
            guess = 0.5 * (left + right)
        f_guess = f(guess)
        if f_guess == 0.0 or high - low <= 4e-16 * max(abs(low), abs(high)):
            return guess
        if f_guess * f_right < 0.0:
            left, f_left = right, f_right
        else:
            f_left *= 0.5
        if guess == right:
            return guess
        right, f_right = guess, f_guess
    return right
