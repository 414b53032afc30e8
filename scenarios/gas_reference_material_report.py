"""What a certification of gas mixtures says and draws: findings, charts, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.record import Chart, Curve, Finding, Level
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.gas_reference_material_plan import Plan
    from scenarios.gas_reference_material_studies import Between, Compared, Trend
    from scenarios.record import Measurand
    from scenarios.sheet import Sheet

PREFIX = "gas_reference_material."


class Words:
    """Hold the words of one certification."""

    def __init__(self, sheet: Sheet, plan: Plan) -> None:
        """Take sheet and plan."""
        self.sheet, self.plan = sheet, plan
        self._text = catalogue("scenarios")
        self.parts = {name: self[name] for name in ("x_char", "d_bb", "d_lts", "d_sts")}
        """Symbol of each contribution to a certified value -> what it is."""

    def __getitem__(self, key: str) -> Text:
        """Return a text of this scenario."""
        return self._text[PREFIX + key]

    def measurand(self, stage: str) -> Measurand | None:
        """Return what an item measures; None for the sheet's measurand."""
        return self.sheet.measurands.get(stage)

    def validity(self) -> Text:
        """Return for how long, and for what, the values hold."""
        return self["validity"].format(months=f"{self.plan.stability.validity.value:g}")

    # -- findings -----------------------------------------------------------------------------------------------------

    def mass(self, name: str, grams: float) -> Finding:
        """Return the finding of a parent gas's mass."""
        return _finding(self["mass"].format(parent=self.plan.parents[name].label), f"{grams:.4f} g", None, passed=True)

    def gamma(self, component: str, gamma: float) -> Finding:
        """Return how well the analysis function fits."""
        limit = self.plan.comparison.gamma.value
        label = self["gamma"].format(component=component)
        return _finding(label, f"{gamma:.2f}", f"≤ {limit:g}", passed=gamma <= limit)

    def agreement(self, component: str, apart: float, u: float) -> Finding:
        """Return whether comparison and weighing agree."""
        limit = self.plan.comparison.agreement.value * u
        label = self["agreement"].format(component=component)
        return _finding(label, f"{apart:+.2f} µmol/mol", f"± {limit:.2f} µmol/mol", passed=abs(apart) <= limit)

    def homogeneity(self, component: str, found: Between) -> tuple[Finding, Finding]:
        """Return the F test and u_bb by both formulas."""
        test = _finding(
            self["f_test"].format(component=component),
            f"F = {found.anova.F:.2f}",
            f"≤ {found.critical:.2f}",
            passed=found.homogeneous,
            otherwise=Verdict.CONDITIONAL,
        )
        values = f"{100 * found.u_between:.3f} %; {100 * found.u_hidden:.3f} %"
        return test, _finding(self["u_bb"].format(component=component), values, None, passed=True)

    def stability(self, component: str, found: Trend, months: float) -> tuple[Finding, Finding]:
        """Return the t test of the slope and u_lts."""
        test = _finding(
            self["t_test"].format(component=component),
            self["slope"].format(slope=f"{100 * found.slope:+.4f}"),
            self["slope_limit"].format(limit=f"{100 * found.critical * found.u_slope:.4f}"),
            passed=found.stable,
            otherwise=Verdict.CONDITIONAL,
        )
        return test, _finding(
            self["u_lts"].format(component=component, months=f"{months:g}"),
            f"{100 * found.u(months):.3f} %",
            None,
            passed=True,
        )

    # -- pictures -----------------------------------------------------------------------------------------------------

    def residuals(self, fits: Mapping[str, Compared]) -> Chart:
        """Draw how far the reference mixtures lie from the analysis function, in their standard uncertainties."""
        limit = self.plan.comparison.gamma.value
        return Chart(
            key="residuals",
            title=self["residuals"],
            x_label=self["fraction"],
            x_unit="umol/mol",
            y_label=self["residual"],
            y_unit="1",
            curves=tuple(
                Curve(
                    name=Text(zh=component, en=component),
                    x=tuple(found.fit.y.tolist()),
                    y=tuple(found.fit.weighted_residuals.tolist()),
                    style="points",
                )
                for component, found in fits.items()
            ),
            levels=(
                Level(name=Text(zh="Γ", en="Γ"), value=limit),
                Level(name=Text(zh="-Γ", en="-Γ"), value=-limit),
            ),
        )

    def bottles(self, numbers: Sequence[int], days: Sequence[Mapping[str, Sequence[float]]]) -> Chart:
        """Draw the bottles' means, relative to the mean of all."""
        curves = []
        for component in self.plan.components:
            values = np.array([day[component] for day in days])
            means = values.mean(axis=0)
            mean = float(means.mean())
            curves.append(
                Curve(
                    name=Text(zh=component, en=component),
                    x=tuple(float(n) for n in numbers),
                    y=tuple((100 * (means / mean - 1)).tolist()),
                    style="points",
                    U=tuple((200 * values.std(axis=0, ddof=1) / np.sqrt(len(days)) / mean).tolist()),
                )
            )
        return Chart(
            key="bottles",
            title=self["bottles_chart"],
            x_label=self["bottle"],
            x_unit="1",
            y_label=self["deviation"],
            y_unit="%",
            curves=tuple(curves),
            levels=(Level(name=self["mean"], value=0.0),),
        )

    def trends(self, found: Mapping[str, Trend]) -> Chart:
        """Draw values over months, relative to the line's value at the beginning; the line only where it is a trend."""
        curves = []
        for component, over in found.items():
            start = float(over.fit.b[0])
            times = over.fit.x
            name = Text(zh=component, en=component)
            y = tuple((100 * (over.fit.y / start - 1)).tolist())
            curves.append(Curve(name=name, x=tuple(times.tolist()), y=y, style="points"))
            if over.stable:
                continue
            ends = (float(times[0]), float(times[-1]))
            line = tuple(100 * over.slope * t for t in ends)
            curves.append(Curve(name=self["line"].format(component=component), x=ends, y=line, style="line"))
        return Chart(
            key="trends",
            title=self["trends_chart"],
            x_label=self["time"],
            x_unit="1",
            y_label=self["deviation"],
            y_unit="%",
            curves=tuple(curves),
            levels=(Level(name=self["start"], value=0.0),),
        )


def _finding(
    label: Text, value: str | Text, limit: str | Text | None, *, passed: bool, otherwise: Verdict = Verdict.FAIL
) -> Finding:
    def text(words: str | Text) -> Text:
        return words if isinstance(words, Text) else Text(zh=words, en=words)

    return Finding(
        label=label,
        value=text(value),
        limit=None if limit is None else text(limit),
        verdict=Verdict.PASS if passed else otherwise,
    )
