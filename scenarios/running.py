"""What every procedure does alike while it runs: show progress, read the conditions, ask, evaluate, collect items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from scenarios.conditions import observe
from scenarios.evaluation import Observed, evaluate
from scenarios.procedure import Nameplate, Outcome, Progress, Prompt
from scenarios.record import Chart, Figure, Finding, ItemResult, Measurand, PointResult
from uncertainty.conformity import Verdict, worst
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from drivers.reading import Reading
    from scenarios.procedure import Desk, Process
    from scenarios.sheet import Sheet

PlanT = TypeVar("PlanT")
NameplateT = TypeVar("NameplateT", bound=Nameplate)


class Running(Generic[PlanT, NameplateT]):
    """Hold the state of one verification; a scenario's own class extends it with its items."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: PlanT, device: NameplateT, *, total: int) -> None:
        """Begin.

        Args:
            desk: the bench.
            sheet: data sheet.
            plan: the sheet's procedure part.
            device: markings of the device under test.
            total: points planned in the whole run, for the progress.
        """
        self.desk, self.sheet, self.plan, self.device = desk, sheet, plan, device
        self.text = catalogue("scenarios")
        self.items: list[ItemResult] = []
        """Results so far, in the order of the procedure."""
        self.conditions: tuple[Reading, ...] = ()
        """Readings of the influence quantities so far."""
        self._done, self._total = 0, total

    def tell(self, item: Text, step: Text | None, result: PointResult | None = None) -> None:
        """Show progress; a result counts as a point done."""
        self._done += result is not None
        self.desk.tell(
            Progress(
                item=item,
                step=step,
                done=self._done,
                total=self._total,
                reported=None if result is None else result.reported,
                verdict=None if result is None else result.verdict.value,
            )
        )

    def observe(self, step: str) -> Process:
        """Read every influence quantity once.

        Raises:
            ProcedureAborted: an indication lies outside the reference conditions.
        """
        self.conditions += yield from observe(self.desk, self.sheet, step)

    def inspect(self, key: str, title: Text, question: Text, *, clause: str | None = None) -> None:
        """Ask the operator for what only eyes can see; the answer is an item of its own."""
        answer = self.desk.ask(Prompt(key=key, question=question))
        verdict = Verdict.PASS if answer == "pass" else Verdict.FAIL
        finding = Finding(label=question, value=self.text[f"answer.{answer}"], limit=None, verdict=verdict)
        self.finish(key, title, clause=clause, findings=(finding,))

    def evaluate(self, observed: Observed, item: Text) -> PointResult:
        """Evaluate one point and show it."""
        result = evaluate(
            observed,
            evaluation=self.sheet.evaluation,
            decision=self.sheet.decision,
            trials=self.desk.trials,
            seed=self.desk.seed,
        )
        self.tell(item, observed.point.label, result)
        return result

    def finish(
        self,
        key: str,
        title: Text,
        *,
        clause: str | None = None,
        method: Text | None = None,
        findings: tuple[Finding, ...] = (),
        points: tuple[PointResult, ...] = (),
        figure: Figure | None = None,
        charts: tuple[Chart, ...] = (),
        measurand: Measurand | None = None,
    ) -> None:
        """Add an item with the worst verdict of its findings and points; see `ItemResult`."""
        self.items.append(
            ItemResult(
                key=key,
                title=title,
                clause=clause,
                method=method,
                findings=findings,
                points=points,
                figure=figure,
                verdict=worst([f.verdict for f in findings] + [p.verdict for p in points]),
                measurand=measurand,
                charts=charts,
            )
        )

    def outcome(self, remarks: tuple[Text, ...] = ()) -> Outcome:
        """Return what was found."""
        return Outcome(items=tuple(self.items), condition_readings=self.conditions, remarks=remarks)
