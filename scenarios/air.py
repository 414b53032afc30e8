"""Density of moist air by the CIPM-2007 formula (Picard, Davis, Gläser and Fujii, Metrologia 45 (2008) 149)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_R = 8.314472
"""Molar gas constant of the formula (CODATA 2006), J/(mol K)."""
_MV = 18.01528e-3
"""Molar mass of water of the formula, kg/mol."""
CO2 = 4e-4
"""Amount fraction of CO2 of laboratory air, 1."""
RELATIVE_UNCERTAINTY = 22e-6
"""Standard uncertainty of the formula itself, relative to the density, 1 (recalled, not compared with the paper)."""


def air_density(
    temperature_degc: ArrayLike, pressure_pa: ArrayLike, humidity_percent: ArrayLike, co2_fraction: float = CO2
) -> NDArray[np.float64]:
    """Return the density of moist air, kg/m³.

    Args:
        temperature_degc: temperature, °C; the formula is recommended for 15 °C to 27 °C.
        pressure_pa: pressure, Pa; recommended for 60 kPa to 110 kPa.
        humidity_percent: relative humidity, %.
        co2_fraction: amount fraction of CO2, 1.

    Returns:
        Of the arguments' common shape.
    """
    # Not made real: budgets differentiate models by a complex step.
    t = np.asarray(temperature_degc) * 1.0
    p = np.asarray(pressure_pa) * 1.0
    h = np.asarray(humidity_percent) / 100.0
    T = t + 273.15
    saturation = np.exp(1.2378847e-5 * T**2 - 1.9121316e-2 * T + 33.93711047 - 6.3431645e3 / T)
    enhancement = 1.00062 + 3.14e-8 * p + 5.6e-7 * t**2
    x_v = h * enhancement * saturation / p
    Z = (
        1.0
        - p
        / T
        * (
            1.58123e-6
            - 2.9331e-8 * t
            + 1.1043e-10 * t**2
            + (5.707e-6 - 2.051e-8 * t) * x_v
            + (1.9898e-4 - 2.376e-6 * t) * x_v**2
        )
        + (p / T) ** 2 * (1.83e-11 - 0.765e-8 * x_v**2)
    )
    M_a = (28.96546 + 12.011 * (co2_fraction - 4e-4)) * 1e-3
    density: NDArray[np.float64] = p * M_a / (Z * _R * T) * (1.0 - x_v * (1.0 - _MV / M_a))
    return density
