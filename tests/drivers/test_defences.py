"""How drivers defend themselves after a failed exchange: old replies, swapped instruments, impossible readings."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa

from bench.station import Station
from drivers.climate_logger import ClimateLogger
from drivers.errors import IdentityMismatch, ImplausibleReading, InstrumentTimeout, ProtocolError, TransportError
from drivers.power_source import PowerSource
from drivers.session import BlockingSession, run
from instruments.faults import Disconnect, Echo, Fault, LateReply, RepeatedMessage, StaleReply, WrongIdentity
from pyvisa_caltwin import TwinVisaLibrary

from .transcript import CLEARED, TIMEOUT, Transcript, value

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET, GPIB = "TCPIP0::climate.bench::5025::SOCKET", "GPIB0::3::INSTR"
SOURCE = "TCPIP0::source.bench::5025::SOCKET"
IDN, MASK = ("*IDN?", "Maker,T-1,42,V1"), ("*ESE?", "0")


class Bench:
    """Hold a logger at two addresses and a source, on a virtual clock."""

    def __init__(self, address: str, *faults: Fault, device: str = "climate") -> None:
        twins = {
            "climate": {"twin": "climate_logger", "ports": {"ambient": "room"}},
            "source": {"twin": "power_source", "ports": {"output": "node"}},
        }
        devices = {SOCKET: "climate", GPIB: "climate", SOURCE: "source"}
        station = Station.from_dict(
            {"resources": {a: {"device": d} for a, d in devices.items()}, "roles": {}, "devices": twins}, source="test"
        )
        self.world = station.build(seed=1)
        self.manager = pyvisa.ResourceManager(TwinVisaLibrary.of(self.world))
        resource: Any = self.manager.open_resource(address)
        resource.read_termination = resource.write_termination = "\n"
        environment = self.world.environment
        self.session = BlockingSession(
            resource,
            clock=lambda: environment.now,
            sleep=lambda seconds: environment.run_to(environment.now + seconds),
        )
        self.faults = self.world.faults(device)
        self.faults.add(*faults)


@pytest.fixture(params=[SOCKET, GPIB])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_late_reply_is_never_taken_for_the_next_one(address: str) -> None:
    """The reply comes 3 s late, the session waits 2 s: without a defence a socket gives it to the next query."""
    bench = Bench(address, LateReply(delay_s=3.0, times=1, on="TEMP"))
    logger = ClimateLogger(bench.session, "environment")
    run(logger.identity())
    with pytest.raises(InstrumentTimeout):
        run(logger.temperature.read())
    assert run(logger.humidity.read()).indication.value == 50.0
    run(bench.session.wait(5.0))
    assert run(logger.pressure.read()).indication.value == pytest.approx(101.325, abs=0.01)
    assert run(logger.temperature.read()).indication.value == 23.0


def test_what_came_after_an_echo_is_not_taken_for_the_next_reply(address: str) -> None:
    logger = ClimateLogger(Bench(address, Echo(times=1)).session, "environment")
    with pytest.raises(ProtocolError, match="environment: temperature: reply 'MEAS:TEMP"):
        run(logger.temperature.read())
    assert run(logger.pressure.read()).indication.value == pytest.approx(101.325, abs=0.01)
    assert run(logger.temperature.read()).indication.value == 23.0


def test_a_reply_that_nobody_asked_for_is_not_taken_for_the_next_one(address: str) -> None:
    logger = ClimateLogger(Bench(address, RepeatedMessage(times=1)).session, "environment")
    assert run(logger.temperature.read()).indication.value == 23.0
    run(logger.session.wait(1.0))
    assert run(logger.humidity.read()).indication.value == 50.0
    assert run(logger.pressure.read()).indication.value == pytest.approx(101.325, abs=0.01)


def test_replies_that_stay_one_behind_are_refused_by_the_identity(address: str) -> None:
    logger = ClimateLogger(Bench(address, StaleReply(nth=2)).session, "environment")
    run(logger.identity())
    with pytest.raises(InstrumentTimeout):
        run(logger.temperature.read())
    for _ in range(4):
        with pytest.raises(IdentityMismatch, match=r"environment: after a failed exchange .* \*IDN\? with '"):
            run(logger.humidity.read())


def test_another_instrument_behind_a_new_connection_is_refused(address: str) -> None:
    bench = Bench(address)
    logger = ClimateLogger(bench.session, "environment")
    run(logger.identity())
    bench.faults.add(Disconnect(for_s=1.0), WrongIdentity())
    run(bench.session.wait(0.5))
    with pytest.raises(TransportError):
        run(logger.temperature.read())
    with pytest.raises(TransportError, match=r"environment: .*reconnect"):
        run(logger.temperature.read())
    run(bench.session.wait(1.0))
    with pytest.raises(IdentityMismatch, match=r"not as caltwin CL-300 no\. TWIN-0001; check the address"):
        run(logger.temperature.read())


def test_the_same_instrument_behind_a_new_connection_goes_on(address: str) -> None:
    bench = Bench(address)
    logger = ClimateLogger(bench.session, "environment")
    run(logger.identity())
    bench.faults.add(Disconnect(for_s=1.0))
    run(bench.session.wait(0.5))
    with pytest.raises(TransportError):
        run(logger.temperature.read())
    run(bench.session.wait(1.0))
    assert run(logger.temperature.read()).indication.value == 23.0


def test_the_source_is_made_safe_over_a_cable_that_comes_back() -> None:
    bench = Bench(SOURCE, device="source")
    source = PowerSource(bench.session, "source")
    run(source.identity())
    run(source.voltage.set(100.0))
    run(source.output.set(True))
    bench.faults.add(Disconnect(for_s=20.0))
    run(bench.session.wait(1.0))
    twin: Any = bench.world.twin("source")
    assert twin.output
    run(source.make_safe())
    assert not twin.output
    assert 20.0 < bench.world.environment.now < 30.0


def test_after_a_timeout_the_line_is_cleared_once_and_the_identity_asked() -> None:
    session = Transcript(
        IDN, ("MEAS:TEMP?", TIMEOUT), CLEARED, MASK, IDN, ("MEAS:HUM?", "50.0"), ("MEAS:PRES?", "100.00")
    )
    logger = ClimateLogger(session, "environment")
    value(logger.identity())
    with pytest.raises(InstrumentTimeout):
        value(logger.temperature.read())
    assert value(logger.humidity.read()).indication.value == 50.0
    assert value(logger.pressure.read()).indication.value == 100.0
    session.finished()


@pytest.mark.parametrize(("raw", "fits"), [("22.00", True), ("24.00", True), ("21.99", False), ("24.01", False)])
def test_a_reading_outside_of_what_can_be_true_is_refused(raw: str, fits: bool) -> None:
    logger = ClimateLogger(Transcript(("MEAS:TEMP?", raw)), "environment")
    if fits:
        assert value(logger.temperature.read(expect=(22.0, 24.0))).raw == raw
        return
    with pytest.raises(ImplausibleReading, match=f"environment: temperature: '{raw}' cannot be true here: 22 to 24"):
        value(logger.temperature.read(expect=(22.0, 24.0)))


class Chatterer:
    """Answer each line on a real socket, the first one late, and every connection anew."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._late = threading.Event()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                replies = {
                    b"*IDN?\n": b"a,b,c,d\n",
                    b"*ESE?\n": b"0\n",
                    b"MEAS:HUM?\n": b"50.0\n",
                    b"MEAS:TEMP?\n": b"23.00\n23.00\n",
                }
                if line == b"MEAS:TEMP?\n" and self.connections == 1:
                    self._late.wait(0.4)
                try:
                    connection.sendall(replies[line])
                except OSError:
                    return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def chatterer() -> Iterator[Chatterer]:
    chatterer = Chatterer()
    yield chatterer
    chatterer.close()


def test_on_a_real_socket_neither_a_late_nor_an_unasked_reply_is_taken(chatterer: Chatterer) -> None:
    manager = pyvisa.ResourceManager("@py")
    resource: Any = manager.open_resource(f"TCPIP0::127.0.0.1::{chatterer.port}::SOCKET")
    resource.read_termination = resource.write_termination = "\n"
    resource.timeout = 200
    logger = ClimateLogger(BlockingSession(resource), "environment")
    run(logger.identity())
    with pytest.raises(InstrumentTimeout):
        run(logger.temperature.read())
    assert run(logger.humidity.read()).indication.value == 50.0
    assert chatterer.connections == 2
    for _ in range(3):
        assert run(logger.temperature.read()).indication.value == 23.0  # a second copy follows each reply
        threading.Event().wait(0.02)
        assert run(logger.humidity.read()).indication.value == 50.0
    resource.close()
    manager.close()
