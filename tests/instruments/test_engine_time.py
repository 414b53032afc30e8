"""Time: readings end when they end, whoever waits and however."""

from __future__ import annotations

import math
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from worlds import GPIB, LAN, OTHER, SOCKET, ask, errors, plan, world

from instruments.clock import INSTRUMENT, Environment, RealtimeEnvironment
from instruments.engine import Exchange
from instruments.front import Deadlock, Front, NestedWait
from instruments.world import World

if TYPE_CHECKING:
    from collections.abc import Generator


def test_a_reading_costs_its_aperture_and_the_transaction() -> None:
    bench = world()
    front = bench.front(GPIB)
    assert ask(front, "READ?") == "0.000000E+00"
    assert bench.environment.now == 0.001 + 0.02


def test_a_reading_sees_what_the_world_does_meanwhile() -> None:
    """A source that steps in the middle of the window counts for its half, though the reading was asked for before."""
    bench = world()
    reader, writer = bench.front(GPIB), bench.front(OTHER)
    reader.write(b"APER 0.2\n")
    reader.write(b"READ?\n")
    start = bench.environment.now
    bench.environment.run_to(start + 0.099)
    writer.write(b"LEV 10\n")
    found = reader.read(100, None, 5)
    assert found is not None
    assert float(found[0]) == pytest.approx(5.0, rel=1e-12)
    assert bench.environment.now == start + 0.2


def test_what_happens_at_the_end_of_a_reading_comes_after_the_plant() -> None:
    bench = world()
    order: list[str] = []
    bench.environment.call_at(1.0, lambda: order.append("instrument"), INSTRUMENT)
    plant = bench.environment.timeout(1.0)
    plant.callbacks.append(lambda _: order.append("plant"))
    bench.environment.run_to(1.0)
    assert order == ["plant", "instrument"]


def note(environment: Environment, seen: list[float]) -> None:
    seen.append(environment.now)


def test_times_are_hit_to_the_last_bit() -> None:
    """`now + (t - now)` lands early in about 2 % of such waits, which is what absolute scheduling is for."""
    early = 0
    draws = random.Random(1)
    for _ in range(2000):
        environment = Environment(draws.uniform(0, 1))
        target = draws.uniform(1, 10)
        seen: list[float] = []
        environment.call_at(target, partial(note, environment, seen))
        early += environment.now + (target - environment.now) != target
        environment.run_to(target)
        assert seen == [target]
        assert environment.now == target
    assert early > 0


def test_the_past_cannot_be_scheduled() -> None:
    environment = Environment(5.0)
    for when in (4.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="cannot schedule"):
            environment.call_at(when, lambda: None)


def exchange(front: Front, log: list[Any], messages: list[str]) -> Generator[Any, Any, None]:
    for message in messages:
        front.write(message.encode() + b"\n")
        if "?" in message:
            yield from front.until_readable(5.0)
            reply = front.read(1000, None, 5.0)
            log.append((front.environment.now, None if reply is None else reply[0]))
        else:
            yield from front.until_idle()
            log.append((front.environment.now, b""))


MESSAGES = [
    "*RST",
    "LEV 3",
    "APER 0.013",
    "READ?",
    "INIT",
    "*OPC?",
    "FETC?",
    "SLOW;READ?",
    "*IDN?",
    "LEV 7;LEV?",
    "READ?",
]


def test_process_and_top_level_agree_to_the_last_bit() -> None:
    top, inside = world(), world()
    log_top: list[Any] = []
    front = top.front(GPIB)
    for message in MESSAGES:
        front.write(message.encode() + b"\n")
        reply = front.read(1000, None, 5.0) if "?" in message else (b"", None)
        log_top.append((top.environment.now, None if reply is None else reply[0]))
    log_inside: list[Any] = []
    inside.environment.process(exchange(inside.front(GPIB), log_inside, MESSAGES))
    inside.environment.run()
    assert log_inside == log_top
    assert log_top[-1][0] > 0.1


def test_two_processes_and_two_instruments_repeat_exactly() -> None:
    def run() -> tuple[list[Any], list[Any]]:
        bench = world(gain_error=1e-3)
        one: list[Any] = []
        two: list[Any] = []
        bench.environment.process(exchange(bench.front(GPIB), one, ["APER 0.0137", *["READ?"] * 30]))
        bench.environment.process(exchange(bench.front(OTHER), two, [f"LEV {i % 97}" for i in range(500)]))
        bench.environment.run()
        return one, two

    first = run()
    assert first == run()
    assert len({reply for _, reply in first[0]}) > 10


def test_a_blocking_read_in_a_process_is_refused_with_the_remedy() -> None:
    bench = world()
    front = bench.front(GPIB)

    def process() -> Generator[Any, Any, None]:
        front.write(b"READ?\n")
        with pytest.raises(NestedWait, match=r"reader: .*until_readable"):
            front.read(100, None, 5.0)
        with pytest.raises(NestedWait, match="until_idle"):
            front.poll()
        yield from front.until_readable(5.0)
        assert front.read(100, None, 5.0) is not None

    bench.environment.run(until=bench.environment.process(process()))
    assert bench.environment.now == 0.021


def test_a_wait_in_a_process_ends_at_its_timeout() -> None:
    bench = world()
    front = bench.front(GPIB)
    seen: list[Any] = []

    def process() -> Generator[Any, Any, None]:
        front.write(b"APER 1;:READ?\n")
        seen.append((yield from front.until_readable(0.25)))
        seen.append((bench.environment.now, front.read(100, None, 0.25)))
        seen.append((yield from front.until_readable(5.0)))
        seen.append((bench.environment.now, front.read(100, None, 0.25)))

    bench.environment.run(until=bench.environment.process(process()))
    assert seen[:2] == [False, (0.25, None)]
    assert seen[2] is True
    assert seen[3][0] == 1.001


def test_waits_leave_nothing_behind_that_would_prolong_a_run() -> None:
    bench = world()
    log: list[Any] = []
    bench.environment.process(exchange(bench.front(GPIB), log, ["READ?"] * 5))
    bench.environment.run()
    assert bench.environment.now == pytest.approx(5 * 0.021)


def test_an_endless_wait_for_nothing_is_a_deadlock_that_names_the_instrument() -> None:
    bench = world()
    front = bench.front(GPIB)
    with pytest.raises(Deadlock, match="reader: no reply is scheduled"):
        front.read(100, None, math.inf)

    def process() -> Generator[Any, Any, None]:
        yield from front.until_readable(math.inf)

    with pytest.raises(Deadlock, match="reader: no reply is scheduled"):
        bench.environment.run(until=bench.environment.process(process()))


def test_an_operation_whose_end_is_not_known_holds_the_reply_until_it_comes() -> None:
    bench = world()
    front = bench.front(GPIB)
    front.write(b"TRIG:SOUR BUS;:INIT;*OPC?\n")
    bench.environment.call_at(3.0, front.engine.trigger)
    reply = front.read(100, None, math.inf)
    assert reply is not None
    assert reply[0] == b"1\n"
    assert bench.environment.now == 3.02


def test_a_polling_loop_ends_because_a_poll_costs_time() -> None:
    bench = world()
    front = bench.front(LAN)
    front.write(b"*CLS;*ESE 1;:APER 0.5;:INIT;*OPC\n")
    polls = 0
    while not (front.poll() or 0) & 32:
        polls += 1
        assert polls < 10_000
    assert polls == pytest.approx(2500, abs=2)


def test_a_queued_message_waits_until_the_one_before_is_over() -> None:
    bench = world()
    front = bench.front(SOCKET)
    front.write(b"SLOW?\n")
    front.write(b"LEV 5\n")
    engine: Any = front.engine
    assert engine.level() == 0
    bench.environment.run_to(0.3)
    assert engine.level() == 5


@pytest.mark.parametrize("message", ["BREAK", "*CLS;:BREAK;*IDN?"])
def test_a_defect_of_a_twin_comes_out_as_it_is(message: str) -> None:
    bench = world()
    front = bench.front(GPIB)
    with pytest.raises(AttributeError, match="no_such_attribute"):
        front.write(message.encode())
    assert ask(front, "*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
    assert errors(front) == []


def waits(environment: Environment, name: str, times: list[float], seen: list[tuple[str, float]]) -> Any:
    for target in times:
        if not environment.advance(target):
            yield environment.event_at(target)
        seen.append((name, environment.now))


def test_a_process_alone_moves_the_clock_on_itself_and_sees_what_instruments_did() -> None:
    environment = Environment()
    seen: list[tuple[str, float]] = []
    for target in (0.5, 1.0, 1.5, 4.0):
        environment.call_at(target, partial(seen.append, ("call", target)))
    environment.run(until=environment.process(waits(environment, "process", [1.0, 3.0], seen)))
    assert seen == [("call", 0.5), ("call", 1.0), ("process", 1.0), ("call", 1.5), ("process", 3.0)]


def test_a_process_does_not_pass_another() -> None:
    environment = Environment()
    seen: list[tuple[str, float]] = []
    slow = environment.process(waits(environment, "slow", [2.0, 4.0], seen))
    fast = environment.process(waits(environment, "fast", [1.0, 2.0, 3.0, 5.0], seen))
    environment.run(until=slow & fast)
    assert seen == [
        ("fast", 1.0),
        ("slow", 2.0),
        ("fast", 2.0),
        ("fast", 3.0),
        ("slow", 4.0),
        ("fast", 5.0),
    ]


def test_a_process_does_not_pass_others_that_wait_for_the_same_event() -> None:
    environment = Environment()
    seen: list[tuple[str, float]] = []
    gate = environment.event_at(1.0)

    def after_gate(name: str) -> Any:
        yield gate
        yield from waits(environment, name, [environment.now + 1.0], seen)

    first, second = environment.process(after_gate("first")), environment.process(after_gate("second"))
    environment.run(until=first & second)
    assert seen == [("first", 2.0), ("second", 2.0)]


def test_a_process_does_not_pass_the_time_to_which_the_bench_runs() -> None:
    environment = Environment()
    seen: list[tuple[str, float]] = []
    environment.process(waits(environment, "process", [2.0, 7.0], seen))
    environment.run_to(1.0)
    assert environment.now == 1.0
    environment.run(until=5.0)
    assert (environment.now, seen) == (5.0, [("process", 2.0)])
    environment.run()
    assert seen == [("process", 2.0), ("process", 7.0)]


def test_real_time_follows_the_wall_clock() -> None:
    bench = World(plan(), 1, RealtimeEnvironment(factor=0.1))
    front = bench.front(GPIB)
    begin = time.monotonic()
    assert ask(front, "APER 1;:READ?") is not None
    assert 0.1 <= time.monotonic() - begin < 1.0
    time.sleep(0.1)
    before = bench.environment.now
    assert ask(front, "*IDN?") is not None
    assert bench.environment.now - before >= 0.9


def test_latency_must_be_some_time() -> None:
    bench = world()
    with pytest.raises(ValueError, match="must take some time"):
        Front(bench.twins["reader"], Exchange.INSTR, bench.environment, 0.0)
