"""Signs of simulation: found again in the record and its journal, never taken from one flag.

An edited flag is not enough to make a record look real: the number, serial numbers, makers, addresses, the clock, the
seed and the journal's first entry would all have to agree, and the journal's head was signed when the run ended.
"""

from __future__ import annotations

import hashlib
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
    said = beginning_of(entries)
    if said is None:
        yield "the journal does not begin with the beginning of a run"
        return
    if said.number.upper().startswith(SIMULATED_SERIES):
        yield f"the journal is of the simulated run {said.number}"
    if not said.realtime:
        yield "the journal is of a run on the virtual clock; only the wall clock can time real instruments"
    if "twin" in _keys(said.station):
        yield "the journal names a station with a twin"
    place = next((name for name, device in said.devices.items() if device == _plain(record.device)), None)
    if place is None:
        yield "the journal names another device than the record"
    if said.equipment != _plain(record.equipment):
        yield "the journal names other equipment than the record"
    if record.number not in (said.number, f"{said.number}-{place}"):
        yield f"the journal is of run {said.number}"
    if hashlib.sha256(said.sheet.encode()).hexdigest() != record.software.sheet:
        yield "the journal names another data sheet than the record"
    if _station_digest(said.station) != record.software.station:
        yield "the journal names another station than the record"
    kept = {e.payload for e in entries if e.kind == "reading"}
    for item in record.items:
        for point in item.points:
            if any(msgspec.json.encode(reading).decode() not in kept for reading in point.readings):
                yield f"a reading of {point.point.key} is not in the journal"
    if not any(e.kind == "end" for e in entries):
        yield "the journal does not hold the end of the run"


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a journal's first entry says of its run."""

    number: str
    """Number of the run."""
    realtime: bool
    """Whether the bench's clock was the wall clock."""
    sheet: str
    """The data sheet."""
    station: dict[str, Any]
    """The station description."""
    devices: dict[str, Any]
    """Position -> device under test."""
    equipment: list[Any]
    """Standards and auxiliary instruments."""

    @property
    def simulated(self) -> bool:
        """Return whether any instrument was a twin; what does not say that it was real counts as one."""
        used = [*self.devices.values(), *self.equipment]
        flags = [one.get("simulated") if isinstance(one, dict) else None for one in used]
        return self.number.upper().startswith(SIMULATED_SERIES) or any(flag is not False for flag in flags)


def beginning_of(entries: tuple[Entry, ...]) -> Beginning | None:
    """Return what a journal's first entry says; None where it is no beginning of a run."""
    if not entries or entries[0].kind != "begin":
        return None
    try:
        return msgspec.json.decode(entries[0].payload, type=Beginning)
    except msgspec.MsgspecError:
        return None


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _keys(node: object) -> set[str]:
    """Return every key of a tree of tables and lists."""
    if isinstance(node, dict):
        return {str(key) for key in node} | {key for value in node.values() for key in _keys(value)}
    return {key for value in node for key in _keys(value)} if isinstance(node, list) else set()


def _station_digest(description: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(description, order="sorted")).hexdigest()
