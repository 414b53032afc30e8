"""From what a procedure found to the record of one device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bench import software
from scenarios.conditions import summarise
from scenarios.record import SCHEMA, Device, Equipment, Interruption, Override, RunRecord
from scenarios.sheet import provisions

if TYPE_CHECKING:
    from bench.catalogue import System
    from bench.laboratory import Laboratory
    from bench.runs import Order
    from bench.station import Station
    from scenarios.procedure import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Hold what a record says beside the findings."""

    number: str
    """Document number."""
    simulated: bool
    """Whether any instrument was a twin."""
    device: Device
    """The device under test."""
    equipment: tuple[Equipment, ...]
    """Standards and auxiliary instruments."""
    duration_s: float
    """Duration on the bench clock."""
    interruptions: tuple[Interruption, ...]
    """Interruptions."""
    overrides: tuple[Override, ...]
    """Gates that a person opened."""


def record_of(
    system: System,
    station: Station,
    laboratory: Laboratory,
    order: Order,
    circumstances: Circumstances,
    outcome: Outcome,
) -> RunRecord:
    """Return the record of one device."""
    sheet = system.sheet
    return RunRecord(
        schema=SCHEMA,
        number=circumstances.number,
        simulated=circumstances.simulated,
        system=sheet.system,
        title=sheet.title,
        basis=sheet.basis,
        provisions=provisions(
            (
                "",
                {"conditions": sheet.conditions, "decision": sheet.decision, "interval_months": sheet.interval_months},
            ),
            ("procedure", system.plan),
            accuracy_class=circumstances.device.accuracy_class,
        ),
        laboratory=laboratory.party,
        customer=laboratory.customer,
        place=laboratory.place,
        device=circumstances.device,
        equipment=circumstances.equipment,
        conditions=summarise(sheet, outcome.condition_readings),
        measurand=sheet.measurand,
        decision=sheet.decision.record(),
        interval_months=None if sheet.interval_months is None else round(sheet.interval_months.value),
        started=order.started.isoformat(timespec="seconds"),
        ended=(order.started + timedelta(seconds=circumstances.duration_s)).isoformat(timespec="seconds"),
        duration_s=circumstances.duration_s,
        clock="realtime" if order.realtime else "virtual",
        seed=order.seed if circumstances.simulated else None,
        items=outcome.items,
        conditions_readings=outcome.condition_readings,
        interruptions=circumstances.interruptions,
        remarks=outcome.remarks,
        people=laboratory.people,
        software=software.describe(system.digest, station.digest),
        overrides=circumstances.overrides,
        setting_names=sheet.setting_names,
    )
