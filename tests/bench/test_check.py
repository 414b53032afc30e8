"""`caltwin check`: every kind of file, every verdict, exit codes 0, 1 and 2; the whole flow by the command line."""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from measured_run import APPROVER, CHECKER, OPERATOR, PASSWORD, Laboratory, measured_record, measured_run

from bench.commands.check import check as check_command
from bench.commands.issue import approve, issue, review
from bench.commands.keys import app as keys_app
from bench.commands.signing_options import both
from bench.errors import ConfigurationError
from bench.signing.check import Standing, check
from bench.signing.register import Document, Register
from reports.issue import make
from scenarios.record import from_json, to_json
from uncertainty.text import Text

FILES = (
    "approvals.jsonl",
    "certificate.html",
    "certificate.pdf",
    "dcc.xml",
    "journal.heads.jsonl",
    "manifest.jsonl",
    "record.json",
    "run-record.json",
)
SEALED = {"certificate.html": "html", "certificate.pdf": "pdf", "dcc.xml": "dcc", "record.json": "record"}


def caltwin(*arguments: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.add_typer(keys_app, name="keys")
    for command in (review, approve, issue, check_command):
        app.command(command.__name__)(command)
    code = app(list(arguments), standalone_mode=False)
    return code if isinstance(code, int) else 0


class Case:
    """Hold a laboratory with two issued documents, the second of which replaces the first."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.laboratory = Laboratory(folder / "keys")
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        record = measured_record()
        first = measured_run(folder / "run", self.laboratory, record)
        self.old = self.issued(first)
        second = folder / "amended"
        second.mkdir()
        for name in ("journal.sqlite", "journal.heads.jsonl"):
            shutil.copy(first / name, second)
        assert record.customer is not None
        customer = replace(record.customer, address=Text(zh="新地址", en="new address"))
        (second / "record.json").write_bytes(to_json(replace(record, customer=customer)))
        self.new = self.issued(
            second, "--replaces", self.old.number, "--reason", "地址有误 / wrong address", "--changed", "地址 / address"
        )

    @property
    def common(self) -> tuple[str, ...]:
        return ("--keys", str(self.laboratory.folder), "--password-file", str(self.folder / "password"))

    @property
    def register(self) -> Path:
        return self.out / "register.sqlite"

    def issued(self, run: Path, *more: str) -> Document:
        assert caltwin("review", str(run), "--as", CHECKER, *self.common) == 0
        assert caltwin("approve", str(run), "--as", APPROVER, *self.common) == 0
        where = ("--register", str(self.register), "--out", str(self.out))
        assert caltwin("issue", str(run), *self.common, *where, *more) == 0
        digest = hashlib.sha256((run / "record.json").read_bytes()).hexdigest()
        with Register(self.register) as register:
            made = register.of_run(digest)
        assert made is not None
        return made

    def standing(self, path: Path, *, registered: bool = True) -> Standing:
        if not registered:
            return check(path, self.laboratory.trust).standing
        with Register(self.register) as register:
            return check(path, self.laboratory.trust, register).standing

    def command(self, path: Path, *more: str) -> int:
        return caltwin(
            "check", str(path), "--trust", str(self.laboratory.folder), "--register", str(self.register), *more
        )


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


def test_an_issue_leaves_these_files(case: Case) -> None:
    assert tuple(sorted(p.name for p in Path(case.new.folder).iterdir())) == FILES


@pytest.mark.parametrize("name", [*FILES, "."])
def test_each_file_of_a_document_in_force_is_genuine(name: str, case: Case) -> None:
    path = Path(case.new.folder) / name
    assert case.standing(path) is Standing.GENUINE
    assert case.standing(path, registered=False) is Standing.GENUINE
    assert case.command(path) == 0


@pytest.mark.parametrize("name", [*SEALED, "manifest.jsonl", "."])
def test_a_replaced_document_says_by_which(name: str, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert case.command(Path(case.old.folder) / name, "--lang", "en") == 1
    said = capsys.readouterr().out
    assert "REPLACED" in said and f"was replaced by {case.new.number}" in said


@pytest.mark.parametrize("name", [n for n in SEALED if n != "record.json"])
def test_a_sealed_document_stands_alone(name: str, case: Case, tmp_path: Path) -> None:
    """A customer holds one file and the laboratory's certificate, nothing else."""
    copy = Path(shutil.copy(Path(case.new.folder) / name, tmp_path / f"x{Path(name).suffix}"))
    assert case.standing(copy, registered=False) is Standing.GENUINE
    root = tmp_path / "root.pem"
    shutil.copy(case.laboratory.folder / "authority.pem", root)
    assert caltwin("check", str(copy), "--trust", str(root), "--register", str(tmp_path / "none")) == 0
    bare = Path(shutil.copy(copy, tmp_path / "no_ending"))
    assert case.standing(bare, registered=False) is Standing.GENUINE


@pytest.mark.parametrize("name", FILES)
def test_single_byte_edits_of_every_issued_file_are_found(name: str, case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(case.new.folder, folder)
    data, generator, missed = (folder / name).read_bytes(), random.Random(name), []
    for place in generator.sample(range(len(data)), 12 if name.endswith(".pdf") else 40):
        edited = bytearray(data)
        edited[place] ^= 1 << generator.randrange(8)
        (folder / name).write_bytes(edited)
        if case.standing(folder / name).code == 0 or case.standing(folder).code == 0:
            missed.append(place)
    assert missed == []
    (folder / name).write_bytes(data)
    assert case.standing(folder) is Standing.GENUINE


@pytest.mark.parametrize("name", [n for n in FILES if n != "manifest.jsonl"])
def test_a_missing_file_is_found(name: str, case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.new.folder, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    assert case.standing(tmp_path / "copy") is Standing.BROKEN


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_document_is_found(name: str, case: Case, tmp_path: Path) -> None:
    """Each is genuine by itself, but not in this folder."""
    shutil.copytree(case.new.folder, tmp_path / "copy")
    shutil.copy(Path(case.old.folder) / name, tmp_path / "copy" / name)
    same = (Path(case.old.folder) / name).read_bytes() == (Path(case.new.folder) / name).read_bytes()
    assert same == (name == "journal.heads.jsonl")
    assert (case.standing(tmp_path / "copy") is Standing.GENUINE) == same


def test_a_record_with_other_results_is_found_even_under_a_manifest_of_its_own(case: Case, tmp_path: Path) -> None:
    """Somebody with the seal's key changes a result and seals a new manifest: the approved record contradicts it."""
    from bench.signing.statements import read, sign

    folder = tmp_path / "copy"
    shutil.copytree(case.new.folder, folder)
    record = from_json((folder / "record.json").read_bytes())
    item = record.items[-1]
    point = replace(item.points[0], reported=replace(item.points[0].reported, error="+0.001"))
    data = to_json(replace(record, items=(*record.items[:-1], replace(item, points=(point,)))))
    (folder / "record.json").write_bytes(data)
    body = read(folder / "manifest.jsonl", case.laboratory.trust)[0].body
    body["files"]["record.json"] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.jsonl").write_bytes(sign("issue", body, case.laboratory.key("seal")))
    found = check(folder, case.laboratory.trust)
    assert found.standing is Standing.BROKEN
    assert "other results than the record that was approved" in found.reason
    assert case.standing(folder / "manifest.jsonl") is Standing.BROKEN  # the register knows another


def test_a_seal_without_a_row_in_the_register_is_unknown(case: Case, tmp_path: Path) -> None:
    stray = make(measured_record("C-2026-09999"), signer=case.laboratory.key("seal"))
    (tmp_path / "dcc.xml").write_bytes(stray.dcc)
    assert case.standing(tmp_path / "dcc.xml") is Standing.UNKNOWN
    assert case.command(tmp_path / "dcc.xml") == 1


def test_a_second_document_under_a_known_number_is_broken(case: Case, tmp_path: Path) -> None:
    double = make(measured_record(case.new.number), signer=case.laboratory.key("seal"))
    (tmp_path / "certificate.pdf").write_bytes(double.pdf)
    assert case.standing(tmp_path / "certificate.pdf") is Standing.BROKEN


@pytest.mark.parametrize("name", ["certificate.html", "certificate.pdf", "dcc.xml"])
def test_documents_that_were_made_again_are_unsealed(name: str, case: Case, tmp_path: Path) -> None:
    again = make(measured_record())
    data = {"certificate.html": again.html, "certificate.pdf": again.pdf, "dcc.xml": again.dcc}[name]
    (tmp_path / name).write_bytes(data)
    assert case.standing(tmp_path / name) is Standing.UNSEALED
    assert case.command(tmp_path / name) == 1


def test_a_seal_that_was_taken_off_is_found(case: Case, tmp_path: Path) -> None:
    """The DCC announces its seal; without one it is not merely unsealed."""
    sealed = (Path(case.new.folder) / "dcc.xml").read_bytes()
    bare = sealed[: sealed.index(b"<ds:Signature ")] + b"</dcc:digitalCalibrationCertificate>\n"
    (tmp_path / "dcc.xml").write_bytes(bare)
    assert case.standing(tmp_path / "dcc.xml") is Standing.BROKEN


def test_a_run_is_no_document_but_its_journal_and_approvals_are_genuine(case: Case) -> None:
    run = case.folder / "run"
    assert case.standing(run) is Standing.UNSEALED
    assert case.standing(run / "record.json") is Standing.UNSEALED
    assert case.standing(run / "journal.sqlite") is Standing.GENUINE
    assert case.standing(run / "journal.heads.jsonl") is Standing.GENUINE
    assert case.standing(run / "approvals.jsonl") is Standing.GENUINE


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 5000])
def test_what_is_of_no_kind_cannot_be_checked(data: bytes, case: Case, tmp_path: Path) -> None:
    (tmp_path / "something").write_bytes(data)
    assert case.standing(tmp_path / "something") is Standing.UNREADABLE
    assert case.command(tmp_path / "something") == 2
    (tmp_path / "empty").mkdir()
    assert case.command(tmp_path / "empty") == 2


@pytest.mark.parametrize(
    "name", ["a.pdf", "a.xml", "a.html", "a.json", "a.sqlite", "approvals.jsonl", "manifest.jsonl"]
)
@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe\x00", b"{}", b"<a/>", b"%PDF-1.7"])
def test_nonsense_under_a_known_name_is_a_verdict_not_a_traceback(
    name: str, data: bytes, case: Case, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    assert case.standing(tmp_path / name) in (Standing.BROKEN, Standing.UNREADABLE)


def test_a_missing_file_or_authority_is_one_line(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        case.command(tmp_path / "nowhere.pdf")
    with pytest.raises(ConfigurationError, match=r"authority\.pem"):
        caltwin("check", str(case.new.folder), "--trust", str(tmp_path / "none"), "--register", str(tmp_path / "r"))


def test_wrong_orders_of_the_command_line_are_one_line(case: Case, tmp_path: Path) -> None:
    run = measured_run(tmp_path / "run", case.laboratory, measured_record("20261122-DDDDDDDD"))
    with pytest.raises(ConfigurationError, match="nobody reviewed it"):
        caltwin("approve", str(run), "--as", APPROVER, *case.common)
    with pytest.raises(ConfigurationError, match="measured this"):
        caltwin("review", str(run), "--as", OPERATOR, *case.common)
    with pytest.raises(ConfigurationError, match="nobody did review it"):
        caltwin("issue", str(run), *case.common, "--register", str(tmp_path / "r"), "--out", str(tmp_path / "o"))
    with pytest.raises(ConfigurationError, match="needs --replaces"):
        caltwin("issue", str(run), *case.common, "--reason", "x")
    with pytest.raises(ConfigurationError, match="needs --reason and --changed"):
        caltwin("issue", str(run), *case.common, "--replaces", "C-2026-00001")
    with pytest.raises(ConfigurationError, match="nobody is at the terminal"):
        caltwin("review", str(run), "--as", CHECKER, "--keys", str(case.laboratory.folder))


def test_the_keys_of_a_laboratory_by_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p").write_text("a long password\n", encoding="utf-8")
    words = ("--password-file", "p", "--lang", "en")
    assert caltwin("keys", "init", "--organisation", "Lab 实验室", *words) == 0
    new = ("keys", "new", *words, "--authority-password-file", "p")
    assert caltwin(*new, "--name", "王 Wang", "--role", "checker", "--role", "approver") == 0
    assert caltwin(*new, "--name", "seal", "--role", "seal", "--years", "5") == 0
    assert caltwin("keys", "revoke", "--name", "seal", "--authority-password-file", "p") == 0
    capsys.readouterr()
    assert caltwin("keys", "list", "--lang", "en") == 0
    said = capsys.readouterr().out
    assert "approver, checker" in said and said.count("not in force") == 1
    assert "fingerprint" in said


def test_a_text_in_both_languages() -> None:
    assert both("中文 / English") == Text(zh="中文", en="English")
    assert both("same") == Text(zh="same", en="same")
