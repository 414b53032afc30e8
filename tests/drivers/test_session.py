"""The blocking session over a real socket (pyvisa-py), and the helpers of the seam."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa

from drivers.errors import InstrumentTimeout, TransportError
from drivers.session import BlockingSession, decoded, run

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLIES = {
    b"*IDN?": b"Maker,T-1,42,V1\n",
    b"BYTES?": b"caf\xe9 \x00\n",
    b"SLOW?": None,  # never answers
    b"PARTS?": b"1.5\r\n",
}


class Instrument:
    """Answer lines on a loopback socket, in a thread of its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self.hung_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                message = line.rstrip(b"\n")
                self.received.append(message)
                if message == b"HANGUP":
                    break
                reply = REPLIES.get(message)
                if reply is not None:
                    connection.sendall(reply)
            connection.shutdown(socket.SHUT_RDWR)
        self.hung_up.set()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def instrument() -> Iterator[Instrument]:
    instrument = Instrument()
    yield instrument
    instrument.close()


@pytest.fixture
def session(instrument: Instrument) -> Iterator[BlockingSession]:
    manager = pyvisa.ResourceManager("@py")
    resource: Any = manager.open_resource(f"TCPIP0::127.0.0.1::{instrument.port}::SOCKET")
    resource.read_termination = resource.write_termination = "\n"
    resource.timeout = 2000
    yield BlockingSession(resource)
    resource.close()
    manager.close()
    instrument.hung_up.wait(2.0)


def test_a_query_over_a_real_socket(session: BlockingSession, instrument: Instrument) -> None:
    before = session.now()
    assert run(session.query("*IDN?")) == "Maker,T-1,42,V1"
    assert session.now() >= before
    assert session.address == f"TCPIP0::127.0.0.1::{instrument.port}::SOCKET"


def test_bytes_beyond_ascii_are_kept_escaped_and_nothing_is_trimmed(session: BlockingSession) -> None:
    assert run(session.query("BYTES?")) == "caf\\xe9 \x00"
    assert run(session.query("PARTS?")) == "1.5\r"


def test_a_write_has_no_reply(session: BlockingSession, instrument: Instrument) -> None:
    run(session.write("VOLT 5"))
    assert run(session.query("*IDN?")) == "Maker,T-1,42,V1"
    assert instrument.received == [b"VOLT 5", b"*IDN?"]


def test_silence_is_a_timeout_and_the_usual_timeout_comes_back(session: BlockingSession) -> None:
    with pytest.raises(InstrumentTimeout, match=r"SOCKET: no reply in time to 'SLOW\?'"):
        run(session.query("SLOW?", timeout_s=0.05))
    assert session._connection.resource.timeout == 2000
    run(session.wait(0.0))


def test_a_closed_session_is_a_transport_error(session: BlockingSession) -> None:
    session._connection.resource.close()
    with pytest.raises(TransportError, match=r"SOCKET: 'VOLT 5': the session is closed"):
        run(session.write("VOLT 5"))


def test_an_instrument_that_hangs_up_is_a_transport_error(session: BlockingSession, instrument: Instrument) -> None:
    with pytest.raises(TransportError, match="HANGUP"):
        run(session.query("HANGUP", timeout_s=0.2))
    assert instrument.hung_up.wait(2.0)
    with pytest.raises(TransportError):
        for _ in range(5):  # the first may still find room in a buffer
            run(session.query("*IDN?", timeout_s=0.05))


def test_run_refuses_a_session_that_waits() -> None:
    def waits() -> Any:
        yield "an event"

    with pytest.raises(TypeError, match="waits on a scheduler"):
        run(waits())


@pytest.mark.parametrize(
    ("raw", "terminator", "text"),
    [
        (b"1\n", "\n", "1"),
        (b"1\r\n", "\r\n", "1"),
        (b"1\r\n", "\n", "1\r"),
        (b"1\r\n", "", "1"),
        (b"", "\n", ""),
        (b"1", "\n", "1"),
    ],
)
def test_only_the_terminator_is_taken_off(raw: bytes, terminator: str, text: str) -> None:
    assert decoded(raw, terminator) == text


def test_after_a_late_reply_a_socket_is_cleared_by_a_new_connection() -> None:
    """The reply to the first query comes after its timeout; without a new connection it would answer the second."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            for delay in (0.6, 0.0):
                line, _ = server.accept()
                with line:
                    asked = line.makefile().readline().strip()
                    time.sleep(delay)
                    with contextlib.suppress(OSError):
                        line.sendall(f"answer to {asked}\n".encode())
                    line.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(f"TCPIP::127.0.0.1::{server.getsockname()[1]}::SOCKET")
    resource.read_termination = resource.write_termination = "\n"
    resource.timeout = 200
    session = BlockingSession(resource)
    with pytest.raises(InstrumentTimeout):
        run(session.query("FIRST?"))
    run(session.clear())
    assert run(session.query("SECOND?", timeout_s=5.0)) == "answer to SECOND?"
    manager.close()
    thread.join(timeout=5)


def test_clearing_a_socket_that_the_other_end_has_closed_ends_in_an_error_and_not_in_a_loop() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(f"TCPIP::127.0.0.1::{server.getsockname()[1]}::SOCKET")
    line, _ = server.accept()
    line.close()
    server.close()
    session = BlockingSession(resource)
    with pytest.raises(TransportError):  # PyVISA-py finds out at the first use
        run(session.clear())
        run(session.query("*IDN?"))
    manager.close()
