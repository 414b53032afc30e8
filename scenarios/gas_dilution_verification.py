"""One blend against an independent reference mixture, the analyser being the comparator (ISO 6145-7's verification)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.evaluation import input_quantity
from scenarios.procedure import ProcedureAborted
from scenarios.record import Finding
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from scenarios.gas_dilution_plan import Plan

IMPOSSIBLE = 3.0
"""|E_n| beyond which one of the two gases cannot be what its certificate says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Hold a comparison; indications in µmol/mol, one per round; fractions and expanded uncertainties (k = 2) in %."""

    zero: tuple[float, ...]
    """Indications of diluent."""
    check: tuple[float, ...]
    """Indications of the check gas."""
    blend: tuple[float, ...]
    """Indications of the blend."""
    x_check: float
    """Certified fraction of the check gas."""
    U_check: float
    """Its uncertainty."""
    x_blend: float
    """Fraction of the blend by its flows."""
    U_blend: float
    """Its uncertainty."""

    @property
    def ratios(self) -> tuple[float, ...]:
        """Return blend over check gas, both above zero gas, for each round."""
        rows = zip(self.zero, self.check, self.blend, strict=True)
        return tuple((blend - zero) / (check - zero) for zero, check, blend in rows)


def by_comparison(compared: Compared, impurity: float) -> float:
    """Return the fraction of the blend by the comparison, %; the zero gas holds `impurity` (%) of the component."""
    ratio = math.fsum(compared.ratios) / len(compared.ratios)
    return impurity + ratio * (compared.x_check - impurity)


def confirm(plan: Plan, compared: Compared, share: float, impurity: float) -> tuple[Finding, ...]:
    """Return what the comparison says of the blend.

    Raises:
        ProcedureAborted: the check gas is not seen, or |E_n| exceeds what chance can do.
    """
    text = catalogue("scenarios")
    if any(check - zero <= 0 for check, zero in zip(compared.check, compared.zero, strict=True)):
        raise ProcedureAborted("analyser: it does not tell the check gas from zero gas; check the cylinders' valves")
    x = by_comparison(compared, impurity)
    ratios = compared.ratios
    mean = math.fsum(ratios) / len(ratios)
    scatter = math.sqrt(math.fsum((r - mean) ** 2 for r in ratios) / (len(ratios) - 1) / len(ratios)) / mean
    comparator = input_quantity("comparator", plan.budget.comparator, unit="1").distribution.u
    U = math.sqrt(compared.U_check**2 + (2 * x * comparator) ** 2 + (2 * x * scatter) ** 2)
    normalised = (compared.x_blend - x) / math.sqrt(U**2 + compared.U_blend**2)
    if abs(normalised) > IMPOSSIBLE:
        raise ProcedureAborted(
            f"device: the {share:g} % blend is {compared.x_blend:.5g} % by its flows and {x:.5g} % by the check gas, "
            f"E_n = {normalised:.2f}; check which cylinders are connected, their certificates, and look for leaks"
        )
    limit = plan.verification.normalised_error.value
    label = text["gas_dilution.normalised"].format(share=f"{share:g}")
    value = text["gas_dilution.compared"].format(
        flows=f"{compared.x_blend:.4f}", check=f"{x:.4f}", E=f"{normalised:+.2f}"
    )
    return (
        Finding(
            label=label,
            value=value,
            limit=Text(zh=f"|E_n| ≤ {limit:g}", en=f"|E_n| ≤ {limit:g}"),
            verdict=Verdict.PASS if abs(normalised) <= limit else Verdict.INCONCLUSIVE,
        ),
    )
