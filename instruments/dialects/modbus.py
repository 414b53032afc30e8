"""Modbus as an engine: register maps, and the TCP framing for sessions that carry bytes.

Source: MODBUS Application Protocol Specification V1.1b3 and MODBUS Messaging on TCP/IP Implementation Guide V1.0b.
Function codes 3, 4, 6 and 16; others are answered by the exception "illegal function". RTU framing is left to the
server (`bench.serve_modbus`).
"""

from __future__ import annotations

import struct
from abc import abstractmethod
from typing import TYPE_CHECKING, TypeVar

from instruments.dialects.turnaround import TurnaroundInstrument

if TYPE_CHECKING:
    from instruments.link import Link

P = TypeVar("P")

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY = 3, 4, 6, 16
MOST_READ, MOST_WRITTEN = 125, 123
LONGEST_ADU = 260


class ModbusException(Exception):
    """Refuse a request with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code


class ModbusInstrument(TurnaroundInstrument[P]):
    """Be an instrument with registers; a subclass says what stands in them."""

    turnaround_s = 0.002
    message_limit = 4096

    @property
    @abstractmethod
    def unit_id(self) -> int:
        """Device address, 1 to 247."""

    @abstractmethod
    def read_registers(self, function: int, address: int, count: int) -> list[int]:
        """Return registers, 0 to 65535 each.

        Args:
            function: 3 for holding, 4 for input registers.
            address: of the first, from 0 on.
            count: how many.

        Raises:
            ModbusException: there are no such registers.
        """

    @abstractmethod
    def write_registers(self, address: int, values: list[int]) -> None:
        """Set holding registers, all or none.

        Raises:
            ModbusException: there are no such registers, or a value is not allowed.
        """

    def answers(self, unit: int) -> bool:
        """Tell whether a request to this device address is for this instrument (0 and 255 are on TCP)."""
        return unit in (0, 255, self.unit_id)

    def request(self, pdu: bytes) -> bytes:
        """Return the answer to a request, both without address and framing."""
        function = pdu[0]
        try:
            return self._act(function, pdu[1:])
        except ModbusException as refusal:
            return bytes((function | 0x80, refusal.code))

    def _act(self, function: int, data: bytes) -> bytes:
        if function in (READ_HOLDING, READ_INPUT):
            if len(data) != 4:
                raise ModbusException(ILLEGAL_VALUE)
            address, count = struct.unpack(">HH", data)
            if not 1 <= count <= MOST_READ:
                raise ModbusException(ILLEGAL_VALUE)
            values = self.read_registers(function, address, count)
            return struct.pack(f">BB{count}H", function, 2 * count, *values)
        if function == WRITE_ONE:
            if len(data) != 4:
                raise ModbusException(ILLEGAL_VALUE)
            address, value = struct.unpack(">HH", data)
            self.write_registers(address, [value])
            return bytes((function,)) + data
        if function == WRITE_MANY:
            if len(data) < 5:
                raise ModbusException(ILLEGAL_VALUE)
            address, count, size = struct.unpack(">HHB", data[:5])
            if not 1 <= count <= MOST_WRITTEN or size != 2 * count or len(data) != 5 + size:
                raise ModbusException(ILLEGAL_VALUE)
            self.write_registers(address, list(struct.unpack(f">{count}H", data[5:])))
            return struct.pack(">BHH", function, address, count)
        raise ModbusException(ILLEGAL_FUNCTION)

    # -- Engine: Modbus/TCP -------------------------------------------------------------------------------------------

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take complete frames off the buffer; bytes that cannot begin a frame make all of it go, as on a real line."""
        messages: list[bytes] = []
        while len(buffer) >= 7:
            protocol, length = struct.unpack(">HH", buffer[2:6])
            if protocol != 0 or not 2 <= length <= LONGEST_ADU - 6:
                buffer.clear()
                return messages
            if len(buffer) < 6 + length:
                return messages
            messages.append(bytes(buffer[: 6 + length]))
            del buffer[: 6 + length]
        return messages

    def submit(self, message: bytes, link: Link) -> None:
        """Answer a frame after the turnaround time; one to another device is passed over. See `Engine.submit`."""
        if not self.answers(message[6]) or self.full(link):
            return

        def make() -> bytes:
            pdu = self.request(message[7:])
            return message[:4] + struct.pack(">HB", len(pdu) + 1, message[6]) + pdu

        self.answer(link, make)
