"""A run by a work order: standards, certificates and device from the register, the record back into it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import msgspec

from bench.errors import ConfigurationError
from bench.gatekeeper import Opening, RegisterGatekeeper
from bench.lab.provide import Provided, provide, serials_of, station_section
from bench.lab.records import keep_record
from bench.lab.register import open_register, where

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bench.station import Station
    from scenarios.sheet import Sheet


def opening_of(gates: list[str], person: str | None, reason: str | None) -> Opening | None:
    """Return who opens which gates; None if nobody opens any.

    Raises:
        ConfigurationError: a gate is to be opened by nobody, or without a reason.
    """
    if not gates:
        return None
    if person is None:
        raise ConfigurationError("--open", "--as", "missing; say who opens the gate")
    if reason is None:
        raise ConfigurationError("--open", "--reason", "missing; say why the run may go on all the same")
    return Opening(gates=frozenset(gates), person=person, reason=reason)


class Ordered:
    """Bind a run to a work order as long as a context lasts."""

    def __init__(
        self, lab: str | None, order: str, sheet: Sheet, station: Station, now: datetime, opening: Opening | None
    ) -> None:
        """Name register and order; nothing is opened yet.

        Args:
            lab: URL or file of the register; None for the environment's.
            order: number of the work order.
            sheet: data sheet of the system.
            station: gives the addresses.
            now: the moment, with zone.
            opening: gates that a person opens.
        """
        self._named, self._order, self._sheet, self._now, self._opening = lab, order, sheet, now, opening
        self.station = station
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._register = self._stack.enter_context(open_register(where(self._named)))
        with self._register.reading() as session:
            serials = serials_of(session, self._order)
            given = {s: provide(session, self._sheet, self._order, s, self._now) for s in serials}
        provided, section = self._placed(given)
        self.station = self.station.with_laboratory(section)
        self.gatekeeper = RegisterGatekeeper(
            register=self._register, provided=provided, now=self._now, opening=self._opening
        )
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def keep(self, record: Path) -> None:
        """Enter a record of the run into the register."""
        with self._register.writing() as session:
            keep_record(session, record, self._order)

    def _placed(self, given: dict[str, Provided]) -> tuple[dict[str, Provided], dict[str, Any]]:
        """Put the order's devices on the positions of the station, in the order in which both are written."""
        first = next(iter(given.values()))
        section = station_section(first)
        positions = self.station.laboratory.get("positions", {})
        if len(given) == 1 and not positions:
            return {"1": first}, section
        if len(positions) < len(given):
            raise ConfigurationError(
                self.station.source,
                "laboratory.positions",
                f"{len(positions)} positions for the {len(given)} devices of order {self._order}",
            )
        provided, placed = {}, {}
        for (name, position), one in zip(positions.items(), given.values(), strict=False):
            provided[name] = one
            placed[name] = {**position, "device": msgspec.to_builtins(one.laboratory.device)}
        return provided, section | {"positions": placed, "device": {}}
