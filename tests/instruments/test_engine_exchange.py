"""The message exchange: INSTR and STREAM differ as in life, and sessions do not disturb each other."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import GPIB, LAN, OTHER, SOCKET, ask, errors, world

from instruments.link import Ending
from instruments.scpi import Later, ScpiError


def test_an_unread_reply_is_discarded_by_the_next_message() -> None:
    front = world().front(GPIB)
    front.write(b"LEV?\n")
    assert ask(front, "FREQ?") == "1000"
    assert errors(front) == [-410]


def test_on_a_stream_the_unread_reply_comes_first() -> None:
    front = world().front(SOCKET)
    front.write(b"LEV?\n")
    assert ask(front, "FREQ?") == "0"
    assert ask(front, "*IDN?") == "1000"
    assert errors(front) == []


def test_a_late_reply_shifts_a_stream_but_not_an_instr_session() -> None:
    for address, reply, complaints in ((GPIB, "1000", [-410]), (SOCKET, "0.000000E+00", [])):
        front = world().front(address)
        front.write(b"APER 1;:READ?\n")
        assert front.read(100, 10, 0.5) is None
        assert ask(front, "FREQ?") == reply
        assert errors(front) == complaints


def test_a_read_without_a_query_is_reported_once_and_only_on_instr() -> None:
    for address, complaints in ((GPIB, [-420]), (SOCKET, [])):
        bench = world()
        front = bench.front(address)
        assert front.read(100, 10, 1.0) is None
        assert bench.environment.now == 1.0
        assert errors(front) == complaints


def test_a_read_while_the_instrument_is_busy_is_no_breach() -> None:
    front = world().front(GPIB)
    front.write(b"SLOW;LEV?\n")
    found = front.read(100, None, 5.0)
    assert found is not None
    assert found[0] == b"0\n"
    assert errors(front) == []


def test_a_new_message_abandons_the_reply_but_not_the_action() -> None:
    front = world().front(GPIB)
    front.write(b"SLOW;LEV 5;LEV?\n")
    assert ask(front, "LEV?") == "5"
    assert errors(front) == [-410]


def test_a_message_in_pieces_and_several_in_one() -> None:
    front = world().front(SOCKET)
    front.write(b"LE")
    front.write(b"V 5;L")
    front.write(b"EV?\nFREQ?\n")
    assert [front.read(100, 10, 1), front.read(100, 10, 1)] == [
        (b"5\n", Ending.TERMINATOR),
        (b"1000\n", Ending.TERMINATOR),
    ]


def test_end_completes_a_message_without_line_feed() -> None:
    front = world().front(GPIB)
    front.write(b"LEV?", end=True)
    assert front.read(100, None, 1) == (b"0\n", Ending.END)
    front.write(b"LEV", end=False)
    front.write(b"?", end=True)
    assert front.read(100, None, 1) == (b"0\n", Ending.END)
    stream = world().front(SOCKET)
    stream.write(b"LEV?", end=True)
    assert stream.read(100, None, 1) is None


def test_crlf_is_a_terminator_too() -> None:
    for address in (GPIB, SOCKET):
        front = world().front(address)
        assert ask(front, "LEV?\r") == "0"


@pytest.mark.parametrize("address", [GPIB, SOCKET])
def test_a_reply_is_read_in_pieces(address: str) -> None:
    front = world().front(address)
    front.write(b"*IDN?\n")
    pieces = []
    while True:
        found = front.read(5, 10, 1)
        assert found is not None
        pieces.append(found[0])
        if found[1] is not Ending.COUNT:
            break
    assert b"".join(pieces) == b"CALTWIN,TINY,TINY-1,1.0\n"
    assert max(map(len, pieces)) == 5
    assert errors(front) == []


def test_a_terminator_inside_a_block_stops_a_read_only_if_it_is_enabled() -> None:
    front = world().front(GPIB)
    front.write(b"DATA #15a\nb\nc\n")
    front.write(b"DATA?\n")
    assert front.read(100, None, 1) == (b"#15a\nb\nc\n", Ending.END)
    front.write(b"DATA?\n")
    assert front.read(100, 10, 1) == (b"#15a\n", Ending.TERMINATOR)
    assert front.read(100, 10, 1) == (b"b\n", Ending.TERMINATOR)


def test_a_stream_without_terminator_gives_what_is_there() -> None:
    front = world().front(SOCKET)
    front.write(b"LEV?\n")
    front.write(b"FREQ?\n")
    assert front.read(100, None, 1) == (b"0\n1000\n", Ending.NOTHING_MORE)


def test_device_clear_drops_input_output_and_message_but_no_settings_and_no_errors() -> None:
    bench = world()
    front = bench.front(GPIB)
    front.write(b"LEV 5;:NOPE\n")
    front.write(b"LE", end=False)
    front.clear()
    assert ask(front, "LEV?") == "5"
    front.write(b"LEV?\n")
    front.clear()
    assert not front.link.unread
    front.write(b"SLOW;LEV 6\n")
    front.clear()
    bench.environment.run_to(5.0)
    assert ask(front, "LEV?") == "5"
    assert errors(front) == [-113]


def test_device_clear_forgets_opc_and_lets_others_go_on() -> None:
    bench = world()
    gpib, lan = bench.front(GPIB), bench.front(LAN)
    gpib.write(b"*CLS;:APER 1;:INIT;*OPC\n")
    gpib.write(b"*OPC?\n")
    lan.write(b"LEV?\n")
    gpib.clear()
    assert lan.read(100, None, 0.1) == (b"0\n", Ending.END)
    bench.environment.run_to(3.0)
    assert ask(lan, "*ESR?") == "0"


def test_sessions_share_settings_and_errors_but_not_replies() -> None:
    bench = world()
    gpib, lan = bench.front(GPIB), bench.front(LAN)
    gpib.write(b"LEV 5;LEV?\n")
    assert ask(lan, "LEV?") == "5"
    assert gpib.read(100, None, 1) == (b"5\n", Ending.END)
    gpib.write(b"NOPE\n")
    assert ask(lan, "SYST:ERR?") == '-113,"Undefined header"'


def test_a_closed_session_is_forgotten() -> None:
    bench = world()
    front = bench.front(GPIB)
    front.write(b"SLOW?\n")
    front.close()
    bench.environment.run_to(2.0)
    assert bench.twins["reader"].links == ()
    assert ask(bench.front(GPIB), "LEV?") == "0"


def test_an_endless_message_is_dropped_with_an_overrun() -> None:
    front = world().front(SOCKET)
    engine: Any = front.engine
    for _ in range(20):
        front.write(b"x" * 65536)
    assert front.link._input == b"" or len(front.link._input) <= engine.message_limit
    assert -363 in errors(front)


def test_more_output_than_fits_is_a_deadlock_of_the_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    front = world().front(GPIB)
    monkeypatch.setattr(type(front.engine), "output_limit", 50_000)
    front.write(b"HUGE?\n")
    assert front.read(100, None, 1) is None
    assert errors(front)[0] == -430


def test_a_service_request_comes_once_per_reason() -> None:
    bench = world()
    front = bench.front(GPIB)
    requests: list[float] = []
    undo = front.engine.on_service_request(lambda: requests.append(bench.environment.now))
    front.write(b"*CLS;*ESE 1;*SRE 32;:APER 1;:INIT;*OPC\n")
    bench.environment.run_to(2.0)
    assert requests == [1.001]
    assert front.poll() == 96
    assert front.poll() == 32
    front.write(b"NOPE\n")  # something else happens, which is no reason
    assert len(requests) == 1
    front.write(b"SYST:ERR?\n")
    front.read(100, None, 1)
    front.write(b"*ESR?\n")
    front.read(100, None, 1)
    front.write(b"*OPC\n")
    assert len(requests) == 2
    undo()
    front.write(b"*CLS;*OPC\n")
    assert len(requests) == 2


def test_a_reply_that_waits_can_request_service() -> None:
    bench = world()
    front = bench.front(GPIB)
    requests: list[float] = []
    front.engine.on_service_request(lambda: requests.append(bench.environment.now))
    front.write(b"*CLS;*SRE 16\n")
    front.write(b"READ?\n")
    assert not requests
    bench.environment.run_to(1.0)
    assert requests == [0.022]
    assert front.poll() == 80
    front.read(100, None, 1)
    assert front.poll() == 0


def test_a_group_execute_trigger() -> None:
    bench = world()
    front = bench.front(GPIB)
    front.write(b"TRIG:SOUR BUS;:INIT\n")
    front.trigger()
    assert ask(front, "*OPC?") == "1"
    assert ask(front, "FETC?") == "0.000000E+00"
    front.trigger()
    assert errors(front) == [-211]


def test_instruments_on_one_bus_do_not_hear_each_other() -> None:
    bench = world()
    reader, writer = bench.front(GPIB), bench.front(OTHER)
    writer.write(b"LEV 5\n")
    assert ask(reader, "LEV?") == "0"
    assert float(ask(reader, "READ?") or 0) == 5.0


def test_an_opc_query_that_is_given_up_holds_up_nobody() -> None:
    """After a timeout of *OPC? the controller can still abort, as on a bench."""
    bench = world()
    front = bench.front(GPIB)
    front.write(b"TRIG:SOUR BUS;:INIT;*OPC?;:LEV 3\n")
    assert front.read(100, None, 5.0) is None
    assert ask(front, "ABOR;*OPC?", 1.0) == "1"
    assert ask(front, "LEV?") == "3"
    assert errors(front) == [-410]


def test_wai_goes_on_holding_the_messages_behind_it() -> None:
    front = world().front(GPIB)
    front.write(b"TRIG:SOUR BUS;:INIT;*WAI;:LEV?\n")
    assert front.read(100, None, 5.0) is None
    assert ask(front, "ABOR;*OPC?", 5.0) is None
    front.clear()
    assert ask(front, "ABOR;*OPC?", 1.0) == "1"


def test_a_refusal_outside_of_a_message_goes_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = world()
    front = bench.front(GPIB)
    engine: Any = front.engine

    def refuse() -> None:
        raise ScpiError(-221)

    monkeypatch.setattr(engine, "trigger", refuse)
    front.trigger()
    engine.begin("something", until=1.0, done=refuse)
    assert ask(front, "*OPC?") == "1"
    assert errors(front) == [-221, -221]


def test_a_command_that_answers_later_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    front = world().front(GPIB)
    monkeypatch.setattr(type(front.engine), "abort", lambda _self: Later(1.0, lambda: 0))
    with pytest.raises(TypeError, match=r"Tiny\.abort: only a query answers later"):
        front.write(b"ABOR\n")
