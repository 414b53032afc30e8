"""The parser against anything: it yields units or one command error, and framing loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import GPIB, ask, world

from instruments.scpi.errors import ScpiError
from instruments.scpi.message import split_messages, units
from instruments.scpi.parameters import Shape


def parsed(message: bytes) -> list[tuple[str, bool, int]]:
    return [(unit.header, unit.query, len(unit.data)) for unit in units(message)]


def test_units_of_a_message() -> None:
    assert parsed(b":A:B 1,2;C?;*OPC") == [(":A:B", False, 2), ("C", True, 0), ("*OPC", False, 0)]


def test_every_shape_is_recognised() -> None:
    (unit,) = units(b'X 1.5 mV,#HFF,WORD,"a;b",#13abc,(@1:3)')
    assert [datum.shape for datum in unit.data] == [
        Shape.NUMBER,
        Shape.BASED,
        Shape.CHARACTERS,
        Shape.STRING,
        Shape.BLOCK,
        Shape.EXPRESSION,
    ]
    assert unit.data[0].number == 1.5
    assert unit.data[0].suffix == "mV"
    assert unit.data[4].data == b"abc"


@given(st.binary(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_bytes_end_in_units_or_one_command_error(message: bytes) -> None:
    try:
        parsed(message)
    except ScpiError as problem:
        assert -200 < problem.code <= -100


@given(st.text(alphabet=" :;,?*#\"'()@ABCvolt0123456789.eE+-\x80", max_size=40))
@settings(max_examples=600, deadline=None)
def test_near_messages_end_in_units_or_one_command_error(message: str) -> None:
    try:
        parsed(message.encode("latin-1"))
    except ScpiError as problem:
        assert -200 < problem.code <= -100


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_a_number_comes_back_as_it_was_sent(number: float) -> None:
    (unit,) = units(f"X {number!r}".encode())
    assert unit.data[0].number == number


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
@settings(deadline=None)
def test_a_string_comes_back_as_it_was_sent(text: str) -> None:
    quoted = text.replace('"', '""')
    (unit,) = units(f'X "{quoted}"'.encode())
    assert unit.data[0].text == text


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=20))
@settings(deadline=None)
def test_a_block_comes_back_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    """Blocks hold any bytes, line feeds included, and may come in any pieces."""
    front = world().front(GPIB)
    length = str(len(data)).encode()
    message = b"DATA #%d%s%s\n" % (len(length), length, data)
    place = 0
    for cut in cuts:
        if place + cut >= len(message):
            break
        front.write(message[place : place + cut], end=False)
        place += cut
    front.write(message[place:], end=True)
    front.write(b"DATA?\n")
    reply = front.read(1 << 20, None, 1.0)
    assert reply is not None
    assert reply[0] == b"#%d%s%s\n" % (len(length), length, data)


@given(st.lists(st.binary(max_size=12).filter(lambda b: b"\n" not in b and b"#" not in b), max_size=6), st.data())
@settings(deadline=None)
def test_framing_does_not_depend_on_how_the_bytes_arrive(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(message + b"\n" for message in messages)
    buffer = bytearray()
    found: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        buffer += stream[:cut]
        stream = stream[cut:]
        found += split_messages(buffer, end=False)
    assert found == messages
    assert not buffer


@pytest.mark.parametrize(
    ("sent", "end", "messages", "rest"),
    [
        (b"A\nB\n", False, [b"A", b"B"], b""),
        (b"A\nB", False, [b"A"], b"B"),
        (b"A\nB", True, [b"A", b"B"], b""),
        (b'T "x\ny"\n', False, [b'T "x', b'y"'], b""),
        (b"D #15a\nb\nc\n", False, [b"D #15a\nb\nc"], b""),
        (b"D #15a\nb", False, [], b"D #15a\nb"),
        (b'T "#15";X\n', False, [b'T "#15";X'], b""),
        (b"D #0a\nb\n", True, [b"D #0a\nb"], b""),
    ],
)
def test_framing(sent: bytes, end: bool, messages: list[bytes], rest: bytes) -> None:
    buffer = bytearray(sent)
    assert split_messages(buffer, end) == messages
    assert buffer == rest


def test_the_kept_form_of_a_message_is_as_good_as_the_first() -> None:
    front = world().front(GPIB)
    for _ in range(3):
        assert ask(front, "LEV 5;LEV?") == "5"
        assert ask(front, "LEV 6;LEV?") == "6"
