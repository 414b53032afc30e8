"""Signs of simulation: found again in the record and its journal, never taken from one flag.

An edited flag is not enough to make a record look real: the number, serial numbers, makers, addresses, the clock, the
seed and the journal's first entry would all have to agree, and the journal's head was signed when the run ended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from bench.signing.statements import SigningError
from reports.checklist import SIMULATED_SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.journal import Entry
    from scenarios.record import RunRecord

_LOCAL = re.compile(r"(?i)(?:::|//|^)(?:127(?:\.\d+){3}|localhost|\[?::1\]?)(?:::|[:/]|$)")
_TWIN_HOST = re.compile(r"(?i)::[\w-]+\.(?:bench|sim)(?:::|$)")
_TWIN_MAKER, _TWIN_SERIAL = "caltwin", "TWIN"


def signs(record: RunRecord) -> tuple[str, ...]:
    """Return every sign in a record that an instrument was a twin; empty for a real measurement."""
    return tuple(_signs(record))


def signs_in_journal(record: RunRecord, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Return every sign in a journal that its run was simulated, or that it is not the journal of this record."""
    return tuple(_journal_signs(record, entries))


def require_real(record: RunRecord, entries: tuple[Entry, ...] | None = None) -> None:
    """Refuse a record of a simulated run, whatever its flags say.

    Raises:
        SigningError: names the first sign and how many more there are.
    """
    found = signs(record)
    if not found and entries is not None:
        found = signs_in_journal(record, entries)
    if found:
        more = f" (and {len(found) - 1} more signs)" if len(found) > 1 else ""
        raise SigningError(f"{record.number}: {found[0]}{more}; such a record can never be signed")


def _signs(record: RunRecord) -> Iterator[str]:
    if record.simulated:
        yield "the record is marked simulated"
    if record.number.upper().startswith(SIMULATED_SERIES):
        yield f"the number {record.number} is of the simulated series"
    if record.clock != "realtime":
        yield f"the clock was {record.clock}; only the wall clock can time real instruments"
    if record.seed is not None:
        yield f"the record names a seed of twins, {record.seed}"
    device = record.device
    yield from _instrument("device", device.manufacturer, device.serial, device.address, simulated=device.simulated)
    for used in record.equipment:
        yield from _instrument(used.role, used.manufacturer, used.serial, used.address, simulated=used.simulated)


def _instrument(role: str, maker: str, serial: str, address: str | None, *, simulated: bool) -> Iterator[str]:
    if simulated:
        yield f"{role} is marked as a twin"
    if _TWIN_SERIAL in serial.upper():
        yield f"{role} has the serial number {serial}, which only twins have"
    if maker.strip().lower() == _TWIN_MAKER:
        yield f"{role} is made by {maker}, which makes twins only"
    if address and (_LOCAL.search(address) or _TWIN_HOST.search(address) or "@" in address):
        yield f"{role} answered at {address}, where only a twin does"


def _journal_signs(record: RunRecord, entries: tuple[Entry, ...]) -> Iterator[str]:
    begin = next((e for e in entries if e.kind == "begin"), None)
    if begin is None or begin is not entries[0]:
        yield "the journal does not begin with the beginning of a run"
        return
    said: dict[str, Any] = msgspec.json.decode(begin.payload)
    if str(said.get("number", "")).upper().startswith(SIMULATED_SERIES):
        yield f"the journal is of the simulated run {said['number']}"
    held = {"device": record.device, "equipment": record.equipment}
    for key, value in held.items():
        if said.get(key) != msgspec.json.decode(msgspec.json.encode(value)):
            yield f"the journal names another {key} than the record"
    if said.get("number") != record.number:
        yield f"the journal is of run {said.get('number')}"
    if said.get("sheet") != record.software.sheet or said.get("station") != record.software.station:
        yield "the journal names another data sheet or station than the record"
    kept = {e.payload for e in entries if e.kind == "reading"}
    for item in record.items:
        for point in item.points:
            for reading in point.readings:
                if msgspec.json.encode(reading).decode() not in kept:
                    yield f"a reading of {point.point.key} is not in the journal"
                    return
    end = next((e for e in reversed(entries) if e.kind == "end"), None)
    if end is None:
        yield "the journal does not hold the end of the run"
    elif msgspec.json.decode(end.payload).get("verdict") != record.verdict.value:
        yield "the journal ends with another verdict than the record"
