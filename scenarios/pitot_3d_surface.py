"""A five-hole probe without nulling: surfaces over two angle coefficients, fitted to a grid of yaw and pitch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.evaluation import Observed, input_quantity
from scenarios.pitot_3d_model import (
    Sample,
    angle_inputs,
    f_speed_model,
    gain_input,
    least_squares,
    speed_inputs,
    terms,
)
from scenarios.record import Finding, PointResult, TestPoint
from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.conformity import Verdict
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from scenarios.pitot_3d_bench import ProbeBench

    Process = Generator[Any, Any, Any]

COEFFICIENT_SCALE = 4.0
"""By which the angle coefficients are divided, so that their powers stay of one size."""
NOISE = 0.05
"""Standard uncertainty of one reading beside the placing, %: turbulence and steadiness over one mean."""


class SurfaceItem:
    """Calibrate without nulling, and check the surfaces at points that are not on the grid."""

    def __init__(self, bench: ProbeBench, relative: float, nulled: dict[float, float]) -> None:
        """Take the bench.

        Args:
            bench: the bench, with the yaw reference found.
            relative: experimental standard deviation of a single F2 from one placing to the next, %.
            nulled: speed -> √(q by the mean fall) at the null without pitch, as the nulling procedure found it.
        """
        self.bench, self.plan, self.relative = bench, bench.plan.non_nulling, relative
        self.nulled = nulled

    def measure(self) -> Process:
        """Measure the grid and the check points, fit, and finish the item."""
        bench, plan = self.bench, self.plan
        if "f_speed" not in bench.sheet.measurands:
            raise SheetError("measurands.f_speed", "missing; the procedure states results of this kind")
        speed = plan.speed.to("m/s")
        bench.tell(plan.title, None)
        yield from bench.blow(speed)
        grid: list[Sample] = []
        for pitch in (p.to("deg") for p in plan.pitches):
            yield from bench.zero(f"non_nulling/zero/{pitch:+g}")
            for yaw in (y.to("deg") for y in plan.yaws):
                sample = yield from self._look("grid", yaw, pitch, speed)
                grid.append(sample)
        checks = []
        for yaw, pitch in plan.checks:
            checks.append((yield from self._look("check", yaw, pitch, speed)))
        surfaces = Surfaces(grid, round(plan.degree.value), bench.zero_yaw, self.relative)
        points, findings = [], []
        for (yaw, pitch), sample in zip(plan.checks, checks, strict=True):
            points.append(self._point(surfaces, sample, yaw, pitch, speed))
            findings += self._angles(surfaces, sample, yaw, pitch)
        if speed in self.nulled:
            findings.append(self._both_procedures(surfaces, grid, speed))
        bench.finish(
            "non_nulling",
            plan.title,
            points=tuple(points),
            findings=tuple(findings),
            measurand=bench.sheet.measurands["f_speed"],
        )

    def _look(self, kind: str, yaw: float, pitch: float, speed: float) -> Generator[Any, Any, Sample]:
        bench = self.bench
        step = f"non_nulling/{kind}/{yaw:+g}/{pitch:+g}"

        def steps() -> Generator[Any, Any, Sample]:
            at = round(bench.zero_yaw + yaw, 2)
            yield from bench.desk.instrument("stage").turn(yaw=at, pitch=pitch)
            return (yield from bench.read(step, at, pitch, speed))

        return (yield from bench.desk.attempt(step, Sample, steps))

    def _both_procedures(self, surfaces: Surfaces, grid: list[Sample], speed: float) -> Finding:
        """Hold the surface at the null without pitch against what the nulling procedure found there."""
        nearest = min(grid, key=lambda s: abs(s.pitch) + abs(s.yaw - self.bench.zero_yaw))
        value, _ = surfaces.f_speed(nearest)
        difference = 100 * (value / self.nulled[speed] - 1)
        limit = self.plan.agreement.to("%")
        return Finding(
            label=self.bench.text["pitot_3d.both_procedures"],
            value=Text(zh=f"{difference:+.2f} %", en=f"{difference:+.2f} %"),
            limit=Text(zh=f"±{limit:g} %", en=f"±{limit:g} %"),
            verdict=Verdict.PASS if abs(difference) <= limit else Verdict.FAIL,
        )

    def _follow(self) -> InputQuantity:
        """Return what a surface of this degree cannot follow on a head of this shape, %."""
        known = self.bench.plan.budget.surface
        try:
            return input_quantity("d_surface", known[self.bench.device.head], unit="%")
        except KeyError:
            raise SheetError("procedure.budget.surface", f"no head {self.bench.device.head!r}") from None

    def _angles(self, surfaces: Surfaces, sample: Sample, yaw: float, pitch: float) -> list[Finding]:
        bench, limit = self.bench, self.plan.angle_limit.to("deg")
        findings = []
        for name, found, true in zip(("yaw", "pitch"), surfaces.angles(sample), (yaw, pitch), strict=True):
            findings.append(
                Finding(
                    label=bench.text[f"pitot_3d.{name}_error_at"].format(yaw=f"{yaw:+g}", pitch=f"{pitch:+g}"),
                    value=Text(zh=f"{found - true:+.2f}°", en=f"{found - true:+.2f}°"),
                    limit=Text(zh=f"±{limit:g}°", en=f"±{limit:g}°"),
                    verdict=Verdict.PASS if abs(found - true) <= limit else Verdict.FAIL,
                )
            )
        return findings

    def _point(self, surfaces: Surfaces, sample: Sample, yaw: float, pitch: float, speed: float) -> PointResult:
        bench = self.bench
        plan, e = bench.plan, bench.plan.budget
        value, u = surfaces.f_speed(sample)
        fitted = InputQuantity(
            name="d_fit",
            distribution=Normal(mean=0.0, u=u),
            unit="1",
            label=bench.text["pitot_3d.surface_fit"],
            evaluation="A",
        )
        # P1 less the mean of the others takes its channels by a half, a half and two quarters.
        share = float(np.sqrt(0.25 + 0.25 + 0.0625 + 0.0625))
        budget = Budget(
            model=partial(
                f_speed_model,
                f=value,
                slopes=surfaces.slopes(yaw, pitch),
                fall=sample.mean_fall,
                air=(sample.temperature, sample.pressure, sample.humidity),
                blockage=plan.blockage.to("%"),
            ),
            inputs=(
                *speed_inputs(plan),
                gain_input(plan),
                input_quantity("d_channel", e.channel, unit="%", factor=share),
                input_quantity("d_zero", e.zero, unit="Pa", factor=share),
                *angle_inputs(plan),
                input_quantity("d_null", e.null_yaw, unit="deg"),
                self._follow(),
                fitted,
            ),
            unit="1",
            name="F_v",
        )
        point = TestPoint(
            key=f"non_nulling/{yaw:+g}/{pitch:+g}",
            label=Text(zh=f"偏航 {yaw:+g}°，俯仰 {pitch:+g}°", en=f"yaw {yaw:+g}°, pitch {pitch:+g}°"),
            settings={
                "speed": Quantity(value=speed, unit="m/s"),
                "yaw": Quantity(value=yaw, unit="deg"),
                "pitch": Quantity(value=pitch, unit="deg"),
            },
            repeats=1,
            mpe=None,
            about={"quantity": "F_v"},
        )
        observed = Observed(
            point=point,
            readings=sample.readings,
            errors=(value,),
            reference_value=Quantity(value=sample.speed, unit="m/s"),
            indication=Quantity(value=sample.mean_fall, unit="Pa"),
            budget=budget,
            step="0.0001",
            signed=False,
        )
        return bench.evaluate(observed, self.plan.title)


class Surfaces:
    """Hold the fitted surfaces: yaw, pitch and the speed's factor over the two angle coefficients."""

    def __init__(self, grid: list[Sample], degree: int, zero_yaw: float, relative: float) -> None:
        """Fit them.

        Args:
            grid: the samples.
            degree: total degree.
            zero_yaw: stage's reading from which yaw counts, degrees.
            relative: standard deviation of F from one placing to the next, %: samples of one pitch share a placing.
        """
        self._degree, self._zero = degree, zero_yaw
        design = np.array([self._terms(sample) for sample in grid])
        if len(grid) < design.shape[1]:
            raise SheetError(
                "procedure.non_nulling.degree",
                f"{degree} needs {design.shape[1]} points of the grid, there are {len(grid)}",
            )
        f = np.array([sample.f_speed for sample in grid])
        pitches = np.array([sample.pitch for sample in grid])
        own = np.eye(len(grid)) * (NOISE / 100.0) ** 2
        shared = (pitches[:, None] == pitches[None, :]) * (relative / 100.0) ** 2
        # The square is what polynomials follow best: a sphere's leaves 0.02 % at degree 4.
        V = 4.0 * (own + shared) * np.outer(f**2, f**2)
        self._b, self._cov = least_squares(design, f**2, V)
        yaws = np.array([sample.yaw - zero_yaw for sample in grid])
        self._yaw = np.linalg.lstsq(design, yaws)[0]
        self._pitch = np.linalg.lstsq(design, pitches)[0]
        by_angles = terms(yaws / 20.0, pitches / 20.0, min(degree, 4))
        self._plane = np.linalg.lstsq(by_angles, f)[0]

    def _terms(self, sample: Sample) -> NDArray[Any]:
        a, b = sample.yaw_coefficient / COEFFICIENT_SCALE, sample.pitch_coefficient / COEFFICIENT_SCALE
        return terms(a, b, self._degree)

    def f_speed(self, sample: Sample) -> tuple[float, float]:
        """Return √(q by the mean fall) at a sample's coefficients, and its standard uncertainty from the fit."""
        row = self._terms(sample)
        value = float(np.sqrt(row @ self._b))
        return value, float(np.sqrt(row @ self._cov @ row)) / (2.0 * value)

    def angles(self, sample: Sample) -> tuple[float, float]:
        """Return yaw and pitch that a sample's coefficients stand for, degrees."""
        row = self._terms(sample)
        return float(row @ self._yaw), float(row @ self._pitch)

    def slopes(self, yaw: float, pitch: float) -> tuple[float, float]:
        """Return d F/d yaw and d F/d pitch at two angles (degrees), 1/deg."""

        def at(y: float, p: float) -> float:
            return float(terms(y / 20.0, p / 20.0, min(self._degree, 4)) @ self._plane)

        return (at(yaw + 0.5, pitch) - at(yaw - 0.5, pitch)), (at(yaw, pitch + 0.5) - at(yaw, pitch - 0.5))
