"""What a check of large gas ducts says and draws: agreement, profiles, the grid's test and its adjustments."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scenarios.record import Chart, Curve, Finding, Level
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.large_duct_gas_grid import Found
    from scenarios.large_duct_gas_plan import Plan
    from scenarios.record import Measurand, PointResult
    from scenarios.sheet import Sheet

PREFIX = "large_duct_gas."


class Words:
    """Hold the words of one check."""

    def __init__(self, sheet: Sheet, plan: Plan) -> None:
        """Take sheet and plan."""
        self.sheet, self.plan = sheet, plan
        self._text = catalogue("scenarios")

    def __getitem__(self, key: str) -> Text:
        """Return a text of this scenario."""
        return self._text[PREFIX + key]

    def measurand(self, item: str) -> Measurand | None:
        """Return what an item measures; None for the sheet's measurand."""
        return self.sheet.measurands.get(item)

    # -- traverses ----------------------------------------------------------------------------------------------------

    def agreement(self, name: str, point: PointResult) -> Finding:
        """Return whether meter and traverse agree: E_n, with the uncertainty that is claimed for the meter."""
        duct = self.plan.traverse.ducts[name]
        ratio = point.error.value / math.hypot(point.U, duct.claimed.to("%"))
        return _finding(
            self["agreement"].format(duct=duct.label),
            f"E_n = {ratio:+.2f}",
            "|E_n| ≤ 1",
            Verdict.PASS if abs(ratio) <= 1 else Verdict.FAIL,
        )

    def profile(self, name: str, seen: Sequence[tuple[int, float, float]]) -> Chart:
        """Draw the relative axial speeds of a duct along both diameters: the means of all traverses."""
        curves = []
        for port in (1, 2):
            places = sorted({r for p, r, _ in seen if p == port})
            means = []
            for place in places:
                values = [v for p, r, v in seen if p == port and r == place]
                means.append(sum(values) / len(values))
            curves.append(
                Curve(
                    name=self["diameter"].format(number=port),
                    x=tuple(places),
                    y=tuple(means),
                    style="line" if port == 1 else "points",
                )
            )
        return Chart(
            key=f"profile_{name}",
            title=self["profile"].format(duct=self.plan.traverse.ducts[name].label),
            x_label=self["place"],
            x_unit="1",
            y_label=self["speed"],
            y_unit="1",
            curves=tuple(curves),
        )

    # -- grid ---------------------------------------------------------------------------------------------------------

    def grid(self, found: Found) -> tuple[Finding, ...]:
        """Return the global test, the suspects, and what explains a contradiction."""
        grid = self.plan.grid
        first, p, limit = found.search.first, grid.p.value, grid.limit.value
        critical = first.critical(p)
        findings = [
            _finding(
                self["global_test"],
                self["chi_squared"].format(value=f"{first.chi_squared:.1f}", dof=first.degrees_of_freedom),
                f"≤ {critical:.1f}",
                Verdict.PASS if first.chi_squared <= critical else Verdict.CONDITIONAL,
            )
        ]
        suspects = first.suspects(limit)
        listed = "; ".join(f"{found.tags[i]} {first.standardised[i]:+.2f}" for i in suspects[:6])
        findings.append(
            _finding(
                self["suspects"],
                listed or self["none"],
                f"|v|/u(v) ≤ {limit:g}",
                Verdict.PASS if not suspects else Verdict.CONDITIONAL,
            )
        )
        for place in found.search.suspects:
            final = found.final
            apart = found.y[place] / final.values[place] - 1
            u = math.hypot(found.u[place], final.u[place]) / final.values[place]
            findings.append(
                _finding(
                    self["explained"].format(tag=Text(zh=found.tags[place], en=found.tags[place])),
                    self["deviation"].format(value=f"{100 * apart:+.1f}", U=f"{200 * u:.1f}"),
                    None,
                    Verdict.FAIL,
                )
            )
        if not found.search.explained:
            findings.append(_finding(self["unexplained"], f"χ² = {found.final.chi_squared:.1f}", None, Verdict.FAIL))
        return tuple(findings)

    def adjustments(self, found: Found) -> Chart:
        """Draw the standardised adjustment of every meter and analyser, with the limits beyond which it is suspect."""
        limit, first = self.plan.grid.limit.value, found.search.first
        numbers = tuple(float(i) for i in range(1, len(found.tags) + 1))
        return Chart(
            key="adjustments",
            title=self["adjustments"],
            x_label=self["number"],
            x_unit="1",
            y_label=self["standardised"],
            y_unit="1",
            curves=(Curve(name=self["adjustment"], x=numbers, y=tuple(first.standardised.tolist()), style="points"),),
            levels=(
                Level(name=Text(zh=f"+{limit:g}", en=f"+{limit:g}"), value=limit),
                Level(name=Text(zh=f"-{limit:g}", en=f"-{limit:g}"), value=-limit),
            ),
        )


def _finding(label: Text, value: str | Text, limit: str | None, verdict: Verdict) -> Finding:
    return Finding(
        label=label,
        value=value if isinstance(value, Text) else Text(zh=value, en=value),
        limit=None if limit is None else Text(zh=limit, en=limit),
        verdict=verdict,
    )
