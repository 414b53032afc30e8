"""The reference tube by the laser: its coefficient C = v_laser / (√(2Δp/ρ)(1 - ε)) at each speed, up and down together.

The laser is the primary reference: its speed comes from a fringe spacing that was calibrated with a disc. What it finds
of the tube belongs to the standard, not to the anemometer; it stands in the certificate as evidence, without a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.reading import Reading
from scenarios.air import air_density
from scenarios.air_velocity_model import Air, compressibility
from scenarios.evaluation import Observed, input_quantity, spread
from scenarios.record import TestPoint
from uncertainty.budget import Budget
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.air_velocity_plan import Plan
    from uncertainty.text import Text

    Value = float | NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Hold what laser and tube said of one setting of the tunnel."""

    speed: float
    """Speed by the laser, m/s."""
    pressure: float
    """Differential pressure of the tube that belongs to the mean of its speeds, Pa."""
    air: Air
    """Air of the section."""
    readings: tuple[Reading, ...]
    """Readings of the laser."""


def coefficient(
    d_laser: Value = 0.0,
    d_zero: Value = 0.0,
    d_gain: Value = 0.0,
    d_T: Value = 0.0,
    d_p: Value = 0.0,
    d_h: Value = 0.0,
    d_time: Value = 0.0,
    *,
    C: float,
    speed: float,
    pressure: float,
    air: Air,
    exponent: float,
) -> Value:
    """Return the coefficient of the tube, 1.

    Args:
        d_laser: speed by the laser, %.
        d_zero: zero and linearity of the manometer, Pa.
        d_gain: gain of the manometer, %.
        d_T: temperature, K.
        d_p: static pressure, Pa.
        d_h: relative humidity, %.
        d_time: laser and tube looked one after the other, %.
        C: mean of the estimates, 1.
        speed: mean speed by the laser, m/s.
        pressure: differential pressure, Pa.
        air: air of the section.
        exponent: isentropic exponent, 1.
    """

    def by_tube(seen: Value, temperature: Value, static: Value, humidity: Value) -> Value:
        density = air_density(temperature, static, np.maximum(humidity, 0.0))
        value: Value = np.sqrt(2.0 * np.asarray(seen) / density) * compressibility(seen, air.pressure, exponent)
        return value

    estimated = by_tube(pressure, air.temperature, air.pressure, air.humidity)
    seen = (pressure + d_zero) * (1.0 + d_gain / 100.0)
    ratio = estimated / by_tube(seen, air.temperature + d_T, air.pressure + d_p, air.humidity + d_h)
    result: Value = C * ratio * (1.0 + (d_laser + d_time) / 100.0)
    return result


def estimate(sight: Sight, exponent: float) -> float:
    """Return the coefficient by one sight, 1."""
    tube = math.sqrt(2.0 * sight.pressure / sight.air.density)
    return sight.speed / (tube * float(compressibility(sight.pressure, sight.air.pressure, exponent)))


def observed(plan: Plan, at: float, sights: Sequence[Sight], label: Text, certified: float) -> Observed:
    """Return what was observed of the tube at one speed.

    Args:
        plan: effects.
        at: speed of the tunnel, m/s.
        sights: of this speed, one or more.
        label: what people call the point.
        certified: coefficient by the tube's certificate, 1.
    """
    exponent, n = plan.tunnel.exponent.value, len(sights)
    found = tuple(estimate(sight, exponent) for sight in sights)
    e = plan.budget
    mean = Air(
        temperature=sum(sight.air.temperature for sight in sights) / n,
        pressure=sum(sight.air.pressure for sight in sights) / n,
        humidity=sum(sight.air.humidity for sight in sights) / n,
    )
    stated = input_quantity("d_time", e.succession, unit="%").distribution.u
    contradiction = max(1.0, 100.0 * spread(found) / (3.0 * stated)) if stated else 1.0
    model = partial(
        coefficient,
        C=sum(found) / n,
        speed=sum(sight.speed for sight in sights) / n,
        pressure=sum(sight.pressure for sight in sights) / n,
        air=mean,
        exponent=exponent,
    )
    inputs = (
        input_quantity("d_laser", e.laser, unit="%"),
        input_quantity("d_zero", e.zero, unit="Pa"),
        input_quantity("d_gain", e.gain, unit="%"),
        input_quantity("d_T", e.temperature, unit="K"),
        input_quantity("d_p", e.pressure, unit="Pa"),
        input_quantity("d_h", e.humidity, unit="%"),
        input_quantity("d_time", e.succession, unit="%", factor=contradiction / math.sqrt(n)),
    )
    return Observed(
        point=TestPoint(
            key=f"tube/{at:g}",
            label=label,
            settings={"speed": Quantity(value=at, unit="m/s")},
            repeats=n,
            mpe=None,
        ),
        readings=tuple(reading for sight in sights for reading in sight.readings),
        errors=found,
        reference_value=Quantity(value=certified, unit="1"),
        indication=Quantity(value=sum(found) / n, unit="1"),
        budget=Budget(model=model, inputs=inputs, unit="1", name="C"),
        step="0.0001",
        signed=False,
    )
