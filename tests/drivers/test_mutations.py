"""The campaign of damaged replies, in small: drivers refuse more than a parser does, and defences find the rest."""

from __future__ import annotations

from functools import cache

import pytest

from tests.torture import mutations
from tests.torture.mutations import CLASSES, Counts, Recorded

FRAMES = {
    "gas_chromatograph",
    "gas_comparator",
    "gas_diluter",
    "gas_historian",
    "gas_transmitters",
    "lda",
    "mfc_alicat",
    "mfc_thermal",
    "micromanometer",
    "nozzle_bank",
    "piston_prover",
    "probe_l_type",
    "pulse_counter",
    "pulse_timer",
    "rotary_stage",
    "stack_analyser",
    "stack_plant",
    "stack_team",
}
"""Drivers whose replies are frames of several values; one that joins them is to be looked at first."""


@cache
def recorded() -> dict[str, list[Recorded]]:
    return mutations.record(seed=1)


@cache
def table() -> dict[str, dict[str, Counts]]:
    return mutations.campaign(recorded(), 1000, seed=1)


def total(driver: str) -> Counts:
    merged = Counts()
    for counts in table()[driver].values():
        merged.merge(counts)
    return merged


def test_every_driver_takes_part_and_reads_its_own_true_replies() -> None:
    assert set(recorded()) | set(mutations.frames(recorded())) == set(mutations.modules())
    assert set(recorded()) >= {"power_source", "energy_standard", "gas_selector", "water_rig", "wind_tunnel"}
    assert set(mutations.frames(recorded())) <= FRAMES
    for replies in recorded().values():
        for reply in replies:
            assert mutations.ours(reply, reply.raw.encode("ascii") + b"\n") == reply.value


# Most replies of the power source carry a unit, which PyVISA's parser cannot read even when they are whole.
@pytest.mark.parametrize("driver", ["climate_logger", "dc_energy", "energy_standard"])
def test_a_driver_takes_fewer_wrong_values_than_a_parser(driver: str) -> None:
    counts = total(driver)
    assert 0 < counts.wrong["driver"] < counts.wrong["pyvisa"]


@pytest.mark.parametrize("driver", ["climate_logger", "dc_energy", "energy_standard", "power_source"])
def test_window_and_second_reading_leave_nearly_nothing(driver: str) -> None:
    counts = total(driver)
    assert counts.n >= 1000
    assert counts.wrong.get("window", 0) < 0.05 * counts.n
    assert counts.wrong.get("both", 0) < 0.01 * counts.n


def test_what_is_no_number_of_the_declared_form_is_never_taken() -> None:
    for kind in ("infinity or no number", "echo", "decimal comma", "unit added"):
        for driver, by_class in table().items():
            counts = by_class[kind]
            assert counts.refused.get("driver", 0) == counts.n, (driver, kind)


def test_without_its_template_a_driver_would_take_what_float_takes() -> None:
    """The template is what refuses: with one that lets everything through, the count rises to that of float()."""
    reply = next(r for r in recorded()["climate_logger"] if r.bound.declared.name == "temperature")
    damaged = reply.raw[:-1].encode("ascii") + b"\n"
    assert mutations.ours(reply, damaged) is None
    assert mutations.bare_float(reply, damaged) is not None


def test_the_same_seed_counts_the_same_and_every_class_has_its_turn() -> None:
    again = mutations.campaign(recorded(), 1000, seed=1)
    assert again == table()
    assert mutations.campaign(recorded(), 1000, seed=2) != again
    for kind in CLASSES:
        assert sum(by_class[kind].n for by_class in again.values()) > 0, kind


def test_the_page_names_every_driver_and_class() -> None:
    page = mutations.markdown(table(), recorded(), 1)
    assert all(f"## {driver}" in page for driver in table())
    assert all(f"| {kind} |" in page for kind in CLASSES)
