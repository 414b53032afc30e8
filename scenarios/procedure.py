"""What a procedure and the bench ask of each other.

A scenario module exports four names: `Plan` (the shape of the sheet's `[procedure]` part), `Nameplate` (what is known
of the device under test before it is measured), `forecast` (the expected uncertainty per point, before anything is
energised) and `verify` (a SimPy process: the procedure itself). It sees drivers and this `Desk`, never a twin.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from drivers.reading import Reading
from scenarios.record import ItemResult, Measurand, Rating, Reported, TestPoint
from uncertainty.text import Text

if TYPE_CHECKING:
    from scenarios.sheet import Sheet

T = TypeVar("T")
Process = Generator[Any, Any, Any]
"""A SimPy process: yields events of the bench clock."""


class ProcedureAborted(RuntimeError):
    """The procedure cannot go on; the message says where and why. Sources are off by the time it is seen."""


class PlanRefused(ProcedureAborted):
    """The plan cannot prove conformity (U exceeds its share of the MPE); the message proposes one that can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """Hold what is marked on a device under test; scenarios extend it with their ratings."""

    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number."""
    accuracy_class: str
    """Accuracy class as marked."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Ask a person something that no instrument can say."""

    key: str
    """Key under which an answers file answers it."""
    question: Text
    """The question."""
    choices: tuple[str, ...] = ("pass", "fail")
    """Permitted answers, where no number is asked for."""
    unit: str | None = None
    """Unit of the number that is asked for; None where one of the choices is."""
    low: float = -math.inf
    """Least number that can be right."""
    high: float = math.inf
    """Largest number that can be right."""
    decimals: int | None = None
    """Decimals to be given, where the display has that many; None for any."""
    picture: str | None = None
    """File of a picture that shows what is meant."""

    def refusal(self, answer: str) -> str | None:
        """Return why an answer cannot be right, or None."""
        if self.unit is None:
            return None if answer in self.choices else f"answer {' or '.join(self.choices)}"
        digits = (
            r"\d+(\.\d+)?" if self.decimals is None else (rf"\d+\.\d{{{self.decimals}}}" if self.decimals else r"\d+")
        )
        if re.fullmatch(f"[+-]?{digits}", answer) is None:
            places = "" if self.decimals is None else f" with {self.decimals} decimals"
            return f"give a number{places} in {self.unit}"
        if not self.low <= float(answer) <= self.high:
            return f"lies outside of {self.low:g} to {self.high:g} {self.unit}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Tell the user where the procedure is."""

    item: Text
    """Item of the procedure."""
    step: Text | None
    """Point or action within the item."""
    done: int
    """Points finished in the whole run."""
    total: int
    """Points planned in the whole run."""
    reported: Reported | None = None
    """Printed numbers of a point that has just been finished."""
    verdict: str | None = None
    """Verdict of that point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Hold the expected uncertainty of one point, before anything is energised."""

    point: TestPoint
    """The plan."""
    U: float
    """Expected expanded uncertainty, in the measurand's unit."""
    duration_s: float
    """Expected duration of the point, s."""
    measurand: Measurand | None = None
    """What the point measures; None for the sheet's measurand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Describe one step of a procedure for planning: how long it takes, and what nobody else can use meanwhile.

    A scenario may export `steps(sheet, plan, device) -> tuple[Step, ...]` beside its four names; `caltwin plan` then
    simulates a day's batch.
    """

    name: Text
    """What is done."""
    duration_s: float
    """How long it takes once all that it holds is free, s."""
    holds: tuple[str, ...] = ()
    """Resources that it holds, e.g. ("line", "balance", "technician"); what the next step holds as well is not given
    back between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what a procedure found."""

    items: tuple[ItemResult, ...]
    """Results, in order."""
    condition_readings: tuple[Reading, ...]
    """Readings of the influence quantities."""
    remarks: tuple[Text, ...] = ()
    """Remarks for the record."""


class Desk(Protocol):
    """The bench as a procedure sees it."""

    seed: int
    """Seed of the Monte Carlo evaluation."""
    trials: int
    """Monte Carlo trials per point."""

    @property
    def now(self) -> float:
        """Bench time, s since the start of the run."""

    def instrument(self, role: str) -> Any:
        """Return the driver that stands behind a role."""

    def keep(self, step: str, reading: Reading) -> Reading:
        """Commit a reading to the journal and return it: no reading is used before it is durable."""

    def ask(self, prompt: Prompt) -> str:
        """Return a person's answer, committed to the journal."""

    def tell(self, progress: Progress) -> None:
        """Show progress."""

    def wait(self, seconds: float) -> Process:
        """Let bench time pass."""

    def attempt(self, key: str, kind: type[T], steps: Callable[[], Generator[Any, Any, T]]) -> Generator[Any, Any, T]:
        """Measure something whole: the result of `steps()` is journalled, and not measured again after an interruption.

        Args:
            key: unique within the run.
            kind: type of the result, for decoding it from the journal.
            steps: the measurement; it must not rely on anything outside that an interruption could undo, but the state.
        """

    def state(self, key: str, steps: Callable[[], Process], warm_up_s: float = 0.0) -> Process:
        """Set up a state of the bench (a load that is set and settled); set up again after an interruption.

        With many positions on the bench, a state is set up once for all of them.

        Args:
            key: unique within the run, and the same for two devices only if the state is the same for both.
            steps: how.
            warm_up_s: longest time to wait after an interruption, s; the bench waits for as long as it was off.
        """

    def at_end(self, steps: Callable[[], Process]) -> Process:
        """Leave the bench: the last position to leave runs `steps()`, which switch the sources off."""


class Procedure(Protocol):
    """The four names that a scenario module exports."""

    Plan: type[Any]
    Nameplate: type[Nameplate]

    def forecast(self, sheet: Sheet, plan: Any, device: Any) -> tuple[Forecast, ...]:
        """Return the expected uncertainty per point.

        Raises:
            PlanRefused: the plan cannot prove conformity.
        """

    def verify(self, desk: Desk, sheet: Sheet, plan: Any, device: Any) -> Generator[Any, Any, Outcome]:
        """Run the procedure; the bench has called `forecast` before."""
