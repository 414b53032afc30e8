"""What plans of gas analysers share: which reference serves a level, what it certifies, whose effect is which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from scenarios.gas_steps import certified_components
from scenarios.references import find
from scenarios.sheet import SheetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.references import Certified, Reference
    from scenarios.sheet import Effect


class GasLevel(Protocol):
    """Be a level of test gases."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def gases(self) -> tuple[str, ...]:
        """References that serve it."""


LevelT_co = TypeVar("LevelT_co", bound=GasLevel, covariant=True)


class GasPlan(Protocol[LevelT_co]):
    """Be a plan with levels and references."""

    @property
    def levels(self) -> tuple[LevelT_co, ...]:
        """Levels of test gases."""

    @property
    def references(self) -> dict[str, Reference]:
        """Gases of the laboratory."""


class Analyser(Protocol):
    """Be the nameplate of an analyser."""

    @property
    def components(self) -> tuple[str, ...]:
        """Its components."""


LevelT = TypeVar("LevelT", bound=GasLevel)


class Gases(Generic[LevelT]):
    """Find the gases that a plan needs among those of the laboratory."""

    def __init__(self, plan: GasPlan[LevelT], device: Analyser) -> None:
        self._levels, self._references, self._components = plan.levels, plan.references, device.components

    def level(self, key: str) -> LevelT:
        """Return a level by its key.

        Raises:
            SheetError: there is none.
        """
        for level in self._levels:
            if level.key == key:
                return level
        raise SheetError("procedure.levels", f"no {key!r}; there are {', '.join(level.key for level in self._levels)}")

    def measured(self, gas: str) -> tuple[str, ...]:
        """Return the components of the device that a reference certifies."""
        return certified_components(find(self._references, gas).values, self._components)

    def certified(self, gas: str, component: str) -> Certified:
        """Return a certified value."""
        return find(self._references, gas).value(component)

    def serving(self, level: LevelT, component: str) -> str:
        """Return the reference of a level that has a component.

        Raises:
            SheetError: none has it, or two have.
        """
        found = [gas for gas in level.gases if component in self.measured(gas)]
        if len(found) != 1:
            raise SheetError(
                f"procedure.levels.{level.key}",
                f"{component} is certified in {len(found)} of its gases; it must be one",
            )
        return found[0]

    @staticmethod
    def of(table: Mapping[str, Effect], component: str) -> Effect:
        """Return the effect of a component.

        Raises:
            SheetError: the sheet has none.
        """
        try:
            return table[component]
        except KeyError:
            raise SheetError("procedure.budget", f"no effect for {component}; there are {', '.join(table)}") from None
