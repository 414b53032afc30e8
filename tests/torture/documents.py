"""Edit every byte of every issued file, one at a time, and see that each edit is found.

    python -m tests.torture.documents [--stride 1] [--kinds dcc,html,record,manifest,approvals,heads,pdf] [--seed 1]

Each byte gets one other value, drawn from the seed. `--stride 10` edits every tenth byte, from a drawn beginning. An
edit is missed if the file still passes as genuine.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from measured_run import APPROVER, CHECKER, Laboratory, measured_run

from bench.signing.approvals import Act, act
from bench.signing.check import check
from bench.signing.issue import issue
from bench.signing.register import Register
from bench.signing.runs import open_run
from reports.errors import ReportError
from reports.seal import verify_html
from reports.seal_dcc import verify_dcc
from reports.seal_pdf import verify_pdf

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.seal import Trust

FILES = {
    "dcc": "dcc.xml",
    "html": "certificate.html",
    "record": "record.json",
    "manifest": "manifest.jsonl",
    "approvals": "approvals.jsonl",
    "heads": "journal.heads.jsonl",
    "pdf": "certificate.pdf",
}
"""Kind -> file name in the folder of an issued document."""


def issued(folder: Path) -> tuple[Path, Trust]:
    """Issue a document and return its folder."""
    laboratory = Laboratory(folder / "keys")
    run = measured_run(folder / "run", laboratory)
    for what, name in ((Act.REVIEW, CHECKER), (Act.APPROVE, APPROVER)):
        act(open_run(run, laboratory.trust), what, laboratory.key(name), laboratory.trust)
    with Register(folder / "register.sqlite") as register:
        made = issue(run, register, laboratory.key("seal"), laboratory.trust, out=folder / "out")
    return Path(made.folder), laboratory.trust


def genuine(kind: str, path: Path, trust: Trust) -> Callable[[bytes], bool]:
    """Return a function that says whether some bytes pass as the file; a document by its own seal alone."""
    verify = {"dcc": verify_dcc, "html": verify_html, "pdf": verify_pdf}.get(kind)

    def passes(data: bytes) -> bool:
        if verify is None:
            path.write_bytes(data)
            return check(path, trust).standing.code == 0
        try:
            verify(data, trust)
        except ReportError:
            return False
        return True

    return passes


def missed(kind: str, path: Path, trust: Trust, stride: int, generator: random.Random) -> tuple[int, list[int]]:
    """Edit every `stride`-th byte of a file; return how many were edited and which passed unseen."""
    data, passes = path.read_bytes(), genuine(kind, path, trust)
    assert passes(data), f"{path.name}: is not genuine to begin with"
    places = range(generator.randrange(stride), len(data), stride)
    unseen = []
    for place in places:
        edited = bytearray(data)
        edited[place] = (data[place] + generator.randrange(1, 256)) % 256
        if passes(bytes(edited)):
            unseen.append(place)
    path.write_bytes(data)
    return len(places), unseen


def main() -> int:
    """Edit and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(FILES))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator, total = random.Random(arguments.seed), 0
    with tempfile.TemporaryDirectory(prefix="caltwin-torture-") as name:
        folder, trust = issued(Path(name))
        for kind in arguments.kinds.split(","):
            begin = perf_counter()
            count, unseen = missed(kind, folder / FILES[kind], trust, arguments.stride, generator)
            total += len(unseen)
            spent = perf_counter() - begin
            sys.stdout.write(
                f"{FILES[kind]}: {count} edits in {spent:.0f} s, {len(unseen)} missed {unseen[:20] or ''}\n"
            )
            sys.stdout.flush()
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
