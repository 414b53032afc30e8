"""Two clients that share no code with the server: a bare socket and a HiSLIP client written from the message table."""

from __future__ import annotations

import re
import socket
import struct


def connect(port: int) -> socket.socket:
    channel = socket.create_connection(("127.0.0.1", port), timeout=30)
    channel.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # or every second message waits for an acknowledgement
    return channel


class SocketClient:
    """Send and read lines."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self.file = self.socket.makefile("rb")

    def send(self, message: bytes) -> None:
        self.socket.sendall(message + b"\n")

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.file.readline().removesuffix(b"\n")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class HislipClient:
    """Speak HiSLIP 1.0 in synchronized mode."""

    def __init__(self, port: int, largest: int = 1 << 20) -> None:
        self.sync = connect(port)
        self.send_on(self.sync, 0, 0, 0x01007878, b"hislip0")
        kind, control, parameter, _ = self.receive_on(self.sync)
        assert (kind, control) == (1, 0)
        self.version, self.session = parameter >> 16, parameter & 0xFFFF
        self.asynchronous = connect(port)
        self.send_on(self.asynchronous, 17, 0, self.session)
        assert self.receive_on(self.asynchronous)[0] == 18
        self.send_on(self.asynchronous, 15, 0, 0, struct.pack("!Q", largest))
        kind, _, _, payload = self.receive_on(self.asynchronous)
        assert kind == 16
        self.server_largest = struct.unpack("!Q", payload)[0]
        self.id = 0xFFFFFF00
        self.delivered = 0

    @staticmethod
    def send_on(channel: socket.socket, kind: int, control: int = 0, parameter: int = 0, payload: bytes = b"") -> None:
        channel.sendall(b"HS" + struct.pack("!BBIQ", kind, control, parameter, len(payload)) + payload)

    @staticmethod
    def receive_on(channel: socket.socket) -> tuple[int, int, int, bytes]:
        def exactly(count: int) -> bytes:
            data = b""
            while len(data) < count:
                piece = channel.recv(count - len(data))
                if not piece:
                    raise ConnectionError
                data += piece
            return data

        header = exactly(16)
        assert header[:2] == b"HS"
        kind, control, parameter, length = struct.unpack("!BBIQ", header[2:])
        return kind, control, parameter, exactly(length)

    def send(self, message: bytes, kind: int = 7) -> None:
        self.send_on(self.sync, kind, self.delivered, self.id, message)
        self.delivered = 0
        self.last, self.id = self.id, (self.id + 2) & 0xFFFFFFFF

    def read(self) -> bytes:
        data = b""
        while True:
            kind, _, parameter, payload = self.receive_on(self.sync)
            if kind in (6, 7) and parameter == self.last:
                data += payload
            if kind == 7 and parameter == self.last:
                self.delivered = 1
                return data

    def ask(self, message: bytes) -> bytes:
        self.send(message + b"\n")
        return self.read().removesuffix(b"\n")

    def status(self) -> int:
        self.send_on(self.asynchronous, 21, self.delivered, self.last if hasattr(self, "last") else self.id)
        self.delivered = 0
        kind, control, _, _ = self.receive_on(self.asynchronous)
        assert kind == 22
        return control

    def clear(self) -> None:
        self.send_on(self.asynchronous, 19)
        assert self.receive_on(self.asynchronous)[0] == 23
        self.send_on(self.sync, 8)
        while self.receive_on(self.sync)[0] != 9:
            pass
        self.id, self.delivered = 0xFFFFFF00, 0

    def lock(self, request: bool) -> int:
        self.send_on(self.asynchronous, 4, int(request), 0)
        kind, control, _, _ = self.receive_on(self.asynchronous)
        assert kind == 5
        return control

    def close(self) -> None:
        self.sync.close()
        self.asynchronous.close()


def codes(answer: bytes) -> list[int]:
    """Return the numbers of what SYST:ERR:ALL? answers."""
    return [int(code) for code in re.findall(rb'(-?\d+),"(?:[^"]|"")*"', answer) if int(code)]
