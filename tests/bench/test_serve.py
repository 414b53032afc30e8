"""Served twins: the same rules over real sockets, strangers' clients, and clients that misbehave."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
from conformance import CASES, Case
from plain_clients import HislipClient, SocketClient, codes
from twins_for_tests.tiny import twin
from worlds import plan, world

from bench.serve import Server, served
from instruments.clock import RealtimeEnvironment
from instruments.faults import Disconnect
from instruments.world import DevicePlan, World, WorldPlan

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bench() -> World:
    return world()


@pytest.fixture
def ports(bench: World) -> Iterator[tuple[int, int]]:
    with served(bench) as endpoints:
        yield endpoints[0].port, endpoints[1].port


# -- the rules ------------------------------------------------------------------------------------------------------

BATCHES = {rule: [case for case in CASES if case.rule == rule] for rule in dict.fromkeys(case.rule for case in CASES)}


@pytest.mark.parametrize("front", ["socket", "hislip"])
@pytest.mark.parametrize("rule", BATCHES)
def test_rules_hold_over_the_network(rule: str, front: str) -> None:
    cases = BATCHES[rule]
    devices = tuple(DevicePlan(name=f"device {n}", kind=twin) for n in range(len(cases)))
    with served(World(WorldPlan(devices=devices), 1)) as endpoints:
        for case, first, second in zip(cases, endpoints[::2], endpoints[1::2], strict=True):
            check(case, SocketClient(first.port) if front == "socket" else HislipClient(second.port))


def check(case: Case, client: SocketClient | HislipClient) -> None:
    for message, reply in case.exchange:
        sent = message.encode("latin-1")
        if reply is None:
            client.send(sent + b"\n"[: isinstance(client, HislipClient)])
        elif "STB bit 4" in case.rule and isinstance(client, SocketClient):
            assert client.ask(sent) == b"0;0"  # a stream has no output queue
        else:
            assert client.ask(sent).decode("latin-1") == reply, case
    assert codes(client.ask(b":SYST:ERR:ALL?")) == list(case.errors), case
    client.close()


# -- pyvisa-py ------------------------------------------------------------------------------------------------------


@pytest.fixture
def visa() -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()


@pytest.mark.parametrize("which", [0, 1])
def test_pyvisa_py_as_client(bench: World, visa: pyvisa.ResourceManager, which: int) -> None:
    with served(bench) as endpoints:
        resource: Any = visa.open_resource(endpoints[which].address, read_termination="\n", write_termination="\n")
        assert resource.query("*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
        assert resource.query("READ?") == "0.000000E+00"
        assert resource.query("INIT;*OPC?") == "1"
        values = resource.query_binary_values("TRAC? 1000", datatype="d", is_big_endian=True)
        assert values == [0.5 * i for i in range(1000)]
        resource.write_binary_values("DATA ", range(5000), datatype="h")
        assert resource.query_binary_values("DATA?", datatype="h") == list(range(5000))
        assert len(resource.query("HUGE?")) == 100_000
        resource.close()


def test_status_and_clear_over_hislip_with_pyvisa_py(bench: World, visa: pyvisa.ResourceManager) -> None:
    with served(bench) as endpoints:
        resource: Any = visa.open_resource(endpoints[1].address, read_termination="\n", write_termination="\n")
        resource.write("LEV?")
        assert resource.read_stb() == 16
        assert resource.read() == "0"
        assert resource.read_stb() == 0
        resource.write("LEV?")
        assert resource.query("FREQ?") == "1000"
        assert resource.query("SYST:ERR?") == '-410,"Query INTERRUPTED"'
        resource.clear()  # not with a reply on its way: pyvisa-py 0.8 does not pass over it
        assert resource.query("FREQ?") == "1000"
        assert resource.query("SYST:ERR?") == '0,"No error"'
        resource.close()


def test_a_timeout_on_a_socket_leaves_the_stale_reply(visa: pyvisa.ResourceManager) -> None:
    with served(World(plan(), 1, RealtimeEnvironment(factor=0.1))) as endpoints:
        resource: Any = visa.open_resource(endpoints[0].address, read_termination="\n", write_termination="\n")
        resource.timeout = 50
        with pytest.raises(pyvisa.VisaIOError):
            resource.query("APER 2;:READ?")
        resource.timeout = 30_000
        assert resource.query("FREQ?") == "0.000000E+00"
        assert resource.read() == "1000"
        resource.close()


# -- HiSLIP ---------------------------------------------------------------------------------------------------------


def test_hislip_negotiates(ports: tuple[int, int]) -> None:
    client = HislipClient(ports[1], largest=64)
    assert client.version == 0x0100
    assert client.server_largest == 1 << 20
    assert client.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    assert len(client.ask(b"HUGE?")) == 100_000  # in pieces that the client can take
    client.close()


def test_hislip_messages_in_pieces(ports: tuple[int, int]) -> None:
    client = HislipClient(ports[1])
    client.send(b"LEV 5;L", kind=6)
    client.send(b"EV?", kind=6)
    client.send(b"", kind=7)
    assert client.read() == b"5\n"
    client.close()


def test_hislip_device_clear_with_a_reply_on_its_way(ports: tuple[int, int]) -> None:
    client = HislipClient(ports[1])
    client.send(b"LEV?;SLOW?\n")
    client.clear()
    assert client.status() == 0
    assert client.ask(b"FREQ?;:SYST:ERR?") == b'1000;0,"No error"'
    client.close()


def test_hislip_trigger_remote_and_lock(bench: World, ports: tuple[int, int]) -> None:
    one, two = HislipClient(ports[1]), HislipClient(ports[1])
    one.send(b"TRIG:SOUR BUS;:INIT\n")
    one.send(b"", kind=12)
    assert one.ask(b"*OPC?;FETC?") == b"1;0.000000E+00"
    one.send_on(one.asynchronous, 10, 3, 0)
    assert one.receive_on(one.asynchronous)[0] == 11
    assert bench.twin("reader").remote
    assert one.lock(True) == 1
    assert two.lock(True) == 0
    assert two.lock(False) == 3
    two.send_on(two.asynchronous, 24)
    assert two.receive_on(two.asynchronous)[:3] == (25, 1, 1)
    two.send(b"LEV 7;LEV?\n")
    assert one.ask(b"LEV?") == b"0"
    assert one.lock(False) == 1
    assert two.read() == b"7\n"
    one.close()
    two.close()


def test_a_lock_ends_with_its_session(ports: tuple[int, int]) -> None:
    one, two = HislipClient(ports[1]), HislipClient(ports[1])
    assert one.lock(True) == 1
    one.close()
    assert two.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    assert two.lock(True) == 1
    two.close()


def test_a_service_request_is_pushed_only_if_asked_for() -> None:
    for push in (True, False):
        with served(world(), push=push) as endpoints:
            client = HislipClient(endpoints[1].port)
            client.send(b"*CLS;*ESE 1;*SRE 32;:INIT;*OPC\n")
            assert client.ask(b"*OPC?") == b"1"
            if push:
                assert client.receive_on(client.asynchronous)[:2] == (20, 96)
            assert client.status() == (32 if push else 96)
            client.close()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", (2, 1)),
        (b"HS" + struct.pack("!BBIQ", 7, 0, 0, 0), (2, 3)),
        (b"HS" + struct.pack("!BBIQ", 17, 0, 4711, 0), (2, 3)),
        (b"HS" + struct.pack("!BBIQ", 0, 0, 0, 1 << 62), (2, 1)),
    ],
)
def test_who_does_not_speak_hislip_is_told_and_cut_off(
    ports: tuple[int, int], sent: bytes, answer: tuple[int, int]
) -> None:
    with socket.create_connection(("127.0.0.1", ports[1]), timeout=30) as stranger:
        stranger.sendall(sent)
        assert HislipClient.receive_on(stranger)[:2] == answer
        assert stranger.recv(1) == b""
    client = HislipClient(ports[1])
    assert client.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    client.close()


def test_hislip_errors_that_do_not_end_the_session(ports: tuple[int, int]) -> None:
    client = HislipClient(ports[1])
    client.send_on(client.sync, 99)
    assert client.receive_on(client.sync)[:2] == (3, 1)
    client.send_on(client.sync, 200)
    assert client.receive_on(client.sync)[:2] == (3, 3)
    client.send_on(client.sync, 7, 0, client.id, b"x" * ((1 << 20) + 1))
    assert client.receive_on(client.sync)[:2] == (3, 4)
    assert client.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    client.close()


# -- clients that misbehave -----------------------------------------------------------------------------------------


def test_random_bytes_do_no_harm(ports: tuple[int, int]) -> None:
    dice = random.Random(4)
    for port in ports * 15:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as stranger:
            stranger.sendall(dice.randbytes(dice.randrange(1, 4000)))
            if dice.random() < 0.5:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    good = SocketClient(ports[0])
    assert good.ask(b"*CLS;*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    good.close()


def test_a_line_of_ten_megabytes_is_dropped_and_others_go_on(bench: World, ports: tuple[int, int]) -> None:
    bad, good = SocketClient(ports[0]), SocketClient(ports[0])
    flood = threading.Thread(target=lambda: bad.socket.sendall(b"x" * 10_000_000))
    flood.start()
    for _ in range(20):
        assert good.ask(b"*OPC?") == b"1"
    flood.join()
    assert bad.ask(b"\n*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    assert max(len(link._input) for link in bench.twins["reader"].links) < 2 << 20
    assert -363 in codes(good.ask(b"SYST:ERR:ALL?"))
    bad.close()
    good.close()


def test_a_client_that_never_reads_does_not_stop_others(ports: tuple[int, int]) -> None:
    bad, good = SocketClient(ports[0]), SocketClient(ports[0])
    bad.socket.setblocking(False)
    sent = 0
    try:
        for _ in range(3000):
            sent += bad.socket.send(b"HUGE?\n" * 20)
    except (BlockingIOError, ConnectionError):
        pass
    begin = time.monotonic()
    assert good.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    assert time.monotonic() - begin < 30
    assert sent > 0
    bad.close()
    good.close()


def test_two_hundred_connections(ports: tuple[int, int]) -> None:
    clients = [SocketClient(ports[0]) for _ in range(200)]
    for client in clients:
        client.send(b"*IDN?")
    assert {client.file.readline() for client in clients} == {b"CALTWIN,TINY,TINY-1,1.0\n"}
    for client in clients:
        client.close()


def test_a_half_open_client_is_no_obstacle(ports: tuple[int, int]) -> None:
    half = SocketClient(ports[0])
    half.socket.sendall(b"*ID")
    half.socket.shutdown(socket.SHUT_WR)
    good = SocketClient(ports[0])
    assert good.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    half.close()
    good.close()


def test_sessions_that_end_are_forgotten(bench: World, ports: tuple[int, int]) -> None:
    for _ in range(3):
        one, two = SocketClient(ports[0]), HislipClient(ports[1])
        one.ask(b"*IDN?")
        two.ask(b"*IDN?")
        one.close()
        two.close()
    for _ in range(200):
        if not bench.twins["reader"].links:
            break
        time.sleep(0.01)
    assert bench.twins["reader"].links == ()


def test_clients_share_the_world(ports: tuple[int, int], bench: World) -> None:
    one, two = SocketClient(ports[0]), HislipClient(ports[1])
    one.send(b"LEV 5")
    assert one.ask(b"*OPC?") == b"1"
    assert two.ask(b"LEV?") == b"5"
    one.close()
    two.close()


# -- the server -----------------------------------------------------------------------------------------------------


def test_a_defect_of_a_twin_ends_the_server_and_comes_out(bench: World) -> None:
    with pytest.raises(AttributeError, match="no_such_attribute"), served(bench) as endpoints:
        client = SocketClient(endpoints[0].port)
        assert client.ask(b"BREAK;*IDN?") == b""  # the connection is closed, not silent
        client.close()


def test_real_time_is_the_wall_clock() -> None:
    with served(World(plan(), 1, RealtimeEnvironment(factor=0.1))) as endpoints:
        client = SocketClient(endpoints[0].port)
        begin = time.monotonic()
        assert client.ask(b"APER 3;:READ?") == b"0.000000E+00"
        assert 0.29 <= time.monotonic() - begin < 3.0
        client.close()


def test_fast_is_not_the_wall_clock(ports: tuple[int, int], bench: World) -> None:
    client = SocketClient(ports[0])
    begin = time.monotonic()
    for _ in range(100):
        assert client.ask(b"APER 10;:READ?") == b"0.000000E+00"
    assert time.monotonic() - begin < 60.0
    assert bench.environment.now > 1000
    client.close()


def test_ports_and_hosts(bench: World) -> None:
    with pytest.raises(ValueError, match="'nobody' is no device; there are reader, writer"):
        Server(bench, ports={"nobody": 5025})
    assert Server(bench).loopback
    assert Server(bench, host="localhost").loopback
    assert not Server(bench, host="0.0.0.0").loopback
    with served(bench) as endpoints:
        taken = endpoints[0].port
        with pytest.raises(OSError, match=str(taken)), served(world(), ports={"reader": taken}):
            pass
        assert all(endpoint.host == "127.0.0.1" for endpoint in endpoints)


# -- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1])
def test_a_pulled_cable_closes_the_connection(which: int) -> None:
    bench = world()
    bench.faults("reader").add(Disconnect(on="FREQ", for_s=1e-3))
    with served(bench) as endpoints:
        make = HislipClient if which else SocketClient
        client = make(endpoints[which].port)
        assert client.ask(b"LEV 5;LEV?") == b"5"
        with pytest.raises(ConnectionError):
            if client.ask(b"FREQ?") == b"":
                raise ConnectionError
        other = SocketClient(endpoints[2].port)
        assert other.ask(b"SLOW?") is not None  # lets bench time pass
        other.close()
        again = make(endpoints[which].port)
        assert again.ask(b"LEV?") == b"5"
        again.close()
        client.close()
