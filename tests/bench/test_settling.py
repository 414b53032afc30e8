"""A load counts as reached by indications that know nothing of the load before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench.catalogue import find
from bench.desk import BenchDesk
from bench.operators import Simulation
from bench.runs import Order, execute
from bench.station import Station
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    import pytest


def test_no_look_is_taken_while_the_standard_still_averages_the_state_before(monkeypatch: pytest.MonkeyPatch) -> None:
    system = find("dc_energy")
    station = Station.from_dict(system.sheet.station, system.source)
    energised = [0.0]
    waited: list[float] = []
    write, keep = TwinVisaLibrary.write, BenchDesk.keep

    def written(library: TwinVisaLibrary, session: Any, data: bytes) -> Any:
        if data.startswith(b"OUTP ON"):
            energised[0] = library.world.environment.now
        return write(library, session, data)

    def kept(desk: BenchDesk, step: str, reading: Any) -> Any:
        if "/settling/1/" in step:
            waited.append(reading.time_s - energised[0])
        return keep(desk, step, reading)

    monkeypatch.setattr(TwinVisaLibrary, "write", written)
    monkeypatch.setattr(BenchDesk, "keep", kept)
    order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    execute(system, station, order, Simulation())
    assert len(waited) > 20
    assert min(waited) >= system.plan.settling.delay.to("s")
