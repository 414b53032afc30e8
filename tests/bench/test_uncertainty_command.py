"""`caltwin uncertainty` as a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.testing import CliRunner

from bench.commands.uncertainty import uncertainty
from uncertainty.file import BudgetFileError

if TYPE_CHECKING:
    import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "uncertainty" / "power.toml"


def app() -> typer.Typer:
    made = typer.Typer()
    made.command("uncertainty")(uncertainty)
    return made


def test_the_table_is_printed_and_the_reports_are_written(tmp_path: Path) -> None:
    asked = [str(EXAMPLE), "--out", str(tmp_path), "--lang", "en", "-f", "csv", "-f", "md"]
    result = CliRunner().invoke(app(), asked)
    assert result.exit_code == 0, result.output
    assert "Result: P = (" in result.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"power.csv", "power.md"}


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app(), [str(EXAMPLE), "--lang", "zh"])
    assert result.exit_code == 0, result.output
    assert "测量模型" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_bad_file_raises_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app(), [str(tmp_path / "none.toml")])
    assert isinstance(result.exception, BudgetFileError)
    assert "\n" not in str(result.exception)
