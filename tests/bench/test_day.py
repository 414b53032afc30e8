"""A day's batch on shared resources, against days that can be worked out by hand."""

from __future__ import annotations

import pytest

from bench.day import Day, Job, simulate
from bench.errors import ConfigurationError
from scenarios.procedure import Step
from uncertainty.text import Text


def step(name: str, duration_s: float, *holds: str) -> Step:
    return Step(name=Text(zh=name, en=name), duration_s=duration_s, holds=holds)


def jobs(count: int, *steps: Step) -> list[Job]:
    return [Job(name=f"meter {n}", steps=steps) for n in range(1, count + 1)]


MEASURE = (
    step("mount", 600, "line", "technician"),
    step("weigh", 1200, "line", "balance"),
    step("dismount", 300, "line"),
)


def bars(day: Day, job: str) -> list[tuple[str, float, float]]:
    return [(bar.step.en, bar.begin_s, bar.end_s) for bar in day.bars if bar.job == job]


def test_one_device_alone_waits_for_nothing() -> None:
    day = simulate(jobs(1, *MEASURE), {"line": 1, "technician": 1, "balance": 1}, 8 * 3600)
    assert bars(day, "meter 1") == [("mount", 0, 600), ("weigh", 600, 1800), ("dismount", 1800, 2100)]
    assert day.makespan_s == 2100
    assert day.bottleneck is None
    assert day.utilisation == {"line": 1.0, "technician": 600 / 2100, "balance": 1200 / 2100}


def test_two_lines_and_one_balance() -> None:
    """The second meter is mounted meanwhile and stays in its line while it waits for the balance."""
    day = simulate(jobs(2, *MEASURE), {"line": 2, "technician": 1, "balance": 1}, 8 * 3600)
    assert bars(day, "meter 2") == [("mount", 600, 1200), ("weigh", 1800, 3000), ("dismount", 3000, 3300)]
    assert day.waiting_s == {"line": 0, "technician": 600, "balance": 600}
    assert day.utilisation["line"] == pytest.approx((2100 + 2700) / (2 * 3300))


def test_a_second_balance_helps_and_the_day_counts_what_was_finished_in_it() -> None:
    short = simulate(jobs(6, *MEASURE), {"line": 6, "technician": 6, "balance": 1}, 3600.0)
    better = simulate(jobs(6, *MEASURE), {"line": 6, "technician": 6, "balance": 2}, 3600.0)
    assert short.bottleneck == "balance"
    assert better.makespan_s < short.makespan_s
    assert (short.finished, better.finished) == (2, 4)


def test_who_comes_later_begins_later() -> None:
    late = Job(name="late", steps=MEASURE, arrival_s=5000.0)
    day = simulate([*jobs(1, *MEASURE), late], {"line": 1, "technician": 1, "balance": 1}, 8 * 3600)
    assert bars(day, "late")[0] == ("mount", 5000, 5600)
    assert day.turnaround_s == 2100


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"resources\.balance: missing; 'weigh' needs it"):
        simulate(jobs(1, *MEASURE), {"line": 1, "technician": 1}, 3600)
    with pytest.raises(ConfigurationError, match="at least one"):
        simulate([], {"line": 1}, 3600)
    with pytest.raises(ConfigurationError, match="at least 1"):
        simulate(jobs(1, *MEASURE), {"line": 0, "technician": 1, "balance": 1}, 3600)


def test_nobody_holds_the_one_while_waiting_for_the_other() -> None:
    """The second meter's technician does not stand at a line that is not free: the third meter uses the time."""
    small = Job(name="small", steps=(step("look", 100, "technician"),))
    day = simulate([*jobs(2, *MEASURE), small], {"technician": 1, "line": 1, "balance": 1}, 8 * 3600)
    assert bars(day, "small") == [("look", 600, 700)]
    assert bars(day, "meter 2")[0] == ("mount", 2100, 2700)


def test_devices_that_wait_for_each_other_are_named() -> None:
    one = Job(name="one", steps=(step("a", 10, "line"), step("b", 10, "line", "balance")))
    two = Job(name="two", steps=(step("a", 10, "balance"), step("b", 10, "balance", "line")))
    with pytest.raises(ConfigurationError, match="one, two wait for each other"):
        simulate([one, two], {"line": 1, "balance": 1}, 3600)
