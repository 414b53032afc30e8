"""The post-check: what a good DCC needs and the schema misses. Each rule is one function of the tree."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from reports.checklist import SIMULATED_SERIES
from reports.units import known_forms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
_DCC = "{https://ptb.de/dcc}"

BASIC = frozenset(
    {
        "basic_conformity",
        "basic_measuredValue",
        "basic_measurementError",
        "basic_measurementStandard",
        "basic_metrologicallyTraceableToSI",
        "basic_nominalValue",
        "basic_referenceValue",
        "basic_serialNumber",
        "basic_temperature",
        "basic_temperatureMax",
        "basic_temperatureMin",
        "basic_toleranceLimitLower",
        "basic_toleranceLimitUpper",
        "basic_uncertainty",
    }
)
"""Terms of PTB that our writer uses; a term outside is a slip."""
OWN = frozenset(
    {
        "caltwin_auxiliary",
        "caltwin_calibration",
        "caltwin_condition",
        "caltwin_conditionMax",
        "caltwin_conditionMin",
        "caltwin_finding",
        "caltwin_findings",
        "caltwin_general",
        "caltwin_item",
        "caltwin_kind",
        "caltwin_place",
        "caltwin_points",
        "caltwin_product",
        "caltwin_rating",
        "caltwin_roundedError",
        "caltwin_simulated",
        "caltwin_uncertainty",
        "caltwin_verification",
    }
)
"""Our own terms; besides these, caltwin_item_<key> names the item of a procedure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Hold one fault of a DCC."""

    rule: str
    """Which rule is broken."""
    where: str
    """Where, as a path or a line."""
    what: str
    """What is wrong."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.what}"


_Finding = tuple[etree._Element, str]


def post_check(root: etree._Element) -> tuple[Fault, ...]:
    """Apply every rule to a DCC that its schema accepts."""
    tree = root.getroottree()
    return tuple(
        Fault(rule=name, where=_path(tree.getpath(element)), what=what)
        for name, rule in RULES.items()
        for element, what in rule(root)
    )


def _path(path: str) -> str:
    return re.sub(r"/(?:dcc|si):", "/", path).removeprefix("/digitalCalibrationCertificate")


def _find(node: etree._Element, path: str) -> list[etree._Element]:
    return node.findall(path, _NS)


def _words(node: etree._Element, path: str) -> list[str]:
    return [word for found in _find(node, path) for word in (found.text or "").split()]


def _lengths(root: etree._Element) -> Iterator[_Finding]:
    """Hold the columns of a table, and what belongs to a column, to one length or a single entry."""
    for table in root.iter(f"{_DCC}list"):
        columns = [_words(q, "si:realListXMLList/si:valueXMLList") for q in _find(table, "dcc:quantity")]
        rows = max((len(c) for c in columns), default=0)
        for quantity, column in zip(_find(table, "dcc:quantity"), columns, strict=True):
            if column and len(column) not in (1, rows):
                yield quantity, f"a column of {len(column)} values in a table of {rows} rows"
            inner = (
                ".//si:valueExpandedMUXMLList",
                ".//si:coverageFactorXMLList",
                ".//si:coverageProbabilityXMLList",
                ".//dcc:conformityXMLList",
                ".//dcc:metaData//si:valueXMLList",
            )
            for path in inner:
                for found in _find(quantity, path):
                    count = len((found.text or "").split())
                    if count not in (1, rows):
                        yield found, f"{count} entries for {rows} rows"


def _numbers(root: etree._Element) -> Iterator[_Finding]:
    """Refuse NaN, which D-SI permits."""
    for element in root.iter(*(f"{{{_NS['si']}}}{n}" for n in ("value", "valueXMLList", "valueExpandedMUXMLList"))):
        if "nan" in (element.text or "").lower():
            yield element, "NaN is no result"


def _units(root: etree._Element) -> Iterator[_Finding]:
    """Hold units to the D-SI names of our table."""
    token = re.compile(r"\\[a-z]+(?:\\tothe\{-?\d+\})?|\\[a-z]+")
    for element in root.iter(f"{{{_NS['si']}}}unit", f"{{{_NS['si']}}}unitXMLList"):
        for form in (element.text or "").split():
            names = re.findall(r"\\([a-z]+)", form)
            known = all(n == "tothe" or f"\\{n}" in known_forms() for n in names)
            if not known or "".join(token.findall(form)) != form:
                yield element, f"{form!r} is no unit of D-SI known here"


def _ref_types(root: etree._Element) -> Iterator[_Finding]:
    """Hold refTypes to the vocabulary, and their prefixes to the declared ones."""
    declared = {(n.text or "") + "_" for n in _find(root, ".//dcc:refTypeDefinition/dcc:namespace")}
    for element in root.iter(etree.Element):
        for term in (element.get("refType") or "").split():
            if not any(term.startswith(prefix) for prefix in declared):
                yield element, f"the prefix of refType {term!r} is not declared"
            elif term not in BASIC and term not in OWN and not re.fullmatch(r"caltwin_item_\w+", term):
                yield element, f"refType {term!r} is not in the vocabulary"


def _languages(root: etree._Element) -> Iterator[_Finding]:
    """Hold every text to all declared languages, or to one text without language."""
    used = [e.text or "" for e in _find(root, ".//dcc:usedLangCodeISO639_1")]
    for element in _find(root, ".//dcc:mandatoryLangCodeISO639_1"):
        if element.text not in used:
            yield element, f"the mandatory language {element.text!r} is not among the used ones"
    for parent in {content.getparent() for content in root.iter(f"{_DCC}content")}:
        if parent is None:
            continue
        found = [content.get("lang") for content in _find(parent, "dcc:content")]
        if found != [None] and sorted(str(lang) for lang in found) != sorted(used):
            listed = ", ".join(lang or "no language" for lang in found)
            yield parent, f"texts in {listed}, but each of {', '.join(used)} is due once, or one without language"
        for content in _find(parent, "dcc:content"):
            if not (content.text or "").strip():
                yield content, "an empty text"


def _dates(root: etree._Element) -> Iterator[_Finding]:
    """Hold the dates to their order; ISO dates compare as text."""
    names = ("receiptDate", "beginPerformanceDate", "endPerformanceDate", "issueDate")
    dates = [e for name in names for e in _find(root, f".//dcc:coreData/dcc:{name}")]
    for earlier, later in itertools.pairwise(dates):
        if (earlier.text or "") > (later.text or ""):
            yield later, f"{later.text} lies before {earlier.text}"


def _references(root: etree._Element) -> Iterator[_Finding]:
    """Hold every refId to an id that exists."""
    ids = {element.get("id") for element in root.iter(etree.Element)}
    for element in root.iter(etree.Element):
        for target in (element.get("refId") or "").split():
            if target not in ids:
                yield element, f"refId {target!r} points to nothing"


def _releases(root: etree._Element) -> Iterator[_Finding]:
    """Hold software releases to the form that PTB's rules ask for."""
    for element in root.iter(f"{_DCC}release"):
        if not re.fullmatch(r"[A-Za-z]\d+(\.\d+)*", element.text or ""):
            yield element, f"release {element.text!r} is not a letter followed by digits and dots"


def _places(number: str) -> int:
    return max(0, -int(Decimal(number).as_tuple().exponent))


def _significant(number: str) -> int:
    """Count the significant digits; the trailing zeros of a whole number do not count."""
    digits = "".join(str(d) for d in Decimal(number).as_tuple().digits)
    return len(digits if _places(number) else digits.rstrip("0"))


def _digits(root: etree._Element) -> Iterator[_Finding]:
    """Hold U to at most two significant digits and the error to the last place of its U (ILAC P14:09/2020)."""
    for column in root.iter(f"{{{_NS['si']}}}realListXMLList"):
        values, uncertainties = _words(column, "si:valueXMLList"), _words(column, ".//si:valueExpandedMUXMLList")
        for value, U in zip(values, uncertainties * (len(values) if len(uncertainties) == 1 else 1), strict=False):
            if _significant(U) > 2:
                yield column, f"U = {U} has more than two significant digits"
            if _places(value) != _places(U):
                yield column, f"{value} does not end at the place of its U = {U}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Hold the printed numbers of one row that a verdict follows from, all in the unit of the error."""

    rounded: Decimal
    """Error rounded to the prescribed step."""
    U: Decimal
    """Expanded uncertainty."""
    upper: Decimal
    """Maximum permissible error."""
    slack: Decimal
    """One unit in the last place of U: what rounding U may have hidden."""


def _verdict(rule: str, row: _Judged) -> set[str]:
    """Return the verdicts that the printed numbers permit; more than one where rounding hides which."""
    if rule == "simple":
        return {"pass" if abs(row.rounded) <= row.upper else "fail"}
    margin = row.upper - row.U - abs(row.rounded)
    if abs(margin) <= row.slack:
        return {"pass", "fail"}
    return {"pass" if margin > 0 else "fail"}


def _verdicts(root: etree._Element) -> Iterator[_Finding]:
    """Derive each verdict again from the printed numbers and the rule."""
    conventions = _find(root, ".//dcc:statement[@refType='basic_conformity']/dcc:convention")
    rule = (conventions[0].text or "") if conventions else "none"
    if rule not in ("simple", "guarded"):
        return
    for table in root.iter(f"{_DCC}list"):
        for stated, row, element in _rows(table):
            derived = _verdict(rule, row)
            if stated in ("pass", "fail") and stated not in derived:
                yield element, f"stated {stated}, but {row.rounded} against {row.upper} gives {' or '.join(derived)}"
    yield from _overall(root)


def _rows(table: etree._Element) -> Iterator[tuple[str, _Judged, etree._Element]]:
    def column(ref_type: str, path: str) -> list[str]:
        return [w for q in _find(table, f".//dcc:quantity[@refType='{ref_type}']") for w in _words(q, path)]

    stated = _find(table, ".//dcc:conformityXMLList")
    if not stated:
        return
    values = "si:realListXMLList/si:valueXMLList"
    columns = (
        _words(table, ".//dcc:conformityXMLList"),
        column("caltwin_roundedError", values),
        column("basic_measurementError", ".//si:valueExpandedMUXMLList"),
        column("basic_toleranceLimitUpper", values),
    )
    if len({len(c) for c in columns}) > 1:
        return  # the rule of lengths speaks
    for word, rounded, U, upper in zip(*columns, strict=True):
        slack = Decimal(1).scaleb(-_places(U))
        yield word, _Judged(rounded=Decimal(rounded), U=Decimal(U), upper=Decimal(upper), slack=slack), stated[0]


def _overall(root: etree._Element) -> Iterator[_Finding]:
    order = ("pass", "conditionalPass", "noPass", "fail")
    overall = _find(root, ".//dcc:statement[@refType='basic_conformity']/dcc:conformity")
    single = _words(root, ".//dcc:measurementResults//dcc:conformity")
    words = [*_words(root, ".//dcc:conformityXMLList"), *single]
    for element in overall:
        # An item in which nothing was obtained is worse than its rows: only a better overall statement is a fault.
        worst = max((order.index(w) for w in words if w in order), default=0)
        if element.text in order and order.index(element.text) < worst and element.text != "noPass":
            yield element, f"overall {element.text}, but one result says {order[worst]}"


def _mark(root: etree._Element) -> Iterator[_Finding]:
    """Hold a simulated certificate to its mark in statement, name and comment."""
    numbers = _find(root, ".//dcc:coreData/dcc:uniqueIdentifier")
    simulated = any((n.text or "").startswith(SIMULATED_SERIES) for n in numbers)
    statement = bool(_find(root, ".//dcc:statement[@refType='caltwin_simulated']"))
    names = _find(root, ".//dcc:measurementResult/dcc:name/dcc:content[@lang='en']")
    in_name = any("SIMULATED" in (n.text or "") for n in names)
    in_comment = any("SIMULATED" in "".join(str(t) for t in c.itertext()).upper() for c in _find(root, "dcc:comment"))
    for place, present in (("statement", statement), ("name", in_name), ("comment", in_comment)):
        if present != simulated:
            says = "is missing" if simulated else "stands on a document outside the simulated series"
            yield numbers[0], f"the mark of simulation in the {place} {says}"


RULES: dict[str, Callable[[etree._Element], Iterable[_Finding]]] = {
    "lengths": _lengths,
    "numbers": _numbers,
    "units": _units,
    "refTypes": _ref_types,
    "languages": _languages,
    "dates": _dates,
    "references": _references,
    "releases": _releases,
    "digits": _digits,
    "verdicts": _verdicts,
    "mark": _mark,
}
"""The rules by name."""
