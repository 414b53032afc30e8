"""Cut, zero and garble the files of a journal, and see that each state opens as a valid prefix or is refused by name.

    python -m tests.torture.journal --states 10000 [--seed 1]

The journal is that of a run that was killed: part of it in the main file, part in the write-ahead log. Each state is
opened twice: as a run that is taken up again would open it (`Journal`), and by the audit with the signed head. A state
is bad if it opens with an entry that was never written, if it fails with anything but a refusal that names the file, or
if the audit calls a journal whole and covered that lacks an entry.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.audit import HEADS, JOURNAL, audit, sign_head
from bench.journal import Journal, JournalError
from bench.signing.keys import Role, new_authority, new_key, open_key, read_trust
from reports.seal import Trust

if TYPE_CHECKING:
    from collections.abc import Callable


ENTRIES = 80
"""Entries of the journal that is tortured."""
CHECKPOINTED = 30
"""Entries that lie in the main file; the rest lies in the write-ahead log."""
PASSWORD = "test-only-password"
PAGE, FRAME_HEAD, LOG_HEAD = 4096, 24, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Hold a journal's files as a kill left them."""

    main: bytes
    """The main file."""
    log: bytes
    """The write-ahead log."""
    heads: bytes
    """The signed heads."""
    rows: tuple[tuple[object, ...], ...]
    """What was written."""
    trust: Trust
    """Who signed the head."""


@dataclass(slots=True, kw_only=True)
class Score:
    """Count what became of the states."""

    opened: Counter[int] = field(default_factory=Counter)
    """Number of entries -> states that opened with them."""
    refused: int = 0
    """States that were refused by name."""
    found: int = 0
    """Changed states that the audit with the signed head found."""
    bad: list[str] = field(default_factory=list)
    """What should not have happened."""


def prepare(folder: Path) -> Files:
    """Write a journal, sign its head, and take its files away before it is closed."""
    keys, path = folder / "keys", folder / JOURNAL
    now = datetime.now(UTC) - timedelta(hours=1)
    new_authority(keys, "Test Laboratory", PASSWORD, now=now)
    new_key(keys, "bench", [Role.BENCH], PASSWORD, PASSWORD, now=now)
    beginning = {"number": "SIM-1", "realtime": False, "sheet": "", "station": {}, "devices": {}, "equipment": []}
    with Journal(path) as journal:
        journal.append("begin", "run", 0.0, beginning)
        for n in range(ENTRIES - 2):
            if n == CHECKPOINTED:
                base = sqlite3.connect(path)
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                base.close()
            journal.append("reading", f"point/{n}", 0.5 * n, {"raw": f"{n:+.6E}", "pad": "x" * (37 * n % 300)})
        journal.append("end", "run", 99.0, {"verdict": "pass"})
        sign_head(path, open_key(keys, "bench", PASSWORD), read_trust(keys), "end")
        main, log = path.read_bytes(), path.with_name(f"{JOURNAL}-wal").read_bytes()
        rows = tuple((e.sequence, e.time_s, e.kind, e.step, e.payload, e.digest) for e in journal.entries())
    heads = path.with_name(HEADS).read_bytes()
    return Files(main=main, log=log, heads=heads, rows=rows, trust=read_trust(keys))


def _cut(data: bytes, generator: random.Random) -> bytes:
    return data[: generator.randrange(len(data))]


def _cut_at_boundary(data: bytes, generator: random.Random) -> bytes:
    size = PAGE + FRAME_HEAD if len(data) % PAGE else PAGE
    head = LOG_HEAD if len(data) % PAGE else 0
    return data[: head + size * generator.randrange((len(data) - head) // size + 1)]


def _zero(data: bytes, generator: random.Random) -> bytes:
    begin = generator.randrange(len(data))
    length = min(generator.choice((1, 16, 512, PAGE, 5 * PAGE)), len(data) - begin)
    return data[:begin] + bytes(length) + data[begin + length :]


def _zero_tail(data: bytes, generator: random.Random) -> bytes:
    begin = generator.randrange(len(data))
    return data[:begin] + bytes(len(data) - begin)


def _garble(data: bytes, generator: random.Random) -> bytes:
    begin = generator.randrange(len(data))
    length = min(generator.choice((1, 4, 64, 512, PAGE)), len(data) - begin)
    return data[:begin] + generator.randbytes(length) + data[begin + length :]


def _flip(data: bytes, generator: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 8))):
        changed[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _swap_blocks(data: bytes, generator: random.Random) -> bytes:
    size = PAGE + FRAME_HEAD if len(data) % PAGE else PAGE
    head = LOG_HEAD if len(data) % PAGE else 0
    count = (len(data) - head) // size
    if count < 2:
        return _flip(data, generator)
    first, second = sorted(generator.sample(range(count), 2))
    blocks = [data[head + n * size : head + (n + 1) * size] for n in range(count)]
    blocks[first], blocks[second] = blocks[second], blocks[first]
    return data[:head] + b"".join(blocks) + data[head + count * size :]


def _empty(data: bytes, generator: random.Random) -> bytes:
    return b""


CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": _cut,
    "cut at a boundary": _cut_at_boundary,
    "zero": _zero,
    "zero to the end": _zero_tail,
    "garble": _garble,
    "flip": _flip,
    "swap": _swap_blocks,
    "empty": _empty,
}
"""What is done to a file."""
RARE = {"empty"}
"""Changes with one outcome only: tried now and then."""


def torture(files: Files, folder: Path, states: int, seed: int) -> Score:
    """Make states of the files and open each."""
    generator, score = random.Random(seed), Score()
    names = [name for name in CHANGES if name not in RARE] * 5 + list(RARE)
    for state in range(states):
        name, target = generator.choice(names), generator.choice(("main", "log", "log", "both"))
        main, log = files.main, files.log
        if target in ("main", "both"):
            main = CHANGES[name](main, generator)
        if target in ("log", "both"):
            log = CHANGES[name](log, generator)
        path = folder / JOURNAL
        for file in folder.glob(f"{JOURNAL}*"):
            file.unlink()
        path.write_bytes(main)
        path.with_name(f"{JOURNAL}-wal").write_bytes(log)
        path.with_name(HEADS).write_bytes(files.heads)
        where = f"state {state}: {name} of {target}"
        _audit(path, files, score, where)
        _open(path, files, score, where)
    return score


def _open(path: Path, files: Files, score: Score, where: str) -> None:
    try:
        with Journal(path) as journal:
            rows = tuple((e.sequence, e.time_s, e.kind, e.step, e.payload, e.digest) for e in journal.entries())
    except JournalError as refusal:
        if str(path) not in str(refusal):
            score.bad.append(f"{where}: the refusal does not name the file: {refusal}")
        score.refused += 1
    except Exception as problem:
        score.bad.append(f"{where}: {type(problem).__name__}: {problem}")
    else:
        score.opened[len(rows)] += 1
        if rows != files.rows[: len(rows)]:
            score.bad.append(f"{where}: opened with {len(rows)} entries that are no prefix")


def _audit(path: Path, files: Files, score: Score, where: str) -> None:
    try:
        seen = audit(path, files.trust)
    except Exception as problem:
        score.bad.append(f"{where}: audit: {type(problem).__name__}: {problem}")
        return
    rows = tuple((e.sequence, e.time_s, e.kind, e.step, e.payload, e.digest) for e in seen.entries)
    if seen.whole and (rows != files.rows or seen.covered != len(files.rows)):
        score.bad.append(f"{where}: the audit calls {len(rows)} entries whole")
    score.found += not seen.whole


def main() -> int:
    """Torture a journal and print the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    begin = perf_counter()
    with tempfile.TemporaryDirectory(prefix="caltwin-torture-") as name:
        source, place = Path(name) / "source", Path(name) / "place"
        source.mkdir()
        place.mkdir()
        files = prepare(source)
        shutil.rmtree(source)
        score = torture(files, place, arguments.states, arguments.seed)
    full = score.opened[len(files.rows)]
    prefixes = sum(score.opened.values()) - full
    sys.stdout.write(
        f"{arguments.states} states in {perf_counter() - begin:.0f} s: {full} opened whole, {prefixes} as a valid "
        f"prefix ({score.opened[0]} of them empty), {score.refused} refused by name, {len(score.bad)} bad; "
        f"the audit found {score.found}\n"
    )
    for line in score.bad[:20]:
        sys.stdout.write(f"  {line}\n")
    return 1 if score.bad else 0


if __name__ == "__main__":
    sys.exit(main())
