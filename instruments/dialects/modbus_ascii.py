"""Modbus in its ASCII transmission mode, as serial lines and serial device servers carry it.

Source: MODBUS over Serial Line, Specification and Implementation Guide V1.02, "ASCII Transmission mode": a frame is
":", two hexadecimal characters for each byte of address, request and LRC, CR LF. Registers and requests are those of
`instruments.dialects.modbus`. A frame with a wrong LRC, and one to another device, are passed over in silence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from instruments.dialects.modbus import ModbusInstrument

if TYPE_CHECKING:
    from instruments.link import Link

P = TypeVar("P")

_FRAME = re.compile(rb":((?:[0-9A-F]{2}){3,})")


def lrc(data: bytes) -> int:
    """Return the longitudinal redundancy check: the two's complement of the sum of all bytes."""
    return -sum(data) & 0xFF


class ModbusAsciiInstrument(ModbusInstrument[P]):
    """Be an instrument with registers behind ASCII frames; a subclass says what stands in them."""

    def answers(self, unit: int) -> bool:
        """Tell whether a request to this address is for this instrument; there is no "any" on a serial line."""
        return unit == self.unit_id

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take complete lines off the buffer; what stands before a colon is noise. See `Engine.split`."""
        messages: list[bytes] = []
        while (stop := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:stop]).rstrip(b"\r")
            del buffer[: stop + 1]
            if b":" in line:
                messages.append(line[line.rindex(b":") :])
        return messages

    def submit(self, message: bytes, link: Link) -> None:
        """Answer a frame after the turnaround time. See `Engine.submit`."""
        match = _FRAME.fullmatch(message)
        if match is None:
            return
        frame = bytes.fromhex(match[1].decode("ascii"))
        if lrc(frame[:-1]) != frame[-1] or not self.answers(frame[0]) or self.full(link):
            return

        def make() -> bytes:
            body = frame[:1] + self.request(frame[1:-1])
            return b":" + (body + bytes((lrc(body),))).hex().upper().encode("ascii") + b"\r\n"

        self.answer(link, make, message)
