"""The batch of a day: from a file or from options, with the steps of the procedures themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bench import cli
from bench.batch import jobs, length_s, read, resources_of
from bench.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

DAY = """
day = { value = 7.5, unit = "h" }

[resources]
rig = 2
person = 2

[[devices]]
system = "water_flow"
count = 3
every = { value = 30, unit = "min" }

[[devices]]
system = "water_flow"
first = { value = 10, unit = "min" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "day.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_devices_queue_as_they_arrive_and_what_is_not_named_is_there_once(tmp_path: Path) -> None:
    batch = read(written(tmp_path, DAY))
    queue = jobs(batch, tmp_path)
    assert [(job.name, job.arrival_s) for job in queue] == [
        ("water_flow 1", 0),
        ("water_flow 4", 600),
        ("water_flow 2", 1800),
        ("water_flow 3", 3600),
    ]
    assert resources_of(batch, queue) == {"rig": 2, "person": 2, "balance": 1}
    assert length_s(batch) == 27000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rig = 2", "rigg = 2", "resources.rigg: no step holds it; the steps hold"),
        ('"h" }', '"m" }', "day: "),
        ("count = 3", "count = 0", r"devices\[0\].count: 0; give at least 1"),
        ("count = 3", "cuont = 3", "cuont"),
        ('"water_flow"\ncount', '"dc_energy"\ncount', "dc_energy: this system does not say its steps"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        batch = read(written(tmp_path, DAY.replace(old, new)))
        resources_of(batch, jobs(batch, tmp_path))
        length_s(batch)


def test_the_command_plans_a_file_and_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, DAY)
    assert cli.run(["plan", "--batch", "day.toml", "--lang", "en", "--out", "plan"]) == 0
    assert "4 of 4 devices within 7.5 h" in capsys.readouterr().out
    assert (tmp_path / "plan/plan.png").stat().st_size > 10_000
    day = msgspec.json.decode((tmp_path / "plan/plan.json").read_bytes())
    assert day["finished"] == 4
    assert 0 < day["utilisation"]["rig"] <= 1


@pytest.mark.parametrize(
    "arguments", [["plan"], ["plan", "water_flow", "--batch", "x.toml"], ["plan", "--batch", "no.toml"]]
)
def test_half_a_command_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
