"""Measurement models of a five-hole probe in a wind tunnel, and the curves that are fitted to its coefficients.

F1 = (P4 - P5)/(P1 - P2) and F2 = √(q/(P1 - P2)) hold at the yaw null P2 = P3. A null is never met to the last digit;
near it P2 and P3 move by equal and opposite amounts, so (P1 - P2) + (P2 - P3)/2 is the pressure difference at the null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivers.reading import Reading
from scenarios.air import air_density
from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.curves import Polynomial
from uncertainty.fits import Fit, fit
from uncertainty.inputs import InputQuantity, Normal, StudentT
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.pitot_3d_plan import Plan
    from scenarios.record import PointResult

Value = float | NDArray[Any]

OWN_INPUTS = frozenset({"d_rep"})
"""Inputs that each point has for itself; those of the other names are one and the same for all points of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Hold one look at the probe: everything that was read at one place."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    speed: float
    """Indicated speed of the LDA, m/s."""
    p12: float
    """P1 - P2, Pa."""
    p23: float
    """P2 - P3, Pa."""
    p45: float
    """P4 - P5, Pa."""
    p14: float
    """P1 - P4, Pa."""
    temperature: float
    """Temperature of the stream, °C."""
    pressure: float
    """Static pressure, Pa."""
    humidity: float
    """Relative humidity, %."""
    yaw: float
    """Yaw of the stage, degrees."""
    pitch: float
    """Pitch of the stage, degrees."""

    @property
    def density(self) -> float:
        """Density of the air, kg/m³."""
        return float(air_density(self.temperature, self.pressure, self.humidity))

    @property
    def at_null(self) -> float:
        """P1 - P2 at the null itself, Pa."""
        return self.p12 + 0.5 * self.p23

    @property
    def f1(self) -> float:
        """F1."""
        return self.p45 / self.at_null

    @property
    def f2(self) -> float:
        """F2 with the LDA's speed as indicated, without blockage."""
        return self.speed * math.sqrt(self.density / (2.0 * self.at_null))

    @property
    def mean_fall(self) -> float:
        """P1 less the mean of P2 to P5, Pa."""
        return 0.5 * (self.p12 + self.p14) + 0.25 * (self.p23 + self.p45)

    @property
    def yaw_coefficient(self) -> float:
        """(P2 - P3) by the mean fall, 1."""
        return self.p23 / self.mean_fall

    @property
    def pitch_coefficient(self) -> float:
        """(P4 - P5) by the mean fall, 1."""
        return self.p45 / self.mean_fall

    @property
    def f_speed(self) -> float:
        """√(q by the mean fall), with the LDA's speed as indicated."""
        return self.speed * math.sqrt(self.density / (2.0 * self.mean_fall))


def speed_factor(
    c_lda: Value = 1.0,
    d_pos: Value = 0.0,
    d_block: Value = 0.0,
    d_T: Value = 0.0,
    d_p: Value = 0.0,
    d_h: Value = 0.0,
    *,
    air: tuple[float, float, float],
    blockage: float,
) -> Value:
    """Return what F2 of the readings is multiplied by: corrections of speed and density.

    Args:
        c_lda: factor of the LDA, 1.
        d_pos: relative difference of the speed at the probe from that at the LDA, %.
        d_block: error of the correction for blockage, %.
        d_T: error of the temperature, K.
        d_p: error of the static pressure, Pa.
        d_h: error of the relative humidity, %.
        air: indicated temperature (°C), pressure (Pa) and relative humidity (%).
        blockage: correction for blockage, %.
    """
    t, p, h = air
    density = air_density(t - d_T, p - d_p, h - d_h) / air_density(t, p, h)
    return c_lda * (1.0 + (d_pos + blockage + d_block) / 100.0) * np.sqrt(density)


def f2_model(
    c_gain: Value = 1.0,
    d_channel1: Value = 0.0,
    d_zero1: Value = 0.0,
    d_zero2: Value = 0.0,
    d_stage: Value = 0.0,
    d_flow: Value = 0.0,
    d_backlash: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    f2: float,
    slope: float,
    fall: float,
    air: tuple[float, float, float],
    blockage: float,
    **speed: Value,
) -> Value:
    """Return F2 at the pitch angle that was set, 1.

    Args:
        c_gain: true by indicated pressure of the manometer, 1.
        d_channel1: difference of channel 1's gain from it, %.
        d_zero1: zero of channel 1, Pa.
        d_zero2: zero of channel 2, Pa.
        d_stage: error of the stage's pitch, degrees.
        d_flow: inclination of the flow, degrees.
        d_backlash: backlash, degrees.
        d_rep: what repeating leaves in the mean, of F2, %.
        f2: mean F2 of the readings, 1.
        slope: dF2/d pitch, 1/deg.
        fall: P1 - P2 at the null as indicated, Pa.
        air: see `speed_factor`.
        blockage: likewise.
        **speed: likewise.
    """
    pressure = (1.0 - (d_zero1 + 0.5 * d_zero2) / fall) * (1.0 - d_channel1 / 100.0) * c_gain
    factor = speed_factor(air=air, blockage=blockage, **speed)
    return f2 * factor / np.sqrt(pressure) * (1.0 + d_rep / 100.0) - slope * (d_stage + d_flow + d_backlash)


def f1_model(
    d_channel1: Value = 0.0,
    d_channel3: Value = 0.0,
    d_zero1: Value = 0.0,
    d_zero2: Value = 0.0,
    d_zero3: Value = 0.0,
    d_stage: Value = 0.0,
    d_flow: Value = 0.0,
    d_backlash: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    f1: float,
    slope: float,
    fall: float,
) -> Value:
    """Return F1 at the pitch angle that was set, 1; `d_rep` in 1, the others as in `f2_model`."""
    above = f1 * (1.0 - d_channel3 / 100.0) - d_zero3 / fall
    below = (1.0 - d_channel1 / 100.0) * (1.0 - (d_zero1 + 0.5 * d_zero2) / fall)
    return above / below + d_rep - slope * (d_stage + d_flow + d_backlash)


def speed_inputs(plan: Plan) -> list[InputQuantity]:
    """Return the inputs of `speed_factor`."""
    e = plan.budget
    factor = find(plan.references, "lda").value("factor")
    label = Text(zh="激光多普勒测速仪校准因子（转盘校准）", en="Factor of the LDA (disc calibration)")
    return [
        factor.input("c_lda", label, unit="1"),
        input_quantity("d_pos", e.position, unit="%"),
        input_quantity("d_block", e.blockage, unit="%"),
        input_quantity("d_T", e.temperature, unit="delta_degC"),
        input_quantity("d_p", e.pressure, unit="Pa"),
        input_quantity("d_h", e.humidity, unit="%"),
    ]


def angle_inputs(plan: Plan) -> list[InputQuantity]:
    """Return the inputs of the pitch angle."""
    e = plan.budget
    return [
        input_quantity("d_stage", e.stage_pitch, unit="deg"),
        input_quantity("d_flow", e.flow_pitch, unit="deg"),
        input_quantity("d_backlash", e.backlash, unit="deg"),
    ]


def pressure_inputs(plan: Plan, *channels: int) -> list[InputQuantity]:
    """Return zero and gain of some channels of the manometer."""
    e = plan.budget
    zeros = [input_quantity(f"d_zero{n}", e.zero, unit="Pa") for n in channels]
    return zeros + [input_quantity(f"d_channel{n}", e.channel, unit="%") for n in channels if n != 2]


def gain_input(plan: Plan) -> InputQuantity:
    """Return the certified gain of the manometer."""
    gain = find(plan.references, "manometer").value("gain")
    return gain.input("c_gain", Text(zh="微压计校准因子", en="Factor of the micromanometer"), unit="1")


def repeatability(s: float, dof: float, n: int, *, unit: str) -> InputQuantity:
    """Return the input for what n repeats leave, from a pooled standard deviation; infinite `dof`: the sheet's."""
    label = Text(zh="复现性（安放、湍流、风速稳定性）", en="Irreproducibility (placing, turbulence, steadiness)")
    distribution = (
        Normal(mean=0.0, u=s / math.sqrt(n)) if math.isinf(dof) else StudentT.of_pooled(mean=0.0, s=s, dof=dof, n=n)
    )
    return InputQuantity(name="d_rep", distribution=distribution, unit=unit, label=label, evaluation="A")


def f2_budget(
    plan: Plan, rep: InputQuantity, *, f2: float, slope: float, fall: float, air: tuple[float, float, float]
) -> Budget:
    """Return the budget of one F2; see `f2_model`."""
    inputs = [*speed_inputs(plan), gain_input(plan), *pressure_inputs(plan, 1, 2), *angle_inputs(plan), rep]
    model = partial(f2_model, f2=f2, slope=slope, fall=fall, air=air, blockage=plan.blockage.to("%"))
    return Budget(model=model, inputs=tuple(inputs), unit="1", name="F_2")


def f1_budget(plan: Plan, rep: InputQuantity, *, f1: float, slope: float, fall: float) -> Budget:
    """Return the budget of one F1; see `f1_model`."""
    inputs = [*pressure_inputs(plan, 1, 2, 3), *angle_inputs(plan), rep]
    return Budget(model=partial(f1_model, f1=f1, slope=slope, fall=fall), inputs=tuple(inputs), unit="1", name="F_1")


def pooled(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the pooled experimental standard deviation of groups of repeats, and its degrees of freedom."""
    squares = sum((x - sum(g) / len(g)) ** 2 for g in groups for x in g)
    dof = sum(len(g) - 1 for g in groups)
    return math.sqrt(squares / dof), float(dof)


# -- curves -------------------------------------------------------------------------------------------------------


def covariance(points: Sequence[PointResult]) -> NDArray[Any]:
    """Return the covariance matrix of the results of points that share inputs, from their own budgets, (n, n).

    Inputs of one name are one quantity; only those of `OWN_INPUTS` are each point's own.
    """
    n = len(points)
    total = np.zeros((n, n))
    names = {line.name for point in points for line in point.budget}
    for name in sorted(names):
        parts = np.array(
            [
                next((b.sensitivity * b.standard_uncertainty for b in point.budget if b.name == name), 0.0)
                for point in points
            ]
        )
        total += np.diag(parts**2) if name in OWN_INPUTS else np.outer(parts, parts)
    return total


def curve(points: Sequence[PointResult], degree: int, scale: float) -> Fit:
    """Fit a polynomial in pitch/`scale` (degrees) to the results of points, with their full covariance."""
    x = [point.point.settings["pitch"].value / scale for point in points]
    return fit(Polynomial(degree), x, [point.error.value for point in points], uy=covariance(points))


def slopes(pitches: Sequence[float], values: Sequence[float], degree: int) -> list[float]:
    """Return d value/d pitch at each pitch (1/deg) of the polynomial that fits best: for sensitivities."""
    p = np.polynomial.Polynomial.fit(pitches, values, min(degree, len(pitches) - 1))
    return [float(x) for x in p.deriv()(np.asarray(pitches))]


def curve_budget(fitted: Fit, x: float, *, name: str, label: Text) -> Budget:
    """Return the budget of a fitted curve at an abscissa: its parameters are correlated inputs."""
    u = fitted.u
    inputs = tuple(
        InputQuantity(name=f"b{i}", distribution=Normal(mean=float(b), u=float(u[i])), unit="1", label=label)
        for i, b in enumerate(fitted.b)
    )
    r = fitted.covariance / np.outer(u, u)
    correlations = {(f"b{i}", f"b{j}"): float(r[i, j]) for i in range(len(inputs)) for j in range(i + 1, len(inputs))}
    return Budget(model=partial(_polynomial, x=x), inputs=inputs, unit="1", name=name, correlations=correlations)


def _polynomial(*, x: float, **b: Value) -> Value:
    total: Value = 0.0
    for i in reversed(range(len(b))):
        total = total * x + b[f"b{i}"]
    return total


def f_speed_model(
    c_gain: Value = 1.0,
    d_channel: Value = 0.0,
    d_zero: Value = 0.0,
    d_stage: Value = 0.0,
    d_flow: Value = 0.0,
    d_backlash: Value = 0.0,
    d_null: Value = 0.0,
    d_fit: Value = 0.0,
    d_surface: Value = 0.0,
    *,
    f: float,
    slopes: tuple[float, float],
    fall: float,
    air: tuple[float, float, float],
    blockage: float,
    **speed: Value,
) -> Value:
    """Return √(q by the mean fall) of a probe that is not nulled, at the angles that were set, 1.

    Args:
        c_gain: see `f2_model`.
        d_channel: of all channels together, %.
        d_zero: of all channels together, Pa.
        d_stage: see `f2_model`.
        d_flow: likewise.
        d_backlash: likewise.
        d_null: error of the yaw from which angles are counted, degrees.
        d_fit: error of the fitted surface from the scatter of the grid, 1.
        d_surface: what a surface of this degree cannot follow, %.
        f: the fitted surface at the measured coefficients, 1.
        slopes: d f/d yaw and d f/d pitch, 1/deg.
        fall: P1 less the mean of P2 to P5, Pa.
        air: see `speed_factor`.
        blockage: likewise.
        **speed: likewise.
    """
    pressure = (1.0 - d_zero / fall) * (1.0 - d_channel / 100.0) * c_gain
    factor = speed_factor(air=air, blockage=blockage, **speed)
    angles = slopes[0] * (d_null + d_backlash) + slopes[1] * (d_stage + d_flow + d_backlash)
    return (f + d_fit) * factor / np.sqrt(pressure) * (1.0 + d_surface / 100.0) - angles


# -- without nulling ----------------------------------------------------------------------------------------------


def terms(a: Value, b: Value, degree: int) -> NDArray[Any]:
    """Return the products a^i b^j up to a total degree, (n, terms) or (terms,)."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.stack([a**i * b**j for i in range(degree + 1) for j in range(degree + 1 - i)], axis=-1)


def least_squares(design: NDArray[Any], y: NDArray[Any], V: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the parameters of ordinary least squares, and their covariance from the covariance V of y.

    Not weighted by V: a model that is not quite right would have its misfit magnified where V says that points of one
    placing move together.
    """
    q, upper = np.linalg.qr(design)
    back = np.linalg.inv(upper) @ q.T
    return back @ y, back @ V @ back.T
