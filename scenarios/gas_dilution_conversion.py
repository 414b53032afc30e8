"""The conversion factor of a gas: flow of it over flow of nitrogen at the same setting of a thermal controller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import input_quantity
from scenarios.gas_dilution_model import FlowPoint, measured_flow, standard_flow
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.gas_dilution_plan import Plan

    Value = float | NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Hold the two flows of a conversion factor."""

    diluent: FlowPoint
    """With diluent in the line."""
    parent: FlowPoint
    """With parent gas in it."""

    def factor(self, plan: Plan) -> float:
        """Return the factor."""
        return measured_flow(plan, self.parent) / measured_flow(plan, self.diluent)


def conversion_factor(
    V: Value, d_T: Value, d_p: Value, leak: Value, d_t1: Value, d_t2: Value, s_1: Value, s_2: Value, *, ratio: Ratio
) -> Value:
    """Return the conversion factor, 1.

    Args:
        V: volume of the cell, ml; like the next three common to both flows.
        d_T: error of the temperature, K.
        d_p: error of the pressure, kPa.
        leak: flow past the piston, ml/min.
        d_t1: relative error of the mean stroke with diluent, %.
        d_t2: likewise with parent gas.
        s_1: deviation of the setting with diluent, l/min.
        s_2: likewise with parent gas.
        ratio: what was measured.
    """

    def flow(point: FlowPoint, d_t: Value, s: Value) -> Value:
        measured = standard_flow(
            V,
            point.temperature + d_T,
            point.pressure + d_p,
            point.time * (1 + d_t / 100),
            leak,
            point.compressibility,
        )
        return measured + s

    return flow(ratio.parent, d_t2, s_2) / flow(ratio.diluent, d_t1, s_1)


def conversion_budget(plan: Plan, ratio: Ratio) -> Budget:
    """Return the budget of a conversion factor."""
    e, text = plan.budget, catalogue("scenarios")
    cell = find(plan.references, "prover").value("volume")
    strokes = 1 / math.sqrt(ratio.parent.strokes)

    def again(name: str, quantity: InputQuantity) -> InputQuantity:
        return InputQuantity(
            name=name,
            distribution=quantity.distribution,
            unit=quantity.unit,
            label=quantity.label,
            evaluation=quantity.evaluation,
        )

    stroke = input_quantity("d_t", e.strokes, unit="%", factor=strokes)
    setting = input_quantity("s", e.parent_setting, unit="l/min")
    return Budget(
        model=partial(conversion_factor, ratio=ratio),
        inputs=(
            cell.input("V", text["gas_dilution.cell_volume"], unit="ml"),
            input_quantity("d_T", e.prover_temperature, unit="K"),
            input_quantity("d_p", e.prover_pressure, unit="kPa"),
            input_quantity("leak", e.prover_leak, unit="ml/min"),
            again("d_t1", stroke),
            again("d_t2", stroke),
            again("s_1", setting),
            again("s_2", setting),
        ),
        unit="1",
        name="C",
    )
