"""Cavity ring-down spectroscopy in closed form: decay rates, water vapour, cavity pressure, isotopologues.

Light in a cavity dies away with the rate 1/τ = 1/τ0 + c α: the mirrors' loss and the gas's absorption. The fitted rates
on and off a line give the amount fraction of what absorbs there. Water vapour dilutes the gas, broadens the line, and
shifts the pressure that the cavity is held at; the line belongs to 12C16O2, not to all of the CO2.

Every function takes one value or an array and returns an array of that shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Value = float | Array

LIGHT_M_PER_S = 299_792_458.0
"""Speed of light in vacuum, m/s."""
VPDB = 0.0111802
"""Ratio 13C/12C of the reference VPDB (recalled, not compared with a source)."""
NATURAL_D13C = -8.5e-3
"""δ13C of CO2 in background air on VPDB, 1 (recalled: about -8.5 ‰): what the analyser's firmware takes for granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cavity:
    """Hold an optical cavity."""

    length_m: float = 0.25
    """Path from mirror to mirror, once, m."""
    mirror_loss: float = 2.08e-5
    """Loss of light per pass, 1 - R, 1."""

    @property
    def empty_rate(self) -> float:
        """Decay rate 1/τ0 of the empty cavity, 1/s."""
        return LIGHT_M_PER_S * self.mirror_loss / self.length_m

    def rate(self, absorption: Value) -> Array:
        """Return the decay rate 1/τ, 1/s, for an absorption coefficient α, 1/m."""
        return np.asarray(self.empty_rate + LIGHT_M_PER_S * np.asarray(absorption))

    def absorption(self, on: Value, off: Value) -> Array:
        """Return the absorption coefficient α, 1/m, from the decay rates on and off a line, 1/s."""
        return (np.asarray(on) - off) / LIGHT_M_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterEffect:
    """Hold what water vapour does to one line: c_wet/c_dry = 1 + a H + b H², H in % of amount."""

    linear: float
    """a, 1/%."""
    quadratic: float
    """b, 1/%²."""
    pressure_sensitivity_per_kpa: float = 0.0
    """Relative change of the reading with the true cavity pressure, 1/kPa."""

    def ratio(self, water_percent: Value) -> Array:
        """Return c_wet/c_dry at an undisturbed cavity pressure: dilution and broadening together."""
        h = np.asarray(water_percent)
        return np.asarray(1.0 + h * (self.linear + self.quadratic * h))

    def broadening(self, water_percent: Value) -> Array:
        """Return the ratio without dilution: by which factor a line reads too much for the wet amount fraction."""
        return np.asarray(self.ratio(water_percent) / (1.0 - np.asarray(water_percent) / 100.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureBias:
    """Hold how far the pressure sensor is misled by water vapour, and how slowly.

    The controller holds the *indicated* pressure, so the indication never shows it. The sensor adsorbs water: at a
    steady H the cavity ends up off by `largest_kpa` (1 - exp(-H/h)), most of it below 0.5 %, and gets there with a lag.
    That there is such a sensitivity, where it acts and how large it gets was seen (Reum et al. 2019, abstract); the
    form of the curve and the lag are assumptions of this twin.
    """

    largest_kpa: float
    """Shift of the true cavity pressure at high humidity, kPa."""
    scale_percent: float
    """h: humidity at which 63 % of it is reached, %."""
    lag_s: float
    """Time constant of the way there and back, s."""

    def settled(self, water_percent: Value) -> Array:
        """Return the shift after a long time at a humidity, kPa."""
        return np.asarray(-self.largest_kpa * np.expm1(-np.asarray(water_percent) / self.scale_percent))

    def follow(self, start_kpa: float, water_percent: Array, step_s: float) -> Array:
        """Return the shift after each step, kPa, (n,), from where it was before them.

        Args:
            start_kpa: shift before the first step.
            water_percent: humidity during each step, (n,).
            step_s: length of a step, s.
        """
        share = -np.expm1(-step_s / self.lag_s)
        targets = share * self.settled(water_percent)
        block = max(1, int(10.0 * self.lag_s / step_s))  # beyond, the growing weights would cost digits
        shift, courses = start_kpa, []
        for begin in range(0, targets.size, block):
            part = targets[begin : begin + block]
            growth = np.exp(np.arange(1.0, part.size + 1.0) * (step_s / self.lag_s))
            course = (shift + np.cumsum(part * growth)) / growth
            courses.append(course)
            shift = float(course[-1])
        return np.concatenate(courses)


def heavy_share(d13c: Value) -> Array:
    """Return the share of 13C in carbon of an isotopic composition δ13C (1, on VPDB)."""
    ratio = VPDB * (1.0 + np.asarray(d13c))
    return np.asarray(ratio / (1.0 + ratio))


def read_as_natural(total: Value, heavy: Value) -> Array:
    """Return what an instrument that sees the 12C part alone takes the whole to be.

    Args:
        total: amount fraction of CO2, all isotopologues.
        heavy: amount fraction of its 13C part, contained in `total`.
    """
    return np.asarray((np.asarray(total) - heavy) / (1.0 - heavy_share(NATURAL_D13C)))
