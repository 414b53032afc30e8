"""Write a certificate as a digital calibration certificate: DCC 3.3.0 with D-SI 2.2.1 quantities.

The DCC is always bilingual, Chinese authoritative. Numbers are the record's own strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from reports.certificate import decision_statement, general_statements, kind_statement, traceability_statement
from reports.dcc_parts import CONFORMITY, identification, marked, release, software
from reports.dcc_results import measurement_result
from reports.dcc_xml import DCC, LANGUAGES, SI, XSI, Element, dcc, named, real, rich
from reports.numerals import day, moment
from reports.units import unit
from reports.view import same
from scenarios.record import Rule
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from reports.kind import Kind
    from reports.view import Certificate
    from scenarios.record import Party, RunRecord

SCHEMA_VERSION = "3.3.0"
"""Release of the DCC schema."""
OWN_TERMS = "urn:caltwin:reftype:1"
"""Namespace of the refTypes that begin with caltwin_."""
BASIC_TERMS = "https://digilab.ptb.de/dkd/refType/vocab/"
"""Where PTB defines the refTypes that begin with basic_."""


def dcc_xml(record: RunRecord, certificate: Certificate, *, sealed: bool = False) -> bytes:
    """Make the DCC of a record; `certificate` is the record's view, for kind and title.

    `sealed` announces the seal that is put on afterwards: the announcement must be under it.

    Raises:
        UnknownUnit: a unit has no D-SI form.
        IncompleteRecord: a date is no date or a number is none.
    """
    root = etree.Element(f"{{{DCC}}}digitalCalibrationCertificate", nsmap={"dcc": DCC, "si": SI, "xsi": XSI})
    root.set("schemaVersion", SCHEMA_VERSION)
    root.set(f"{{{XSI}}}schemaLocation", f"{DCC} {DCC}/v{SCHEMA_VERSION}/dcc.xsd")
    root.append(_administrative(record, certificate, sealed=sealed))
    root.append(dcc("measurementResults", measurement_result(record, certificate.kind)))
    if certificate.banner is not None:
        # The schema lets any element stand in the comment, but no bare text.
        mark = etree.Element(f"{{{OWN_TERMS}}}simulated", nsmap={"caltwin": OWN_TERMS})
        mark.text = f"{certificate.banner.zh} / {certificate.banner.en}"
        root.append(dcc("comment", mark))
    etree.indent(root)
    written: bytes = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    return written + b"\n"


def _administrative(record: RunRecord, certificate: Certificate, *, sealed: bool) -> Element:
    return dcc(
        "administrativeData",
        dcc("dccSoftware", software(record)),
        _ref_types(),
        _core(record),
        dcc("items", _item(record)),
        _laboratory(record, sealed=sealed),
        _people(record, certificate.kind),
        _customer(record),
        dcc("statements", *_statements(record, certificate)),
    )


def _ref_types() -> Element:
    texts = catalogue("reports")
    return dcc(
        "refTypeDefinitions",
        *(
            dcc(
                "refTypeDefinition",
                named("name", texts[f"dcc.{name}"]),
                dcc("namespace", text=prefix),
                dcc("link", text=link),
            )
            for name, prefix, link in (("basic", "basic", BASIC_TERMS), ("own", "caltwin", OWN_TERMS))
        ),
    )


def _core(record: RunRecord) -> Element:
    begun, ended = moment(record.started, "started"), moment(record.ended, "ended")
    issued = dcc("issueDate", text=str(day(record.issued, "issued"))) if record.issued else None
    return dcc(
        "coreData",
        dcc("countryCodeISO3166_1", text="CN"),
        *(dcc("usedLangCodeISO639_1", text=language) for language in LANGUAGES),
        dcc("mandatoryLangCodeISO639_1", text="zh"),
        dcc("uniqueIdentifier", text=record.number),
        dcc("beginPerformanceDate", text=str(begun.date())),
        dcc("endPerformanceDate", text=str(ended.date())),
        dcc("performanceLocation", text="other", id="place"),
        issued,
        *_replacement(record),
    )


def _replacement(record: RunRecord) -> tuple[Element, ...]:
    """Name the document that this one replaces, by number and by the digest of its DCC."""
    old = record.replaces
    if old is None:
        return ()
    return (
        dcc(
            "reportAmendedSubstituted",
            dcc("typeOfChange", text="amended"),
            dcc("replacedUniqueIdentifier", text=old.number),
        ),
        dcc(
            "previousReport",
            named("referral", catalogue("reports")["dcc.previous"]),
            dcc("referralID", text=old.number),
            dcc("procedure", text="SHA-256"),
            dcc("value", text=old.digest),
            rich("description", old.reason, old.changed),
        ),
    )


def _item(record: RunRecord) -> Element:
    texts = catalogue("reports")
    device = record.device
    firmware = None
    if device.firmware:
        firmware = dcc(
            "installedSoftwares",
            dcc(
                "software",
                named("name", texts["dcc.firmware"]),
                dcc("release", text=release(device.firmware)),
                dcc("type", text="firmware"),
                rich("description", same(device.firmware)),
            ),
        )
    quantities = [
        dcc(
            "itemQuantity",
            named("name", r.name),
            real(f"{r.quantity.value:.10g}", unit(r.quantity.unit).dsi),
            refType="caltwin_rating",
        )
        for r in device.ratings
    ]
    return dcc(
        "item",
        named("name", marked(device.name, device.simulated)),
        firmware,
        dcc("manufacturer", named("name", same(device.manufacturer))),
        dcc("model", text=device.model),
        identification(device.serial),
        dcc("itemQuantities", *quantities) if quantities else None,
        id="item",
    )


def _laboratory(record: RunRecord, *, sealed: bool) -> Element:
    of = record.laboratory
    return dcc(
        "calibrationLaboratory",
        dcc("calibrationLaboratoryCode", text=of.accreditation) if of.accreditation else None,
        dcc("contact", *_contact(of, marked(of.name, record.simulated))),
        dcc("cryptElectronicSeal", text="true") if sealed else None,
    )


def _customer(record: RunRecord) -> Element:
    if record.customer is not None:
        return dcc("customer", *_contact(record.customer, record.customer.name))
    nobody = catalogue("reports")["word.no_customer"]
    return dcc("customer", named("name", nobody), dcc("location", rich("further", nobody)))


def _contact(party: Party, name: Text) -> tuple[Element | None, ...]:
    mail = party.contact if party.contact and "@" in party.contact else None
    phone = party.contact if party.contact and not mail else None
    return (
        named("name", name),
        dcc("eMail", text=mail) if mail else None,
        dcc("phone", text=phone) if phone else None,
        dcc("location", rich("further", party.address)),
    )


def _people(record: RunRecord, kind: Kind) -> Element:
    texts = catalogue("reports")
    duty = "verification" if kind.regulated else "calibration"
    people = record.people
    roles = (
        ("role.approver", people.approver),
        ("role.checker", people.checker),
        (f"role.operator_{duty}", people.operator),
    )

    def one(key: str, name: str | None) -> Element:
        said, role = same(name) if name else texts["dcc.not_entered"], texts[key]
        return dcc(
            "respPerson",
            dcc("person", named("name", said)),
            dcc("role", text=f"{role.zh} / {role.en}"),
            dcc("mainSigner", text="true") if name and key == "role.approver" else None,
        )

    return dcc("respPersons", *(one(key, name) for key, name in roles))


def _statements(record: RunRecord, certificate: Certificate) -> list[Element]:
    texts = catalogue("reports")

    def statement(name: str, *said: Text, ref_type: str, more: tuple[Element, ...] = (), **attributes: str) -> Element:
        declaration = rich("declaration", *said)
        before = [m for m in more if etree.QName(m).localname in ("convention", "traceable")]
        after = [m for m in more if m not in before]
        return dcc(
            "statement", named("name", texts[name]), *before, declaration, *after, refType=ref_type, **attributes
        )

    statements = [
        statement(
            "dcc.kind", certificate.full_title, *kind_statement(record, certificate.kind), ref_type="caltwin_kind"
        )
    ]
    if record.simulated:
        said = texts["simulated.statement"]
        statements.insert(0, statement("simulated.mark", said, ref_type="caltwin_simulated"))
    place = statement("check.place", record.place, ref_type="caltwin_place", refId="place")
    traced = any(e.certificate for e in record.equipment) and not record.simulated
    statements += [
        place,
        statement(
            "dcc.traceability",
            traceability_statement(record),
            ref_type="basic_metrologicallyTraceableToSI",
            more=(dcc("traceable", text="true" if traced else "false"),),
        ),
    ]
    decided = [dcc("convention", text=record.decision.rule.value)]
    if record.decision.rule is not Rule.NONE:
        decided.append(dcc("conformity", text=CONFORMITY[record.verdict]))
    statements.append(
        statement("dcc.decision", *decision_statement(record), ref_type="basic_conformity", more=tuple(decided))
    )
    general = [t for t in general_statements(record) if t != texts["simulated.statement"]]
    statements.append(statement("dcc.general", *general, ref_type="caltwin_general"))
    return statements
