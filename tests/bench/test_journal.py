"""The journal on a real SQLite file: append-only, chained, durable."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bench.journal import Journal, JournalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal(tmp_path / "journal.sqlite") as journal:
        for number in range(5):
            journal.append("reading", f"point/{number}", 0.5 * number, {"value": number})
    return tmp_path / "journal.sqlite"


def raw(path: Path, *statements: str) -> None:
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER IF EXISTS entry_is_never_changed")
    base.execute("DROP TRIGGER IF EXISTS entry_is_never_dropped")
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()


def test_entries_come_back_in_order(path: Path) -> None:
    with Journal(path) as journal:
        assert [(e.sequence, e.step, e.payload) for e in journal.entries()] == [
            (n + 1, f"point/{n}", f'{{"value":{n}}}') for n in range(5)
        ]
        assert journal.verify()[0] == 5


def test_a_journal_goes_on_where_it_was(path: Path) -> None:
    with Journal(path) as journal:
        journal.append("reading", "point/5", 9.0, {"value": 5})
    with Journal(path) as journal:
        assert journal.verify()[0] == 6


def test_the_same_step_twice_is_refused(path: Path) -> None:
    with Journal(path) as journal, pytest.raises(JournalError, match="reading 'point/3'"):
        journal.append("reading", "point/3", 9.0, {"value": 3})


@pytest.mark.parametrize("statement", ["UPDATE entry SET payload = '{}'", "DELETE FROM entry"])
def test_sql_cannot_change_it(path: Path, statement: str) -> None:
    base = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute(statement)
    base.close()


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["""UPDATE entry SET payload = '{"value":9}' WHERE sequence = 3"""], "entry 3"),
        (["UPDATE entry SET time_s = 7 WHERE sequence = 2"], "entry 2"),
        (["DELETE FROM entry WHERE sequence = 2"], "entry 3"),
        (
            [
                "UPDATE entry SET sequence = 99 WHERE sequence = 2",
                "UPDATE entry SET sequence = 2 WHERE sequence = 3",
                "UPDATE entry SET sequence = 3 WHERE sequence = 99",
            ],
            "entry 2",
        ),
    ],
)
def test_an_edited_dropped_or_reordered_entry_is_named(path: Path, statements: list[str], named: str) -> None:
    raw(path, *statements)
    with pytest.raises(JournalError, match=named):
        Journal(path)


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 40, encoding="utf-8")
    with pytest.raises(JournalError, match=r"notes\.txt: file is not a database"):
        Journal(path)


def test_what_append_returned_from_survives_a_kill(tmp_path: Path) -> None:
    """A child appends until it kills itself without warning; every acknowledged entry is there afterwards."""
    path = tmp_path / "journal.sqlite"
    program = """
        import os, signal, sys
        from pathlib import Path
        from bench.journal import Journal
        journal = Journal(Path(sys.argv[1]))
        for number in range(40):
            journal.append("reading", f"{number}", 0.0, number)
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
        os._exit(9)
    """
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert child.returncode == 9, child.stderr
    with Journal(path) as journal:
        assert [entry.step for entry in journal.entries()] == child.stdout.split()
