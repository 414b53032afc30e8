"""The command line as a new user meets it: whole runs, and one line for every mistake."""

from __future__ import annotations

import os
import shutil
import sqlite3
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from bench import cli
from bench.journal import Journal
from scenarios.procedure import ProcedureAborted
from scenarios.record import from_json, to_json
from uncertainty.conformity import Verdict


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one whole run."""
    folder = tmp_path_factory.mktemp("run")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert cli.run(["verify", "dc_energy", "--seed", "7", "--out", "out"]) == 0
    finally:
        os.chdir(here)
    return folder / "out"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a command says when it refuses."""
    assert cli.run(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.startswith("caltwin: ")
    assert "Traceback" not in said
    assert not list(Path.cwd().rglob("journal.sqlite")), "something was half-written"
    return said


def test_a_run_leaves_a_record_a_journal_and_three_documents(finished: Path) -> None:
    record = from_json((finished / "record.json").read_bytes())
    assert record.verdict is Verdict.PASS
    assert record.simulated and record.number.startswith("SIM-")
    assert record.duration_s > 3600
    assert (finished / "certificate.pdf").read_bytes().startswith(b"%PDF-")
    assert b"<html" in (finished / "certificate.html").read_bytes()[:400]
    assert b"digitalCalibrationCertificate" in (finished / "dcc.xml").read_bytes()[:400]
    with Journal(finished / "journal.sqlite") as journal:
        entries = list(journal.entries())
    kept = {entry.step for entry in entries if entry.kind == "reading"}
    assert entries[0].kind == "begin" and entries[-1].kind == "end"
    for item in record.items:
        for point in item.points:
            assert {f"{point.point.key}/1/energy"} <= kept, "a reading of the record is not in the journal"


def test_a_run_closes_its_journal_however_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Journal] = []

    class Held(Journal):
        """Stay referenced, so that nothing but `close` closes it."""

        def __init__(self, path: Path) -> None:
            super().__init__(path)
            opened.append(self)

    monkeypatch.setattr("bench.commands.verify.Journal", Held)
    assert cli.run(["verify", "dc_energy", "--trials", "1000", "--out", "good"]) == 0
    monkeypatch.setattr("bench.runs._finish", lambda *_: (_ for _ in ()).throw(ProcedureAborted("stopped")))
    assert cli.run(["verify", "dc_energy", "--trials", "1000", "--out", "bad"]) == 3
    for journal in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            next(iter(journal.entries()))
    assert opened


def test_every_reading_of_the_record_is_in_the_journal_with_the_same_bytes(finished: Path) -> None:
    record = from_json((finished / "record.json").read_bytes())
    base = sqlite3.connect(finished / "journal.sqlite")
    rows = [msgspec.json.decode(row[0]) for row in base.execute("SELECT payload FROM entry WHERE kind = 'reading'")]
    base.close()
    kept = {(row["instrument"], row["time_s"], row["raw"]) for row in rows}
    used = [r for item in record.items for point in item.points for r in point.readings]
    assert len(used) >= 14 * 2 * 2 + 3  # two readings per pulse comparison, three by the display
    assert {(r.instrument, r.time_s, r.raw) for r in used} <= kept


def test_the_same_seed_gives_the_same_results_and_another_seed_does_not(finished: Path) -> None:
    assert cli.run(["verify", "dc_energy", "--seed", "7", "--out", "again"]) == 0
    assert cli.run(["verify", "dc_energy", "--seed", "8", "--out", "other"]) == 0
    first, again, other = (
        from_json((folder / "record.json").read_bytes()) for folder in (finished, Path("again"), Path("other"))
    )
    assert first.items == again.items
    assert first.items != other.items


def test_all_documents_are_made_again_from_the_record_alone(finished: Path) -> None:
    shutil.copy(finished / "record.json", "copy.json")
    assert cli.run(["certificate", "copy.json", "--out", "made"]) == 0
    for name in ("certificate.pdf", "certificate.html", "dcc.xml"):
        assert (Path("made") / name).read_bytes() == (finished / name).read_bytes(), name


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_language(finished: Path, lang: str) -> None:
    assert cli.run(["certificate", str(finished), "--out", "made", "--lang", lang]) == 0
    assert (Path("made") / "certificate.pdf").stat().st_size > 10_000


def test_a_record_comes_back_equal_from_its_json(finished: Path) -> None:
    data = (finished / "record.json").read_bytes()
    assert to_json(from_json(data)) == data


def test_a_second_run_never_overwrites_the_first(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished / "record.json").read_bytes()
    assert "holds a run already (journal.sqlite)" in refused(
        capsys, "verify", "dc_energy", "--seed", "7", "--out", str(finished)
    )
    assert (finished / "record.json").read_bytes() == before


def test_list_shows_the_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", "--lang", "en"]) == 0
    assert "Verification of DC energy meters" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["--help"], ["verify", "--help"], []])
def test_help_is_in_both_languages(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(command) == 0
    said = capsys.readouterr().out
    assert "Verify a device under test" in said and "检定一台被检器具" in said


# -- mistakes -----------------------------------------------------------------------------------------------------


def sheet_with(old: str, new: str) -> str:
    """Write a copy of the sheet with one change and return its name."""
    text = files("bench").joinpath("systems/dc_energy.toml").read_text(encoding="utf-8")
    assert old in text
    Path("mine.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return "mine.toml"


def test_an_unknown_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert "dc_enrgy: unknown system; did you mean 'dc_energy'?" in refused(capsys, "verify", "dc_enrgy")


def test_an_unknown_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such option: --sed" in refused(capsys, "verify", "dc_energy", "--sed", "3")


def test_a_missing_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Missing argument" in refused(capsys, "verify")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[title]", "[title", "mine.toml: (file): not a TOML file"),
        ('\nsymbol = "γ"', "", "mine.toml: measurand: Object missing required field `symbol`"),
        ('symbol = "γ"', 'symbol = "γ"\nsimbol = "γ"', "mine.toml: measurand.simbol: unknown key"),
        ('unit = "h"', 'unit = "V"', "mine.toml: procedure.warm_up.unit: cannot convert 'V' to 's'"),
        ('driver = "power_source"', 'driver = "pwer"', "mine.toml: roles.source.driver: there is no drivers/pwer.py"),
        ('system = "dc_energy"', 'system = "else"', "mine.toml: system: 'else' where 'dc_energy' was asked for"),
        (
            'accuracy_class = "0.5"\nvoltage',
            'accuracy_class = "0.7"\nvoltage',
            "procedure.mpe: no class '0.7'; the sheet knows 0.5, 1, 2",
        ),
        (
            'serial = "TWIN-ES-0001"\ncertificate',
            'serial = "TWIN-ES-0009"\ncertificate',
            "answers caltwin WT-DCE 05 no. TWIN-ES-0001, but no. TWIN-ES-0009 is expected",
        ),
        ('models = ["WT-DCE 05"]', 'models = ["WT5000"]', "answers caltwin WT-DCE 05 no. TWIN-ES-0001, but WT5000"),
        ('due = "2099-12-31"', 'due = "2020-12-31"', "certificate.due: calibration was due on 2020-12-31"),
        ('due = "2099-12-31"', 'due = "soon"', "certificate.due: 'soon' is not a date"),
        ('twin = "power_source"', 'twin = "power_sorce"', "devices.source.twin"),
        ("half_width = 0.05\n", "half_width = 0.5\n", "exceeds 0.167 % (its share of the MPE); no longer measurement"),
    ],
)
def test_a_wrong_sheet_is_one_line_that_names_file_key_and_why(
    old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, "verify", "dc_energy", "--sheet", sheet_with(old, new))


@pytest.mark.parametrize("option", ["--sheet", "--station", "--answers"])
def test_a_missing_file(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "verify", "dc_energy", option, "nowhere.yaml")
    assert "nowhere.yaml: " in said and "No such file" in said


def test_a_station_without_an_instrument_that_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(
        capsys, "verify", "dc_energy", "--sheet", sheet_with('standard = "TCPIP0::standard.bench::inst0::INSTR"\n', "")
    )
    assert "roles.standard: missing; the system needs a Reference DC energy meter" in said


def test_answers_come_from_a_file_and_must_fit(capsys: pytest.CaptureFixture[str]) -> None:
    Path("answers.toml").write_text('appearance = "perhaps"\n', encoding="utf-8")
    assert "answers.toml: appearance: 'perhaps' is not an answer; answer pass or fail" in refused(
        capsys, "verify", "dc_energy", "--answers", "answers.toml"
    )
    Path("answers.toml").write_text('appearance = "fail"\n', encoding="utf-8")
    assert cli.run(["verify", "dc_energy", "--answers", "answers.toml", "--out", "bad", "--trials", "1000"]) == 1
    assert from_json(Path("bad/record.json").read_bytes()).verdict is Verdict.FAIL


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2]", b"not json", b'{"schema": 99}'])
def test_a_broken_record(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("record.json").write_bytes(data)
    assert "record.json: record: " in refused(capsys, "certificate", "record.json")


def test_a_pulse_line_that_is_cut_ends_in_a_refusal_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The meter's pulses do not reach the standard: no certificate, a named reason, the source off."""
    cut = sheet_with(
        'ports = { input = "bench", pulses = "pulses", ambient = "room" }\n\n[station.devices.standard',
        'ports = { input = "bench", ambient = "room" }\n\n[station.devices.standard',
    )
    assert cli.run(["verify", "dc_energy", "--sheet", cut, "--out", "cut"]) == 3
    said = capsys.readouterr().err
    assert "no pulse is counted" in said and "check the pulse line" in said
    assert not Path("cut/record.json").exists() and not Path("cut/certificate.pdf").exists()
