"""Measurement models of a CEMS: error of indication, drift, difference from a reference method, oxygen.

The reference analyser is calibrated with certified gas through its own probe, so losses on its way cancel; its mean is
x_r = (y_r - z)·x_s/(y_s - z). The difference of the means is δ = ȳ/x_r - 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, StudentT
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.cems_plan import Channel, Comparing, Component, Plan
    from scenarios.references import Certified

    Value = float | NDArray[Any]

UNIT = "umol/mol"
"""Unit of every indication."""


def certified(plan: Comparing, component: Channel, level: str) -> Certified:
    """Return the certified value of a calibration gas."""
    return find(plan.references, f"{component.gas}_{level}").value(component.gas)


def _renamed(quantity: InputQuantity, name: str) -> InputQuantity:
    return InputQuantity(
        name=name,
        distribution=quantity.distribution,
        unit=quantity.unit,
        label=quantity.label,
        evaluation=quantity.evaluation,
    )


def _readings(component: Component, readings: int, suffix: str = "") -> tuple[InputQuantity, ...]:
    noise = input_quantity("d_n", component.noise, unit=UNIT, factor=1 / math.sqrt(readings))
    resolution = input_quantity("d_r", component.resolution, unit=UNIT)
    return _renamed(noise, f"d_n{suffix}"), _renamed(resolution, f"d_r{suffix}")


# -- error of indication, drift -----------------------------------------------------------------------------------


def indication_error(x_s: Value, d_n: Value, d_r: Value, *, y: float) -> Value:
    """Return the relative error of indication, %; all in µmol/mol.

    Args:
        x_s: certified fraction.
        d_n: deviation of the mean by noise.
        d_r: deviation by resolution.
        y: mean indication.
    """
    return 100 * ((y + d_n + d_r) / x_s - 1)


def indication_budget(plan: Plan, component: Component, level: str, y: float) -> Budget:
    """Return the budget of an error of indication; `y` is the mean indication, µmol/mol."""
    gas = certified(plan, component, level).input("x_s", catalogue("scenarios")["cems.certified"], unit=UNIT)
    readings = round(plan.calibration.readings.value)
    return Budget(
        model=partial(indication_error, y=y), inputs=(gas, *_readings(component, readings)), unit="%", name="δ"
    )


def drift(d_n0: Value, d_r0: Value, d_n1: Value, d_r1: Value, *, change: float, full_scale: float) -> Value:
    """Return a drift in % of full scale; all in µmol/mol."""
    return 100 * (change + d_n1 + d_r1 - d_n0 - d_r0) / full_scale


def drift_budget(plan: Plan, component: Component, change: float) -> Budget:
    """Return the budget of a drift; `change` is that of the mean indications, µmol/mol."""
    readings = round(plan.calibration.readings.value)
    return Budget(
        model=partial(drift, change=change, full_scale=component.full_scale.to(UNIT)),
        inputs=(*_readings(component, readings, "0"), *_readings(component, readings, "1")),
        unit="%",
        name="Δ",
    )


# -- against the reference method ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Hold paired means of one component, µmol/mol, with the calibration of the reference analyser."""

    reference: tuple[float, ...]
    """Means of the reference analyser, by its calibration."""
    cems: tuple[float, ...]
    """Means of the CEMS."""

    @property
    def means(self) -> tuple[float, float]:
        """Return the means of reference and CEMS."""
        n = len(self.reference)
        return math.fsum(self.reference) / n, math.fsum(self.cems) / n

    @property
    def scatter(self) -> float:
        """Return the relative standard deviation of the mean ratio CEMS over reference, %."""
        ratios = [c / r for c, r in zip(self.cems, self.reference, strict=True)]
        n, mean = len(ratios), math.fsum(ratios) / len(ratios)
        return 100 * math.sqrt(math.fsum((x - mean) ** 2 for x in ratios) / (n - 1) / n) / mean


def scale(y: float, zero: float, span: float, x_s: float) -> float:
    """Return a fraction by a calibration with zero and span gas, all in µmol/mol."""
    return (y - zero) * x_s / (span - zero)


def reference_error(x_s: Value, d_l: Value, d_d: Value, d_c: Value, *, nominal: float) -> Value:
    """Return the relative error of the reference method, %.

    Args:
        x_s: certified fraction of its span gas, µmol/mol.
        d_l: non-linearity, %.
        d_d: drift since the calibration, %.
        d_c: scatter of the calibration, %.
        nominal: certified fraction with which its means were made, µmol/mol.
    """
    return 100 * (nominal / x_s - 1) + d_l + d_d + d_c


def difference(d_p: Value, *, cems: float, reference: float, nominal: float, **srm: Value) -> Value:
    """Return the relative difference of the CEMS from the stack gas, %.

    Args:
        d_p: deviation of the mean of the pairs, %.
        cems: mean of the CEMS, µmol/mol.
        reference: mean of the reference method.
        nominal: see `reference_error`.
        srm: its further arguments.
    """
    return 100 * (cems / reference * (1 + reference_error(**srm, nominal=nominal) / 100) - 1) + d_p


def _srm_inputs(plan: Comparing, component: Channel, suffix: str = "") -> tuple[InputQuantity, ...]:
    e = plan.budget
    gas = certified(plan, component, "high").input("x_s", catalogue("scenarios")["cems.srm_gas"], unit=UNIT)
    return tuple(
        _renamed(quantity, quantity.name + suffix)
        for quantity in (
            gas,
            input_quantity("d_l", e.srm_linearity, unit="%"),
            input_quantity("d_d", e.srm_drift, unit="%"),
            input_quantity("d_c", e.srm_noise, unit="%"),
        )
    )


def _scatter(pairs: Pairs, suffix: str = "") -> InputQuantity:
    n = len(pairs.reference)
    return InputQuantity(
        name=f"d_p{suffix}",
        distribution=StudentT(mean=0.0, u=max(pairs.scatter, 1e-6), dof=n - 1),
        unit="%",
        label=catalogue("scenarios")["cems.pairs_scatter"],
        evaluation="A",
    )


def difference_budget(plan: Comparing, component: Channel, pairs: Pairs) -> Budget:
    """Return the budget of the relative difference of a component."""
    reference, cems = pairs.means
    nominal = certified(plan, component, "high").quantity.to(UNIT).value
    return Budget(
        model=partial(difference, cems=cems, reference=reference, nominal=nominal),
        inputs=(*_srm_inputs(plan, component), _scatter(pairs)),
        unit="%",
        name="δ_d",
    )


def corrected_difference(
    *, c_pairs: tuple[float, float], o_pairs: tuple[float, float], nominal: tuple[float, float], **inputs: Value
) -> Value:
    """Return the relative difference of concentrations at reference oxygen, %; it does not depend on which one.

    Args:
        c_pairs: means of reference and CEMS of the component, µmol/mol.
        o_pairs: likewise of oxygen, µmol/mol.
        nominal: certified fractions of both span gases, µmol/mol.
        inputs: those of `difference`, with "_c" for the component and "_o" for oxygen.
    """
    own = {name.removesuffix("_c"): value for name, value in inputs.items() if name.endswith("_c")}
    oxygen = {name.removesuffix("_o"): value for name, value in inputs.items() if name.endswith("_o")}
    by_component = difference(cems=c_pairs[1], reference=c_pairs[0], nominal=nominal[0], **own)
    scatter = oxygen.pop("d_p")
    error = reference_error(**oxygen, nominal=nominal[1])
    true = o_pairs[0] / (1 + error / 100) / 1e4
    seen = o_pairs[1] * (1 + scatter / 100) / 1e4
    return 100 * ((1 + by_component / 100) * (21 - true) / (21 - seen) - 1)


def corrected_budget(plan: Comparing, component: Channel, oxygen: Channel, c: Pairs, o: Pairs) -> Budget:
    """Return the budget of the relative difference at reference oxygen."""
    of_component, of_oxygen = (certified(plan, each, "high").quantity.to(UNIT).value for each in (component, oxygen))
    return Budget(
        model=partial(corrected_difference, c_pairs=c.means, o_pairs=o.means, nominal=(of_component, of_oxygen)),
        inputs=(
            *_srm_inputs(plan, component, "_c"),
            _scatter(c, "_c"),
            *_srm_inputs(plan, oxygen, "_o"),
            _scatter(o, "_o"),
        ),
        unit="%",
        name="δ_O",
    )
