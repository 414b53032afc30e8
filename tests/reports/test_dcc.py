"""The DCC: valid by two schema readers, complete, bilingual, and with the record's own strings."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
import xmlschema
from lxml import etree
from sample_records import calibration_record, point, quantity, text

from reports.certificate import certificate
from reports.dcc import dcc_xml
from reports.dcc_check import check, require_valid, schema_path
from reports.errors import InvalidDcc, ReportError
from scenarios.record import DecisionRule, Rule, RunRecord
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reports.issue import Documents

NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
SAMPLES = ("calibration", "verification", "failing", "long")


@cache
def second_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(schema_path()))


def dcc_of(record: RunRecord) -> bytes:
    return dcc_xml(record, certificate(record))


def words(root: etree._Element, path: str) -> list[str]:
    return [word for found in root.findall(path, NS) for word in (found.text or "").split()]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_dcc_is_valid_and_passes_the_post_check(name: str, documents: Callable[[str], Documents]) -> None:
    dcc = documents(name).dcc
    assert check(dcc) == ()
    second_schema().validate(dcc.decode("utf-8"))


def test_the_good_practice_rules_of_ptb_find_no_error(documents: Callable[[str], Documents], tmp_path: Path) -> None:
    """Apply the Schematron rules that come with the schema, by their own compiler."""
    saxonche = pytest.importorskip("saxonche")
    rules = schema_path().parents[1]
    files = []
    for name in SAMPLES:
        files.append(tmp_path / f"{name}.xml")
        files[-1].write_bytes(documents(name).dcc)
    broken = documents("calibration").dcc.replace(
        b"<dcc:release>v0.1.0</dcc:release>", b"<dcc:release>0.1.0</dcc:release>"
    )
    (tmp_path / "broken.xml").write_bytes(broken)
    svrl = {"svrl": "http://purl.oclc.org/dsdl/svrl"}

    def errors(report: str) -> list[str]:
        asserted = etree.fromstring(report.encode()).iterfind(".//svrl:failed-assert", svrl)
        return [" ".join("".join(str(t) for t in a.itertext()).split()) for a in asserted]

    with saxonche.PySaxonProcessor(license=False) as processor:
        xslt = processor.new_xslt30_processor()
        compiler = xslt.compile_stylesheet(stylesheet_file=str(rules / "schxslt" / "compile-for-svrl.xsl"))
        compiled = compiler.transform_to_string(xdm_node=processor.parse_xml(xml_file_name=str(rules / "dcc.sch")))
        validator = xslt.compile_stylesheet(stylesheet_text=compiled)

        def report(path: Path) -> list[str]:
            return errors(validator.transform_to_string(xdm_node=processor.parse_xml(xml_file_name=str(path))))

        assert {path.stem: report(path) for path in files} == {name: [] for name in SAMPLES}
        assert report(tmp_path / "broken.xml"), "the rules see a fault"


def test_it_declares_its_schema_and_says_who_when_and_what(documents: Callable[[str], Documents]) -> None:
    root = etree.fromstring(documents("verification").dcc)
    assert root.get("schemaVersion") == "3.3.0"
    core = root.find(".//dcc:coreData", NS)
    assert core is not None
    assert core.findtext("dcc:uniqueIdentifier", None, NS) == "SIM-DCE-2026-000124"
    assert core.findtext("dcc:beginPerformanceDate", None, NS) == "2026-11-22"
    assert words(root, ".//dcc:usedLangCodeISO639_1") == ["zh", "en"]
    assert words(root, ".//dcc:item//dcc:identification/dcc:value") == ["2026-004711"]
    assert root.findtext(".//dcc:statement/dcc:conformity", None, NS) == "pass"


def test_a_simulated_dcc_says_so_in_statement_name_and_comment(documents: Callable[[str], Documents]) -> None:
    root = etree.fromstring(documents("calibration").dcc)
    statement = root.find(".//dcc:statement[@refType='caltwin_simulated']", NS)
    assert statement is not None
    assert "模拟" in "".join(str(t) for t in statement.itertext())
    name = root.findtext(".//dcc:measurementResult/dcc:name/dcc:content[@lang='en']", None, NS)
    assert name is not None
    assert "SIMULATED" in name
    comment = root.find("dcc:comment", NS)
    assert comment is not None
    assert "Simulated" in "".join(str(t) for t in comment.itertext())
    traceable = root.findtext(".//dcc:statement/dcc:traceable", None, NS)
    assert traceable == "false", "a simulation proves no traceability"


def test_numbers_are_the_strings_of_the_record() -> None:
    record = calibration_record()
    root = etree.fromstring(dcc_of(record))
    table = root.find(".//dcc:result[@refType='caltwin_item caltwin_item_basic_error']//dcc:list", NS)
    assert table is not None
    printed = [p.reported for p in record.items[3].points]

    def column(ref_type: str, path: str = "si:valueXMLList") -> list[str]:
        return words(table, f".//dcc:quantity[@refType='{ref_type}']/si:realListXMLList//{path}")

    assert column("basic_measurementError") == [r.error.removeprefix("+") for r in printed]
    assert column("basic_measurementError", "si:valueExpandedMUXMLList") == [r.U for r in printed]
    assert column("caltwin_roundedError") == [r.rounded_error.removeprefix("+") for r in printed]
    assert column("basic_referenceValue") == [r.reference_value for r in printed]
    assert column("basic_toleranceLimitUpper") == [r.mpe for r in printed]
    assert column("basic_measurementError", "si:coverageFactorXMLList") == ["2"]
    assert words(table, ".//dcc:conformityXMLList") == ["pass"] * 12


def test_points_of_different_shape_get_tables_of_their_own() -> None:
    record = calibration_record()
    item = record.items[3]
    at_kelvin = point(
        "import", 0.5, 0.1, key="basic_error/import/hot", settings={"temperature": quantity(40.0, "degC")}
    )
    unlimited = replace(
        item.points[0],
        point=replace(item.points[0].point, key="basic_error/import/free", mpe=None),
        reported=replace(item.points[0].reported, mpe=None),
    )
    item = replace(item, points=(*item.points, at_kelvin, unlimited), figure=None)
    dcc = dcc_of(replace(record, items=(*record.items[:3], item)))
    assert check(dcc) == ()
    tables = etree.fromstring(dcc).findall(".//dcc:result[4]//dcc:list", NS)
    assert [len(words(t, "dcc:quantity[1]/si:realListXMLList/si:valueXMLList")) for t in tables] == [12, 1, 1]


@pytest.mark.parametrize(
    ("verdict", "word"),
    [(Verdict.CONDITIONAL, "conditionalPass"), (Verdict.INCONCLUSIVE, "noPass"), (Verdict.ERROR, "noPass")],
)
def test_other_verdicts_have_their_words(verdict: Verdict, word: str) -> None:
    record = calibration_record()
    first = record.items[0]
    changed = replace(first, findings=(replace(first.findings[0], verdict=verdict),), verdict=verdict)
    root = etree.fromstring(dcc_of(replace(record, items=(changed, *record.items[1:]))))
    assert root.findtext(".//dcc:statement/dcc:conformity", None, NS) == word
    assert root.findtext(".//dcc:results//dcc:conformity", None, NS) == word


def test_without_a_decision_rule_nothing_is_said_to_conform() -> None:
    rule = DecisionRule(rule=Rule.NONE, statement=text("无", "none"), maximum_ratio=None)
    dcc = dcc_of(replace(calibration_record(), decision=rule))
    assert check(dcc) == ()
    assert b"<dcc:conformity>" not in dcc
    assert b"conformityXMLList" not in dcc


def test_a_guarded_rule_is_checked_too() -> None:
    record = calibration_record()
    rule = replace(record.decision, rule=Rule.GUARDED)
    assert check(dcc_of(replace(record, decision=rule))) == ()


def test_people_a_firmware_and_an_odd_version_are_carried() -> None:
    record = calibration_record()
    odd = replace(
        record,
        software=replace(record.software, version="0.2.0.dev3+g1a2b"),
        people=replace(record.people, operator="李某"),
        issued="2026-11-23",
        customer=None,
    )
    dcc = dcc_of(odd)
    assert check(dcc) == ()
    root = etree.fromstring(dcc)
    assert words(root, ".//dcc:dccSoftware//dcc:release") == ["v0.2.0"]
    assert "0.2.0.dev3+g1a2b" in str(root.findtext(".//dcc:dccSoftware//dcc:description/dcc:content", None, NS))
    assert root.findtext(".//dcc:issueDate", None, NS) == "2026-11-23"
    people = [str(c.text) for c in root.findall(".//dcc:respPerson/dcc:person/dcc:name/dcc:content", NS)]
    assert "李某" in people
    assert "not entered" in people


def test_markup_in_a_name_stays_text() -> None:
    record = calibration_record()
    device = replace(record.device, model='<b a="1">&amp;</b>')
    root = etree.fromstring(dcc_of(replace(record, device=device)))
    assert root.findtext(".//dcc:item/dcc:model", None, NS) == device.model


def test_a_control_character_is_named() -> None:
    record = calibration_record()
    device = replace(record.device, serial="20\x0026")
    with pytest.raises(ReportError, match=r"^'20\\x0026': holds a control character"):
        dcc_of(replace(record, device=device))


def test_a_broken_dcc_is_refused_in_one_line() -> None:
    with pytest.raises(InvalidDcc, match=r"^dcc\.xml: xml: "):
        require_valid(b"<dcc>")
    broken = dcc_of(calibration_record()).replace(b"<dcc:release>v0.1.0</dcc:release>", b"<dcc:release></dcc:release>")
    with pytest.raises(InvalidDcc, match=r"^dcc\.xml: schema: line \d+: .* \(and \d+ more\)$"):
        require_valid(broken)
