"""One run: from a system and a station to a record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import simpy

from bench import software
from bench.desk import BenchDesk
from bench.journal import Journal
from bench.laboratory import check_certificates
from bench.laboratory import read as read_laboratory
from bench.past import Past, interruptions, recall
from bench.stop import STOPPED
from bench.watchdog import Watchdog
from bench.wiring import identify, wire
from instruments.clock import Environment, RealtimeEnvironment
from instruments.world import World
from scenarios.conditions import summarise
from scenarios.procedure import Outcome, ProcedureAborted, Progress
from scenarios.record import SCHEMA, RunRecord
from scenarios.sheet import provisions

if TYPE_CHECKING:
    from bench.catalogue import System
    from bench.desk import Operator
    from bench.station import Station
    from scenarios.record import Device, Equipment


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Say how a run is to be made."""

    seed: int
    """Seed of the twins and of the Monte Carlo evaluation."""
    started: datetime
    """Date and time, with zone, at which the run begins."""
    trials: int | None = None
    """Monte Carlo trials per point; None for the sheet's."""
    realtime: bool = False
    """Whether the bench's clock is the wall clock."""
    speed: float = 1.0
    """Bench seconds per wall second in real time."""
    show: Callable[[Progress], None] = lambda progress: None
    """Where progress goes."""
    checkpoint: Callable[[], None] = lambda: None
    """Called between measurements and during waits; raises to stop the run in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Say what an interrupted run is taken up from."""

    journal: Journal
    """Its journal."""
    now: datetime
    """Date and time of the resumption."""
    alive: datetime
    """Date and time of the last sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Hold what a run leaves: the record, and for a campaign the world with its truth."""

    record: RunRecord
    """The record."""
    world: World
    """The twins, which know the true values."""


def execute(
    system: System,
    station: Station,
    order: Order,
    operator: Operator,
    journal: Callable[[str], Journal | None] = lambda number: None,
    draw: dict[str, dict[str, Any]] | None = None,
    resumption: Resumption | None = None,
) -> Finished:
    """Run a procedure to its end.

    Args:
        system: what to verify, with its data sheet.
        station: what stands behind its roles.
        order: how.
        operator: who answers prompts.
        journal: opens the journal, given the document number; called at the first reading or answer.
        draw: device -> parameter -> number or distribution, in place of the station's own (a campaign).
        resumption: the interrupted run to take up; None for a new one.

    Raises:
        ConfigurationError: sheet, station or instruments do not fit; nothing has been energised or written.
        SheetError: the sheet does not cover this device.
        ProcedureAborted: the procedure could not go on; sources are off.
        JournalError: a run taken up does not give what its journal holds.
    """
    sheet = system.sheet
    laboratory = read_laboratory(station.laboratory, station.source)
    nameplate = system.nameplate(laboratory.device, station.source)
    check_certificates(laboratory, sheet, order.started.date(), station.source)
    system.procedure.forecast(sheet, system.plan, nameplate)
    past = Past()
    if resumption is not None:
        lived_on = any(address not in station.resources for address in station.roles.values())
        past = recall(resumption.journal, continues=lived_on, now=resumption.now, alive=resumption.alive)
    world = _world(station, order, past, draw)
    wiring = wire(sheet, station, world)
    try:
        equipment, device = identify(wiring, sheet, station, laboratory, nameplate)
        simulated = any(wiring.simulated.values())
        number = _number(system, station, order, simulated=simulated)

        def open_journal() -> Journal | None:
            if resumption is not None:
                return resumption.journal
            opened = journal(number)
            if opened is not None:
                opened.append("begin", "run", 0.0, _beginning(system, station, order, number, device, equipment))
            return opened

        desk = BenchDesk(
            instruments=wiring.drivers,
            environment=world.environment,
            operator=operator,
            show=order.show,
            seed=order.seed,
            trials=order.trials or sheet.evaluation.trials,
            checkpoint=order.checkpoint,
            open_journal=open_journal,
            past=past,
            on_live=lambda: _pace(world.environment),
        )
        try:
            with Watchdog(wiring.real_sources(sheet)):
                outcome = _finish(world, system.procedure.verify(desk, sheet, system.plan, nameplate))
        except ProcedureAborted as reason:
            desk.note_stop(str(reason))
            raise
        desk.commit("end", "run", desk.now, {"number": number})
    finally:
        wiring.close()
    record = RunRecord(
        schema=SCHEMA,
        number=number,
        simulated=simulated,
        system=sheet.system,
        title=sheet.title,
        basis=sheet.basis,
        provisions=provisions(
            (
                "",
                {"conditions": sheet.conditions, "decision": sheet.decision, "interval_months": sheet.interval_months},
            ),
            ("procedure", system.plan),
            accuracy_class=nameplate.accuracy_class,
        ),
        laboratory=laboratory.party,
        customer=laboratory.customer,
        place=laboratory.place,
        device=device,
        equipment=equipment,
        conditions=summarise(sheet, outcome.condition_readings),
        measurand=sheet.measurand,
        decision=sheet.decision.record(),
        interval_months=None if sheet.interval_months is None else round(sheet.interval_months.value),
        started=order.started.isoformat(timespec="seconds"),
        ended=(order.started + timedelta(seconds=desk.now)).isoformat(timespec="seconds"),
        duration_s=desk.now,
        clock="realtime" if order.realtime else "virtual",
        seed=order.seed if simulated else None,
        items=outcome.items,
        conditions_readings=outcome.condition_readings,
        interruptions=() if resumption is None else interruptions(resumption.journal),
        remarks=outcome.remarks,
        people=laboratory.people,
        software=software.describe(system.digest, station.digest),
    )
    return Finished(record=record, world=world)


def _world(station: Station, order: Order, past: Past, draw: dict[str, dict[str, Any]] | None) -> World:
    """Build the twins and the clock; a run taken up on hardware goes on at the time of its last entry."""
    start = past.last_s if past.continues else 0.0
    environment: Environment | RealtimeEnvironment
    if order.realtime:
        environment = RealtimeEnvironment(start, factor=1 / order.speed)
        environment.paced = past.continues or not past.entries  # repeated on twins, a run catches up in no time
    else:
        environment = Environment(start)
    return station.build(seed=order.seed, environment=environment, parameters=draw)


def _pace(environment: Environment | RealtimeEnvironment) -> None:
    """Let real time begin, where a run taken up has caught up with its journal."""
    if isinstance(environment, RealtimeEnvironment) and not environment.paced:
        environment.pace()


def _beginning(
    system: System, station: Station, order: Order, number: str, device: Device, equipment: tuple[Equipment, ...]
) -> dict[str, object]:
    """Return the journal's first entry: all that the run depends on."""
    return {
        "number": number,
        "system": system.sheet.system,
        "sheet": system.text,
        "sheet_source": system.source,
        "station": station.description,
        "station_source": station.source,
        "seed": order.seed,
        "trials": order.trials,
        "realtime": order.realtime,
        "speed": order.speed,
        "started": order.started,
        "device": device,
        "equipment": equipment,
        "software": software.digest(),
    }


def _finish(world: World, steps: Any) -> Outcome:
    """Run a procedure to its end; an interrupt from the keyboard becomes an orderly stop with sources off."""
    environment = world.environment
    process = environment.process(steps)
    try:
        outcome: Any = environment.run(until=process)
    except KeyboardInterrupt:
        if process.is_alive:
            process.interrupt("stopped by the operator")
            with suppress(simpy.Interrupt):
                environment.run(until=process)
        raise ProcedureAborted(STOPPED) from None
    if not isinstance(outcome, Outcome):
        raise TypeError(f"{steps.__name__}: a procedure returns an Outcome, not {type(outcome).__name__}")
    return outcome


def _number(system: System, station: Station, order: Order, *, simulated: bool) -> str:
    """Return the document number: simulated runs have a series of their own."""
    token = f"{system.digest}{station.digest}{order.seed}{order.started.isoformat()}"
    tail = hashlib.sha256(token.encode()).hexdigest()[:8].upper()
    return f"{'SIM-' if simulated else ''}{order.started:%Y%m%d}-{tail}"
