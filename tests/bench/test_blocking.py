"""Blocking drivers in a process, and sleeps that cost bench time."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
import simpy
import slow_driver
from slow_driver import SlowDriver
from worlds import GPIB, OTHER, world

from bench.blocking import bench_time, blocking
from instruments.front import NestedWait
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from instruments.world import World


@pytest.fixture
def bench() -> World:
    return world()


@pytest.fixture
def manager(bench: World) -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    yield manager
    manager.close()


def driver(manager: pyvisa.ResourceManager, address: str = GPIB) -> SlowDriver:
    return SlowDriver(manager.open_resource(address, read_termination="\n", write_termination="\n"))


def test_sleeps_at_top_level_cost_bench_time(manager: pyvisa.ResourceManager, bench: World) -> None:
    device = driver(manager)
    begin = time.monotonic()
    with bench_time(bench.environment, "slow_driver"):
        assert device.measure(10.0) == 0.0
        assert device.elapsed(50.0) == pytest.approx(50.0)
        with pytest.raises(ValueError, match="non-negative"):
            slow_driver.sleep(-1)
    assert device.polls == pytest.approx(100, abs=2)
    assert bench.environment.now == pytest.approx(60.1, abs=0.2)
    assert time.monotonic() - begin < 30.0
    assert slow_driver.sleep is time.sleep
    assert slow_driver.time is time


def test_a_blocking_driver_in_a_process_gives_what_it_gives_at_top_level(bench: World) -> None:
    def run(inside: bool) -> tuple[float, float, int]:
        bench = world(gain_error=1e-3)
        bench.front(OTHER).write(b"LEV 10\n")
        manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
        device = driver(manager)
        with bench_time(bench.environment, "slow_driver"):
            if inside:
                process = bench.environment.process(blocking(bench.environment, device.measure, 2.0))
                value = bench.environment.run(until=process)
            else:
                value = device.measure(2.0)
        now = bench.environment.now
        manager.close()
        return value, now, device.polls

    assert run(inside=True) == run(inside=False)
    assert run(inside=True)[0] == pytest.approx(10.01)


def test_two_blocking_drivers_interleave_and_repeat(bench: World) -> None:
    def run() -> list[tuple[str, float]]:
        bench = world()
        manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
        log: list[tuple[str, float]] = []

        def work(name: str, device: SlowDriver, aperture: float) -> None:
            for _ in range(5):
                device.measure(aperture)
                log.append((name, bench.environment.now))

        environment = bench.environment
        with bench_time(environment, "slow_driver"):
            both = [
                environment.process(blocking(environment, work, name, driver(manager, address), aperture))
                for name, address, aperture in (("a", GPIB, 0.3), ("b", OTHER, 0.7))
            ]
            environment.run(until=environment.all_of(both))
        manager.close()
        return log

    first = run()
    assert first == run()
    assert [name for name, _ in first][:3] == ["a", "b", "a"] or [name for name, _ in first][:3] == ["a", "a", "b"]
    assert len({now for _, now in first}) == 10


def test_an_exception_of_the_driver_comes_out_of_the_process(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource: Any = driver(manager).resource
    resource.timeout = 100

    def process() -> Generator[Any, Any, str]:
        with pytest.raises(pyvisa.VisaIOError):
            yield from blocking(bench.environment, resource.read)
        with pytest.raises(ValueError, match="CALTWIN"):
            yield from blocking(bench.environment, resource.query_ascii_values, "*IDN?")
        return "went on"

    assert bench.environment.run(until=bench.environment.process(process())) == "went on"
    assert bench.environment.now == pytest.approx(0.101)


def test_a_defect_of_a_twin_stops_the_bench_and_not_just_the_driver(
    manager: pyvisa.ResourceManager, bench: World
) -> None:
    resource = driver(manager).resource
    process = bench.environment.process(blocking(bench.environment, resource.write, "BREAK"))
    with pytest.raises(AttributeError, match="no_such_attribute"):
        bench.environment.run(until=process)


def test_an_interrupt_of_the_process_reaches_the_driver(manager: pyvisa.ResourceManager, bench: World) -> None:
    device = driver(manager)
    device.resource.write("LEV 5")
    with bench_time(bench.environment, "slow_driver"):
        process = bench.environment.process(blocking(bench.environment, device.careful))
        bench.environment.call_at(3.0, lambda: process.interrupt("stop"))
        assert bench.environment.run(until=process) == "stopped: Interrupt"
    assert bench.environment.now == pytest.approx(3.001)
    assert bench.twin("reader").level() == 0


def test_an_interrupt_that_nobody_handles_ends_the_process(manager: pyvisa.ResourceManager, bench: World) -> None:
    device = driver(manager)
    with bench_time(bench.environment, "slow_driver"):
        process = bench.environment.process(blocking(bench.environment, device.elapsed, 100.0))
        bench.environment.call_at(3.0, lambda: process.interrupt("stop"))
        with pytest.raises(simpy.Interrupt):
            bench.environment.run(until=process)


def test_a_process_that_is_given_up_leaves_no_thread(manager: pyvisa.ResourceManager, bench: World) -> None:
    before = threading.active_count()
    device = driver(manager)
    with bench_time(bench.environment, "slow_driver"):
        steps = blocking(bench.environment, device.elapsed, 100.0)
        next(steps)
        assert threading.active_count() == before + 1
        steps.close()
    del steps
    gc.collect()
    assert threading.active_count() == before


def test_a_sleep_in_a_process_without_baton_is_refused(bench: World) -> None:
    def process() -> Generator[Any, Any, None]:
        slow_driver.sleep(1.0)
        yield bench.environment.timeout(1)

    with (
        bench_time(bench.environment, "slow_driver"),
        pytest.raises(NestedWait, match=r"bench\.blocking"),
    ):
        bench.environment.run(until=bench.environment.process(process()))


def test_threads_that_are_not_of_the_bench_sleep_for_real(bench: World) -> None:
    with bench_time(bench.environment, "slow_driver") as clock:
        thread = threading.Thread(target=clock.sleep, args=(0.05,))
        begin = time.monotonic()
        thread.start()
        thread.join()
        assert time.monotonic() - begin >= 0.05
    assert bench.environment.now == 0.0


def test_a_package_that_is_not_there_is_named(bench: World) -> None:
    with (
        pytest.raises(ValueError, match="'no_such_package' is not imported"),
        bench_time(bench.environment, "no_such_package"),
    ):
        pass


def test_names_are_restored_after_an_exception(bench: World) -> None:
    with pytest.raises(RuntimeError), bench_time(bench.environment, "slow_driver"):
        assert slow_driver.sleep is not time.sleep
        raise RuntimeError
    assert slow_driver.sleep is time.sleep


def test_pyvisa_waits_on_the_bench_clock_too(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource: Any = driver(manager).resource
    begin = time.monotonic()
    with bench_time(bench.environment):
        resource.query_delay = 5.0
        assert resource.query("LEV?") == "0"
        resource.write("*CLS;*ESE 1;*SRE 32;:APER 2;:INIT;*OPC")
        resource.wait_for_srq(5000)
    assert bench.environment.now == pytest.approx(7.0, abs=0.01)
    assert time.monotonic() - begin < 5.0
