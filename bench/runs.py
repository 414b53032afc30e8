"""One run: from a system and a station to a record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bench import software
from bench.desk import BenchDesk
from bench.journal import Journal
from bench.laboratory import check_certificates
from bench.laboratory import read as read_laboratory
from bench.ledger import Ledger
from bench.past import Past, interruptions, opened_before, recall
from bench.positions import Meeting
from bench.recording import Circumstances, record_of
from bench.stop import STOPPED
from bench.survey import Gatekeeper, Survey
from bench.watchdog import Watchdog
from bench.wiring import Wiring, identify, identify_device, wire
from drivers.errors import InstrumentError
from instruments.clock import Environment, RealtimeEnvironment
from instruments.world import World
from scenarios.procedure import Nameplate, Outcome, ProcedureAborted, Progress, Prompt
from scenarios.record import RunRecord

if TYPE_CHECKING:
    from bench.catalogue import System
    from bench.desk import Operator
    from bench.laboratory import Laboratory
    from bench.station import Station
    from scenarios.record import Device, Equipment
    from scenarios.sheet import Sheet
    from uncertainty.quantity import Quantity


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
    """Hold what a run leaves: the records, and for a campaign the world with its truth."""

    records: dict[str, RunRecord]
    """Position -> record; a bench with one position calls it "1"."""
    failures: dict[str, Exception]
    """Position -> why it ended without a record, while others went on."""
    world: World
    """The twins, which know the true values."""

    @property
    def record(self) -> RunRecord:
        """The record of a run with one position."""
        (record,) = self.records.values()
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold one position that is ready to run."""

    name: str
    """Name of the position."""
    role: str
    """Role of its device in the station."""
    channel: int | None
    """Input of the shared instruments; None on a bench with one position."""
    nameplate: Nameplate
    """Markings of its device."""


def execute(
    system: System,
    station: Station,
    order: Order,
    operator: Operator,
    journal: Callable[[str], Journal | None] = lambda number: None,
    draw: dict[str, dict[str, Any]] | None = None,
    resumption: Resumption | None = None,
    gatekeeper: Gatekeeper | None = None,
) -> Finished:
    """Run a procedure to its end, on every position of the bench.

    Args:
        system: what to verify, with its data sheet.
        station: what stands behind its roles.
        order: how.
        operator: who answers prompts.
        journal: opens the journal, given the document number; called at the first reading or answer.
        draw: device -> parameter -> number or distribution, in place of the station's own (a campaign).
        resumption: the interrupted run to take up; None for a new one.
        gatekeeper: lets the run begin by the laboratory's register; None to go by the station's certificates.

    Raises:
        ConfigurationError: sheet, station or instruments do not fit; nothing has been energised or written.
        SheetError: the sheet does not cover this device.
        ProcedureAborted: the procedure could not go on; sources are off.
        JournalError: a run taken up does not give what its journal holds.
    """
    laboratory = read_laboratory(station.laboratory, station.source)
    system = system.equipped(laboratory.references)
    sheet = system.sheet
    places = _places(system, laboratory, station.source)
    if gatekeeper is None:
        check_certificates(laboratory, sheet, order.started.date(), station.source)
    forecasts = {p.name: system.forecast(p.nameplate) for p in places}
    past = Past()
    if resumption is not None:
        lived_on = any(address not in station.resources for address in station.roles.values())
        past = recall(resumption.journal, continues=lived_on, now=resumption.now, alive=resumption.alive)
    world = _world(station, order, past, draw)
    environment = world.environment
    marked = {p.role: _marks(p.nameplate.manufacturer, p.nameplate.model, p.nameplate.serial) for p in places}
    for role, known in laboratory.equipment.items():
        models = sheet.roles[role].models if role in sheet.roles else ()
        marked[role] = _marks("-", models[0] if models else "-", known.serial or "-")
    wiring = wire(sheet, station, world, [place.role for place in places], marked)
    try:
        equipment = identify(wiring, sheet, station, laboratory)
        devices = {p.name: identify_device(wiring, sheet, station, p.role, p.nameplate) for p in places}
        simulated = any(wiring.simulated.values())
        number = _number(system, station, order, simulated=simulated)
        overrides = opened_before(resumption.journal) if resumption is not None else ()
        if gatekeeper is not None:
            overrides = gatekeeper(
                Survey(
                    number=number,
                    sheet=sheet,
                    equipment=equipment,
                    devices=devices,
                    forecasts=forecasts,
                    readings=_present(wiring, sheet),
                )
            )

        def open_journal() -> Journal | None:
            if resumption is not None:
                return resumption.journal
            opened = journal(number)
            if opened is not None:
                beginning = _beginning(system, station, order, number, devices, equipment)
                opened.append("begin", "run", 0.0, beginning | {"overrides": overrides})
            return opened

        ledger = Ledger(open_journal=open_journal, past=past, on_live=lambda: _pace(environment))
        wiring.read_by(lambda prompt: _read(prompt, operator, ledger, environment))
        meeting = Meeting(environment, [place.name for place in places])
        processes = {}
        for place in places:
            desk = BenchDesk(
                instruments=wiring.at(place.role),
                environment=environment,
                operator=operator,
                show=order.show,
                seed=order.seed,
                trials=order.trials or sheet.evaluation.trials,
                ledger=ledger,
                meeting=meeting,
                position=place.name,
                prefix="" if place.channel is None else f"{place.name}/",
                channel=place.channel,
                checkpoint=order.checkpoint,
            )
            steps = system.procedure.verify(desk, sheet, system.plan, place.nameplate)
            processes[place.name] = environment.process(_isolated(steps))
        try:
            with Watchdog(wiring.real_sources(sheet)):
                outcomes, failures = _finish(world, processes)
        except ProcedureAborted as reason:
            ledger.note_stop(environment.now, str(reason))
            raise
        for name, failure in failures.items():
            ledger.commit("failure", name, environment.now, str(failure))
        ledger.commit("end", "run", environment.now, {"number": number})
    finally:
        wiring.close()
    records = {}
    for place in places:
        if place.name in outcomes:
            circumstances = Circumstances(
                number=number if place.channel is None else f"{number}-{place.name}",
                simulated=simulated,
                device=devices[place.name],
                equipment=equipment,
                duration_s=environment.now,
                interruptions=() if resumption is None else interruptions(resumption.journal),
                overrides=overrides,
            )
            records[place.name] = record_of(system, station, laboratory, order, circumstances, outcomes[place.name])
    return Finished(records=records, failures=failures, world=world)


def _marks(manufacturer: str, model: str, serial: str) -> str:
    """Return what *IDN? of an instrument without an interface would say."""
    return ",".join(part.replace(",", " ") or "-" for part in (manufacturer, model, serial, "-"))


def _read(prompt: Prompt, operator: Operator, ledger: Ledger, environment: Environment | RealtimeEnvironment) -> str:
    """Have the operator read an instrument without an interface; who read what is in the journal before it is used."""
    answer = operator.answer(prompt)
    said = {"question": prompt.question, "answer": answer, "unit": prompt.unit, "by": operator.name}
    ledger.commit_next("typed", prompt.key, float(environment.now), said)
    return answer


def _present(wiring: Wiring, sheet: Sheet) -> dict[str, Quantity]:
    """Return the present indication of every influence quantity."""
    environment = wiring.drivers["environment"]
    return {
        key: wiring.run(getattr(environment, condition.reading).read()).indication
        for key, condition in sheet.conditions.items()
    }


def _places(system: System, laboratory: Laboratory, source: str) -> tuple[Place, ...]:
    """Return the positions of the bench; one without any is a bench with one position."""
    if not laboratory.positions:
        return (Place(name="1", role="device", channel=None, nameplate=system.nameplate(laboratory.device, source)),)
    return tuple(
        Place(name=name, role=at.role, channel=at.channel, nameplate=system.nameplate(at.device, source))
        for name, at in laboratory.positions.items()
    )


def _isolated(steps: Any) -> Any:
    """Run one position's procedure; what ends it must not end the others."""
    try:
        return (yield from steps)
    except Exception as failure:
        return failure


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
    system: System,
    station: Station,
    order: Order,
    number: str,
    devices: dict[str, Device],
    equipment: tuple[Equipment, ...],
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
        "devices": devices,
        "equipment": equipment,
        "software": software.digest(),
    }


def _finish(world: World, processes: dict[str, Any]) -> tuple[dict[str, Outcome], dict[str, Exception]]:
    """Run every position to its end; an interrupt from the keyboard becomes an orderly stop with sources off.

    Raises:
        Exception: no position came to a result (the first one's reason), or one met a defect of the program.
    """
    environment = world.environment
    everyone = environment.all_of(processes.values())
    try:
        environment.run(until=everyone)
    except KeyboardInterrupt:
        alive = [process for process in processes.values() if process.is_alive]
        for process in alive:
            process.interrupt("stopped by the operator")
        environment.run(until=environment.all_of(alive))
        raise ProcedureAborted(STOPPED) from None
    results = {name: process.value for name, process in processes.items()}
    outcomes = {name: result for name, result in results.items() if isinstance(result, Outcome)}
    failures = {name: result for name, result in results.items() if isinstance(result, Exception)}
    for name, result in results.items():
        if name not in outcomes and name not in failures:
            raise TypeError(f"a procedure returns an Outcome, not {type(result).__name__}")
    for failure in failures.values():
        if not outcomes or not isinstance(failure, ProcedureAborted | InstrumentError):
            raise failure
    return outcomes, failures


def _number(system: System, station: Station, order: Order, *, simulated: bool) -> str:
    """Return the document number: simulated runs have a series of their own."""
    token = f"{system.digest}{station.digest}{order.seed}{order.started.isoformat()}"
    tail = hashlib.sha256(token.encode()).hexdigest()[:8].upper()
    return f"{'SIM-' if simulated else ''}{order.started:%Y%m%d}-{tail}"
