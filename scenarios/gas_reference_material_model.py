"""Gravimetry of a gas mixture (ISO 6142-1): masses from weighings in air, amount fractions from masses and purities.

The measurement model of a component k of a mixture of parent gases j is

    x_k = (1 - a_k) Σ_j (x_kj m_j / M_j) / Σ_j (m_j / M_j),   M_j = Σ_i x_ij M_i

with a_k the share that stays on the wall. The mass m_j is the difference of two weighings, before and after the parent
gas was let in, of the cylinder against a tare cylinder:

    (m_S - m_T)_s = g D_s (1 - ρ_s/ρ_c) + ρ_s (V_S + e p_s - V_T)

What parent gases share is one variable: an impurity of the diluent stands in every premix that was made with it, and
each weighing, but the first and the last, stands in two masses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.evaluation import input_quantity
from scenarios.references import find
from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Rectangular
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from scenarios.gas_reference_material_plan import Plan

    Value = float | NDArray[Any]

FORMULAS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "CO2": (("C", 1), ("O", 2)),
    "CH4": (("C", 1), ("H", 4)),
    "C3H8": (("C", 3), ("H", 8)),
    "N2O": (("N", 2), ("O", 1)),
    "CO": (("C", 1), ("O", 1)),
    "NO": (("N", 1), ("O", 1)),
    "SO2": (("S", 1), ("O", 2)),
    "N2": (("N", 2),),
    "O2": (("O", 2),),
    "Ar": (("Ar", 1),),
    "H2O": (("H", 2), ("O", 1)),
}
"""Gas -> elements of its molecule with their number."""


def buoyancy_factor(rho_air: Value, rho: Value, rho_c: Value = 8000.0) -> Value:
    """Return what an indication is multiplied by to be a mass: (1 - ρ_a/ρ_c) / (1 - ρ_a/ρ).

    Args:
        rho_air: density of the air, kg/m³.
        rho: density of what is weighed, kg/m³.
        rho_c: density of the weights with which the balance was adjusted, kg/m³.
    """
    return (1.0 - rho_air / rho_c) / (1.0 - rho_air / rho)


def mass_difference(
    difference: Value, gain: Value, rho_air: Value, volume_difference: Value, rho_c: float = 8000.0
) -> Value:
    """Return the mass of the cylinder minus that of the tare cylinder, g.

    Args:
        difference: indication with the cylinder minus that with the tare cylinder, g.
        gain: conventional mass per indication, 1.
        rho_air: density of the air, kg/m³.
        volume_difference: outer volume of the cylinder, under its pressure, minus that of the tare cylinder, cm³.
        rho_c: conventional density of the weights, kg/m³.
    """
    return gain * difference * (1.0 - rho_air / rho_c) + rho_air * 1e-3 * volume_difference


def molar_mass(gas: str, atomic_weights: Mapping[str, Value]) -> Value:
    """Return the molar mass of a gas, g/mol.

    Raises:
        SheetError: the gas or an atomic weight is unknown.
    """
    if gas not in FORMULAS:
        raise SheetError("procedure.parents", f"no formula for the gas {gas!r}; known: {', '.join(FORMULAS)}")
    total: Value = 0.0
    for element, count in FORMULAS[gas]:
        if element not in atomic_weights:
            raise SheetError(f"procedure.atomic_weights.{element}", f"missing; {gas} needs it")
        total = total + count * atomic_weights[element]
    return total


def amount_fraction(
    component: str,
    masses: Mapping[str, Value],
    compositions: Mapping[str, Mapping[str, Value]],
    atomic_weights: Mapping[str, Value],
) -> Value:
    """Return the amount fraction of a component of a mixture, 1.

    Args:
        component: which.
        masses: parent gas -> mass, g.
        compositions: parent gas -> gas -> amount fraction, 1; they add up to 1.
        atomic_weights: element -> atomic weight, g/mol.
    """
    above: Value = 0.0
    below: Value = 0.0
    for parent, mass in masses.items():
        mean: Value = 0.0
        for gas, x in compositions[parent].items():
            mean = mean + x * molar_mass(gas, atomic_weights)
        amount = mass / mean
        below = below + amount
        above = above + compositions[parent].get(component, 0.0) * amount
    return above / below


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Hold what is known of the cylinder before or after a filling."""

    difference: float
    """Mean indication with the cylinder minus that with the tare cylinder, g."""
    rho_air: float
    """Density of the air, kg/m³."""
    pressure: float
    """Absolute pressure in the cylinder, MPa."""


def gravimetric(component: str, plan: Plan, states: tuple[State, ...], gain: float, **x: Value) -> Value:
    """Return the amount fraction of a component as prepared, µmol/mol; the measurement model.

    Args:
        component: which.
        plan: parent gases, volumes and atomic weights.
        states: of the cylinder, the first before any filling.
        gain: conventional mass per indication of the balance, 1.
        **x: the input quantities by their names in `inputs`.
    """
    w = plan.weighing
    volume = w.volume_difference.to("cm**3") + x["d_V"]
    expansion = w.expansion.to("cm**3/MPa") + x["d_e"]
    conventional = w.density.to("kg/m**3")
    weighed = []
    for number, state in enumerate(states):
        rho = state.rho_air * (1.0 + x["d_rho"] / 100)
        indicated = state.difference + x[f"w_{number}"]
        outer = volume + expansion * state.pressure
        weighed.append(mass_difference(indicated, gain * (1.0 + x["d_g"]), rho, outer, conventional))
    masses = {name: weighed[number + 1] - weighed[number] - x[f"h_{name}"] for number, name in enumerate(plan.parents)}
    weights = {name: a.value.to("g/mol") + x[f"A_{name}"] for name, a in plan.atomic_weights.items()}
    compositions = {name: composition(plan, name, x) for name in plan.parents}
    lost = _adsorbed(plan, component) / 100 + x["d_ads"] / 100
    return 1e6 * (1.0 - lost) * amount_fraction(component, masses, compositions, weights)


def composition(plan: Plan, name: str, x: Mapping[str, Value]) -> dict[str, Value]:
    """Return the amount fractions of a parent gas, 1, given the inputs `x_<gas>in<parent>` (µmol/mol)."""
    parent = plan.parents[name]
    found: dict[str, Value] = {gas: x[_purity(name, gas)] * 1e-6 for gas in parent.detection_limits}
    if parent.diluent is not None:
        found[parent.main] = found.get(parent.main, 0.0) + x[_purity(name, parent.main)] * 1e-6
    rest: Value = 1.0
    for share in found.values():
        rest = rest - share
    others = {parent.main: 1.0} if parent.diluent is None else composition(plan, parent.diluent, x)
    for gas, share in others.items():
        found[gas] = found.get(gas, 0.0) + rest * share
    return found


def _purity(parent: str, gas: str) -> str:
    """Return the symbol of the amount fraction of a gas in a parent gas."""
    return f"x_{gas}in{parent}"


def _adsorbed(plan: Plan, component: str) -> float:
    """Return the share that is taken to stay on the wall, %: the middle of what is possible."""
    return plan.budget.adsorption[component].half_width or 0.0


def inputs(plan: Plan, component: str) -> tuple[InputQuantity, ...]:
    """Return the input quantities of the gravimetric model of a component.

    Raises:
        SheetError: an effect or a reference is missing.
    """
    e, text = plan.budget, catalogue("scenarios")
    if component not in e.adsorption:
        raise SheetError(f"procedure.budget.adsorption.{component}", "missing; a component is certified with its loss")
    cycles = plan.weighing.cycles.value
    found = [
        input_quantity(f"w_{number}", e.weighing, unit="g", factor=1 / math.sqrt(cycles))
        for number in range(len(plan.parents) + 1)
    ]
    found += [input_quantity(f"h_{name}", e.handling, unit="g") for name in plan.parents]
    found += [
        input_quantity("d_g", e.sensitivity, unit="1"),
        input_quantity("d_V", e.volume, unit="cm**3"),
        input_quantity("d_e", e.expansion, unit="cm**3/MPa"),
        input_quantity("d_rho", e.air, unit="%"),
        input_quantity("d_ads", e.adsorption[component], unit="%"),
    ]
    for name, parent in plan.parents.items():
        if parent.premix is not None:
            certified = find(plan.references, parent.premix).value(parent.main)
            label = text["gas_reference_material.premix"].format(gas=parent.main)
            found.append(certified.input(_purity(name, parent.main), label, unit="umol/mol"))
        for gas, limit in parent.detection_limits.items():
            label = text["gas_reference_material.impurity"].format(gas=gas, parent=parent.label)
            found.append(_rectangular(_purity(name, gas), 0.0, limit.to("umol/mol"), "umol/mol", label))
    for name, weight in plan.atomic_weights.items():
        half = weight.half_width.to("g/mol")
        label = text["gas_reference_material.atomic_weight"].format(element=name)
        found.append(_rectangular(f"A_{name}", -half, half, "g/mol", label))
    return tuple(found)


def _rectangular(name: str, low: float, high: float, unit: str, label: Text) -> InputQuantity:
    return InputQuantity(name=name, distribution=Rectangular(low=low, high=high), unit=unit, label=label)


def gravimetric_budget(plan: Plan, component: str, states: tuple[State, ...], gain: float) -> Budget:
    """Return the budget of the amount fraction of a component as prepared, µmol/mol."""
    return Budget(
        model=partial(gravimetric, component, plan, states, gain),
        inputs=inputs(plan, component),
        unit="umol/mol",
        name=f"x({component})",
    )


def masses(plan: Plan, states: tuple[State, ...], gain: float) -> dict[str, float]:
    """Return the masses of the parent gases that were let in, g."""
    w = plan.weighing
    weighed = [
        float(
            mass_difference(
                state.difference,
                gain,
                state.rho_air,
                w.volume_difference.to("cm**3") + w.expansion.to("cm**3/MPa") * state.pressure,
                w.density.to("kg/m**3"),
            )
        )
        for state in states
    ]
    return dict(zip(plan.parents, np.diff(weighed).tolist(), strict=True))


def planned_states(plan: Plan) -> tuple[State, ...]:
    """Return the states of the cylinder that are to be expected, for the forecast."""
    differences = np.cumsum([0.0] + [parent.mass.to("g") for parent in plan.parents.values()])
    full = 17.0  # MPa; only the term of the swelling, of some 1e-5, depends on it
    return tuple(
        State(difference=float(d), rho_air=1.2, pressure=full * float(d) / float(differences[-1])) for d in differences
    )
