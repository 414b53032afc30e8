"""Review, approval, issue: who may, in which order, over which record; all of it or nothing."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from measured_run import APPROVER, CHECKER, OPERATOR, PASSWORD, Laboratory, measured_record, measured_run, write_run

from bench.errors import ConfigurationError
from bench.signing.approvals import Act, act, require_approval
from bench.signing.issue import Amendment, issue
from bench.signing.keys import FileSigner, Role, new_key, open_key, read_trust, revoke, roles_of
from bench.signing.register import Document, Register, RegisterError, staged
from bench.signing.runs import open_run
from bench.signing.statements import SigningError
from reports.errors import ReportError, SealBroken, Untrusted
from reports.seal import verify_html
from reports.seal_dcc import verify_dcc
from reports.seal_pdf import attached, verify_pdf
from scenarios.record import RunRecord, from_json, to_json
from uncertainty.text import Text

AMENDMENT = {
    "reason": Text(zh="客户地址有误", en="wrong address"),
    "changed": Text(zh="客户地址", en="customer's address"),
}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("keys") / "keys")


@pytest.fixture
def run(tmp_path: Path, laboratory: Laboratory) -> Path:
    return measured_run(tmp_path / "run", laboratory)


def sign(run: Path, laboratory: Laboratory, what: Act, name: str) -> None:
    act(open_run(run, laboratory.trust), what, laboratory.key(name), laboratory.trust)


def approved(run: Path, laboratory: Laboratory) -> Path:
    sign(run, laboratory, Act.REVIEW, CHECKER)
    sign(run, laboratory, Act.APPROVE, APPROVER)
    return run


def issued(run: Path, laboratory: Laboratory, out: Path, amendment: Amendment | None = None) -> Document:
    with Register(out / "register.sqlite") as register:
        return issue(run, register, laboratory.key("seal"), laboratory.trust, out=out, amendment=amendment)


# ---------------------------------------------------------------- the way through


def test_three_people_and_a_seal_make_a_document(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    made = issued(approved(run, laboratory), laboratory, tmp_path / "out")
    folder = Path(made.folder)
    assert made.number == f"C-{datetime.now().astimezone():%Y}-00001"
    assert folder == tmp_path / "out" / made.number
    seal, root = verify_dcc((folder / "dcc.xml").read_bytes(), laboratory.trust)
    assert seal.name == "seal"
    assert attached((folder / "certificate.pdf").read_bytes()) == (folder / "dcc.xml").read_bytes()
    verify_pdf((folder / "certificate.pdf").read_bytes(), laboratory.trust)
    verify_html((folder / "certificate.html").read_bytes(), laboratory.trust)
    record = from_json((folder / "record.json").read_bytes())
    assert (record.number, record.people.operator) == (made.number, OPERATOR)
    assert (record.people.checker, record.people.approver) == (CHECKER, APPROVER)
    assert record.items == measured_record().items
    said = etree.tostring(root, encoding="unicode")
    for word in (CHECKER, APPROVER, made.number, "<dcc:cryptElectronicSeal>true<", "<dcc:mainSigner>true<"):
        assert word in said
    assert not staged(folder).exists()
    assert (folder / "run-record.json").read_bytes() == (run / "record.json").read_bytes()


def test_checker_and_approver_may_be_one_person_but_two_take_part(run: Path, laboratory: Laboratory) -> None:
    sign(run, laboratory, Act.REVIEW, APPROVER)
    sign(run, laboratory, Act.APPROVE, APPROVER)
    approval = require_approval(open_run(run, laboratory.trust), laboratory.trust)
    assert (approval.operator, approval.checker, approval.approver) == (OPERATOR, APPROVER, APPROVER)


# ---------------------------------------------------------------- who may not


@pytest.mark.parametrize("what", list(Act))
def test_nobody_signs_what_he_measured(run: Path, laboratory: Laboratory, what: Act) -> None:
    if what is Act.APPROVE:
        sign(run, laboratory, Act.REVIEW, CHECKER)
    with pytest.raises(SigningError, match=f"{OPERATOR} measured this; somebody else must {what}"):
        sign(run, laboratory, what, OPERATOR)


@pytest.mark.parametrize("written", ["test operator", "Test  Operator ", "ＴＥＳＴ Operator"])
def test_another_spelling_is_no_other_person(laboratory: Laboratory, tmp_path: Path, written: str) -> None:
    record = measured_record()
    run = measured_run(tmp_path / "run", laboratory, replace(record, people=replace(record.people, operator=written)))
    with pytest.raises(SigningError, match="measured this"):
        sign(run, laboratory, Act.REVIEW, OPERATOR)


def test_an_unknown_operator_is_asked_for_first(laboratory: Laboratory, tmp_path: Path) -> None:
    record = measured_record()
    run = measured_run(tmp_path / "run", laboratory, replace(record, people=replace(record.people, operator=" ")))
    with pytest.raises(SigningError, match=r"people\.operator: empty"):
        sign(run, laboratory, Act.REVIEW, CHECKER)


@pytest.mark.parametrize(
    ("what", "name", "lacking"),
    [
        (Act.REVIEW, "seal", "checker"),
        (Act.REVIEW, "bench-1", "checker"),
        (Act.APPROVE, CHECKER, "approver"),
        (Act.APPROVE, "seal", "approver"),
    ],
)
def test_a_wrong_role_is_refused(run: Path, laboratory: Laboratory, what: Act, name: str, lacking: str) -> None:
    if what is Act.APPROVE:
        sign(run, laboratory, Act.REVIEW, CHECKER)
    before = (run / "approvals.jsonl").read_bytes() if (run / "approvals.jsonl").exists() else b""
    with pytest.raises(Untrusted, match=f"does not name the role '{lacking}'"):
        sign(run, laboratory, what, name)
    after = (run / "approvals.jsonl").read_bytes() if (run / "approvals.jsonl").exists() else b""
    assert after == before


@pytest.mark.parametrize("name", [CHECKER, APPROVER, "bench-1"])
def test_only_the_seal_seals(run: Path, laboratory: Laboratory, tmp_path: Path, name: str) -> None:
    approved(run, laboratory)
    with Register(tmp_path / "r.sqlite") as register, pytest.raises(Untrusted, match="'seal'"):
        issue(run, register, laboratory.key(name), laboratory.trust, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_approval_needs_a_review_and_each_is_done_once(run: Path, laboratory: Laboratory) -> None:
    with pytest.raises(SigningError, match="nobody reviewed it"):
        sign(run, laboratory, Act.APPROVE, APPROVER)
    sign(run, laboratory, Act.REVIEW, CHECKER)
    with pytest.raises(SigningError, match=f"{CHECKER} did review it"):
        sign(run, laboratory, Act.REVIEW, APPROVER)


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    old = Laboratory(tmp_path / "keys", datetime.now(UTC) - timedelta(days=4 * 365))
    new_key(old.folder, "bench-2", [Role.BENCH], PASSWORD, PASSWORD, now=datetime.now(UTC))
    run = write_run(tmp_path / "run", measured_record())
    from bench.audit import sign_head

    sign_head(run / "journal.sqlite", old.key("bench-2"), old.trust, "end")
    with pytest.raises(Untrusted, match=r"is valid \d{4}-\d\d-\d\d to"):
        sign(run, old, Act.REVIEW, CHECKER)


def test_a_revoked_certificate_is_refused_and_stops_an_issue(run: Path, tmp_path: Path) -> None:
    own = Laboratory(tmp_path / "keys")
    run = approved(measured_run(tmp_path / "own", own), own)
    revoke(own.folder, APPROVER, PASSWORD, now=datetime.now(UTC))
    with pytest.raises(Untrusted, match=f"'{APPROVER}' was revoked"):
        issued(run, own, tmp_path / "out")
    other = measured_run(tmp_path / "other", own, measured_record("20261122-AAAAAAAA"))
    sign(other, own, Act.REVIEW, CHECKER)
    with pytest.raises(Untrusted, match="was revoked"):
        sign(other, own, Act.APPROVE, APPROVER)


def test_a_stranger_with_the_same_name_is_refused(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    stranger = Laboratory(tmp_path / "stranger")
    with pytest.raises(Untrusted, match="was not issued by"):
        act(open_run(run, laboratory.trust), Act.REVIEW, stranger.key(CHECKER), laboratory.trust)


def test_the_register_of_people_narrows_the_roles(run: Path, laboratory: Laboratory) -> None:
    class Left:
        def roles(self, name: str, certificate: object) -> frozenset[str]:
            return frozenset() if name == CHECKER else frozenset({"checker", "approver"})

    opened = open_run(run, laboratory.trust)
    with pytest.raises(SigningError, match="the register does not give the role"):
        act(opened, Act.REVIEW, laboratory.key(CHECKER), laboratory.trust, Left())
    act(opened, Act.REVIEW, laboratory.key(APPROVER), laboratory.trust, Left())


# ---------------------------------------------------------------- replay and edit


def test_approvals_of_another_record_are_refused(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    approved(run, laboratory)
    other = measured_run(tmp_path / "other", laboratory, measured_record("20261122-BBBBBBBB"))
    shutil.copy(run / "approvals.jsonl", other)
    with pytest.raises(SigningError, match="another record"):
        issued(other, laboratory, tmp_path / "out")
    assert not (tmp_path / "out" / "C-2026-00001").exists()


def test_a_record_edited_after_its_approval_is_refused(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    approved(run, laboratory)
    record = from_json((run / "record.json").read_bytes())
    (run / "record.json").write_bytes(to_json(replace(record, remarks=(Text(zh="好", en="good"),))))
    with pytest.raises(SigningError, match="an approval cannot be moved"):
        issued(run, laboratory, tmp_path / "out")


def test_every_byte_of_the_approvals_counts(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    approved(run, laboratory)
    opened, trust = open_run(run, laboratory.trust), laboratory.trust
    whole = (run / "approvals.jsonl").read_bytes()
    for place in range(0, len(whole), 7):
        edited = bytearray(whole)
        edited[place] ^= 1 << place % 8
        (run / "approvals.jsonl").write_bytes(edited)
        with pytest.raises(ReportError):
            require_approval(opened, trust)
    (run / "approvals.jsonl").write_bytes(whole)
    require_approval(opened, trust)


@pytest.mark.parametrize(("place_of", "value"), [("version", 0x4E), ("serial number", 0x80)])
def test_a_statement_with_a_damaged_certificate_is_refused_in_words(
    run: Path, laboratory: Laboratory, place_of: str, value: int
) -> None:
    """A version that is none, a negative serial number: cryptography raises an error of its own, or only warns."""
    sign(run, laboratory, Act.REVIEW, CHECKER)
    place, der = run / "approvals.jsonl", laboratory.key(CHECKER).certificate.public_bytes(Encoding.DER)
    byte = der.index(bytes.fromhex("a003020102")) + {"version": 4, "serial number": 7}[place_of]
    damaged = der[:byte] + bytes([value]) + der[byte + 1 :]
    old, new = (base64.b64encode(d) for d in (der, damaged))
    place.write_bytes(place.read_bytes().replace(old, new))
    with pytest.raises(SealBroken, match="the certificate of a seal cannot be read"):
        require_approval(open_run(run, laboratory.trust), laboratory.trust)


def test_dropped_and_swapped_lines_are_found(run: Path, laboratory: Laboratory) -> None:
    approved(run, laboratory)
    opened, place = open_run(run, laboratory.trust), run / "approvals.jsonl"
    first, second = place.read_bytes().splitlines(keepends=True)
    for data, said in ((second, "was dropped"), (second + first, "was dropped or moved"), (first[:-9], "middle")):
        place.write_bytes(data)
        with pytest.raises(SealBroken, match=said):
            require_approval(opened, laboratory.trust)
    place.write_bytes(first)
    with pytest.raises(SigningError, match="nobody did approve it"):
        require_approval(opened, laboratory.trust)


def test_a_run_without_a_signed_head_is_not_signed(laboratory: Laboratory, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", measured_record())
    with pytest.raises(SigningError, match="no signed head covers the whole journal"):
        open_run(run, laboratory.trust)


def test_a_journal_that_went_on_behind_its_head_is_not_signed(run: Path, laboratory: Laboratory) -> None:
    from bench.journal import Journal

    with Journal(run / "journal.sqlite") as journal:
        journal.append("reading", "later", 1e6, {})
    with pytest.raises(SigningError, match="no signed head covers the whole journal"):
        open_run(run, laboratory.trust)


def test_a_result_that_no_instrument_gave_is_refused(run: Path, laboratory: Laboratory) -> None:
    record = from_json((run / "record.json").read_bytes())
    item = next(i for i in record.items if i.points)
    point = item.points[0]
    reading = replace(point.readings[0], raw="+9.99999E-01")
    points = (replace(point, readings=(reading, *point.readings[1:])), *item.points[1:])
    items = tuple(replace(i, points=points) if i.key == item.key else i for i in record.items)
    (run / "record.json").write_bytes(to_json(replace(record, items=items)))
    with pytest.raises(SigningError, match=r"a reading of .* is not in the journal"):
        open_run(run, laboratory.trust)


# ---------------------------------------------------------------- numbers


def several(laboratory: Laboratory, folder: Path, count: int) -> list[Path]:
    records = [measured_record(f"20261122-{n:08X}") for n in range(count)]
    return [approved(measured_run(folder / f"run-{r.number}", laboratory, r), laboratory) for r in records]


def test_numbers_have_no_gap_even_when_an_issue_fails(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = several(laboratory, tmp_path, 3)
    out = tmp_path / "out"
    assert issued(first, laboratory, out).place == 1
    with monkeypatch.context() as broken:
        broken.setattr("bench.signing.issue.make", lambda *a, **k: (_ for _ in ()).throw(SealBroken("no power")))
        with pytest.raises(SealBroken, match="no power"):
            issued(second, laboratory, out)
    with monkeypatch.context() as broken:
        broken.setattr("bench.signing.issue.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(OSError, match="No space"):
            issued(second, laboratory, out)
    assert sorted(p.name for p in out.iterdir()) == [Path(p).name for p in (f"{issued_name(1)}", "register.sqlite")]
    assert issued(third, laboratory, out).place == 2
    assert issued(second, laboratory, out).place == 3
    with Register(out / "register.sqlite") as register:
        assert register.gaps() == ()


def issued_name(place: int) -> str:
    return f"C-{datetime.now().astimezone():%Y}-{place:05d}"


def test_a_crash_between_commit_and_move_is_mended(
    run: Path, laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(run, laboratory)
    out = tmp_path / "out"
    with monkeypatch.context() as broken:
        broken.setattr("bench.signing.register._finish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            issued(run, laboratory, out)
    folder = out / issued_name(1)
    assert not folder.exists() and staged(folder).is_dir()
    with Register(out / "register.sqlite") as register:
        assert register.find(issued_name(1)) is not None
    assert (folder / "certificate.pdf").is_file() and not staged(folder).exists()


def test_a_run_is_issued_once(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    issued(approved(run, laboratory), laboratory, tmp_path / "out")
    with pytest.raises(SigningError, match="was issued as C-"):
        issued(run, laboratory, tmp_path / "out")


def test_an_issued_record_is_not_signed_again(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    made = issued(approved(run, laboratory), laboratory, tmp_path / "out")
    with pytest.raises(SigningError, match="issued document already"):
        open_run(Path(made.folder), laboratory.trust)


@pytest.mark.parametrize("statement", ["UPDATE issued SET pdf = ''", "DELETE FROM issued"])
def test_the_register_is_append_only(run: Path, laboratory: Laboratory, tmp_path: Path, statement: str) -> None:
    issued(approved(run, laboratory), laboratory, tmp_path)
    base = sqlite3.connect(tmp_path / "register.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute(statement)
    base.close()


def test_a_removed_row_leaves_a_gap_that_is_named(laboratory: Laboratory, tmp_path: Path) -> None:
    for run in several(laboratory, tmp_path, 2):
        issued(run, laboratory, tmp_path / "out")
    base = sqlite3.connect(tmp_path / "out" / "register.sqlite")
    base.execute("DROP TRIGGER issued_is_never_dropped")
    base.execute("DELETE FROM issued WHERE place = 1")
    base.commit()
    base.close()
    with Register(tmp_path / "out" / "register.sqlite") as register:
        assert register.gaps() == (issued_name(1),)


def test_many_who_issue_at_once_get_numbers_without_gap_or_double(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    Register(tmp_path / "r.sqlite").close()

    def one(n: int) -> int:
        with Register(tmp_path / "r.sqlite") as register, register.next_number("C-2026") as ticket:
            if n % 5 == 0:
                return 0  # given up: no commit
            digests = dict.fromkeys(("record", "dcc", "pdf", "html", "manifest", "issued"), "")
            where = str(tmp_path / ticket.number)
            ticket.commit(
                Document(number=ticket.number, series="C-2026", place=ticket.place, run=str(n), folder=where,
                         replaces=None, **digests)
            )  # fmt: skip
            return ticket.place

    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(one, range(40)))
    assert sorted(p for p in places if p) == list(range(1, 33))


def test_a_register_can_be_read_where_nothing_may_be_written(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    made = issued(approved(run, laboratory), laboratory, tmp_path)
    before = (tmp_path / "register.sqlite").read_bytes()
    with Register(tmp_path / "register.sqlite", read_only=True) as register:
        assert register.find(made.number) == made
        with pytest.raises(RegisterError, match="readonly"), register.next_number("C-2026") as ticket:
            ticket.commit(replace(made, number=ticket.number, run="other"))
    assert (tmp_path / "register.sqlite").read_bytes() == before
    with pytest.raises(RegisterError, match="unable to open"):
        Register(tmp_path / "none.sqlite", read_only=True)
    assert not (tmp_path / "none.sqlite").exists()


def test_what_a_kill_left_before_the_commit_is_swept_away(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    left = staged(tmp_path / "out" / issued_name(1))
    left.mkdir(parents=True)
    (left / "certificate.pdf").write_text("half")
    made = issued(approved(run, laboratory), laboratory, tmp_path / "out")
    assert made.place == 1 and not left.exists()
    assert (Path(made.folder) / "certificate.pdf").read_bytes().startswith(b"%PDF")


def test_a_register_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "register.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RegisterError, match=r"register\.sqlite"):
        Register(tmp_path / "register.sqlite")


# ---------------------------------------------------------------- amendment


def amended(run: Path, folder: Path, laboratory: Laboratory, change: RunRecord) -> Path:
    folder.mkdir()
    for name in ("journal.sqlite", "journal.heads.jsonl"):
        shutil.copy(run / name, folder)
    (folder / "record.json").write_bytes(to_json(change))
    return approved(folder, laboratory)


def test_an_amendment_names_what_it_replaces(run: Path, laboratory: Laboratory, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = issued(approved(run, laboratory), laboratory, out)
    record = measured_record()
    assert record.customer is not None
    customer = replace(record.customer, address=Text(zh="上海市新路 1 号", en="1 New Road, Shanghai"))
    second = amended(run, tmp_path / "again", laboratory, replace(record, customer=customer))
    new = issued(second, laboratory, out, Amendment(number=old.number, **AMENDMENT))
    assert (new.place, new.replaces) == (2, old.number)
    root = verify_dcc((Path(new.folder) / "dcc.xml").read_bytes(), laboratory.trust)[1]
    core = "{https://ptb.de/dcc}"
    assert root.findtext(f".//{core}replacedUniqueIdentifier") == old.number
    assert root.findtext(f".//{core}previousReport/{core}value") == old.dcc
    said = (Path(new.folder) / "certificate.html").read_text(encoding="utf-8")
    assert f'<dd class="plain">{old.number}</dd>' in said  # on the first page
    assert "wrong address" in said and "客户地址有误" in said and old.dcc in said


def test_an_amendment_of_nothing_or_of_what_was_replaced_is_refused(
    run: Path, laboratory: Laboratory, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    approved(run, laboratory)
    with pytest.raises(SigningError, match="C-1999-00001: is not in"):
        issued(run, laboratory, out, Amendment(number="C-1999-00001", **AMENDMENT))
    old = issued(run, laboratory, out)
    record = measured_record()
    changes = [replace(record, remarks=(Text(zh=str(n), en=str(n)),)) for n in range(2)]
    first, second = (amended(run, tmp_path / f"a{n}", laboratory, c) for n, c in enumerate(changes))
    newer = issued(first, laboratory, out, Amendment(number=old.number, **AMENDMENT))
    with pytest.raises(SigningError, match=f"was replaced by {newer.number} already"):
        issued(second, laboratory, out, Amendment(number=old.number, **AMENDMENT))


# ---------------------------------------------------------------- keys


def test_private_keys_are_encrypted_and_private(laboratory: Laboratory) -> None:
    for path in laboratory.folder.glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    assert roles_of(laboratory.key(APPROVER).certificate) == {Role.APPROVER, Role.CHECKER}


def test_wrong_passwords_names_and_files_are_one_line(laboratory: Laboratory, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not the password of this key"):
        open_key(laboratory.folder, CHECKER, "not the password")
    with pytest.raises(ConfigurationError, match=r"nobody\.pem.*make one by"):
        open_key(laboratory.folder, "nobody", PASSWORD)
    with pytest.raises(ConfigurationError, match="cannot be a file name"):
        open_key(laboratory.folder, "../x", PASSWORD)
    with pytest.raises(ConfigurationError, match="exists already"):
        new_key(laboratory.folder, CHECKER, [Role.CHECKER], PASSWORD, PASSWORD, now=datetime.now(UTC))
    with pytest.raises(ConfigurationError, match="shorter than 8"):
        new_key(laboratory.folder, "Short", [Role.CHECKER], "1234567", PASSWORD, now=datetime.now(UTC))
    with pytest.raises(ConfigurationError, match="holds no other role"):
        new_key(laboratory.folder, "All", [Role.SEAL, Role.APPROVER], PASSWORD, PASSWORD, now=datetime.now(UTC))
    copied = tmp_path / "keys"
    shutil.copytree(laboratory.folder, copied)
    (copied / f"{CHECKER}.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read this key"):
        open_key(copied, CHECKER, PASSWORD)
    shutil.copy(copied / f"{APPROVER}.key", copied / "seal.key")
    with pytest.raises(ConfigurationError, match="is not the key of the certificate"):
        open_key(copied, "seal", PASSWORD)


def test_a_person_cannot_certify_others(laboratory: Laboratory) -> None:
    """A certificate that was signed by a person's key, not the authority's, is worth nothing."""
    person = laboratory.key(APPROVER)
    key = ec.generate_private_key(ec.SECP256R1())
    assert key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    forged = (
        x509.CertificateBuilder()
        .subject_name(laboratory.key("seal").certificate.subject)
        .issuer_name(person.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(person._key, SHA256())
    )
    with pytest.raises(Untrusted, match="was not issued by"):
        read_trust(laboratory.folder).require(FileSigner(certificate=forged, _key=key).certificate, datetime.now(UTC))
