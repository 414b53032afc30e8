"""A new system is four files beside the others, and no edit anywhere: shown by adding one to a copy of the house."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.record import from_json
from uncertainty.conformity import Verdict

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("bench", "instruments", "drivers", "scenarios", "uncertainty", "reports")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the house and put the four files into it."""
    copy = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyvisa_caltwin.py", copy)
    added = [path for path in (Path(__file__).parent / "toy_system").rglob("toy_*") if path.is_file()]
    assert sorted(path.parent.name for path in added) == ["drivers", "instruments", "scenarios", "systems"]
    for path in added:
        shutil.copy(path, copy / path.relative_to(Path(__file__).parent / "toy_system"))
    return copy


def caltwin(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=house,
        env=os.environ | {"PYTHONPATH": str(house), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_catalogue_finds_it(house: Path) -> None:
    listed = caltwin(house, "list")
    assert listed.returncode == 0, listed.stderr
    assert "toy_thermometer" in listed.stdout


def test_it_runs_from_bytes_to_certificate(house: Path) -> None:
    done = caltwin(house, "verify", "toy_thermometer", "--out", "toy")
    assert done.returncode == 0, done.stderr
    record = from_json((house / "toy/record.json").read_bytes())
    (point,) = record.items[0].points
    assert record.verdict is Verdict.PASS
    assert record.duration_s > 3600
    assert abs(point.error.value - 0.12) <= point.U
    for document in ("certificate.pdf", "certificate.html", "dcc.xml"):
        assert (house / "toy" / document).stat().st_size > 1000


def test_its_campaign_covers(house: Path) -> None:
    done = caltwin(house, "campaign", "toy_thermometer", "--runs", "200", "--workers", "1", "--out", "toy-campaign")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (house / "toy-campaign/coverage.png").stat().st_size > 1000
