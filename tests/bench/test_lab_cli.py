"""`caltwin lab` as its user meets it."""

from __future__ import annotations

import hashlib
import shlex
import tomllib
from pathlib import Path

import pytest
from lab_files import LABORATORY, run_record, write_record

from bench import cli
from bench.commands.lab import app
from bench.errors import ConfigurationError
from bench.lab.exchange import import_file
from bench.lab.register import create_register


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALTWIN_LAB", "lab.sqlite")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def lab(*arguments: str) -> None:
    app(list(arguments), standalone_mode=False)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    lab(*arguments)
    return capsys.readouterr().out


def test_a_laboratory_is_entered_by_options_alone(capsys: pytest.CaptureFixture[str], inside: Path) -> None:
    lab("init")
    (inside / "who.toml").write_text(LABORATORY[: LABORATORY.index("[[customer]]")], encoding="utf-8")
    lab("import", "who.toml")
    lab("add-customer", "--code", "C-1", "--name-zh", "委托方", "--name-en", "Customer")
    lab("add-person", "--code", "p1", "--name", "Person One", "--role", "operator", "--role", "checker")
    lab("add-person", "--code", "p2", "--name", "Person Two", "--role", "approver")
    lab(
        "add-standard",
        "--serial",
        "TWIN-ES-0001",
        "--model",
        "WT-DCE 05",
        "--manufacturer",
        "caltwin",
        "--name-zh",
        "标准表",
        "--name-en",
        "Standard meter",
        "--accuracy",
        "class 0.05",
        "--simulated",
        "--range",
        "voltage: 0..1500 V",
        "--range",
        "current: -600..600 A",
    )
    (inside / "certificate.pdf").write_bytes(b"%PDF-")
    lab(
        "add-certificate",
        "--number",
        "T-1",
        "--issuer",
        "Test institute",
        "--standard",
        "TWIN-ES-0001",
        "--issued",
        "2026-01-10",
        "--due",
        "2027-01-09",
        "--file",
        "certificate.pdf",
        "--line",
        "energy: U = 0.02 %, k = 2; voltage: 0..1000 V",
    )
    lab(
        "add-device",
        "--serial",
        "TWIN-EM-0001",
        "--model",
        "DCM-1",
        "--manufacturer",
        "caltwin",
        "--class",
        "0.5",
        "--customer",
        "C-1",
        "--marking",
        "voltage=500 V",
        "--marking",
        "constant=1000",
        "--marking",
        "colour=grey",
    )
    lab(
        "add-order",
        "--number",
        "WO-1",
        "--system",
        "dc_energy",
        "--device",
        "TWIN-EM-0001",
        "--received",
        "2026-05-01",
        "--equipment",
        "standard=TWIN-ES-0001",
        "--operator",
        "p1",
        "--approver",
        "p2",
    )
    whole = tomllib.loads(said(capsys, "export"))
    assert whole["order"][0]["equipment"] == {"standard": "WT-DCE 05/TWIN-ES-0001"}
    assert whole["device"][0]["markings"] == {
        "voltage": {"value": 500.0, "unit": "V"},
        "constant": 1000.0,
        "colour": "grey",
    }
    assert whole["certificate"][0]["sha256"] == hashlib.sha256(b"%PDF-").hexdigest()
    assert whole["certificate"][0]["lines"][0]["ranges"][0]["high"] == 1000.0
    assert whole["standard"][0]["ranges"][1]["low"] == -600.0
    assert sorted(whole["person"][0]["roles"]) == ["checker", "operator"]


@pytest.fixture
def full(inside: Path) -> None:
    (inside / "all.toml").write_text(LABORATORY, encoding="utf-8")
    lab("init")
    lab("import", "all.toml")


@pytest.mark.usefixtures("full")
def test_tables_are_shown_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert "TEST-ES-2026" in said(capsys, "list", "standard")
    assert "上级证书" in said(capsys, "list", "certificate", "--lang", "zh")
    assert "TEST-RP-2025" in said(capsys, "list", "certificate", "--lang", "en")
    for table in ("person", "customer", "device", "order", "record", "waiver", "software", "check"):
        assert said(capsys, "list", table).strip()
    shown = tomllib.loads(said(capsys, "show", "certificate", "TEST-ES-2026"))
    assert shown["certificate"][0]["parent"] == "TEST-RP-2025"
    assert tomllib.loads(said(capsys, "show", "standard", "TWIN-ES-0001"))["standard"][0]["model"] == "WT-DCE 05"


@pytest.mark.usefixtures("full")
def test_a_record_and_a_software_version_are_entered(capsys: pytest.CaptureFixture[str], inside: Path) -> None:
    record = run_record()
    write_record(record, inside / "run")
    lab("import", "run", "--order", "WO-1")
    shown = said(capsys, "list", "record")
    assert record.number in shown and "WO-1" in shown
    lab("approve-software", "--as", "p2")
    assert "Person Two" in said(capsys, "list", "software")
    with pytest.raises(ConfigurationError, match="approved already"):
        lab("approve-software", "--as", "p2")
    with pytest.raises(ConfigurationError, match="does not hold the role approver"):
        lab("approve-software", "--as", "p1")


@pytest.mark.usefixtures("full")
def test_a_person_who_leaves_may_no_longer_act_but_stays_in_the_register(capsys: pytest.CaptureFixture[str]) -> None:
    lab("set-person", "p2", "--role", "approver", "--role", "checker", "--public-key", "a public key")
    (second,) = tomllib.loads(said(capsys, "show", "person", "p2"))["person"]
    assert second["roles"] == ["approver", "checker"] and second["public_key"] == "a public key" and second["active"]
    lab("set-person", "p2", "--inactive")
    assert "(approver, checker)" in said(capsys, "list", "person")
    with pytest.raises(ConfigurationError, match="not active"):
        lab("approve-software", "--as", "p2")
    lab("set-person", "p2", "--active", "--role", "checker")
    with pytest.raises(ConfigurationError, match="does not hold the role approver"):
        lab("approve-software", "--as", "p2")
    with pytest.raises(ConfigurationError, match="no role 'boss'"):
        lab("set-person", "p2", "--role", "boss")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "songs"), ("unknown table", "standard")),
        (("show", "standard", "TWIN-ES-0002"), ("did you mean 'TWIN-ES-0001'",)),
        (("show", "songs", "x"), ("unknown table",)),
        (("import", "all.toml"), ("all.toml", "already")),
        (("import", "missing.toml"), ("missing.toml", "No such file")),
        (("export", "--out", "no/folder/x.toml"), ("x.toml", "No such file")),
        (("add-person", "--code", "p3", "--name", "Person Three", "--role", "boss"), ("person.roles", "boss")),
        (
            (
                "add-device",
                "--serial",
                "1",
                "--model",
                "m",
                "--manufacturer",
                "x",
                "--class",
                "1",
                "--marking",
                "voltage",
            ),
            ("--marking", "voltage=500 V"),
        ),
        (
            (
                "add-certificate",
                "--number",
                "9",
                "--issuer",
                "x",
                "--standard",
                "TWIN-ES-0001",
                "--issued",
                "2026-02-30",
                "--due",
                "2027-01-01",
                "--line",
                "energy: U = 1 %, k = 2",
            ),
            ("certificate.issued", "2026-01-10"),
        ),
        (
            (
                "add-certificate",
                "--number",
                "9",
                "--issuer",
                "x",
                "--standard",
                "TWIN-ES-0001",
                "--issued",
                "2026-02-20",
                "--due",
                "2027-01-01",
                "--line",
                "energy: U = 1 %, k = 2",
                "--file",
                "no.pdf",
            ),
            ("no.pdf", "--file"),
        ),
        (("list", "--lab", "nowhere.sqlite"), ("nowhere.sqlite", "caltwin lab init")),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as problem:
        lab(*arguments)
    line = str(problem.value)
    assert "\n" not in line and all(word in line for word in words), line


def test_the_commands_of_the_guide_run_as_written(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docs = Path(__file__).parents[2] / "docs"
    block = (docs / "laboratory.md").read_text(encoding="utf-8").split("```")[1].strip().splitlines()
    assert block[0] == "export CALTWIN_LAB=lab.sqlite"  # the fixture has set it
    (inside / "laboratory.toml").write_bytes((docs / "laboratory.toml").read_bytes())
    for line in block[1:]:
        program, *arguments = shlex.split(line)
        assert program == "caltwin"
        assert cli.run(arguments) == 0, (line, capsys.readouterr().err)
    with create_register("copy.sqlite") as copy, copy.writing() as session:
        assert import_file(session, inside / "copy.toml")["certificate"] == 5
    assert (inside / "run" / "record.json").is_file()
