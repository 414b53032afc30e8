"""Audit: every entry of a journal that was edited, dropped, reordered, cut or hashed anew is named."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from typing import TYPE_CHECKING

import msgspec
import pytest
from measured_run import CHECKER, Laboratory, measured_run, write_run
from measured_run import measured_record as record_of

from bench.audit import HEADS, JOURNAL, Change, audit, sign_head
from bench.commands.audit import audit as command
from bench.journal import Journal, JournalError
from reports.errors import SealBroken, Untrusted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("keys") / "keys")


@pytest.fixture
def journal(tmp_path: Path, laboratory: Laboratory) -> Path:
    return measured_run(tmp_path / "run", laboratory) / JOURNAL


def raw(path: Path, *statements: str) -> None:
    """Change a journal as somebody with the file can."""
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER IF EXISTS entry_is_never_changed")
    base.execute("DROP TRIGGER IF EXISTS entry_is_never_dropped")
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()


def rehash(path: Path) -> None:
    """Number the entries anew and compute the whole chain anew, as somebody who knows this program can."""
    base = sqlite3.connect(path)
    base.execute("DROP TRIGGER IF EXISTS entry_is_never_changed")
    rows = base.execute("SELECT sequence, time_s, kind, step, payload FROM entry ORDER BY sequence").fetchall()
    before = ""
    for number, (sequence, *rest) in enumerate(rows, 1):
        before = hashlib.sha256(msgspec.json.encode([before, number, *rest])).hexdigest()
        base.execute("UPDATE entry SET sequence = ?, digest = ? WHERE sequence = ?", (number, before, sequence))
    base.commit()
    base.close()


def found(path: Path, laboratory: Laboratory | None) -> list[tuple[Change, int]]:
    return [(f.change, f.entry) for f in audit(path, None if laboratory is None else laboratory.trust).faults]


def test_a_whole_journal_is_whole_and_covered(journal: Path, laboratory: Laboratory) -> None:
    seen = audit(journal, laboratory.trust)
    assert seen.whole and seen.covered == len(seen.entries) > 4
    with Journal(journal) as opened:
        assert opened.verify() == (len(seen.entries), seen.digest)


def test_an_audit_touches_nothing(journal: Path, laboratory: Laboratory) -> None:
    before = {p.name: p.read_bytes() for p in journal.parent.iterdir()}
    audit(journal, laboratory.trust)
    assert {p.name: p.read_bytes() for p in journal.parent.iterdir()} == before


@pytest.mark.parametrize("column", ["payload", "step", "kind", "time_s", "digest"])
@pytest.mark.parametrize("entry", [1, 3, "last"])
def test_an_edited_entry_is_named(journal: Path, laboratory: Laboratory, column: str, entry: int | str) -> None:
    count = len(audit(journal, None).entries)
    place = count if entry == "last" else int(entry)
    value = {"time_s": "time_s + 0.5", "digest": "substr(digest, 2) || '0'"}.get(column, f"{column} || ' '")
    raw(journal, f"UPDATE entry SET {column} = {value} WHERE sequence = {place}")
    for trust in (None, laboratory):
        changes = found(journal, trust)
        # A changed digest also breaks the entry behind it, which names it.
        assert changes[0] == (Change.EDITED, place)
        assert {e for _, e in changes} <= {place, place + 1}


def test_every_edited_entry_is_named_not_only_the_first(journal: Path) -> None:
    raw(journal, "UPDATE entry SET payload = payload || ' ' WHERE sequence IN (2, 4)")
    assert found(journal, None) == [(Change.EDITED, 2), (Change.EDITED, 4)]


def test_a_dropped_entry_is_named(journal: Path, laboratory: Laboratory) -> None:
    raw(journal, "DELETE FROM entry WHERE sequence = 3")
    assert found(journal, None) == [(Change.DROPPED, 3)]
    assert found(journal, laboratory) == [(Change.DROPPED, 3)]


def test_the_dropped_beginning_is_named(journal: Path) -> None:
    raw(journal, "DELETE FROM entry WHERE sequence = 1")
    assert found(journal, None) == [(Change.DROPPED, 1)]


def test_swapped_entries_are_named(journal: Path, laboratory: Laboratory) -> None:
    swap = [f"UPDATE entry SET sequence = {b} WHERE sequence = {a}" for a, b in ((2, 99), (4, 2), (99, 4))]
    raw(journal, *swap)
    changes = found(journal, laboratory)
    assert changes == [(Change.REORDERED, 2), (Change.REORDERED, 4)]


@pytest.mark.parametrize("count", [1, 3])
def test_a_cut_tail_needs_the_signed_head(journal: Path, laboratory: Laboratory, count: int) -> None:
    last = len(audit(journal, None).entries)
    raw(journal, f"DELETE FROM entry WHERE sequence > {last - count}")
    assert found(journal, None) == []
    assert found(journal, laboratory) == [(Change.CUT, n) for n in range(last - count + 1, last + 1)]


@pytest.mark.parametrize("entry", [1, 2, 5])
def test_a_chain_that_was_computed_anew_needs_the_signed_head_and_its_entry_is_named(
    journal: Path, laboratory: Laboratory, entry: int
) -> None:
    raw(journal, f"UPDATE entry SET time_s = time_s + 0.25 WHERE sequence = {entry}")
    rehash(journal)
    assert found(journal, None) == []
    with Journal(journal) as opened:
        opened.verify()
    assert found(journal, laboratory) == [(Change.REHASHED, entry)]


def test_a_dropped_entry_in_a_chain_computed_anew_is_named(journal: Path, laboratory: Laboratory) -> None:
    last = len(audit(journal, None).entries)
    raw(journal, "DELETE FROM entry WHERE sequence = 3")
    rehash(journal)
    assert found(journal, laboratory) == [(Change.REHASHED, 3), (Change.CUT, last)]


def test_entries_behind_the_head_are_not_covered(journal: Path, laboratory: Laboratory) -> None:
    with Journal(journal) as opened:
        opened.append("reading", "later", 1e6, {})
    seen = audit(journal, laboratory.trust)
    assert seen.whole and seen.covered == len(seen.entries) - 1
    sign_head(journal, laboratory.key("bench-1"), laboratory.trust, "end")
    seen = audit(journal, laboratory.trust)
    assert seen.covered == len(seen.entries) and len(seen.heads) == 2


def test_every_byte_of_the_heads_counts(journal: Path, laboratory: Laboratory) -> None:
    heads, generator = journal.with_name(HEADS), random.Random(5)
    whole = heads.read_bytes()
    for place in generator.sample(range(len(whole)), 200):
        edited = bytearray(whole)
        edited[place] ^= 1 << generator.randrange(8)
        heads.write_bytes(edited)
        assert found(journal, laboratory)[0][0] is Change.UNREADABLE, place


def test_a_head_of_another_run_is_found(journal: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    other = measured_run(tmp_path / "other", laboratory, record_of("20261122-CCCCCCCC"))
    shutil.copy(other / HEADS, journal.parent)
    assert found(journal, laboratory) == [(Change.REHASHED, 1)]


def test_only_a_bench_signs_a_head_and_only_of_a_whole_journal(laboratory: Laboratory, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", record_of())
    with pytest.raises(Untrusted, match="does not name the role 'bench'"):
        sign_head(run / JOURNAL, laboratory.key(CHECKER), laboratory.trust, "end")
    raw(run / JOURNAL, "UPDATE entry SET time_s = 3 WHERE sequence = 2")
    with pytest.raises(JournalError, match=r"entry 2 .* was edited"):
        sign_head(run / JOURNAL, laboratory.key("bench-1"), laboratory.trust, "end")
    assert not (run / HEADS).exists()


def test_a_statement_by_a_person_is_no_head(journal: Path, laboratory: Laboratory) -> None:
    from bench.signing.statements import sign

    body = audit(journal, laboratory.trust).heads[0].body
    journal.with_name(HEADS).write_bytes(sign("head", body, laboratory.key(CHECKER)))
    change = audit(journal, laboratory.trust).faults[0]
    assert change.change is Change.UNREADABLE and "'bench'" in change.where
    with pytest.raises(SealBroken, match="is no head"):
        from bench.audit import _heads

        journal.with_name(HEADS).write_bytes(sign("head", {}, laboratory.key("bench-1")))
        _heads(journal.with_name(HEADS), laboratory.trust)


def test_every_single_byte_of_a_committed_row_counts(journal: Path, laboratory: Laboratory) -> None:
    """Flip a bit in the cells that hold the rows: the file either cannot be read or the entry is named."""
    with Journal(journal) as opened:
        payload = next(e.payload for e in opened.entries() if e.kind == "reading")
    data, generator = journal.read_bytes(), random.Random(11)
    start = data.index(payload.encode()[:40])
    for place in generator.sample(range(start, start + len(payload)), 60):
        edited = bytearray(data)
        edited[place] ^= 1 << generator.randrange(8)
        journal.write_bytes(edited)
        assert not audit(journal, laboratory.trust).whole, place


# ---------------------------------------------------------------- the command


def run_command(*arguments: str) -> int:
    import typer

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    code = app(list(arguments), standalone_mode=False)
    return code if isinstance(code, int) else 0


def test_the_command_names_the_entry_and_fails(
    journal: Path, laboratory: Laboratory, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["--keys", str(laboratory.folder), "--lang", "en"]
    assert run_command(str(journal.parent), *keys) == 0
    assert "whole: " in capsys.readouterr().out
    raw(journal, "UPDATE entry SET payload = '{}' WHERE sequence = 3")
    assert run_command(str(journal.parent.parent), *keys) == 1
    assert "entry 3 (reading" in capsys.readouterr().out


def test_the_command_signs_and_says_what_is_not_covered(
    laboratory: Laboratory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", record_of())
    (tmp_path / "password").write_text("test-only-password\n")
    assert run_command(str(run), "--keys", str(tmp_path / "none"), "--lang", "en") == 0
    assert "no signed head covers all entries" in capsys.readouterr().out
    keys = ["--keys", str(laboratory.folder), "--password-file", str(tmp_path / "password")]
    assert run_command(str(run), *keys, "--sign", "bench-1") == 0
    assert audit(run / JOURNAL, laboratory.trust).covered > 0


def test_a_folder_without_a_journal_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no journal"):
        run_command(str(tmp_path))
