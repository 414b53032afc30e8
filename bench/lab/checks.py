"""Intermediate checks (期间核查) of a standard: control charts, repeatability, stability, forecast of its drift."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from bench.errors import ConfigurationError
from bench.lab.coverage import comparable
from bench.lab.holding import line as plain
from scenarios.sheet import Prescribed, decode
from uncertainty.drift import Drift, fit_drift, leaves
from uncertainty.errors import InputError
from uncertainty.quantity import convert
from uncertainty.stability import Assessment, Chart, mean_and_s_chart, repeatability, stability

if TYPE_CHECKING:
    from bench.lab.models import CheckSeries, Standard


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Hold the rules of `rules.toml`."""

    repeatability_readings: Prescribed
    """Fewest readings of a repeatability test."""
    stability_groups: Prescribed
    """Fewest groups of the stability of a new standard."""
    stability_interval: Prescribed
    """Least time between two of them."""
    year_low: Prescribed
    """Age from which a check counts as last year's."""
    year_high: Prescribed
    """Age up to which it does."""
    chart_groups: Prescribed
    """Fewest checks from which control limits are drawn."""
    due_longest: Prescribed
    """Longest interval that a forecast proposes."""


@cache
def rules() -> Rules:
    """Return the rules."""
    return decode(tomllib.loads(files("bench.lab").joinpath("rules.toml").read_text(encoding="utf-8")), Rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Hold the state of a series of intermediate checks."""

    code: str
    """Short name of the series."""
    artifact: str
    """Check standard."""
    measurand: str
    """What is measured."""
    unit: str
    """Unit of everything below."""
    limit: float
    """|MPE| of the standard, or U of its correction."""
    corrected: bool
    """Whether the standard is used with corrections."""
    times: tuple[datetime, ...]
    """When the checks were made."""
    means: tuple[float, ...]
    """Mean of each check."""
    charts: tuple[Chart, Chart] | None
    """Charts of means and of standard deviations; None before there are enough checks of one size."""
    repeatability: Assessment | None
    """Standard deviation of the newest check against the budget's; None with too few readings."""
    stability: Assessment | None
    """Range of the means of the newest groups against the limit (new standard); None with too few groups."""
    year: Assessment | None
    """Newest mean against last year's (existing standard); None without a check of that age."""

    @property
    def alarms(self) -> tuple[int, ...]:
        """Return the places of the checks outside control limits, in either chart."""
        return () if self.charts is None else tuple(sorted({*self.charts[0].alarms, *self.charts[1].alarms}))

    @property
    def good(self) -> bool:
        """Return whether nothing that could be judged is wrong."""
        judged = (self.repeatability, self.stability, self.year)
        return not self.alarms and all(one is None or one.satisfied for one in judged)

    @property
    def judged(self) -> bool:
        """Return whether anything could be judged at all."""
        return self.charts is not None or any((self.repeatability, self.stability, self.year))


def check(series: CheckSeries, baseline: int | None = None) -> Checked:
    """Judge a series of intermediate checks.

    Args:
        series: the series, with its checks in order of time.
        baseline: how many of the first checks set the control limits; None for all.

    Raises:
        ConfigurationError: there is no check yet, or the baseline does not fit.
    """
    groups = [tuple(group.readings) for group in series.groups]
    if not groups:
        raise ConfigurationError("register", f"check {series.code}", "has no checks yet; enter one first")
    times = tuple(group.time for group in series.groups)
    means = tuple(sum(group) / len(group) for group in groups)
    one_size = len({len(group) for group in groups}) == 1
    charts: tuple[Chart, Chart] | None = None
    if one_size and len(groups) >= rules().chart_groups.value:
        try:
            charts = mean_and_s_chart(groups, baseline=baseline)
        except InputError as problem:
            raise ConfigurationError("register", f"check {series.code}", str(problem)) from None
    fewest = round(rules().repeatability_readings.value)
    newest = groups[-1]
    return Checked(
        code=series.code,
        artifact=series.artifact,
        measurand=series.measurand,
        unit=series.unit,
        limit=series.limit,
        corrected=series.corrected,
        times=times,
        means=means,
        charts=charts,
        repeatability=None if len(newest) < fewest else repeatability(newest, limit=series.repeatability, least=fewest),
        stability=_stability(times, means, series.limit),
        year=_year(times, means, series.limit),
    )


def _stability(times: tuple[datetime, ...], means: tuple[float, ...], limit: float) -> Assessment | None:
    """Judge the newest groups that lie far enough apart."""
    apart = timedelta(days=rules().stability_interval.to("day"))
    chosen: list[int] = []
    for place in reversed(range(len(times))):
        if not chosen or times[chosen[-1]] - times[place] >= apart:
            chosen.append(place)
    fewest = round(rules().stability_groups.value)
    if len(chosen) < fewest:
        return None
    return stability([means[place] for place in reversed(chosen[:fewest])], limit, least=fewest)


def _year(times: tuple[datetime, ...], means: tuple[float, ...], limit: float) -> Assessment | None:
    """Judge the newest check against the one nearest to a year before it."""
    low, high = (timedelta(days=rule.to("day")) for rule in (rules().year_low, rules().year_high))
    ages = {place: times[-1] - times[place] for place in range(len(times) - 1)}
    fitting = {place: age for place, age in ages.items() if low <= age <= high}
    if not fitting:
        return None
    last = min(fitting, key=lambda place: abs(fitting[place] - timedelta(days=365)))
    return stability([means[last], means[-1]], limit, least=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Hold the drift of a standard through its certificates, and the due date that follows from it."""

    serial: str
    """Serial number of the standard."""
    measurand: str
    """What drifts."""
    unit: str
    """Unit of everything below."""
    limit: float
    """Half-width of what is permitted around `reference`."""
    reference: float
    """0 for a standard used by its nominal value or class; its newest error for one used with corrections."""
    days: tuple[date, ...]
    """Dates of issue."""
    errors: tuple[float, ...]
    """Errors of the standard: its corrections with the opposite sign."""
    U: tuple[float, ...]
    """Expanded uncertainties (k = 2)."""
    drift: Drift
    """The line; its time runs in days from the first certificate."""
    due: date
    """Proposed due date: the last day on which the prediction interval lies within the limit."""
    capped: bool
    """Whether the longest permitted interval, not the drift, sets it."""
    present: date | None
    """Due date of the newest certificate."""

    def at(self, day: date) -> tuple[float, float]:
        """Return the predicted error on a day, and the half-width of its prediction interval."""
        return self.drift.predict((day - self.days[0]).days)


def forecast(
    standard: Standard, measurand: str, unit: str, limit: float, *, corrected: bool = False, p: float = 0.95
) -> Forecast:
    """Forecast the drift of a standard from its certificates.

    Args:
        standard: the standard.
        measurand: measurand of the lines that are followed.
        unit: unit of the limit.
        limit: |MPE| of a standard used by nominal value or class, U (k = 2) of the correction of one used with it.
        corrected: whether the newest correction is applied.
        p: coverage probability of the prediction interval.

    Raises:
        ConfigurationError: fewer than three certificates state the measurand, or a certificate states it more than
            once with different corrections.
    """
    where = f"standard {standard.serial}"
    days, errors, expanded, due = [], [], [], None
    for certificate in standard.certificates:
        lines = [line for line in certificate.lines if line.measurand == measurand]
        lines = [row for row in lines if comparable([plain(row)], unit)]
        if not lines:
            continue
        stated = {(convert(row.correction, row.unit, unit), convert(row.U, row.unit, unit) / row.k) for row in lines}
        if len(stated) > 1:
            why = f"states {measurand} {len(stated)} times; a forecast follows one value for each certificate"
            raise ConfigurationError("register", f"certificate {certificate.number}", why)
        correction, u = stated.pop()
        days.append(certificate.issued)
        errors.append(-correction)
        expanded.append(2 * u)
        due = certificate.due
    if not days:
        raise ConfigurationError("register", where, f"no certificate states {measurand!r} in a unit like {unit}")
    try:
        drift = fit_drift([(day - days[0]).days for day in days], errors, [U / 2 for U in expanded], p)
        start, longest = float((days[-1] - days[0]).days), rules().due_longest.to("day")
        reference = errors[-1] if corrected else 0.0
        when = leaves(drift, limit, start, longest, reference)
    except InputError as problem:
        raise ConfigurationError("register", where, str(problem)) from None
    return Forecast(
        serial=standard.serial,
        measurand=measurand,
        unit=unit,
        limit=limit,
        reference=reference,
        days=tuple(days),
        errors=tuple(errors),
        U=tuple(expanded),
        drift=drift,
        # A due date is the last day of use, so the day on which the limit is reached is too late.
        due=days[-1] + timedelta(days=longest if when is None else int(when - start)),
        capped=when is None,
        present=due,
    )


def moment(day: date) -> datetime:
    """Return a day as the moment at which a picture draws it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
