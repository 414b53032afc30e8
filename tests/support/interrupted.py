"""Runs that are stopped on the way and taken up again."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bench.journal import Journal
from bench.operators import Simulation
from bench.runs import Order, Resumption, execute
from scenarios.procedure import ProcedureAborted

if TYPE_CHECKING:
    from pathlib import Path

    from bench.catalogue import System
    from bench.station import Station
    from scenarios.record import RunRecord


class StopAt:
    """Count the checkpoints of a run, and stop it in order at the n-th; at none for 0."""

    def __init__(self, n: int = 0) -> None:
        self.passed = 0
        self.n = n

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.n:
            raise ProcedureAborted("stopped by the operator; sources are off")


def stopped_and_taken_up(system: System, station: Station, order: Order, folder: Path, stop: int) -> RunRecord:
    """Stop a run at its n-th checkpoint, take it up days later from its journal, and return its record."""
    with Journal(folder / "journal.sqlite") as journal:
        with pytest.raises(ProcedureAborted, match="stopped by the operator"):
            execute(
                system, station, dataclasses.replace(order, checkpoint=StopAt(stop)), Simulation(), lambda _: journal
            )
        resumption = Resumption(journal=journal, now=order.started + timedelta(days=9), alive=order.started)
        return execute(system, station, order, Simulation(), lambda _: journal, resumption=resumption).record
