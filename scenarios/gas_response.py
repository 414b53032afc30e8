"""The response of an analyser to a step of gas, from its own record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.reading import Reading
from scenarios.procedure import ProcedureAborted

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Hold one recorded response to a step of gas."""

    readings: tuple[Reading, ...]
    """What instruments said, the traces included."""
    values: dict[str, tuple[float, ...]]
    """Component -> trace, µmol/mol."""
    since_step: tuple[float, ...]
    """Time of each recorded value after the step, s."""
    settled: dict[str, float]
    """Component -> indication that it came to, µmol/mol."""

    def ends(self, component: str) -> tuple[float, float]:
        """Return the indication before the step and the one that it came to, µmol/mol.

        Raises:
            ProcedureAborted: it did not rise.
        """
        trace = self.values[component]
        lead = [y for t, y in zip(self.since_step, trace, strict=True) if t < 0.0]
        zero, end = sum(lead) / len(lead), self.settled[component]
        if end <= zero:
            raise ProcedureAborted(
                f"device: {component} does not follow the gas: {zero:.4g} µmol/mol before the step, {end:.4g} µmol/mol "
                "at its end; check its inlet and its flow"
            )
        return zero, end

    def shares(self, component: str, until_s: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return times (s) and shares of the step (%) for a chart, up to a time."""
        zero, end = self.ends(component)
        shown = [(t, y) for t, y in zip(self.since_step, self.values[component], strict=True) if t <= until_s]
        return tuple(round(t, 3) for t, _ in shown), tuple(round(100 * (y - zero) / (end - zero), 3) for _, y in shown)

    def time_to(self, component: str, share: float) -> tuple[float, float]:
        """Return the time to a share of the step, s, and the slope of the trace there, µmol/mol per s.

        Raises:
            ProcedureAborted: it did not get there.
        """
        zero, end = self.ends(component)
        found = crossing(self.since_step, self.values[component], zero + share * (end - zero))
        if found is None:
            raise ProcedureAborted(
                f"device: {component} did not reach {100 * share:g} % of the step within {self.since_step[-1]:.0f} s; "
                "it is too slow, or the gas does not reach it"
            )
        return found


def crossing(times: Sequence[float], values: Sequence[float], level: float) -> tuple[float, float] | None:
    """Return when a rising trace first reaches a level, and its slope there; None for never.

    Between two readings the trace is a parabola with the curvature of the reading before them: a response bends, and a
    chord lies to one side of it.

    Args:
        times: s, ascending, equally spaced.
        values: as many.
        level: in the unit of `values`.
    """
    for index in range(1, len(values)):
        before, after = values[index - 1], values[index]
        if before < level <= after:
            period = times[index] - times[index - 1]
            slope = (after - before) / period
            u = (level - before) / slope
            bend = (after - 2 * before + values[index - 2]) / period**2 if index > 1 else 0.0
            return times[index - 1] + u + bend * u * (period - u) / (2 * slope), slope
    return None
