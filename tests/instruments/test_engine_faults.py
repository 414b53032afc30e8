"""Faults: each does what it says, when it says, by its seed, and leaves a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from worlds import GPIB, LAN, SOCKET, ask, errors, world

from instruments.faults import (
    BitFlip,
    ClockJump,
    CorruptedMessage,
    Disconnect,
    DoubledCharacter,
    DroppedCharacter,
    Echo,
    Fault,
    GainStep,
    GarbledReply,
    Happening,
    LateReply,
    LostMessage,
    NoiseBurst,
    NoReply,
    NotANumber,
    OffsetStep,
    Overload,
    PastDue,
    PowerCycle,
    QueueFlood,
    RepeatedMessage,
    ReplacedReply,
    ReplyWithUnit,
    SelfTestFailure,
    SlowDrift,
    StaleReply,
    StuckValue,
    SurroundingsShift,
    TruncatedReply,
    WrongIdentity,
    WrongRange,
    WrongTerminator,
    catalogue,
)
from instruments.faults_text import add_seconds, change_numbers
from instruments.link import ConnectionLost, Ending
from instruments.signal import Signal

if TYPE_CHECKING:
    from instruments.world import World

IDENTITY = "CALTWIN,TINY,TINY-1,1.0"


def hit(fault: Fault, *messages: str, address: str = GPIB, seed: int = 1) -> list[str | None]:
    """Return the replies of an instrument with a fault."""
    bench = world(seed)
    bench.faults("reader").add(fault)
    front = bench.front(address)
    return [ask(front, message, 2.0) for message in messages]


def test_there_are_enough_kinds_of_fault() -> None:
    assert len(catalogue()) >= 25
    assert {"late_reply", "bit_flip", "not_a_number", "no_reply", "power_cycle"} <= set(catalogue())


@pytest.mark.parametrize(
    ("fault", "messages", "replies"),
    [
        (NoReply(), ("LEV?", "LEV?"), (None, None)),
        (NoReply(times=1), ("LEV?", "LEV?"), (None, "0")),
        (TruncatedReply(keep=4), ("*IDN?",), ("CALT",)),
        (TruncatedReply(keep=0, terminated=False), ("LEV?",), ("",)),
        (WrongTerminator(terminator="\r"), ("LEV?",), ("0\r",)),
        (StaleReply(), ("LEV?", "FREQ?", "*IDN?"), (None, "0", "1000")),
        (Echo(), ("LEV?",), ("LEV?\n0",)),
        (ReplyWithUnit(), ("LEV?", "*ESR?"), ("0 V", "128")),
        (ReplacedReply(reply="what", on="LEV"), ("LEV?", "FREQ?"), ("what", "1000")),
        (WrongIdentity(), ("*IDN?", "LEV?"), ("ACME,OTHER,000000,0.0", "0")),
        (SelfTestFailure(), ("*TST?", "*ESR?"), ("1", "128")),
        (PastDue(on="LEV"), ("LEV?",), ("2000,1,1",)),
        (Overload(), ("READ?", "FREQ?", "*ESR?"), ("9.900000E+37", "9.90E+37", "128")),
        (NotANumber(on="READ"), ("READ?", "FREQ?"), ("9.910000E+37", "1000")),
        (GainStep(factor=1.5), ("FREQ?", "BOTH?"), ("1500", "2.250E+00,3.3")),
        (GainStep(factor=1.5, field=2), ("BOTH?",), ("1.500E+00,3.3",)),
        (OffsetStep(offset=-1), ("FREQ?", "DEL?"), ("999", "-1.000")),
        (WrongRange(limit=10), ("FREQ?", "LEV?"), ("10", "0")),
        (StuckValue(), ("LEV?", "LEV 5;LEV?"), ("0", "5")),
        (LostMessage(on="LEV 5"), ("LEV 5;LEV?", "LEV?"), (None, "0")),
        (RepeatedMessage(on="TRG"), ("*TRG;*ESR?", "LEV?"), ("144", "0")),
        (ClockJump(by_s=10, on="FREQ"), ("FREQ?",), ("1010",)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
def test_what_a_fault_does(fault: Fault, messages: tuple[str, ...], replies: tuple[str | None, ...]) -> None:
    address = SOCKET if isinstance(fault, StaleReply) else GPIB
    assert tuple(hit(fault, *messages, address=address)) == replies


def test_a_stuck_value_does_not_follow() -> None:
    assert hit(StuckValue(), "LEV?", "*CLS", "LEV?")[0] == "0"
    bench = world()
    bench.faults("reader").add(StuckValue())
    front = bench.front(GPIB)
    assert ask(front, "LEV?") == "0"
    front.write(b"LEV 5\n")
    assert ask(front, "LEV?") == "0"


@pytest.mark.parametrize("kind", [GarbledReply, DroppedCharacter, DoubledCharacter, BitFlip, NoiseBurst])
def test_chance_comes_from_the_seed(kind: type[Fault]) -> None:
    messages = ["FREQ?"] * 20
    first = hit(kind(on="FREQ"), *messages, seed=3)
    assert first == hit(kind(on="FREQ"), *messages, seed=3)
    assert first != hit(kind(on="FREQ"), *messages, seed=4)
    if kind in (DroppedCharacter, DoubledCharacter):
        assert {len(reply or "") for reply in first} == {5 if kind is DoubledCharacter else 3}
    elif kind is NoiseBurst:
        assert len(set(first)) > 10
    else:
        assert "1000" not in first


def test_a_corrupted_message_differs_in_one_character() -> None:
    def arrived(seed: int) -> list[bytes]:
        bench = world(seed)
        faults = bench.faults("reader")
        faults.add(CorruptedMessage())
        for _ in range(20):
            bench.front(GPIB).write(b"LEV 12.345\n")
        return [strike.after[0] for strike in faults.log]

    first = arrived(3)
    assert first == arrived(3)
    assert first != arrived(4)
    for message in first:
        assert sum(a != b for a, b in zip(message, b"LEV 12.345\n", strict=True)) == 1


def test_a_late_reply_comes_late() -> None:
    bench = world()
    bench.faults("reader").add(LateReply(delay_s=3.0, on="LEV"))
    front = bench.front(SOCKET)
    assert ask(front, "LEV?", 2.0) is None
    assert ask(front, "FREQ?") == "1000"
    assert ask(front, "*ESR?") == "128"
    bench.environment.run_to(5.0)
    assert front.read(100, 10, 1.0) == (b"0\n", Ending.TERMINATOR)
    gpib = bench.front(GPIB)
    assert ask(gpib, "LEV?", 5.0) == "0"
    gpib.write(b"LEV?\n")
    assert ask(gpib, "FREQ?") == "1000"
    assert errors(gpib) == [-410]
    bench.environment.run_to(20.0)
    assert not gpib.link.unread


def test_a_late_reply_is_waited_for_in_a_process() -> None:
    bench = world()
    bench.faults("reader").add(LateReply(delay_s=3.0))
    front = bench.front(GPIB)
    seen: list[Any] = []

    def process() -> Any:
        front.write(b"LEV?\n")
        yield from front.until_readable(10.0)
        seen.append((bench.environment.now, front.read(10, None, 10.0)))

    bench.environment.run(until=bench.environment.process(process()))
    assert seen[0][0] == 3.001
    assert seen[0][1][0] == b"0\n"


@pytest.mark.parametrize(
    ("schedule", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3, 4, 5, 6]),
        ({"nth": 3, "times": 1}, [3]),
        ({"times": 2}, [1, 2]),
        ({"at_s": 0.0025}, [3, 4, 5, 6]),
        ({"at_s": 0.0025, "until_s": 0.0045}, [3, 4]),
        ({"on": "VOLT"}, []),
        ({"rate": 0.0}, []),
    ],
)
def test_schedules(schedule: dict[str, Any], struck: list[int]) -> None:
    replies = hit(ReplacedReply(reply="X", **schedule), *["LEV?"] * 6)
    assert [n for n, reply in enumerate(replies, 1) if reply == "X"] == struck


def test_a_rate_is_a_probability() -> None:
    replies = hit(ReplacedReply(reply="X", rate=0.25), *["LEV?"] * 2000)
    assert 400 < replies.count("X") < 600


@pytest.mark.parametrize("wrong", [{"rate": 2.0}, {"nth": 0}, {"times": 0}, {"at_s": 2.0, "until_s": 1.0}, {"on": "("}])
def test_wrong_schedules_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NoReply(**wrong)


def test_faults_add_up_and_can_be_taken_away() -> None:
    bench = world()
    faults = bench.faults("reader")
    assert bench.faults("reader") is faults
    faults.add(OffsetStep(offset=1), GainStep(factor=2))
    front = bench.front(GPIB)
    assert ask(front, "FREQ?") == "2002"
    faults.add(LateReply(delay_s=1.0))
    before = bench.environment.now
    assert ask(front, "FREQ?") == "2002"
    assert bench.environment.now == pytest.approx(before + 1.001)
    faults.clear()
    assert ask(front, "FREQ?") == "1000"


def test_every_strike_is_noted() -> None:
    bench = world()
    faults = bench.faults("reader")
    faults.add(TruncatedReply(keep=1, times=1), NoReply(nth=2), QueueFlood(at_s=1.0, count=1))
    front = bench.front(GPIB)
    ask(front, "FREQ?")
    ask(front, "FREQ?", 2.0)
    notes = [(type(strike.fault).__name__, strike.before, strike.after) for strike in faults.log]
    assert notes == [
        ("TruncatedReply", b"1000\n", (b"1\n",)),
        ("NoReply", b"1000\n", ()),
        ("QueueFlood", b"", ()),
    ]
    assert [fault for fault in faults.armed if isinstance(fault, TruncatedReply)] == []


def test_a_slow_drift_grows_from_its_first_strike() -> None:
    bench = world()
    bench.faults("reader").add(SlowDrift(per_h=0.1, on="FREQ"))
    front = bench.front(GPIB)
    assert ask(front, "FREQ?") == "1000"
    bench.environment.run_to(7200.0)
    assert ask(front, "FREQ?") == "1200"


# -- what happens to the instrument ---------------------------------------------------------------------------------


def test_a_queue_flood_overflows() -> None:
    bench = world()
    bench.faults("reader").add(QueueFlood(nth=2, code=-240))
    front = bench.front(GPIB)
    ask(front, "LEV?")
    assert errors(front) == []
    ask(front, "LEV?")
    assert errors(front) == [-240] * 19 + [-350]


def test_a_power_cycle_loses_settings_status_and_sessions() -> None:
    bench = world()
    bench.faults("reader").add(PowerCycle(at_s=1.0, off_s=5.0))
    front = bench.front(LAN)
    front.write(b"LEV 5;*ESE 4;*CLS;:NOPE\n")
    front.write(b"TRIG:SOUR BUS;:INIT;*OPC?\n")
    with pytest.raises(ConnectionLost, match="reader: the connection is lost"):
        front.read(100, None, 10.0)
    assert bench.environment.now == 1.0
    for call in (lambda: front.write(b"LEV?\n"), lambda: front.read(1, None, 1.0), front.poll):
        with pytest.raises(ConnectionLost):
            call()
    with pytest.raises(ConnectionLost):
        bench.front(LAN)
    bench.environment.run_to(6.0)
    again = bench.front(LAN)
    assert ask(again, "LEV?;*ESE?;*ESR?;:SYST:ERR:COUN?") == "0;0;128;0"
    assert ask(again, "*OPC?") == "1"


def test_on_gpib_a_power_cycle_leaves_the_session_but_messages_are_lost() -> None:
    bench = world()
    bench.faults("reader").add(PowerCycle(at_s=1.0, off_s=5.0, sessions=False))
    front = bench.front(GPIB)
    front.write(b"LEV 5\n")
    bench.environment.run_to(2.0)
    assert ask(front, "LEV?", 1.0) is None
    bench.environment.run_to(7.0)
    assert ask(front, "LEV?") == "0"


def test_a_disconnect_keeps_the_settings() -> None:
    bench = world()
    bench.faults("reader").add(Disconnect(on="FREQ", for_s=2.0))
    front = bench.front(LAN)
    front.write(b"LEV 5\n")
    front.write(b"FREQ 7\n")
    with pytest.raises(ConnectionLost):
        front.read(10, None, 1.0)
    with pytest.raises(ConnectionLost):
        bench.front(SOCKET)
    bench.environment.run_to(3.0)
    assert ask(bench.front(LAN), "LEV?") == "5"


def test_a_process_that_waits_is_told_of_a_lost_session() -> None:
    bench = world()
    bench.faults("reader").add(Disconnect(at_s=1.0))
    front = bench.front(LAN)

    def process() -> Any:
        front.write(b"TRIG:SOUR BUS;:INIT;*OPC?\n")
        yield from front.until_readable(100.0)
        with pytest.raises(ConnectionLost):
            front.read(10, None, 100.0)

    bench.environment.run(until=bench.environment.process(process()))
    assert bench.environment.now == 1.0


def test_a_happening_calls_the_twin() -> None:
    bench = world()
    faults = bench.faults("reader")
    faults.add(Happening(at_s=1.0, call="set_level", value=7.0), Happening(on="FREQ", call="abort"))
    bench.environment.run_to(1.0)
    assert ask(bench.front(GPIB), "LEV?") == "7"
    for wrong in ("no_such", "_must_wait", "parameters"):
        with pytest.raises(ValueError, match=f"reader: the twin has no public method {wrong!r}"):
            faults.add(Happening(call=wrong))


def test_a_shift_of_the_surroundings_is_seen_by_all() -> None:
    bench = world()
    bench.ports["line"].warmth = Signal(20.0)  # type: ignore[attr-defined]
    faults = bench.faults("reader")
    faults.add(SurroundingsShift(at_s=10.0, port="input", signal="warmth", shift=8.0))
    bench.environment.run_to(20.0)
    signal: Signal = bench.ports["line"].warmth  # type: ignore[attr-defined]
    assert [signal.value(at) for at in (5.0, 9.9, 10.0, 15.0)] == [20.0, 20.0, 28.0, 28.0]
    for wrong, why in (({"port": "air"}, "no port 'air'"), ({"port": "input", "signal": "x"}, "no signal 'x'")):
        with pytest.raises(ValueError, match=why):
            faults.add(SurroundingsShift(**wrong))  # type: ignore[arg-type]


def test_faults_of_one_device_do_not_touch_another() -> None:
    bench: World = world()
    bench.faults("writer").add(NoReply())
    assert ask(bench.front(GPIB), "LEV?") == "0"


# -- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "changed"),
    [
        (b"1.50\n", b"3.00\n"),
        (b"+1.50E+00\n", b"+3.00E+00\n"),
        (b"1.5e-3", b"3.0e-03"),
        (b"7;8", b"14;16"),
        (b'1,"CH1 2.5",3', b'2,"CH1 2.5",6'),
        (b"500.00 V", b"1000.00 V"),
        (b"V1.2 AB3", b"V1.2 AB3"),
        (b".5", b"1.0"),
        (b"-4", b"-8"),
    ],
)
def test_numbers_are_written_as_they_were(reply: bytes, changed: bytes) -> None:
    assert change_numbers(reply, None, lambda number: 2 * number) == changed


@pytest.mark.parametrize(
    ("reply", "moved"),
    [
        (b"23:59:30\n", b"00:00:30\n"),
        (b"12,05,07", b"12,06,07"),
        (b"2024-01-01T10:00:00.250", b"2024-01-01T10:01:00.250"),
        (b"100.0", b"160.0"),
    ],
)
def test_a_clock_is_moved(reply: bytes, moved: bytes) -> None:
    assert add_seconds(reply, 60.0) == moved
