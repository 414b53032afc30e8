"""The small form of `python -m tests.torture.journal`: torn journals open as a valid prefix or are refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.torture import journal as torture


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> torture.Files:
    return torture.prepare(tmp_path_factory.mktemp("source"))


def test_torn_journals_open_as_a_valid_prefix_or_are_refused(files: torture.Files, tmp_path: Path) -> None:
    score = torture.torture(files, tmp_path, 300, seed=20261122)
    assert score.bad == []
    assert score.refused > 20 and score.found > 150
    assert 20 < sum(count for length, count in score.opened.items() if 0 < length < torture.ENTRIES)


def test_the_untouched_files_open_whole(files: torture.Files, tmp_path: Path) -> None:
    score = torture.Score()
    (tmp_path / "journal.sqlite").write_bytes(files.main)
    (tmp_path / "journal.sqlite-wal").write_bytes(files.log)
    (tmp_path / "journal.heads.jsonl").write_bytes(files.heads)
    torture._audit(tmp_path / "journal.sqlite", files, score, "")
    torture._open(tmp_path / "journal.sqlite", files, score, "")
    assert (score.bad, score.found, dict(score.opened)) == ([], 0, {torture.ENTRIES: 1})


def test_a_journal_that_believes_what_it_reads_is_seen(
    files: torture.Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the chain, garbled rows would pass for readings: the torture must see it."""
    monkeypatch.setattr("bench.journal.Journal.verify", lambda self: (0, ""))
    score = torture.torture(files, tmp_path, 150, seed=3)
    assert score.bad
