"""Strangers at the door: whatever they send, the server goes on, and what it holds for them stays bounded."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from plain_clients import HislipClient, SocketClient, connect
from worlds import plan, world

from bench import serve
from bench.serve import CHUNK, served
from instruments.clock import RealtimeEnvironment
from instruments.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

IDENTITY = b"CALTWIN,TINY,TINY-1,1.0"


@pytest.fixture
def bench() -> World:
    return world()


@pytest.fixture
def ports(bench: World) -> Iterator[tuple[int, int]]:
    with served(bench) as endpoints:
        yield endpoints[0].port, endpoints[1].port


def goes_on(ports: tuple[int, int]) -> None:
    one, two = SocketClient(ports[0]), HislipClient(ports[1])
    assert one.ask(b"*CLS;*IDN?") == IDENTITY
    assert two.ask(b"*CLS;*IDN?") == IDENTITY
    one.close()
    two.close()


def frame(kind: int, control: int, parameter: int, payload: bytes, length: int | None = None) -> bytes:
    return b"HS" + struct.pack("!BBIQ", kind, control, parameter, len(payload) if length is None else length) + payload


@pytest.mark.parametrize("seed", range(3))
def test_hislip_frames_that_are_well_formed_nonsense(ports: tuple[int, int], seed: int) -> None:
    dice = random.Random(seed)
    texts = (b"*IDN?\n", b"LEV 5;LEV?", b"SLOW?\n", b"", bytes(range(256)), b"*OPC?\n" * 50, b"#9", b'"')
    for _ in range(12):
        client = HislipClient(ports[1])
        for channel in (client.sync, client.asynchronous):
            channel.settimeout(0.0)
        with contextlib.suppress(OSError):  # cut off, or full: both are the server's right
            for _ in range(40):
                payload = dice.choice(texts) if dice.random() < 0.8 else dice.randbytes(dice.randrange(40))
                length = None if dice.random() < 0.95 else dice.choice((0, 7, 1 << 21, 1 << 40, (1 << 64) - 1))
                number = dice.choice((client.id, client.session, dice.getrandbits(32), 0))
                kind = dice.randrange(26) if dice.random() < 0.9 else dice.randrange(256)
                channel = client.sync if dice.random() < 0.5 else client.asynchronous
                channel.send(frame(kind, dice.getrandbits(8), number, payload, length))
        client.close()
    goes_on(ports)


def test_a_client_that_speaks_one_byte_at_a_time(ports: tuple[int, int]) -> None:
    slow = connect(ports[0])
    slow_hislip = connect(ports[1])
    hello = frame(0, 0, 0x01007878, b"hislip0")
    for place in range(len(hello)):
        slow.sendall(b"*IDN?\n"[place % 6 : place % 6 + 1])
        slow_hislip.sendall(hello[place : place + 1])
        if place % 6 == 0:
            goes_on(ports)
    assert HislipClient.receive_on(slow_hislip)[0] == 1
    assert slow.recv(len(IDENTITY)) == IDENTITY
    slow.close()
    slow_hislip.close()


def test_pieces_of_a_message_that_never_ends_are_not_kept(bench: World, ports: tuple[int, int]) -> None:
    client = HislipClient(ports[1])
    tracemalloc.start()
    try:
        for _ in range(40):
            client.send(b"x" * 500_000, kind=6)
        assert client.status() is not None
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 8 << 20, f"{held} bytes are held for 20 MB of a message without end"
    assert max(len(link._input) for link in bench.twins["reader"].links) < 2 << 20
    client.close()
    goes_on(ports)


def test_channels_that_belong_together_in_no_way(ports: tuple[int, int]) -> None:
    strangers = [connect(ports[1]) for _ in range(30)]
    for number, stranger in enumerate(strangers):
        stranger.sendall(frame(0, 0, 0, b"") if number % 2 else frame(17, 0, number, b""))
    goes_on(ports)
    for stranger in strangers:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stranger.close()
    goes_on(ports)


@pytest.mark.parametrize("front", ["socket", "hislip"])
def test_questions_that_nobody_waits_for_are_bounded(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time a slow instrument gets more questions than it can answer: their sender has to wait."""
    monkeypatch.setattr(serve, "MOST_WAITING", 50)  # HiSLIP brings one at a time: 1000 would take long
    bench = World(plan(), 1, RealtimeEnvironment(factor=1.0))
    with served(bench) as endpoints:
        question = b"READ?\n" if front == "socket" else frame(7, 0, 0xFFFFFF00, b"READ?\n")
        client = SocketClient(endpoints[0].port) if front == "socket" else HislipClient(endpoints[1].port)
        with contextlib.closing(client):
            flood = client.socket if isinstance(client, SocketClient) else client.sync
            client.send(b"APER 100\n")
            flood.settimeout(1.0)
            until = time.monotonic() + 4.0
            with contextlib.suppress(TimeoutError):
                while time.monotonic() < until:
                    flood.send(question * 2000)
            reader: Any = bench.twins["reader"]
            waiting, at_once = len(reader._queue), CHUNK // len(question) if front == "socket" else 1
            assert 25 < waiting <= 51 + at_once, f"{waiting} messages wait"
            with contextlib.closing(SocketClient(endpoints[2].port)) as other:
                assert other.ask(b"*IDN?") == IDENTITY


def test_more_connections_than_there_is_room_for(ports: tuple[int, int]) -> None:
    strangers = [connect(ports[0]) for _ in range(300)]
    for stranger in strangers:
        stranger.close()
    deadline = time.monotonic() + 20
    while True:
        try:
            goes_on(ports)
            break
        except (ConnectionError, AssertionError):
            assert time.monotonic() < deadline, "the places of clients that went are not given back"
            time.sleep(0.1)
