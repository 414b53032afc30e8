"""The water correction of a ring-down analyser, found from humid and dry readings of one gas.

    wet/dry = 1 + a H + b H² + d (1 - exp(-H/h))

The last term is the cavity's pressure, which the analyser's own sensor misjudges in humid gas (Reum et al. 2019); h is
common to all components, since they share the cavity. A droplet dries up before the pressure has settled: what it shows
of that term is neither what holds at a steady humidity nor nothing, so that the usual fit to a droplet leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SCALE_PERCENT = (0.03, 1.0)
"""Range in which the humidity scale h of the pressure term is looked for, %."""
_GRID = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterFit:
    """Hold a water correction."""

    coefficients: dict[str, tuple[float, float, float]]
    """Component -> a (1/%), b (1/%²), d."""
    scale_percent: float
    """h, %."""
    residuals: dict[str, tuple[float, ...]]
    """Component -> what the correction leaves of wet/dry at each point, 1."""


def parabola(humidity: Array, ratios: Mapping[str, Array], scale_percent: float) -> WaterFit:
    """Fit a and b alone, as is usual for a droplet.

    Args:
        humidity: indicated water, %, (n,).
        ratios: component -> wet/dry, (n,).
        scale_percent: h that is kept, %; it does not matter without d.
    """
    design = np.column_stack([humidity, humidity**2])
    coefficients, residuals = {}, {}
    for component, ratio in ratios.items():
        a, b = np.linalg.lstsq(design, ratio - 1.0)[0].tolist()
        coefficients[component] = a, b, 0.0
        residuals[component] = tuple((ratio - 1.0 - design @ [a, b]).tolist())
    return WaterFit(coefficients=coefficients, scale_percent=scale_percent, residuals=residuals)


def with_pressure(humidity: Array, ratios: Mapping[str, Array], u: Mapping[str, float]) -> WaterFit:
    """Fit a, b and d of each component, and the scale h of all together.

    Args:
        humidity: indicated water, %, (n,).
        ratios: component -> wet/dry, (n,).
        u: component -> standard uncertainty of a ratio, 1, which weighs the components against each other for h.
    """
    low, high = np.log(SCALE_PERCENT)
    for _ in range(3):  # each time finer, about the best so far
        grid = np.linspace(low, high, _GRID)
        misfits = [
            sum(float((left**2).sum()) / u[name] ** 2 for name, (_, left) in _fits(humidity, ratios, h).items())
            for h in np.exp(grid)
        ]
        best = int(np.argmin(misfits))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    scale = float(np.exp(grid[best]))
    found = _fits(humidity, ratios, scale)
    return WaterFit(
        coefficients={name: (float(c[0]), float(c[1]), float(c[2])) for name, (c, _) in found.items()},
        scale_percent=scale,
        residuals={name: tuple(left.tolist()) for name, (_, left) in found.items()},
    )


def _fits(humidity: Array, ratios: Mapping[str, Array], scale_percent: float) -> dict[str, tuple[Array, Array]]:
    design = np.column_stack([humidity, humidity**2, -np.expm1(-humidity / scale_percent)])
    q, upper = np.linalg.qr(design)
    found = {}
    for name, ratio in ratios.items():
        share = q.T @ (ratio - 1.0)
        found[name] = np.linalg.solve(upper, share), ratio - 1.0 - q @ share
    return found


def corrected(humidity: Array, fitted: WaterFit, component: str) -> Array:
    """Return wet/dry by a correction, (n,)."""
    a, b, d = fitted.coefficients[component]
    return np.asarray(1.0 + humidity * (a + b * humidity) - d * np.expm1(-humidity / fitted.scale_percent))
