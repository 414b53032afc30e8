"""A simulated record cannot be signed: not by the command line, the API, edited files, the database, or by hand."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from measured_run import CHECKER, OPERATOR, PASSWORD, Laboratory, measured_record, measured_run, write_run

from bench import cli
from bench.audit import audit, sign_head
from bench.journal import JournalError
from bench.signing.approvals import Act, act
from bench.signing.check import Standing, check
from bench.signing.issue import issue
from bench.signing.register import Register
from bench.signing.runs import Run, open_run
from bench.signing.simulation import signs
from bench.signing.statements import SigningError, sign
from reports.errors import Refused
from reports.issue import make
from reports.seal import seal_html
from reports.seal_dcc import seal_dcc, verify_dcc
from reports.seal_pdf import seal_pdf
from scenarios.record import People, RunRecord, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reports.issue import Documents


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("keys") / "keys")


def simulated_record() -> RunRecord:
    """Return a record as a run on twins leaves it."""
    base = measured_record("SIM-20261122-0A1B2C3D")
    return replace(
        base,
        simulated=True,
        clock="virtual",
        seed=7,
        device=replace(base.device, manufacturer="caltwin", serial="TWIN-EM-0001", simulated=True),
        equipment=tuple(
            replace(
                e, manufacturer="caltwin", serial=f"TWIN-{n}", address=f"TCPIP0::{e.role}.bench::INSTR", simulated=True
            )
            for n, e in enumerate(base.equipment)
        ),
    )


def washed(record: RunRecord) -> RunRecord:
    """Return a simulated record from which every sign was edited away."""
    real = measured_record(record.number.removeprefix("SIM-"))
    return replace(
        record,
        number=real.number,
        simulated=False,
        clock="realtime",
        seed=None,
        device=real.device,
        equipment=real.equipment,
    )


@cache
def documents() -> Documents:
    return make(simulated_record())


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# ---------------------------------------------------------------- a real run on twins, by the command line


def test_the_command_line_refuses_a_run_on_twins(
    tmp_path: Path, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["verify", "dc_energy", "--seed", "7", "--out", "run", "--trials", "1000"]) == 0
    capsys.readouterr()
    journal = tmp_path / "run" / "journal.sqlite"
    if not journal.with_name("journal.heads.jsonl").exists():
        sign_head(journal, laboratory.key("bench-1"), laboratory.trust, "end")
    assert audit(journal, laboratory.trust).heads[-1].body["simulated"] is True
    (tmp_path / "password").write_text(PASSWORD)
    before = tree(tmp_path / "run")
    common = ["--keys", str(laboratory.folder), "--password-file", "password"]
    for command in (["review", "run", "--as", CHECKER], ["approve", "run", "--as", CHECKER], ["issue", "run"]):
        assert cli.run([*command, *common]) == 2
        said = capsys.readouterr().err
        assert "marked simulated" in said and "can never be signed" in said
    assert tree(tmp_path / "run") == before
    assert not (tmp_path / "certificates").exists()
    # The same with every sign in the record edited away: the journal speaks.
    file = tmp_path / "run" / "record.json"
    record = replace(washed(from_json(file.read_bytes())), people=People(operator=OPERATOR))
    file.write_bytes(to_json(record))
    assert signs(record) == ()
    assert cli.run(["review", "run", "--as", CHECKER, *common]) == 2
    assert "the journal is of the simulated run SIM-" in capsys.readouterr().err


# ---------------------------------------------------------------- edited records


def one_sign_left() -> dict[str, Callable[[RunRecord], RunRecord]]:
    twin = simulated_record()
    return {
        "is marked simulated": lambda r: replace(r, simulated=True),
        "of the simulated series": lambda r: replace(r, number=twin.number),
        "number in small letters": lambda r: replace(r, number="sim-1"),
        "the clock was virtual": lambda r: replace(r, clock="virtual"),
        "names a seed": lambda r: replace(r, seed=0),
        "device is marked": lambda r: replace(r, device=replace(r.device, simulated=True)),
        "device serial": lambda r: replace(r, device=replace(r.device, serial="twin-1")),
        "device maker": lambda r: replace(r, device=replace(r.device, manufacturer=" CalTwin ")),
        "standard is marked": lambda r: replace(r, equipment=(replace(r.equipment[0], simulated=True),)),
        "standard serial": lambda r: replace(r, equipment=(replace(r.equipment[0], serial="X-TWIN-1"),)),
        "standard maker": lambda r: replace(r, equipment=(replace(r.equipment[0], manufacturer="caltwin"),)),
        **{
            f"at {address}": lambda r, a=address: replace(r, equipment=(replace(r.equipment[0], address=a),))
            for address in (
                "TCPIP0::127.0.0.1::5025::SOCKET",
                "TCPIP::localhost::hislip0::INSTR",
                "TCPIP0::::1::5025::SOCKET",
                "TCPIP0::[::1]::5025::SOCKET",
                "TCPIP0::standard.bench::inst0::INSTR",
                "TCPIP0::127.8.8.8::inst0::INSTR",
            )
        },
    }


@pytest.mark.parametrize("name", list(one_sign_left()))
def test_one_sign_of_simulation_is_enough(name: str, laboratory: Laboratory, tmp_path: Path) -> None:
    record = one_sign_left()[name](measured_record())
    assert len(signs(record)) == 1
    write_run(tmp_path / "run", record)
    with pytest.raises(SigningError, match="can never be signed"):
        open_run(tmp_path / "run", laboratory.trust)


@pytest.mark.parametrize(
    "address",
    [
        "GPIB0::5::INSTR",
        "USB0::0x0957::0x2C07::MY5712::INSTR",
        "ASRL3::INSTR",
        "TCPIP0::192.168.127.1::INSTR",
        "TCPIP0::10.127.0.0::5025::SOCKET",
        "TCPIP0::dmm.lab.example::5025::SOCKET",
    ],
)
def test_an_address_of_real_hardware_is_no_sign(address: str) -> None:
    record = measured_record()
    assert signs(replace(record, equipment=(replace(record.equipment[0], address=address),))) == ()


def test_a_simulated_record_is_refused_for_what_it_is_even_without_a_journal(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    (tmp_path / "record.json").write_bytes(to_json(simulated_record()))
    with pytest.raises(SigningError, match="the record is marked simulated"):
        open_run(tmp_path, laboratory.trust)


def test_a_washed_record_with_the_journal_of_its_run_is_refused(laboratory: Laboratory, tmp_path: Path) -> None:
    run = measured_run(tmp_path / "run", laboratory, simulated_record())
    (run / "record.json").write_bytes(to_json(washed(simulated_record())))
    with pytest.raises(SigningError, match=r"the journal is of the simulated run SIM-.* \(and \d+ more signs\)"):
        open_run(run, laboratory.trust)


def test_a_washed_record_with_a_washed_journal_lacks_a_signed_head(laboratory: Laboratory, tmp_path: Path) -> None:
    """Whoever rewrites the whole journal, chain and all, cannot sign its head; the old head contradicts it."""
    run = measured_run(tmp_path / "run", laboratory, simulated_record())
    shutil.rmtree(tmp_path / "forged", ignore_errors=True)
    forged = write_run(tmp_path / "forged", washed(simulated_record()))
    with pytest.raises(SigningError, match="no signed head"):
        open_run(forged, laboratory.trust)
    shutil.copy(run / "journal.heads.jsonl", forged)
    with pytest.raises(SigningError, match="the journal is not whole: entry 1 "):
        open_run(forged, laboratory.trust)


def test_a_washed_record_with_the_journal_of_a_real_run_is_refused(laboratory: Laboratory, tmp_path: Path) -> None:
    real = measured_run(tmp_path / "real", laboratory)
    record = measured_record()
    item = record.items[-1]
    point = item.points[0]
    readings = tuple(replace(r, raw="+1.23456E+00", time_s=1.0) for r in point.readings)
    made_up = replace(item, points=(replace(point, readings=readings), *item.points[1:]))
    (real / "record.json").write_bytes(to_json(replace(record, items=(*record.items[:-1], made_up))))
    with pytest.raises(SigningError, match="is not in the journal"):
        open_run(real, laboratory.trust)


def test_an_edited_journal_of_a_simulated_run_is_named(laboratory: Laboratory, tmp_path: Path) -> None:
    run = measured_run(tmp_path / "run", laboratory, simulated_record())
    base = sqlite3.connect(run / "journal.sqlite")
    base.execute("DROP TRIGGER entry_is_never_changed")
    payload = base.execute("SELECT payload FROM entry WHERE kind = 'begin'").fetchone()[0]
    said = msgspec.json.decode(payload.replace('"simulated":true', '"simulated":false').replace("SIM-", ""))
    base.execute("UPDATE entry SET payload = ? WHERE kind = 'begin'", (msgspec.json.encode(said).decode(),))
    base.commit()
    base.close()
    (run / "record.json").write_bytes(to_json(washed(simulated_record())))
    with pytest.raises(SigningError, match="the journal is not whole: entry 1 "):
        open_run(run, laboratory.trust)
    with pytest.raises(JournalError, match="entry 1 "):
        sign_head(run / "journal.sqlite", laboratory.key("bench-1"), laboratory.trust, "end")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"realtime": False}, "on the virtual clock"),
        ({"station": {"devices": {"meter": {"twin": "energy_standard"}}}}, "a station with a twin"),
        ({"devices": {"1": simulated_record().device}}, "another device than the record"),
        ({"equipment": simulated_record().equipment}, "other equipment than the record"),
        ({"number": "20261122-FFFFFFFF"}, "the journal is of run 20261122-FFFFFFFF"),
        ({"number": "SIM-20261122-0A1B2C3D"}, "the journal is of the simulated run"),
        ({"sheet": ""}, "another data sheet"),
        ({"station": {}}, "another station"),
        ({"station": 1}, "does not begin with the beginning of a run"),
    ],
)
def test_a_journal_that_is_not_of_this_real_run_is_named(
    other: dict[str, object], said: str, laboratory: Laboratory, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", measured_record(), **other)
    sign_head(run / "journal.sqlite", laboratory.key("bench-1"), laboratory.trust, "end")
    with pytest.raises(SigningError, match=said):
        open_run(run, laboratory.trust)


def test_a_position_finds_the_journal_of_its_bench(laboratory: Laboratory, tmp_path: Path) -> None:
    record = measured_record()
    run = measured_run(tmp_path / "run", laboratory)
    (run / "position-1").mkdir()
    at_place = replace(record, number=f"{record.number}-1")
    (run / "record.json").rename(run / "position-1" / "record.json")
    (run / "position-1" / "record.json").write_bytes(to_json(at_place))
    assert open_run(run / "position-1", laboratory.trust).record == at_place
    (run / "position-1" / "record.json").write_bytes(to_json(replace(record, number=f"{record.number}-2")))
    with pytest.raises(SigningError, match="the journal is of run"):
        open_run(run / "position-1", laboratory.trust)


# ---------------------------------------------------------------- the API, by hand


def test_a_run_that_was_put_together_by_hand_is_refused_at_issue(laboratory: Laboratory, tmp_path: Path) -> None:
    """Approvals forged by the API on a simulated run do not lead to an issue: it opens the run itself."""
    folder = measured_run(tmp_path / "run", laboratory, replace(simulated_record(), people=People(operator=OPERATOR)))
    data = (folder / "record.json").read_bytes()
    journal = folder / "journal.sqlite"
    found = audit(journal, laboratory.trust)
    run = Run(folder=folder, data=data, record=from_json(data), journal=journal, audit=found)
    act(run, Act.REVIEW, laboratory.key(CHECKER), laboratory.trust)
    with Register(tmp_path / "r.sqlite") as register:
        with pytest.raises(SigningError, match="can never be signed"):
            issue(folder, register, laboratory.key("seal"), laboratory.trust, out=tmp_path / "out")
        assert register.all() == ()
    assert not (tmp_path / "out").exists()


def test_the_documents_of_a_simulated_record_cannot_be_made_sealed(laboratory: Laboratory) -> None:
    with pytest.raises(Refused, match="carries the mark of simulation"):
        make(simulated_record(), signer=laboratory.key("seal"))


@pytest.mark.parametrize("kind", ["dcc", "pdf", "html"])
def test_the_sealing_functions_refuse_what_carries_the_mark(kind: str, laboratory: Laboratory) -> None:
    function: Callable[..., bytes] = {"dcc": seal_dcc, "pdf": seal_pdf, "html": seal_html}[kind]
    with pytest.raises(Refused, match="carries the mark of simulation"):
        function(getattr(documents(), kind), laboratory.key("seal"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SIMULATED", b"measured"),
        (b"SIM-2026", b"C-2026"),
        (b"caltwin_simulated", b"caltwin_general"),
        (b"TWIN-", b"E-"),
    ],
)
def test_a_dcc_from_which_one_mark_was_edited_away_is_refused(old: bytes, new: bytes, laboratory: Laboratory) -> None:
    edited = documents().dcc.replace(old, new)
    assert edited != documents().dcc
    with pytest.raises(Refused):
        seal_dcc(edited, laboratory.key("seal"))


def test_a_simulated_document_that_was_sealed_all_the_same_is_void(laboratory: Laboratory, tmp_path: Path) -> None:
    """Even with the seal's key and a program of one's own: `check` does not accept the seal."""
    from bench.signing import check as checking
    from reports import seal_dcc as module

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "refuse_simulated", lambda root: None)
        forged = seal_dcc(documents().dcc, laboratory.key("seal"))
    verify_dcc(forged, laboratory.trust)  # the signature itself is valid
    (tmp_path / "dcc.xml").write_bytes(forged)
    found = checking.check(tmp_path / "dcc.xml", laboratory.trust)
    assert found.standing is Standing.SIMULATED
    assert found.standing.code == 1


@pytest.mark.parametrize("name", ["dcc.xml", "certificate.pdf", "certificate.html", "record.json"])
def test_check_names_a_simulated_document(name: str, laboratory: Laboratory, tmp_path: Path) -> None:
    made = documents()
    data = {"dcc.xml": made.dcc, "certificate.pdf": made.pdf, "certificate.html": made.html}
    (tmp_path / name).write_bytes(data.get(name, to_json(simulated_record())))
    found = check(tmp_path / name, laboratory.trust)
    assert (found.standing, found.number) == (Standing.SIMULATED, simulated_record().number)


# ---------------------------------------------------------------- the database


def row(number: str) -> dict[str, Any]:
    return {
        "number": number,
        "series": "C-2026",
        "place": 1,
        **dict.fromkeys(("run", "record", "dcc", "pdf", "html", "manifest", "issued", "folder"), "x"),
        "replaces": None,
    }


@pytest.mark.parametrize("number", ["SIM-20261122-0A1B2C3D", "sim-1", "SIM"])
def test_the_register_takes_no_number_of_the_simulated_series(number: str, tmp_path: Path) -> None:
    Register(tmp_path / "r.sqlite").close()
    base = sqlite3.connect(tmp_path / "r.sqlite")
    values = row(number)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint"):
        base.execute(f"INSERT INTO issued VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
    base.close()


def test_a_row_that_was_written_into_the_register_makes_nothing_genuine(laboratory: Laboratory, tmp_path: Path) -> None:
    import hashlib

    made = make(replace(simulated_record(), simulated=True))
    Register(tmp_path / "r.sqlite").close()
    base = sqlite3.connect(tmp_path / "r.sqlite")
    values = row("C-2026-00001") | {"dcc": hashlib.sha256(made.dcc).hexdigest()}
    base.execute(f"INSERT INTO issued VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
    base.commit()
    base.close()
    (tmp_path / "dcc.xml").write_bytes(made.dcc)
    with Register(tmp_path / "r.sqlite") as register:
        assert check(tmp_path / "dcc.xml", laboratory.trust, register).standing is Standing.SIMULATED


def test_a_manifest_for_simulated_files_makes_nothing_genuine(laboratory: Laboratory, tmp_path: Path) -> None:
    """An import: somebody with the seal's key lists simulated files in a manifest of his own."""
    import hashlib

    record = to_json(simulated_record())
    files = {"record.json": record, "dcc.xml": documents().dcc}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    body = {
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "journal": "",
        "number": "C-2026-00001",
        "replaces": "",
        "run": "",
    }
    (tmp_path / "manifest.jsonl").write_bytes(sign("issue", body, laboratory.key("seal")))
    for place in (tmp_path / "record.json", tmp_path / "dcc.xml", tmp_path):
        assert check(place, laboratory.trust).standing is Standing.SIMULATED
