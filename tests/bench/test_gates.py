"""Gates: what is wrong is found before anything is energised, and only what may be opened can be opened."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from lab_files import filled, run_record
from sqlalchemy import select, text

from bench.catalogue import find
from bench.errors import ConfigurationError
from bench.gates import FIXED, Gate, GateClosed, Identity, Situation, closed, judge, require
from bench.lab.approvals import approve, waive
from bench.lab.entries import Line, Range
from bench.lab.models import Waiver
from bench.lab.provide import provide
from reports.certificate import general_statements
from scenarios.record import Override, from_json, to_json
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.lab.holding import Held
    from bench.lab.register import Register

SYSTEM = find("dc_energy")
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with filled(str(tmp_path / "lab.sqlite"), tmp_path) as opened:
        yield opened


@pytest.fixture
def situation(register: Register) -> Situation:
    """Return a situation in which every gate is open, taken from the register."""
    with register.writing() as session:
        approve(session, "p2", "d" * 64, "1.0", NOW)
    with register.reading() as session:
        provided = provide(session, SYSTEM.sheet, "WO-1", "TWIN-EM-0001", NOW)
    nameplate = SYSTEM.nameplate(provided.laboratory.device, "register")
    device = Identity(
        manufacturer=nameplate.manufacturer, model=nameplate.model, serial=nameplate.serial, simulated=True
    )
    answers = {
        role: Identity(manufacturer=of.manufacturer, model=of.model, serial=of.serial, simulated=True)
        for role, of in provided.holdings.items()
    }
    return Situation(
        sheet=SYSTEM.sheet,
        forecasts=SYSTEM.procedure.forecast(SYSTEM.sheet, SYSTEM.plan, nameplate),
        identities=answers | {"device": device},
        device=device,
        holdings=provided.holdings,
        now=NOW,
        zone=provided.zone,
        digest="d" * 64,
        approved=provided.approved,
        readings={
            "temperature": Quantity(value=296.15, unit="K"),
            "humidity": Quantity(value=50.0, unit="%"),
            "pressure": Quantity(value=101.3, unit="kPa"),
        },
    )


def shut(situation: Situation) -> list[tuple[str, str]]:
    return [(gate.name, gate.subject) for gate in closed(judge(situation))]


def with_line(situation: Situation, role: str = "standard", **changes: Any) -> Situation:
    """Return the situation with another first line in a role's certificate."""
    holding = situation.holdings[role]
    assert holding.certificate is not None
    first, *rest = holding.certificate.lines
    held = replace(holding.certificate, lines=(replace(first, **changes), *rest))
    return replace(situation, holdings={**situation.holdings, role: replace(holding, certificate=held)})


def with_identity(situation: Situation, role: str, **changes: Any) -> Situation:
    answered = replace(situation.identities[role], **changes)
    return replace(situation, identities={**situation.identities, role: answered})


def with_certificate(situation: Situation, certificate: Held | None) -> Situation:
    holding = replace(situation.holdings["standard"], certificate=certificate)
    return replace(situation, holdings={**situation.holdings, "standard": holding})


def test_every_gate_is_judged_and_open_where_all_is_well(situation: Situation) -> None:
    gates = judge(situation)
    assert shut(situation) == []
    require(gates)
    texts = catalogue("bench")
    assert {gate.name for gate in gates} == {key[10:] for key in texts if key.startswith("gate.name.")}
    assert {gate.name for gate in gates if not gate.overridable} == FIXED


# -- due dates -----------------------------------------------------------------------------------------------------

ZONES = (
    "Asia/Shanghai",
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
DUES = (
    date(2027, 1, 9),
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2028, 2, 29),
    date(2100, 2, 28),
    date(2026, 12, 31),
    date(2026, 3, 28),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 11, 1),
)


def due_gate(situation: Situation) -> bool:
    (found,) = [g for g in judge(situation) if (g.name, g.subject) == ("due", "standard")]
    return found.passed


def test_a_due_date_ends_at_the_laboratorys_midnight_in_every_zone_and_leap_year(situation: Situation) -> None:
    """Sweep ±1 day around the end of the due date; the moment of midnight is the oracle, not a comparison of dates."""
    only = replace(situation, forecasts=())
    held = situation.holdings["standard"].certificate
    assert held is not None
    judged = wrong = 0
    for name, due in itertools.product(ZONES, DUES):
        zone = ZoneInfo(name)
        begin, end = (datetime.combine(day, time(0), zone).astimezone(UTC) for day in (due, due + timedelta(days=1)))
        dated = with_certificate(only, replace(held, issued=due - timedelta(days=365), due=due))
        for edge, offset in itertools.product((begin, end), (-86400, -3600, -1, 0, 1, 3600, 86399, 86400)):
            now = edge + timedelta(seconds=offset)
            passed = due_gate(replace(dated, now=now, zone=zone))
            judged += 1
            wrong += passed is not (now < end)
    assert (judged, wrong) == (len(ZONES) * len(DUES) * 16, 0)


def test_a_certificate_serves_from_its_date_of_issue(situation: Situation) -> None:
    held = situation.holdings["standard"].certificate
    assert held is not None
    for offset, passed in ((-1, True), (0, True), (1, False)):
        issued = date(2026, 6, 1) + timedelta(days=offset)
        assert due_gate(with_certificate(situation, replace(held, issued=issued))) is passed
    assert not due_gate(with_certificate(situation, replace(held, due=None)))


def test_a_standard_must_stay_valid_throughout_the_run(situation: Situation) -> None:
    held = situation.holdings["standard"].certificate
    assert held is not None
    due_today = with_certificate(situation, replace(held, due=date(2026, 6, 1)))
    duration = timedelta(seconds=sum(f.duration_s for f in situation.forecasts))
    midnight = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in Shanghai
    assert duration > timedelta(minutes=1)
    assert due_gate(replace(due_today, now=midnight - duration - timedelta(seconds=1)))
    assert not due_gate(replace(due_today, now=midnight - duration + timedelta(seconds=1)))


# -- the other gates -----------------------------------------------------------------------------------------------


def test_another_instrument_is_found_by_model_and_by_serial_number(situation: Situation) -> None:
    for role in situation.identities:
        for change in ({"serial": "TWIN-X"}, {"model": "X-1"}):
            assert ("identity", role) in shut(with_identity(situation, role, **change)), (role, change)
    silent = {role: of for role, of in situation.identities.items() if role != "standard"}
    assert shut(replace(situation, identities=silent)) == [("identity", "standard")]


def test_a_model_that_the_sheet_does_not_know_is_refused_even_if_the_register_holds_it(situation: Situation) -> None:
    held = replace(situation.holdings["standard"], model="OTHER")
    other = replace(situation, holdings={**situation.holdings, "standard": held})
    assert ("identity", "standard") in shut(with_identity(other, "standard", model="OTHER"))


@pytest.mark.parametrize("role", ["standard", "device", "source", "environment"])
def test_a_twin_that_is_called_real_is_refused(situation: Situation, role: str) -> None:
    assert shut(with_identity(situation, role, simulated=False)) == [("simulated", role)]


def test_a_registered_twin_without_the_mark_in_its_number_is_refused_too(situation: Situation) -> None:
    held = replace(situation.holdings["source"], serial="PS-1")
    disguised = replace(situation, holdings={**situation.holdings, "source": held})
    assert shut(with_identity(disguised, "source", serial="PS-1", simulated=False)) == [("simulated", "source")]


def test_no_certificate_closes_a_gate_that_nobody_opens(situation: Situation) -> None:
    bare = with_certificate(situation, None)
    assert shut(bare) == [("certificate", "standard")]
    assert not closed(judge(bare))[0].overridable


def test_the_range_must_cover_every_point_in_both_directions(situation: Situation) -> None:
    def ranges(low: float, high: float, unit: str = "A") -> tuple[Range, ...]:
        return (Range(setting="current", low=low, high=high, unit=unit),)

    largest = max(abs(f.point.settings["current"].value) for f in situation.forecasts)
    assert shut(with_line(situation, ranges=ranges(-largest, largest))) == []
    assert shut(with_line(situation, ranges=ranges(-largest * 1e3, largest * 1e3, "mA"))) == []
    for low, high in ((-largest, largest - 0.01), (-largest + 0.01, largest), (0.0, largest)):
        assert shut(with_line(situation, ranges=ranges(low, high))) == [("range", "standard")], (low, high)
    (gate,) = closed(judge(with_line(situation, ranges=ranges(-largest, 100.0))))
    assert "basic_error/import/Imax" in gate.found.en and "120 A" in gate.found.en and "100 A" in gate.found.en
    assert shut(with_line(situation, ranges=ranges(-largest, largest, "V"))) == [("range", "standard")]
    other = (Range(setting="pressure", low=0.0, high=1.0, unit="kPa"),)
    assert shut(with_line(situation, ranges=other)) == [("range", "standard")]


def test_points_may_be_covered_by_different_lines(situation: Situation) -> None:
    held = situation.holdings["standard"].certificate
    assert held is not None
    (line,) = held.lines
    halves = [
        replace(line, ranges=(Range(setting="current", low=low, high=high, unit="A"),))
        for low, high in ((-200.0, 0.0), (0.0, 200.0))
    ]
    assert shut(with_certificate(situation, replace(held, lines=tuple(halves)))) == []
    assert shut(with_certificate(situation, replace(held, lines=(halves[0],)))) == [("range", "standard")]


def test_the_logger_must_cover_the_reference_conditions(situation: Situation) -> None:
    narrow = (Range(setting="temperature", low=22.0, high=40.0, unit="degC"),)
    assert shut(with_line(situation, "environment", ranges=narrow)) == [("range", "environment")]
    kelvin = (Range(setting="temperature", low=283.15, high=313.15, unit="K"),)
    assert shut(with_line(situation, "environment", ranges=kelvin)) == []


def test_the_source_must_reach_every_point(situation: Situation) -> None:
    weak = replace(situation.holdings["source"], ranges=(Range(setting="current", low=-60.0, high=60.0, unit="A"),))
    assert shut(replace(situation, holdings={**situation.holdings, "source": weak})) == [("range", "source")]


def test_U_of_the_standard_is_held_against_its_share_of_the_MPE(situation: Situation) -> None:
    """The smallest MPE of class 0.5 is 0.5 %, a third of it 0.1667 %."""
    assert shut(with_line(situation, U=0.1666)) == []
    assert shut(with_line(situation, U=0.1667)) == [("uncertainty", "standard")]
    assert shut(with_line(situation, U=0.24, k=3.0)) == [], "U = 0.24 % with k = 3 is 0.16 % with k = 2"
    assert shut(with_line(situation, U=0.24)) == [("uncertainty", "standard")]
    assert shut(with_line(situation, U=0.002, unit="1")) == [("uncertainty", "standard")], "0.002 is 0.2 %"
    assert shut(with_line(situation, U=5.0, unit="V")) == [], "U in V is judged through the forecast"


def test_the_expected_U_of_the_plan_is_held_against_it_too(situation: Situation) -> None:
    first, *rest = situation.forecasts
    assert first.point.mpe is not None
    poor = replace(first, U=first.point.mpe.value / 2)
    assert shut(replace(situation, forecasts=(poor, *rest))) == [("uncertainty", "plan")]


@pytest.mark.parametrize(
    ("key", "low", "high", "unit"),
    [("temperature", 21.0, 25.0, "degC"), ("humidity", 40.0, 60.0, "%"), ("pressure", 86.0, 106.0, "kPa")],
)
def test_the_room_must_be_within_its_reference_conditions(
    situation: Situation, key: str, low: float, high: float, unit: str
) -> None:
    for value, inside in ((low, True), (low - 0.01, False), (high, True), (high + 0.01, False)):
        readings = {**situation.readings, key: Quantity(value=value, unit=unit)}
        assert shut(replace(situation, readings=readings)) == ([] if inside else [("environment", key)])
    unread = {k: v for k, v in situation.readings.items() if k != key}
    assert shut(replace(situation, readings=unread)) == [("environment", key)]
    nonsense = {**situation.readings, key: Quantity(value=(low + high) / 2, unit="V")}
    assert shut(replace(situation, readings=nonsense)) == [("environment", key)]
    unknown = {**situation.readings, key: Quantity(value=float("nan"), unit=unit)}
    assert shut(replace(situation, readings=unknown)) == [("environment", key)]


def test_software_that_was_not_approved_is_refused(situation: Situation) -> None:
    assert shut(replace(situation, digest="e" * 64)) == [("software", "software")]
    assert shut(replace(situation, approved=frozenset())) == [("software", "software")]


def test_a_refusal_is_one_line_that_names_gate_finding_and_requirement(situation: Situation) -> None:
    bad = replace(with_line(situation, U=0.24), digest="e" * 64)
    with pytest.raises(GateClosed) as problem:
        require(judge(bad))
    line = str(problem.value)
    assert "\n" not in line and "uncertainty (standard)" in line and "0.24 %" in line and "0.333" in line
    assert "software (software)" in line and "approver" in line


# -- overrides -----------------------------------------------------------------------------------------------------


def forged(gate: Gate) -> Override:
    """Return an override as someone who bypasses the register would write it."""
    return Override(
        gate=gate.name,
        name=Text(zh="x", en="x"),
        subject=gate.subject,
        found=gate.found,
        required=gate.required,
        person="x",
        role="approver",
        reason="x",
        time="2026-06-01T00:00:00+00:00",
    )


def test_an_approver_opens_a_gate_with_a_reason_that_is_kept(register: Register, situation: Situation) -> None:
    bad = with_line(situation, U=0.24)
    (gate,) = closed(judge(bad))
    with register.writing() as session:
        override = waive(session, "SIM-1", gate, "p2", "agreed with the customer", NOW)
    assert closed(judge(bad), [override]) == ()
    require(judge(bad), [override])
    assert (override.person, override.role, override.reason) == ("Person Two", "approver", "agreed with the customer")
    with register.reading() as session:
        row = session.scalars(select(Waiver)).one()
        assert (row.number, row.gate, row.subject, row.person.code) == ("SIM-1", "uncertainty", "standard", "p2")
        assert row.time == NOW and row.reason == "agreed with the customer" and "0.24" in row.found
    for change in ("UPDATE waiver SET reason = 'x'", "DELETE FROM waiver"):
        with pytest.raises(ConfigurationError, match="never changed nor dropped"), register.writing() as session:
            session.execute(text(change))


def test_an_override_opens_only_what_was_found_then(situation: Situation) -> None:
    (gate,) = closed(judge(with_line(situation, U=0.24)))
    worse = with_line(situation, U=0.3)
    assert [g.name for g in closed(judge(worse), [forged(gate)])] == ["uncertainty"]
    other = replace(gate, subject="plan")
    assert [g.name for g in closed(judge(with_line(situation, U=0.24)), [forged(other)])] == ["uncertainty"]


def test_identity_simulated_mark_and_missing_certificate_are_opened_by_nobody(
    register: Register, situation: Situation
) -> None:
    cases = (
        with_identity(situation, "standard", serial="X"),
        with_identity(situation, "standard", simulated=False),
        with_certificate(situation, None),
    )
    for bad in cases:
        gates = closed(judge(bad))
        assert gates
        for gate in gates:
            with pytest.raises(ConfigurationError, match="can be opened by nobody"), register.writing() as session:
                waive(session, "1", gate, "p2", "please", NOW)
        assert closed(judge(bad), [forged(gate) for gate in gates]) == gates, "not even a forged override opens it"
    with register.reading() as session:
        assert session.scalars(select(Waiver)).first() is None


def test_who_may_not_or_says_nothing_opens_nothing(register: Register, situation: Situation) -> None:
    (gate,) = closed(judge(with_line(situation, U=0.24)))
    passed = judge(situation)[0]
    for wrong, person, reason, why in (
        (gate, "p1", "please", "does not hold the role approver"),
        (gate, "p7", "please", "no person 'p7'"),
        (gate, "p2", "  ", "needs its reason"),
        (passed, "p2", "please", "is open already"),
    ):
        with pytest.raises(ConfigurationError, match=why), register.writing() as session:
            waive(session, "1", wrong, person, reason, NOW)
    with register.writing() as session:
        session.execute(text("UPDATE person SET active = :no WHERE code = 'p2'"), {"no": False})
    with pytest.raises(ConfigurationError, match="not active"), register.writing() as session:
        waive(session, "1", gate, "p2", "please", NOW)


def test_an_override_is_kept_in_the_record_and_printed_on_the_certificate(
    register: Register, situation: Situation
) -> None:
    (gate,) = closed(judge(replace(situation, digest="e" * 64)))
    with register.writing() as session:
        override = waive(session, "SIM-1", gate, "p2", "validation is under way", NOW)
    record = replace(run_record(), overrides=(override,))
    again = from_json(to_json(record))
    assert again.overrides == (override,)
    said = [statement for statement in general_statements(again) if "Person Two" in statement.en]
    assert len(said) == 1
    assert "validation is under way" in said[0].zh and "软件版本" in said[0].zh and "Software version" in said[0].en
    assert "批准人" in said[0].zh and "eeeeeeeeeeeeeeee" in said[0].en


def test_a_line_without_ranges_holds_everywhere_for_U(situation: Situation) -> None:
    held = situation.holdings["standard"].certificate
    assert held is not None
    everywhere = Line(measurand="energy", unit="%", U=0.3, k=2.0)
    both = with_certificate(situation, replace(held, lines=(*held.lines, everywhere)))
    assert ("uncertainty", "standard") in shut(both), "the least favourable line that covers a point counts"
