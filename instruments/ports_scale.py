"""A calibration scale: what all gases whose values were assigned on it have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from instruments.twin import Port


@dataclass(frozen=True, slots=True, kw_only=True)
class Realisation:
    """Describe how far a scale is off, as it truly is."""

    errors: dict[str, float] = field(default_factory=dict)
    """Component -> amount fraction in the SI minus amount fraction on the scale, in the component's unit (CO2 µmol/mol,
    others nmol/mol); 0 where it is not given."""


class Scale(Port):
    """Tie the amount fractions in the cylinders of a world, which are those on the scale, to the SI.

    Whatever was assigned on one scale is off by the same amount. So the fractions in cylinders and lines are kept on
    the scale, and what refers to the SI (the true error of an analyser) takes the difference from here.
    """

    parameters_type = Realisation

    def error(self, component: str) -> float:
        """Return SI minus scale, in the component's unit."""
        errors: dict[str, Any] = self.parameters.errors
        return float(errors.get(component, 0.0))
