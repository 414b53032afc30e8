"""The water item of a ring-down calibration: find the correction, put it into the analyser, look at what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.reading import Reading
from scenarios import crds_ghg_charts as charts
from scenarios.crds_ghg_bench import WORKING, Segment
from scenarios.crds_ghg_dynamics import Dynamics
from scenarios.crds_ghg_model import water_budget
from scenarios.crds_ghg_points import measurand, water_points
from scenarios.crds_ghg_water import WaterFit, parabola, with_pressure
from scenarios.evaluation import Observed
from scenarios.procedure import ProcedureAborted
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from scenarios.crds_ghg_plan import Nameplate, Plan
    from scenarios.procedure import Desk
    from scenarios.sheet import Sheet

    Process = Generator[Any, Any, Any]

BIN_S = 10
"""Averaging time of the points of a droplet, s."""
RISING_BINS = 6
"""Points at the beginning of a droplet that are left out: the humidity rises too fast."""
NEAR = (0.8, 1.25)
"""Humidities of a droplet, as multiples of one that is checked, that count for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Droplet:
    """Hold what was recorded while a droplet evaporated."""

    time_s: float
    """Bench time at its end, s."""
    columns: dict[str, tuple[float, ...]]
    """Column -> means over `BIN_S`, (n,)."""
    record: str
    """What the means are of, for the readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Hold humid as against dry means of one gas."""

    humidity: tuple[float, ...]
    """Indicated water, %, (n,)."""
    wet: dict[str, tuple[float, ...]]
    """Column -> humid means, (n,)."""
    dry: dict[str, tuple[float, ...]]
    """Column -> dry means about them, (n,)."""
    readings: tuple[tuple[Reading, ...], ...]
    """Readings of the humid means, by level; the dry ones about it come first and last."""


class Humidity(Dynamics):
    """Hold the water item, and what it leaves for the verdict."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate, *, total: int) -> None:
        super().__init__(desk, sheet, plan, device, total=total)
        self.installed: WaterFit | None = None
        """Water correction in the analyser."""
        self.left: dict[str, tuple[tuple[float, float], ...]] = {}
        """Component -> corrected humid and dry readings, by humidity that was checked, in its unit."""

    def water(self) -> Process:
        """Find the water correction by the sheet's method, put it into the analyser, and check it."""
        plan = self.plan.water
        self.tell(plan.title, None)
        if plan.method == "stepped":
            found = yield from self._stepped("water/find", [level.to("%") for level in plan.levels])
            humidity = np.array(found.humidity)
            ratios = {key: np.array(found.wet[f"{key}_raw"]) / found.dry[f"{key}_raw"] for key in self.plan.components}
            u = {key: self._u_ratio(key, found) for key in self.plan.components}
            fitted = with_pressure(humidity, ratios, u)
        else:
            found = yield from self._droplet()
            humidity = np.array(found.humidity)
            ratios = {key: np.array(found.wet[f"{key}_raw"]) / found.dry[f"{key}_raw"] for key in self.plan.components}
            fitted = parabola(humidity, ratios, scale_percent=0.15)
        yield from self.desk.attempt("water/put", type(None), partial(self._put, fitted))
        self.installed = fitted
        if plan.method == "stepped":
            checked = yield from self._stepped("water/check", [level.to("%") for level in plan.check])
        else:
            checked = self._of_droplet(found, fitted)
        self._report(found, fitted, checked)

    def _put(self, fitted: WaterFit) -> Process:
        yield from self.desk.instrument("device").set_water(fitted.coefficients, fitted.scale_percent)

    def _u_ratio(self, key: str, found: Comparison) -> float:
        component = self.plan.components[key]
        wet = water_budget(component, wet=0.0, dry=0.0, humidity=0.0).gum(p=0.95, k=2.0)
        return wet.u / found.dry[f"{key}_raw"][0]

    def _columns(self) -> tuple[str, ...]:
        return tuple(name for key in self.plan.components for name in (key, f"{key}_raw"))

    # -- at steady humidities -----------------------------------------------------------------------------------------

    def _stepped(self, step: str, levels: Sequence[float]) -> Generator[Any, Any, Comparison]:
        """Measure one gas at humidities in steps, with dry gas before, between and after."""
        plan = self.plan.water
        average = plan.average.to("s")
        wait, every = plan.dwell.to("s") - average, round(plan.dry_every.value)
        order: list[float] = [0.0]
        for number, level in enumerate(levels, 1):
            order.append(level)
            if number % every == 0 or number == len(levels):
                order.append(0.0)
        segments: list[Segment] = []
        for number, level in enumerate(order, 1):
            self.tell(plan.title, self.text["crds_ghg.point_humid"].format(value=f"{level:g}"))
            segment = yield from self.measure(
                f"{step}/{number}", WORKING, wait_s=wait, average_s=average, humidity=level
            )
            segments.append(segment)
        return self._compare(order, segments)

    def _compare(self, order: Sequence[float], segments: Sequence[Segment]) -> Comparison:
        """Hold each humid mean against the dry ones about it, straight in time between them."""
        dry = [segment for level, segment in zip(order, segments, strict=True) if not level]
        wet = [segment for level, segment in zip(order, segments, strict=True) if level]
        times = [segment.time_s for segment in dry]
        about = []
        for segment in wet:
            after = next(place for place, time in enumerate(times) if time > segment.time_s)
            about.append((dry[after - 1], dry[after]))
        return Comparison(
            humidity=tuple(segment.value("H2O") for segment in wet),
            wet={column: tuple(segment.value(column) for segment in wet) for column in self._columns()},
            dry={
                column: tuple(
                    float(np.interp(segment.time_s, times, [d.value(column) for d in dry])) for segment in wet
                )
                for column in self._columns()
            },
            readings=tuple(
                tuple(
                    part.readings[column] for part in (before, segment, after) for column in (*self._columns(), "H2O")
                )
                for segment, (before, after) in zip(wet, about, strict=True)
            ),
        )

    # -- while a droplet evaporates -----------------------------------------------------------------------------------

    def _droplet(self) -> Generator[Any, Any, Comparison]:
        """Record one gas while a droplet evaporates into it, with dry gas before and after."""
        plan = self.plan.water
        average, dwell = plan.average.to("s"), plan.dwell.to("s")
        before = yield from self.measure("water/before", WORKING, wait_s=dwell - average, average_s=average)
        drop = yield from self.desk.attempt("water/droplet", Droplet, self._evaporate)
        after = yield from self.measure("water/after", WORKING, wait_s=dwell - average, average_s=average)
        times = (before.time_s, after.time_s)
        count = len(drop.columns["H2O"])
        at = drop.time_s - BIN_S * (np.arange(count)[::-1] + 0.5)
        readings = tuple(
            tuple(part.readings[column] for column in (*self._columns(), "H2O")) for part in (before, after)
        )
        return Comparison(
            humidity=drop.columns["H2O"],
            wet={column: drop.columns[column] for column in self._columns()},
            dry={
                column: tuple(np.interp(at, times, [before.value(column), after.value(column)]).tolist())
                for column in self._columns()
            },
            readings=readings,
        )

    def _evaporate(self) -> Generator[Any, Any, Droplet]:
        duration = self.plan.water.droplet.to("s")
        humidifier = self.desk.instrument("humidifier")
        self._set = None  # the humidifier is set to dry, but the gas is not
        yield from humidifier.droplet()
        yield from self.desk.wait(duration)
        records = yield from self.fetch("water/droplet", round(duration), humidity=None)
        yield from self.still_flows("water/droplet", WORKING)
        kept = len(records.values) // BIN_S * BIN_S
        columns = {}
        for column in (*self._columns(), "H2O"):
            means = records.column(column)[-kept:].reshape(-1, BIN_S).mean(axis=1)
            columns[column] = tuple(means[RISING_BINS:].tolist())
        if not 0.5 <= max(columns["H2O"]) <= 5.0:
            raise ProcedureAborted(
                f"humidifier: water/droplet: the device saw at most {max(columns['H2O']):.3g} % of water; check the "
                "injection of the droplet"
            )
        return Droplet(time_s=records.reading.time_s, columns=columns, record=f"records to no. {records.last}")

    def _of_droplet(self, found: Comparison, fitted: WaterFit) -> Comparison:
        """Return what a droplet itself says of the correction at the humidities that are to be checked."""
        humidity = np.array(found.humidity)
        wet: dict[str, list[float]] = {key: [] for key in self.plan.components}
        dry: dict[str, list[float]] = {key: [] for key in self.plan.components}
        levels = [level.to("%") for level in self.plan.water.check]
        for level in levels:
            near = (humidity > NEAR[0] * level) & (humidity < NEAR[1] * level)
            for key in self.plan.components:
                about = float(np.mean(found.dry[f"{key}_raw"]))
                residuals = np.array(fitted.residuals[key])[near]
                wet[key].append(about * (1.0 + (float(residuals.mean()) if residuals.size else 0.0)))
                dry[key].append(about)
        return Comparison(
            humidity=tuple(levels),
            wet={key: tuple(values) for key, values in wet.items()},
            dry={key: tuple(values) for key, values in dry.items()},
            readings=(tuple(reading for part in found.readings for reading in part),) * len(levels),
        )

    # -- results ------------------------------------------------------------------------------------------------------

    def _report(self, found: Comparison, fitted: WaterFit, checked: Comparison) -> None:
        """Add one item for each component."""
        plan = self.plan.water
        for key, component in self.plan.components.items():
            results = []
            left: list[tuple[float, float]] = []
            for place, point in enumerate(water_points(self.plan, key)):
                # A correction is a ratio: what one gas shows holds for the amount fraction that is stated.
                dry = point.settings["fraction"].value
                humid = dry * checked.wet[key][place] / checked.dry[key][place]
                left.append((humid, dry))
                readings = tuple(r for r in checked.readings[place] if r.name in (key, f"{key}_raw", "H2O"))
                observed = Observed(
                    point=point,
                    readings=readings,
                    errors=(humid - dry,),
                    reference_value=Quantity(value=dry, unit=component.unit),
                    indication=Quantity(value=humid, unit=component.unit),
                    budget=water_budget(component, wet=humid, dry=dry, humidity=point.settings["humidity"].value),
                    step=component.step,
                )
                results.append(self.evaluate(observed, plan.title))
            self.left[key] = tuple(left)
            a, b, d = fitted.coefficients[key]
            scale = np.array(found.dry[f"{key}_raw"])
            thin = max(1, len(found.humidity) // 300)
            chart = charts.water(
                key,
                component,
                plan.share.value * component.goal.to(component.unit),
                (found.humidity[::thin], (scale * np.array(fitted.residuals[key])).tolist()[::thin]),
                (
                    checked.humidity,
                    [result.error.value for result in results],
                    [result.U for result in results],
                ),
            )
            self.finish(
                f"water_{key}",
                self.text["crds_ghg.of_component"].format(title=plan.title, component=component.name),
                method=self.text[f"crds_ghg.method_{plan.method}"].format(
                    a=f"{a:.5f}", b=f"{b:.6f}", d=f"{1e6 * d:.1f}", h=f"{fitted.scale_percent:.3f}"
                ),
                points=tuple(results),
                charts=(chart,),
                measurand=measurand(self.plan, "water", key),
            )
