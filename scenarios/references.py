"""References with certified values: gas mixtures, weights, nozzles; what a certificate says of them, with U.

A scenario's `Plan` that declares `references: dict[str, Reference]` is given the station's `laboratory.references`:
they belong to a laboratory and change with every bottle, the sheet does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.record import CertificateReference
from scenarios.sheet import SheetError
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """Hold one certified value."""

    quantity: Quantity
    """The value."""
    U: Quantity
    """Its expanded uncertainty, in the value's unit or one of the same kind."""
    k: float = 2.0
    """Coverage factor."""

    def input(self, name: str, label: Text, *, unit: str | None = None) -> InputQuantity:
        """Return the value as an input of a budget.

        Args:
            name: symbol in the measurement model.
            label: what it is.
            unit: unit of the input; None for the value's own.

        Raises:
            UnitMismatch: the value cannot be given in `unit`.
        """
        target = unit or self.quantity.unit
        distribution = Normal.of_expanded(mean=self.quantity.to(target).value, U=self.U.to(target).value, k=self.k)
        return InputQuantity(name=name, distribution=distribution, unit=target, label=label, evaluation="B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Describe one reference: a cylinder, a set of weights, a nozzle."""

    name: Text
    """Kind of reference, e.g. 氮中一氧化碳气体标准物质 / gas reference material CO in N2."""
    serial: str
    """Serial number."""
    certificate: CertificateReference
    """Its certificate."""
    values: dict[str, Certified]
    """Name of the quantity (a component, "mass", "Cd") -> certified value."""
    maker: str = ""
    """Producer."""
    model: str = ""
    """Catalogue number or grade, e.g. "GBW(E)"."""

    def value(self, key: str) -> Certified:
        """Return one certified value.

        Raises:
            SheetError: the certificate does not state it.
        """
        try:
            return self.values[key]
        except KeyError:
            raise SheetError(
                f"laboratory.references ({self.serial})", f"no certified {key!r}; it states {', '.join(self.values)}"
            ) from None


def find(references: Mapping[str, Reference], key: str) -> Reference:
    """Return a reference by its key.

    Raises:
        SheetError: the laboratory has none of that name.
    """
    try:
        return references[key]
    except KeyError:
        known = ", ".join(references) or "none at all"
        raise SheetError(f"laboratory.references.{key}", f"missing in the station; it has {known}") from None
