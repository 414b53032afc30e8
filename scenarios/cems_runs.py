"""What every comparison of a CEMS with a reference analyser does alike: offer gas, read both, make paired runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from drivers.reading import Reading
from scenarios.cems_model import UNIT, Pairs, certified, scale
from scenarios.cems_plan import Comparing
from scenarios.procedure import Nameplate, ProcedureAborted
from scenarios.running import Running
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from scenarios.cems_plan import Channel
    from scenarios.procedure import Desk, Process
    from scenarios.sheet import Sheet

PlanT = TypeVar("PlanT", bound=Comparing)
WORDS = {"umol/mol": "µmol/mol"}
"""Units as people write them in a sentence."""
ROLES = ("device", "srm")
"""CEMS and reference analyser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Hold what one analyser says of one gas: means over the readings, µmol/mol."""

    means: dict[str, float]
    """Channel -> mean."""
    readings: dict[str, tuple[Reading, ...]]
    """Channel -> readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Hold one paired run; means in µmol/mol."""

    means: dict[str, dict[str, float]]
    """Role -> channel -> mean."""
    begin: Reading
    """A reading of the CEMS at its begin."""
    ends: dict[str, Reading]
    """Channel -> last reading of the CEMS."""


Gases = dict[int, dict[str, Seen]]
"""Inlet of the selector -> role -> what it says."""


class Comparison(Running[PlanT, Nameplate]):
    """Hold the state of a comparison; procedures extend it with their items."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: PlanT, device: Nameplate, *, total: int) -> None:
        super().__init__(desk, sheet, plan, device, total=total)
        self.selector = desk.instrument("selector")
        self.gas_flow = plan.calibration.flow.to("l/min")
        self.channels = tuple(plan.components)

    def make_safe(self) -> Process:
        """Shut the gas."""
        yield from self.selector.make_safe()

    # -- gas ----------------------------------------------------------------------------------------------------------

    def inlets(self, *, spans: bool) -> tuple[int, ...]:
        """Return inlets, that of zero gas first; with `spans` the highest level of each component only."""
        found = {self.plan.calibration.zero: None}
        for component in self.plan.components.values():
            for level, inlet in component.levels.items():
                if not spans or level == "high":
                    found[inlet] = None
        return tuple(found)

    def offer(self, inlet: int, roles: tuple[str, ...], wait_s: float) -> Process:
        """Let calibration gas flow to the probes of some analysers."""
        for role in ROLES:
            yield from self.desk.instrument(role).take("CAL" if role in roles else "STAC")
        yield from self.selector.select(inlet, self.gas_flow)
        yield from self.desk.wait(wait_s)

    def to_stack(self) -> Process:
        """Shut the gas and let both analysers draw from the stack."""
        yield from self.selector.select(0, self.gas_flow)
        for role in ROLES:
            yield from self.desk.instrument(role).take("STAC")
        yield from self.desk.wait(self.plan.calibration.settle.to("s"))

    def gases(self, step: str, roles: tuple[str, ...], *, spans: bool = False) -> Generator[Any, Any, Gases]:
        """Offer zero gas and every calibration gas, and read the analysers."""
        found: Gases = {}
        settle = self.plan.calibration.settle.to("s")
        for inlet in self.inlets(spans=spans):
            self.tell(self.text["cems.calibration_gas"], self.text["cems.gas"].format(inlet=inlet))
            key = f"{step}/{inlet}"
            yield from self.desk.state(key, partial(self.offer, inlet, roles, settle))
            read = partial(self._read_all, key, inlet, roles)
            found[inlet] = yield from self.desk.attempt(f"{key}/readings", dict[str, Seen], read)
        return found

    def _read_all(self, step: str, inlet: int, roles: tuple[str, ...]) -> Generator[Any, Any, dict[str, Seen]]:
        plan = self.plan.calibration
        yield from self.selector.confirm(inlet, self.gas_flow)
        found = {}
        for role in roles:
            analyser = self.desk.instrument(role)
            yield from analyser.confirm("CAL")
            readings: dict[str, list[Reading]] = {channel: [] for channel in self.channels}
            for number in range(round(plan.readings.value)):
                yield from self.desk.wait(plan.interval.to("s"))
                for channel in self.channels:
                    reading = yield from analyser.read(channel, expect=self._expected(inlet, channel))
                    readings[channel].append(self.desk.keep(f"{step}/{role}/{channel}/{number + 1}", reading))
            means = {channel: mean([r.indication.value for r in of]) for channel, of in readings.items()}
            found[role] = Seen(means=means, readings={channel: tuple(of) for channel, of in readings.items()})
        yield from self.selector.confirm(inlet, self.gas_flow)
        return found

    def _expected(self, inlet: int, channel: str) -> tuple[float, float]:
        """Return what a channel can indicate of a gas: a third more or less, and a tenth of full scale, µmol/mol."""
        component = self.plan.components[channel]
        slack = 0.1 * component.full_scale.to(UNIT)
        levels = [level for level, of in component.levels.items() if of == inlet]
        value = certified(self.plan, component, levels[0]).quantity.to(UNIT).value if levels else 0.0
        return 0.67 * value - slack, 1.33 * value + slack

    # -- paired runs --------------------------------------------------------------------------------------------------

    def pair(self, step: str) -> Generator[Any, Any, Pair]:
        """Make one paired run: both analysers store, then both are asked."""
        plan = self.plan.accuracy
        period, component = plan.period.to("s"), self.channels[0]
        analysers = {role: self.desk.instrument(role) for role in ROLES}
        for analyser in analysers.values():
            yield from analyser.confirm("STAC")
        begin = self.desk.keep(f"{step}/begin", (yield from analysers["device"].read(component)))
        for analyser in analysers.values():
            yield from analyser.start_trace(period)
        yield from self.desk.wait(plan.window.to("s"))
        means: dict[str, dict[str, float]] = {}
        ends: dict[str, Reading] = {}
        expected = plan.window.to("s") / period
        for role, analyser in analysers.items():
            means[role] = {}
            for channel in self.channels:
                found = yield from analyser.trace(channel, period)
                if abs(len(found.values) - 1 - expected) > 2:
                    raise ProcedureAborted(
                        f"{role}: stored {len(found.values)} values in {plan.window.to('s'):g} s where "
                        f"{expected + 1:.0f} are due; its clock or its memory is not to be trusted"
                    )
                reading = self.desk.keep(f"{step}/{role}/{channel}", found.reading)
                means[role][channel] = mean(found.values)
                if role == "device":
                    ends[channel] = reading
            yield from analyser.confirm("STAC")
        return Pair(means=means, begin=begin, ends=ends)

    def unchanged(self, before: Gases, after: Gases) -> None:
        """See that the reference analyser is what it was.

        Raises:
            ProcedureAborted: a span has changed by more than the plan permits.
        """
        limit = self.plan.accuracy.srm_drift.to("%")
        for channel, component in self.plan.components.items():
            spans = []
            for gases in (before, after):
                zero, span = gases[self.plan.calibration.zero], gases[component.levels["high"]]
                spans.append(span["srm"].means[channel] - zero["srm"].means[channel])
            change = 100 * (spans[1] / spans[0] - 1)
            if abs(change) > limit:
                raise ProcedureAborted(
                    f"srm: {channel}: its span changed by {change:+.2f} % between the calibrations before and after "
                    f"the paired runs, more than {limit:g} %; the reference values are not to be trusted"
                )

    def compared(self, channel: str, before: Gases, after: Gases, pairs: list[Pair]) -> Pairs:
        """Return the pairs of a component, the reference by the mean of its two calibrations."""
        component = self.plan.components[channel]
        zero = mean([g[self.plan.calibration.zero]["srm"].means[channel] for g in (before, after)])
        span = mean([g[component.levels["high"]]["srm"].means[channel] for g in (before, after)])
        x_s = certified(self.plan, component, "high").quantity.to(UNIT).value
        return Pairs(
            reference=tuple(scale(pair.means["srm"][channel], zero, span, x_s) for pair in pairs),
            cems=tuple(pair.means["device"][channel] for pair in pairs),
        )


def mean(values: Iterable[float]) -> float:
    """Return the mean of some values."""
    values = tuple(values)
    return math.fsum(values) / len(values)


def titled(title: Text, component: Channel) -> Text:
    """Return a title with the component's name."""
    return Text(zh=f"{title.zh}：{component.name.zh}", en=f"{title.en}: {component.name.en}")
