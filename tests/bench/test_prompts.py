"""What a person answers: choices and numbers, from the terminal or a file, kept with who and when."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bench.catalogue import find
from bench.errors import ConfigurationError
from bench.journal import Journal
from bench.operators import AnswersFile, Person, Simulation
from bench.runs import Order, execute
from bench.station import Station
from scenarios.procedure import Prompt
from uncertainty.text import Text

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = Text(zh="读数", en="Reading")
NUMBER = Prompt(key="device/MEAS?", question=QUESTION, unit="kWh", low=0, high=100, decimals=3)
CHOICE = Prompt(key="appearance", question=QUESTION)


@pytest.mark.parametrize("answer", ["1.234", "0.000", "100.000", "+5.000"])
def test_a_number_that_can_be_right_is_taken(answer: str) -> None:
    assert NUMBER.refusal(answer) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("1.23", "give a number with 3 decimals in kWh"),
        ("1,234", "give a number with 3 decimals in kWh"),
        ("nan", "give a number with 3 decimals in kWh"),
        ("", "give a number with 3 decimals in kWh"),
        ("100.001", "lies outside of 0 to 100 kWh"),
        ("-0.001", "lies outside of 0 to 100 kWh"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_with_the_reason(answer: str, why: str) -> None:
    assert NUMBER.refusal(answer) == why


def test_a_person_is_asked_again_until_the_answer_can_be_right() -> None:
    typed = iter(["maybe", "  fail "])
    reasons: list[str | None] = []

    def ask(prompt: Prompt, refusal: str | None) -> str:
        reasons.append(refusal)
        return next(typed)

    assert Person(ask=ask, name="p").answer(CHOICE) == "fail"
    assert reasons == [None, "answer pass or fail"]


def test_a_file_answers_repeated_readings_in_order(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('appearance = "pass"\n"MEAS?" = ["1.000", "2.000"]\n', encoding="utf-8")
    answers = AnswersFile.read(path)
    assert [answers.answer(NUMBER) for _ in range(3)] == ["1.000", "2.000", "2.000"]
    assert answers.answer(CHOICE) == "pass"
    with pytest.raises(ConfigurationError, match="other: missing; answer pass or fail"):
        answers.answer(Prompt(key="other", question=QUESTION))


@pytest.mark.parametrize("text", ["x = 1", "x = []", "x = [1]", "x ="])
def test_a_file_of_anything_but_texts_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"answers\.toml: "):
        AnswersFile.read(path)


def test_a_simulation_reads_no_display() -> None:
    with pytest.raises(ConfigurationError, match="give --answers FILE"):
        Simulation().answer(NUMBER)


def test_a_meter_without_an_interface_is_read_by_a_person(tmp_path: Path) -> None:
    """The register check by hand: the twin's own display is copied, as a technician would, with who and when kept."""
    system = find("dc_energy")
    description: dict[str, Any] = copy.deepcopy(system.sheet.station)
    description["roles"]["device"] = "OPERATOR"
    del description["resources"]["GPIB0::7::INSTR"]
    station = Station.from_dict(description, source="test")
    worlds: list[Any] = []
    build = station.build

    class Watched:
        """Let the person at the bench look at the meter's display."""

        def __getattr__(self, name: str) -> Any:
            return getattr(station, name)

        def build(self, *arguments: Any, **options: Any) -> Any:
            worlds.append(build(*arguments, **options))
            return worlds[0]

    def look(prompt: Prompt, refusal: str | None) -> str:
        if prompt.unit is None:
            return "pass"
        return f"{worlds[0].twin('meter').import_display():.3f}"

    with Journal(tmp_path / "journal.sqlite") as journal:
        record = execute(
            system,
            Watched(),  # type: ignore[arg-type]
            Order(seed=4, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000),
            Person(ask=look, name="Person One"),
            lambda number: journal,
        ).record
        typed = [entry for entry in journal.entries() if entry.kind == "typed"]
    (register,) = (item for item in record.items if item.key == "register")
    (point,) = register.points
    answers = [msgspec.json.decode(entry.payload)["answer"] for entry in typed]
    used = [reading.raw for reading in point.readings if reading.instrument == "device"]
    assert len(used) >= 2 and set(used) <= set(answers)
    assert {msgspec.json.decode(entry.payload)["by"] for entry in typed} == {"Person One"}
    assert [entry.step for entry in typed] == [f"device/MEAS:ENER:IMP?/{n}" for n in range(1, len(typed) + 1)]
    assert typed[0].time_s < typed[-1].time_s
    assert abs(point.error.value - 0.1) < 0.3
    assert record.device.simulated, "its nameplate says TWIN: a person who reads a twin reads no real meter"
