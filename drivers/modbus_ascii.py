"""The base of drivers that speak Modbus in its ASCII transmission mode, on a serial line or a serial device server.

A frame is a line of text (":", hexadecimal characters, LRC), so it goes through the same sessions as any other message.
Every reply must name the device and the function, have the length that was asked for, and a right LRC; an exception
reply is an error in words. Source: MODBUS over Serial Line V1.02 and Application Protocol V1.1b3.
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, ClassVar

from drivers.answering import AnsweringInstrument
from drivers.errors import ReportedError
from drivers.reading import Reading
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.session import Steps

READ_HOLDING, READ_INPUT, WRITE_MANY = 3, 4, 16
EXCEPTIONS = {1: "illegal function", 2: "illegal address", 3: "illegal value", 4: "device failure", 6: "device busy"}
_FRAME = re.compile(r":(?:[0-9A-F]{2}){3,}")


def frame(body: bytes) -> str:
    """Return a frame around address and request, without its line end."""
    return ":" + (body + bytes((-sum(body) & 0xFF,))).hex().upper()


class ModbusAsciiInstrument(AnsweringInstrument):
    """Speak to one device of a line."""

    terminator: ClassVar[str] = "\r\n"
    unit_id: ClassVar[int] = 1
    """Address of the device."""

    def read_registers(self, function: int, address: int, count: int) -> Steps[tuple[int, ...]]:
        """Return registers, 0 to 65535 each.

        Args:
            function: `READ_HOLDING` or `READ_INPUT`.
            address: of the first.
            count: how many, 1 to 125.

        Raises:
            ReportedError: the device refuses.
            ProtocolError: the reply is not a whole answer to this question.
        """
        what = f"registers {address}..{address + count - 1}"
        payload = yield from self._request(struct.pack(">BHH", function, address, count), what)
        if len(payload) != 1 + 2 * count or payload[0] != 2 * count:
            raise self.doubt(f"{what}: the reply holds {len(payload)} bytes, not {1 + 2 * count}")
        return struct.unpack(f">{count}H", payload[1:])

    def write_registers(self, address: int, values: Sequence[int], meaning: str) -> Steps[None]:
        """Set holding registers, all in one request.

        Raises:
            ReportedError: the device refuses.
            ProtocolError: the reply does not confirm this request.
        """
        count = len(values)
        head = struct.pack(">HH", address, count)
        request = struct.pack(">B", WRITE_MANY) + head + struct.pack(f">B{count}H", 2 * count, *values)
        payload = yield from self._request(request, meaning)
        if payload != head:
            raise self.doubt(f"{meaning}: the reply confirms {payload.hex()!r}, not {head.hex()!r}")

    def _request(self, request: bytes, meaning: str) -> Steps[bytes]:
        raw = yield from self.ask(frame(bytes((self.unit_id,)) + request))
        return self._payload(raw, request[0], meaning)

    def _payload(self, raw: str, function: int, meaning: str) -> bytes:
        """Return what a reply carries behind address and function."""
        if _FRAME.fullmatch(raw) is None:
            raise self.doubt(f"{meaning}: reply {raw!r} is not a Modbus ASCII frame")
        data = bytes.fromhex(raw[1:])
        if sum(data) & 0xFF:
            raise self.doubt(f"{meaning}: reply {raw!r} has a wrong LRC")
        if data[0] != self.unit_id:
            raise self.doubt(f"{meaning}: device {data[0]} answers, not {self.unit_id}")
        if data[1] == function | 0x80 and len(data) == 4:
            raise ReportedError(self.role, meaning, data[2], EXCEPTIONS.get(data[2], "unknown exception"))
        if data[1] != function:
            raise self.doubt(f"{meaning}: the reply is one to function {data[1]}, not {function}")
        return data[2:-1]

    def number(self, name: str, registers: Sequence[int]) -> float:
        """Return the float of two registers, high word first.

        Raises:
            ProtocolError: it is no number.
        """
        (value,) = struct.unpack(">f", struct.pack(">HH", *registers))
        if not math.isfinite(value):
            raise self.doubt(f"{name}: registers {list(registers)} hold {value}")
        return float(value)

    def reading(self, name: str, value: float, unit: str, raw: Sequence[int]) -> Reading:
        """Return a reading of a value that came in some registers."""
        return Reading(
            name=name,
            indication=Quantity(value=value, unit=unit),
            instrument=self.role,
            time_s=self.session.now(),
            raw=" ".join(f"{register:04X}" for register in raw),
        )


def registers_of(value: float) -> tuple[int, int]:
    """Return the two registers of a float, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low


def text_of(registers: Sequence[int]) -> str:
    """Return the characters in registers, without padding."""
    data = struct.pack(f">{len(registers)}H", *registers)
    return data.rstrip(b"\x00 ").decode("ascii", "backslashreplace")
