"""Each rule of the post-check catches its own fault, which the schema misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from reports.dcc_check import check
from reports.dcc_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.issue import Documents

NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
ERRORS = ".//dcc:list[@refType='caltwin_points']/dcc:quantity[@refType='basic_measurementError']"
Mutation = tuple[str, str, "Callable[[etree._Element], None]"]


def first(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path, NS)
    assert found is not None, f"the sample has no {path}"
    return found


def put(path: str, old: str, new: str) -> Callable[[etree._Element], None]:
    """Return a mutation that replaces text inside the first element of a path."""

    def mutate(root: etree._Element) -> None:
        element = first(root, path)
        assert old in (element.text or ""), f"{path} holds {element.text!r}"
        element.text = (element.text or "").replace(old, new, 1)

    return mutate


def attribute(path: str, name: str, value: str) -> Callable[[etree._Element], None]:
    def mutate(root: etree._Element) -> None:
        first(root, path).set(name, value)

    return mutate


def remove(path: str) -> Callable[[etree._Element], None]:
    def mutate(root: etree._Element) -> None:
        element = first(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return mutate


VALUES = f"{ERRORS}/si:realListXMLList/si:valueXMLList"
UNCERTAINTIES = f"{ERRORS}//si:valueExpandedMUXMLList"
ROUNDED = ".//dcc:quantity[@refType='caltwin_roundedError']/si:realListXMLList/si:valueXMLList"
REFERENCE = ".//dcc:quantity[@refType='basic_referenceValue']/si:realListXMLList/si:valueXMLList"
UPPER = ".//dcc:quantity[@refType='basic_toleranceLimitUpper']/si:realListXMLList/si:valueXMLList"
MUTATIONS: list[Mutation] = [
    ("lengths", "a value too few", put(REFERENCE, "1.20000 ", "")),
    ("lengths", "a U too few", put(UNCERTAINTIES, "0.035 ", "")),
    ("lengths", "two k", put(f"{ERRORS}//si:coverageFactorXMLList", "2", "2 2")),
    ("lengths", "a conformity too few", put(".//dcc:conformityXMLList", "pass ", "")),
    ("lengths", "a limit too many", put(UPPER, "0.5", "0.5 0.5")),
    ("numbers", "NaN", put(REFERENCE, "1.20000", "NaN")),
    ("units", "nonsense", put(".//si:unitXMLList", "\\volt", "\\foo")),
    ("units", "no D-SI", put(".//si:unitXMLList", "\\volt", "V")),
    ("units", "a wrong degree", put(".//si:unit", "\\", "\\celsius\\")),
    ("refTypes", "a misspelt term", attribute(ERRORS, "refType", "basic_measurmentError")),
    ("refTypes", "an undeclared prefix", attribute(ERRORS, "refType", "gp_error")),
    ("refTypes", "an unknown own term", attribute(ERRORS, "refType", "caltwin_errors")),
    ("languages", "one missing", remove(".//dcc:result/dcc:name/dcc:content[@lang='en']")),
    ("languages", "one twice", attribute(".//dcc:result/dcc:name/dcc:content[@lang='en']", "lang", "zh")),
    ("languages", "a third", attribute(".//dcc:result/dcc:name/dcc:content[@lang='en']", "lang", "fr")),
    ("languages", "an empty text", put(".//dcc:result/dcc:name/dcc:content[@lang='en']", "Visual inspection", " ")),
    ("languages", "a foreign mandatory one", put(".//dcc:mandatoryLangCodeISO639_1", "zh", "de")),
    ("dates", "the end before the beginning", put(".//dcc:endPerformanceDate", "2026", "2025")),
    ("references", "to nothing", attribute(".//dcc:measurementResult", "refId", "item2")),
    ("releases", "no letter", put(".//dcc:release", "v0.1.0", "0.1.0")),
    ("releases", "a development version", put(".//dcc:release", "v0.1.0", "v0.1.0.dev1")),
    ("digits", "three digits of U", put(UNCERTAINTIES, "0.035", "0.135")),
    ("digits", "an error with a place more", put(VALUES, "-0.082", "-0.0821")),
    ("digits", "a U with a place less", put(UNCERTAINTIES, "0.035", "0.04")),
    ("verdicts", "a pass beyond the limit", put(ROUNDED, "-0.10", "-0.60")),
    ("verdicts", "a fail within the limit", put(".//dcc:conformityXMLList", "pass", "fail")),
    ("verdicts", "a limit moved", put(UPPER, "0.5", "0.05")),
    ("verdicts", "an overall pass over a fail", put(".//dcc:results//dcc:conformity", "pass", "fail")),
    ("mark", "no statement", remove(".//dcc:statement[@refType='caltwin_simulated']")),
    ("mark", "no comment", remove("dcc:comment")),
    ("mark", "no name", put(".//dcc:measurementResult/dcc:name/dcc:content[@lang='en']", "SIMULATED", "fine")),
    ("mark", "a real number", put(".//dcc:uniqueIdentifier", "SIM-", "")),
]


@pytest.mark.parametrize(
    ("rule", "mutate"), [(r, m) for r, _, m in MUTATIONS], ids=[f"{r}: {what}" for r, what, _ in MUTATIONS]
)
def test_a_fault_is_caught_by_its_rule(
    rule: str, mutate: Callable[[etree._Element], None], documents: Callable[[str], Documents]
) -> None:
    root = etree.fromstring(documents("calibration").dcc)
    mutate(root)
    faults = check(etree.tostring(root))
    assert rule in {f.rule for f in faults}, f"caught by {faults or 'nothing'}"
    assert all("\n" not in str(f) for f in faults)


def test_every_rule_has_a_mutation() -> None:
    assert {rule for rule, _, _ in MUTATIONS} == set(RULES)


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.035", "-0.035"), ("0.035", "0,035")],
)
def test_what_the_schema_catches_is_caught(old: str, new: str, documents: Callable[[str], Documents]) -> None:
    root = etree.fromstring(documents("calibration").dcc)
    put(UNCERTAINTIES, old, new)(root)
    assert {f.rule for f in check(etree.tostring(root))} == {"schema"}


def test_the_guarded_rule_refuses_a_pass_inside_the_guard_band(documents: Callable[[str], Documents]) -> None:
    root = etree.fromstring(documents("calibration").dcc)
    put(".//dcc:statement/dcc:convention", "simple", "guarded")(root)
    assert check(etree.tostring(root)) == ()
    put(ROUNDED, "-0.10", "-0.49")(root)  # 0.5 - 0.035 < 0.49 <= 0.5
    assert [f.rule for f in check(etree.tostring(root))] == ["verdicts"]
