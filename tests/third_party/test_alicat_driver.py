"""The package `alicat`, unmodified, on a served twin over TCP: constructed, set, read, reset, made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from bench.serve import served
from bench.station import Station

from .conftest import STATION, imported

if TYPE_CHECKING:
    from collections.abc import Iterator

alicat = imported("alicat")

pytestmark = pytest.mark.driver("alicat", "FlowController", "mfc_alicat", how="served socket")

Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a test's coroutine; then close the connections that the driver opened, while their loop still runs.

    The close() of alicat 0.9 closes serial lines only. A TCP connection is left to the garbage collector, which finds
    it after its loop is closed, in whatever test then runs.
    """
    opened: list[Any] = []
    client = alicat.driver.TcpClient

    def open_client(*args: Any, **options: Any) -> Any:
        opened.append(client(*args, **options))
        return opened[-1]

    monkeypatch.setattr(alicat.driver, "TcpClient", open_client)

    async def closing(work: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await work()
        finally:
            for connection in opened:
                await connection.close()

    return lambda work: asyncio.run(closing(work))


@pytest.fixture
def address() -> Iterator[str]:
    with served(Station.from_file(STATION).build()) as endpoints:
        endpoint = next(e for e in endpoints if e.device == "alicat" and e.address.endswith("SOCKET"))
        yield f"{endpoint.host}:{endpoint.port}"


def test_it_is_constructed_set_and_read(address: str, run: Run) -> None:
    async def use() -> None:
        async with alicat.FlowController(address) as controller:
            state = await controller.get()
            assert state["control_point"] == "mass flow" and state["gas"] == "N2"
            assert state["pressure"] == pytest.approx(14.70, abs=0.01)
            assert "10v05" in await controller.get_firmware()
            await controller.set_flow_rate(7.5)
            assert (await controller.get())["setpoint"] == 7.5
            for gas in ("CO2", "Ar", "N2"):
                await controller.set_gas(gas)
                assert (await controller.get())["gas"] == gas
            await controller.set_maxramp(2.0, "s")
            assert await controller.get_maxramp() == {"max_ramp": 2.0, "units": "SLPM/s"}
            ramps = {"up": True, "down": False, "zero": True, "power": False}
            await controller.set_ramp_config(ramps)
            assert await controller.get_ramp_config() == ramps
            await controller.set_pid(p=200, i=30, d=10, loop_type="PD2I")
            assert await controller.get_pid() == {"loop_type": "PD2I", "P": "200", "D": "10", "I": "30"}
            await controller.lock()
            assert await controller.is_locked()
            await controller.unlock()
            await controller.set_pressure(20.0)
            assert (await controller.get())["control_point"] == "abs pressure"
            await controller.set_flow_rate(1.0)
            await controller.create_mix(240, "Mine", {"CO2": 40, "N2": 60})
            await controller.set_gas(240)
            await controller.delete_mix(240)
            await controller.hold()
            await controller.cancel_hold()

    run(use)


def test_it_is_reset(address: str, run: Run) -> None:
    async def use() -> None:
        async with alicat.FlowController(address) as controller:
            await controller.tare_volumetric()
            await controller.tare_pressure()
            await controller.reset_totalizer()
            await controller.set_flow_rate(0.0)
            state: dict[str, Any] = await controller.get()
            assert (state["setpoint"], state["mass_flow"]) == (0.0, 0.0)

    run(use)


def test_it_is_made_to_fail(address: str, run: Run) -> None:
    async def use() -> None:
        async with alicat.FlowController(address) as controller:
            with pytest.raises(OSError, match="Could not set setpoint"):
                await controller.set_flow_rate(500.0)
            with pytest.raises(OSError, match="Unable to read totalizer"):
                await controller.get_totalizer_batch()
            with pytest.raises(OSError, match="Unable to delete mix"):
                await controller.delete_mix(236)
        async with alicat.FlowController(address, unit="A") as controller:
            controller.hw.timeout = 0.1
            await controller._init_task
            controller.unit = "B"  # nobody of that letter is on the bus
            with pytest.raises(OSError, match="Could not read values"):
                await controller.get()

    run(use)


def test_it_is_found_on_its_port(address: str, run: Run) -> None:
    assert run(lambda: alicat.FlowController.is_connected(address))
