"""Budget files: the worked examples, units, every kind of input, and one clear line for each mistake."""

import csv
import io
import re
from pathlib import Path

import pikepdf
import pytest

from uncertainty.conformity import Verdict
from uncertainty.evaluation import evaluate
from uncertainty.file import BudgetFileError, read, read_text
from uncertainty.file_inputs import KINDS
from uncertainty.quantity import UnitMismatch, coherent
from uncertainty.report import to_csv, to_html, to_latex, to_markdown, to_text
from uncertainty.run import FORMATS, run
from uncertainty.text import Language, catalogue

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "uncertainty"

GOOD = """
[measurand]
name = "P"
unit = "mW"
model = "U**2 / R"
[settings]
trials = 20000
[inputs.U]
unit = "V"
distribution = "normal"
value = 10.0
U = 0.02
k = 2
[inputs.R]
unit = "kohm"
distribution = "rectangular"
value = 1.0
half_width = 0.001
"""


def test_units_are_converted_on_the_way_in_and_out() -> None:
    gum = read_text(GOOD).budget.gum()
    assert gum.value == pytest.approx(100.0)
    assert gum.sensitivities == pytest.approx((20.0, -100.0))
    assert gum.method == "complex step"


def test_temperatures_have_their_offset_and_percent_its_factor() -> None:
    text = GOOD.replace("U**2 / R", "U * (1 + a*(R - T0))").replace('unit = "mW"', 'unit = "V"')
    text = text.replace('unit = "kohm"', 'unit = "degC"').replace("value = 1.0", "value = 30.0")
    text += '[inputs.T0]\nunit = "K"\ndistribution = "constant"\nvalue = 293.15\n'
    text += '[inputs.a]\nunit = "%/K"\ndistribution = "constant"\nvalue = 1.0\n'
    gum = read_text(text).budget.gum()
    assert gum.value == pytest.approx(11.0)
    assert gum.sensitivities[1] == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["power", "mass"])
def test_the_worked_examples_run_and_write_every_report(name: str, tmp_path: Path) -> None:
    written = run(EXAMPLES / f"{name}.toml", tmp_path / "new" / "folder", Language.BOTH, formats=FORMATS)
    assert {p.suffix.lstrip(".") for p in written.files} == set(FORMATS)
    assert all(p.stat().st_size > 300 for p in written.files)
    with pikepdf.open(tmp_path / "new" / "folder" / f"{name}.pdf") as pdf:
        assert 1 <= len(pdf.pages) <= 3


def test_the_mass_example_has_the_numbers_of_jcgm_101() -> None:
    e = run(EXAMPLES / "mass.toml", None, Language.EN).evaluation
    assert e.gum.u == pytest.approx(0.0539, abs=5e-5)
    assert e.mc.u == pytest.approx(0.0755, abs=2e-4)
    assert e.validation is not None and not e.validation.validated
    assert e.verdict is Verdict.PASS
    assert "not validated" in run(EXAMPLES / "mass.toml", None, Language.EN).text


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        run(EXAMPLES / "power.toml", tmp_path / folder, Language.ZH, formats=("pdf", "svg", "csv"))
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("kind", "fields", "mean", "u"),
    [
        ("normal", "value = 2\nu = 0.1\ndof = 9", 2, 0.1),
        ("rectangular", "low = 1\nhigh = 3", 2, 3**-0.5),
        ("rectangular", "value = 2\nresolution = 2", 2, 3**-0.5),
        ("rectangular", "value = 2\nclass_percent = 0.5\nof = 200", 2, 3**-0.5),
        ("triangular", "value = 2\nhalf_width = 1", 2, 6**-0.5),
        ("trapezoidal", "value = 2\nhalf_width = 1\nbeta = 0", 2, 6**-0.5),
        ("curvilinear trapezoid", "value = 2\nhalf_width = 1\nd = 0", 2, 3**-0.5),
        ("arcsine", "value = 2\nhalf_width = 1", 2, 2**-0.5),
        ("t", "value = 2\nu = 0.1\ndof = 5", 2, 0.1),
        ("readings", "readings = [1, 2, 3, 2]", 2, (2 / 3) ** 0.5 / 2),
        ("readings", "readings = [1, 3]\ns = 0.2\ndof = 9", 2, 0.2 / 2**0.5),
        ("exponential", "value = 2", 2, 2),
        ("gamma", "value = 2\nu = 1", 2, 1),
        ("gamma", "shape = 4\nscale = 0.5", 2, 1),
        ("counting", "count = 3\nscale = 0.5", 2, 1),
        ("discrete", "values = [1, 3]\nprobabilities = [0.5, 0.5]", 2, 1),
        ("sample", "values = [1, 3]", 2, 1),
        ("constant", "value = 2", 2, 0),
    ],
)
def test_every_kind_of_input_can_be_written(kind: str, fields: str, mean: float, u: float) -> None:
    text = f'[measurand]\nunit = "1"\nmodel = "x"\n[inputs.x]\ndistribution = "{kind}"\n{fields}\n'
    gum = read_text(text).budget.gum()
    assert (gum.value, gum.u) == pytest.approx((mean, u))


def test_no_kind_is_forgotten() -> None:
    assert len(KINDS) == 14
    written = catalogue("uncertainty")
    for kind in set(KINDS) - {"readings", "constant"}:
        assert f"distribution.{kind}" in written


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("half_width", "halfwidth", "inputs.R.half_width: give low and high"),
        (
            "half_width = 0.001",
            "half_width = 0.001\nhalfwidht = 3",
            "inputs.R.halfwidht: unknown field; did you mean 'half_width'",
        ),
        (
            'model = "U**2 / R"',
            'model = "U**2 / Rx"',
            "measurand.model: 'Rx' is not among the inputs; did you mean 'R'",
        ),
        ('model = "U**2 / R"', 'model = "U**2"', "inputs.R: the model does not use this input"),
        ('model = "U**2 / R"', 'model = "U + R"', "measurand.model: 'U + R' joins"),
        ('model = "U**2 / R"', 'model = "exp(U) / R"', "measurand.model: 'exp(U)' needs a plain number"),
        ('model = "U**2 / R"', 'model = "U**R"', "the exponent has the unit"),
        ('model = "U**2 / R"', 'model = "open(U)/R"', "measurand.model: model 'open(U)/R': 'open(U)' calls 'open'"),
        ('unit = "mW"', 'unit = "mA"', "measurand.model: model 'U**2 / R' gives"),
        ('unit = "mW"', "", "measurand.unit: missing"),
        ('unit = "kohm"', 'unit = "kohn"', "inputs.R.unit: unknown unit 'kohn'"),
        ('distribution = "normal"', 'distribution = "normaal"', "inputs.U.distribution: 'normaal' must be one of"),
        ("U = 0.02", "U = -0.02", "inputs.U.distribution: normal distribution: U = -0.02"),
        ("U = 0.02", 'U = "0.02"', "inputs.U.U: '0.02' is not of the kind"),
        ("value = 10.0", "value = nan", "inputs.U.value: nan must be a finite number"),
        ("k = 2", "", "inputs.U.k: missing"),
        ("trials = 20000", "trials = 10", "settings.trials: 10 must be"),
        ("trials = 20000", "trails = 20000", "settings.trails: unknown field; did you mean 'trials'"),
        ("trials = 20000", "p = 95", "settings.p: 95.0 must lie between 0 and 1"),
        ("trials = 20000", "digits = 3", "settings.digits: 3"),
        ("[settings]", "[setings]", "setings: unknown field; did you mean 'settings'"),
        ("[inputs.U]", "[inputs.U]\nevaluation = 'C'", "inputs.U.evaluation: 'C' must be one of A, B"),
        ("[inputs.U]", "[inputs.sin]", "inputs.sin: is a function or constant"),
        ("[measurand]", "[measurand", "TOML: "),
        ("[settings]", "[decision]\nmpe = 0\n[settings]", "decision.mpe: 0.0 must be positive"),
        ("[settings]", "[decision]\nrule = 'lenient'\n[settings]", "decision.rule: 'lenient' must be one of simple"),
        (
            "[settings]",
            "[[correlations]]\nbetween = ['U', 'X']\nr = 0.5\n[settings]",
            "correlations: correlation (U, X)",
        ),
        ("[settings]", "[[correlations]]\nbetween = ['U', 'R']\nr = 2\n[settings]", "r = 2.0 must lie in -1 to 1"),
        ("[settings]", "[[correlations]]\nbetween = ['U']\nr = 0\n[settings]", "correlations[1].between: two names"),
    ],
)
def test_a_mistake_ends_as_one_line_that_names_the_field(old: str, new: str, line: str) -> None:
    assert old in GOOD
    with pytest.raises(BudgetFileError) as caught:
        read_text(GOOD.replace(old, new, 1), "budget.toml")
    message = str(caught.value)
    assert message.startswith("budget.toml: ")
    assert line in message
    assert "\n" not in message


def test_what_goes_wrong_later_is_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(BudgetFileError, match=r"nowhere\.toml: file: cannot be read"):
        read(tmp_path / "nowhere.toml")
    path = tmp_path / "b.toml"
    path.write_text(GOOD.replace('"U**2 / R"', '"U**2 / (R - R)"'), encoding="utf-8")
    with pytest.raises(BudgetFileError, match=r"b\.toml: measurand\.model: the model returned"):
        run(path, None, Language.EN)
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(BudgetFileError, match="format: 'docx' must be one of"):
        run(path, None, Language.EN, formats=("docx",))
    path.write_text(
        GOOD.replace("value = 1.0\nhalf_width = 0.001", 'value = 1.0\nhalf_width = 0.001\nlabel = "𓀀"'), "utf-8"
    )
    with pytest.raises(BudgetFileError, match=r"no font of the report has '𓀀' \(U\+13000\)"):
        run(path, tmp_path, Language.EN, formats=("pdf",))


def test_reports_say_the_same_in_every_form() -> None:
    e = evaluate(read_text(GOOD).budget, trials=20_000, mpe=101, rule="guarded")
    for language in Language:
        for write in (to_text, to_markdown, to_latex):
            assert "99.9999" in write(e, language) or "100.00" in write(e, language)
        assert "<table" in to_html(e.gum, language, e.indices)
    assert "：符合" in to_text(e, Language.ZH)
    assert ": conforms" in to_text(e, Language.EN)
    rows = list(csv.DictReader(io.StringIO(to_csv(e))))
    assert [row["symbol"] for row in rows] == ["U", "R", "y" if rows[-1]["symbol"] == "y" else "P"]
    assert float(rows[0]["contribution"]) == pytest.approx(0.2)
    assert float(rows[-1]["u"]) == e.gum.u
    assert "_repr_html_" in dir(e.gum) and e.gum._repr_html_().startswith("<table")


def test_texts_that_would_be_markup_or_formulas_are_harmless() -> None:
    text = GOOD.replace('unit = "V"', 'unit = "V"\nlabel = "=cmd|<b>&_%"')
    e = evaluate(read_text(text).budget, trials=2000)
    assert "<b>" not in to_html(e.gum, Language.EN)
    assert "'=cmd" in to_csv(e)
    assert r"\&\_\%" in to_latex(e, Language.EN)
    assert "=cmd\\|" in to_markdown(e, Language.EN)


def test_the_document_of_the_file_names_every_kind_and_format() -> None:
    page = (EXAMPLES / "budget-file.md").read_text(encoding="utf-8")
    for word in (*KINDS, *FORMATS):
        assert re.search(rf"`{word}`", page), word


def test_units_know_their_dimension() -> None:
    assert coherent("kWh")[0] == pytest.approx(3.6e6)
    assert coherent("degC")[:2] == (1.0, 273.15)
    assert str(coherent("N")[2]) == "kilogram meter second^-2"
    assert str(coherent("%")[2]) == "a plain number"
    assert coherent("imp/kWh")[2] == coherent("1/J")[2]
    with pytest.raises(UnitMismatch, match="'furlongg'"):
        coherent("furlongg")
