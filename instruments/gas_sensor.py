"""What a gas sensor makes of a gas: saturation, density, cross terms, drift, noise, losses, resolution.

    x(t) ─ losses ─> + Σ k_j·x_j ─> detector A = 1 - exp(-(a·x/R)^n), linearised with the maker's a, n ─>
      ─> ·(1 + gain + walk + temperature + pressure) + zero + walk + temperature ─> mean over the averaging time ─> A/D

Everything is a function of time: random walks and noise belong to numbers (the n-th step, the n-th sample), so they
are the same whoever asks, whenever, in whatever order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_WEYL, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


class Draws:
    """Give standard normal draws by number: the n-th is the same whoever asks, and whenever."""

    __slots__ = ("_key",)

    def __init__(self, rng: np.random.Generator) -> None:
        self._key = np.uint64(rng.integers(1 << 63))

    def between(self, first: int, last: int) -> Array:
        """Return the draws first..last, both included, shape (last - first + 1,); first is 0 or larger."""
        # SplitMix64's finaliser (Steele, Lea, Flood 2014) over two Weyl steps per draw, then Box-Muller.
        z = np.arange(2 * first + 1, 2 * last + 3, dtype=np.uint64)
        z *= _WEYL
        z += self._key
        z ^= z >> _S30
        z *= _FIRST
        z ^= z >> _S27
        z *= _SECOND
        z ^= z >> _S31
        uniform = ((z >> _S11) + 0.5) * 2.0**-53
        return np.asarray(np.sqrt(-2.0 * np.log(uniform[::2])) * np.cos(2.0 * math.pi * uniform[1::2]))


class Walk:
    """Be a random walk (Wiener process) from 0 at bench time 0, its unit times √h; straight between its steps."""

    __slots__ = ("_draws", "_path", "_step_s", "_u_step")

    def __init__(self, rng: np.random.Generator, u_per_sqrt_h: float, step_s: float = 300.0) -> None:
        """Begin it.

        Args:
            rng: where its key is drawn from; once.
            u_per_sqrt_h: standard deviation after one hour; it grows with the root of time.
            step_s: time between two steps, s.
        """
        self._draws = Draws(rng)
        self._step_s = step_s
        self._u_step = u_per_sqrt_h * math.sqrt(step_s / 3600.0)
        self._path = np.zeros(1)

    def _upto(self, step: int) -> Array:
        """Return the path as far as a step; it grows by what was asked for and some more."""
        have = len(self._path)
        if have <= step:
            more = self._draws.between(have - 1, max(step, 2 * have))
            self._path = np.concatenate([self._path, self._path[-1] + self._u_step * np.cumsum(more)])
        return self._path

    def value(self, at: float) -> float:
        """Return where it is at a bench time, s."""
        if not self._u_step:
            return 0.0
        place = at / self._step_s
        step = int(place)
        path = self._upto(step + 1)
        return float(path[step] + (place - step) * (path[step + 1] - path[step]))

    def values(self, times: Array) -> Array:
        """Return where it is at many bench times (s), shape (n,)."""
        if not self._u_step or not len(times):
            return np.zeros(len(times))
        place = times / self._step_s
        step = place.astype(np.int64)
        path = self._upto(int(step.max()) + 1)
        return np.asarray(path[step] + (place - step) * (path[step + 1] - path[step]))


class Noise:
    """Be white noise of a sampled indication, averaged over the last samples (a moving average)."""

    __slots__ = ("_draws", "_u", "_update_s")

    def __init__(self, rng: np.random.Generator, u: float, update_s: float) -> None:
        """Begin it.

        Args:
            rng: where its key is drawn from; once.
            u: standard deviation of one sample.
            update_s: time between samples, s.
        """
        self._draws = Draws(rng)
        self._u = u
        self._update_s = update_s

    def value(self, at: float, samples: int) -> float:
        """Return the mean of the last `samples` samples at a bench time, s."""
        if not self._u:
            return 0.0
        last = int(at / self._update_s + 1e-9)
        return self._u * float(self._draws.between(max(0, last - samples + 1), last).mean())

    def values(self, times: Array, samples: int) -> Array:
        """Return such means for many bench times (s), in order, shape (n,)."""
        if not self._u or not len(times):
            return np.zeros(len(times))
        last = (times / self._update_s + 1e-9).astype(np.int64)
        first = np.maximum(last - samples + 1, 0)
        begin = int(first[0])
        sums = np.concatenate([[0.0], np.cumsum(self._draws.between(begin, int(last[-1])))])
        return np.asarray(self._u * (sums[last - begin + 1] - sums[first - begin]) / (last - first + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """Hold how an absorption responds, and what its maker believes when linearising it.

    A = 1 - exp(-(a·x/R)^n) with n below 1 from band saturation (card of the field: recalled, no source seen); a linear
    detector has a = 0.
    """

    full_scale: float
    """Measuring range R, amount fraction, 1."""
    depth: float = 0.0
    """Absorption parameter a = k·R·L at full scale, 1; 0 for a linear detector."""
    exponent: float = 1.0
    """Exponent n of saturation, 1."""
    assumed_depth: float | None = None
    """The a with which the maker linearises; None for the true one."""
    assumed_exponent: float | None = None
    """The n with which the maker linearises; None for the true one."""

    def __post_init__(self) -> None:
        if not self.full_scale > 0.0:
            raise ValueError(f"full_scale must be above 0, got {self.full_scale}")
        if not self.depth >= 0.0:
            raise ValueError(f"depth must not be below 0, got {self.depth}")
        for name in ("exponent", "assumed_depth", "assumed_exponent"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise ValueError(f"{name} must be above 0, got {value}")

    def absorbed(self, fraction: Array | float) -> Array:
        """Return the share of light that is absorbed, 1."""
        return np.asarray(-np.expm1(-((self.depth / self.full_scale * np.maximum(fraction, 0.0)) ** self.exponent)))

    def linearised(self, fraction: Array | float) -> Array:
        """Return the amount fraction that the maker's linearisation makes of the true one, 1.

        Below zero (noise, cross terms) it goes on as a straight line through the origin, as software does.
        """
        x = np.asarray(fraction, dtype=np.float64)
        if not self.depth:
            return x
        depth = self.assumed_depth or self.depth
        exponent = self.assumed_exponent or self.exponent
        positive = self.full_scale / depth * (-np.log1p(-self.absorbed(x))) ** (1.0 / exponent)
        return np.where(x > 0.0, positive, x)


def quantised(value: Array | float, step: float) -> Array:
    """Return what a converter of this resolution gives; step 0 for an ideal one."""
    if step <= 0.0:
        return np.asarray(value, dtype=np.float64)
    return np.asarray(np.round(np.asarray(value) / step) * step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """Hold what happens to the gas before the cells: a cold trap and a converter."""

    trap_loss: dict[str, float]
    """Component -> share that is lost in the condensate of the cold trap (NO2, SO2), 1."""
    trap_dew_point_degc: float | None
    """Dew point behind the trap, °C; None without a trap."""
    converter_efficiency: float
    """Share of NO2 that the converter turns into NO, 1."""

    def behind(self, component: str, fractions: Callable[[str], Array], pressure_kpa: float) -> Array:
        """Return the fraction of a component that the cells see.

        Args:
            component: its name; "NO2" is measured through the converter, "NOx" is NO and converted NO2.
            fractions: gives the fraction of a component before the trap, 1.
            pressure_kpa: absolute pressure in the trap, kPa.
        """
        if component == "NOx":
            return self.behind("NO", fractions, pressure_kpa) + self.behind("NO2", fractions, pressure_kpa)
        x = fractions(component)
        if component == "H2O" and self.trap_dew_point_degc is not None:
            return np.minimum(x, saturation_kpa(self.trap_dew_point_degc) / pressure_kpa)
        if component == "NO2":
            x = x * self.converter_efficiency
        lost = self.trap_loss.get(component, 0.0)
        return x * (1.0 - lost) if lost else x


def saturation_kpa(temperature_degc: float) -> float:
    """Return the saturation pressure above water, kPa, by the Magnus formula with 17.62 and 243.12 °C."""
    return 0.6112 * math.exp(17.62 * temperature_degc / (243.12 + temperature_degc))
