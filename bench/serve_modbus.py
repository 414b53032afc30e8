"""Serve a twin with registers over Modbus, TCP or RTU framing, by pymodbus.

pymodbus reads and answers the telegrams; the registers are those of the twin (`instruments.dialects.modbus`) at the
moment of the request. In virtual time each request costs `LATENCY_S` of bench time; with a `RealtimeEnvironment` the
bench follows the wall clock. pymodbus is an extra of its own (third-party).

    with served_modbus(station.build(), "transmitter") as endpoint:
        client = ModbusTcpClient(endpoint.host, port=endpoint.port)
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal

from bench.serve import LATENCY_S, Endpoint
from bench.serve_thread import in_thread
from instruments.dialects.modbus import (
    READ_HOLDING,
    READ_INPUT,
    WRITE_MANY,
    WRITE_ONE,
    ModbusException,
    ModbusInstrument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instruments.world import World

Framing = Literal["tcp", "rtu"]
"""Modbus/TCP, or RTU telegrams through a TCP connection as serial device servers carry them."""


class TwinRegisters:
    """Be what pymodbus asks for registers: every request goes to the twin."""

    def __init__(self, world: World, device: str, twin: ModbusInstrument[Any], *, any_unit: bool) -> None:
        """Bind a twin.

        Args:
            world: its world.
            device: its name, for messages.
            twin: the twin.
            any_unit: whether the addresses 0 and 255 reach it too, as on TCP.
        """
        self._world = world
        self._device = device
        self._twin = twin
        self._any_unit = any_unit
        self.failure: BaseException | None = None
        """What went wrong in twin code."""

    def device_ids(self) -> list[int]:
        """Return the addresses that answer."""
        return [self._twin.unit_id]

    def _begin(self, unit: int) -> None:
        """Let the bench come to the request.

        Raises:
            NoSuchIdException: the request is for another device.
        """
        from pymodbus.exceptions import NoSuchIdException

        if unit != self._twin.unit_id and not (self._any_unit and unit in (0, 255)):
            raise NoSuchIdException(f"{self._device}: no device has the address {unit}")
        environment = self._world.environment
        environment.catch_up()
        environment.run_to(environment.now + LATENCY_S)

    async def async_getValues(self, device_id: int, func_code: int, address: int, count: int = 1) -> Any:  # noqa: N802 - pymodbus's name
        """Return registers, or the exception code."""
        from pymodbus.constants import ExcCodes

        self._begin(device_id)
        if func_code not in (READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY):
            return ExcCodes.ILLEGAL_FUNCTION
        kind = READ_INPUT if func_code == READ_INPUT else READ_HOLDING
        try:
            return self._twin.read_registers(kind, address, count)
        except ModbusException as refusal:
            return ExcCodes(refusal.code)
        except BaseException as problem:
            self.failure = problem
            raise

    async def async_setValues(self, device_id: int, func_code: int, address: int, values: Any) -> Any:  # noqa: N802 - pymodbus's name
        """Set registers; return None, or the exception code."""
        from pymodbus.constants import ExcCodes

        self._begin(device_id)
        if func_code not in (WRITE_ONE, WRITE_MANY):
            return ExcCodes.ILLEGAL_FUNCTION
        try:
            self._twin.write_registers(address, [int(value) for value in values])
        except ModbusException as refusal:
            return ExcCodes(refusal.code)
        except BaseException as problem:
            self.failure = problem
            raise
        return None


class ModbusServer:
    """Serve one twin."""

    def __init__(
        self, world: World, device: str, host: str = "127.0.0.1", port: int = 0, framing: Framing = "tcp"
    ) -> None:
        """Prepare; nothing is bound yet.

        Args:
            world: where the twin is.
            device: its name in the station.
            host: address to bind to; anything but loopback lets others in.
            port: TCP port; 0 for a free one.
            framing: see `Framing`.

        Raises:
            ValueError: there is no such twin, or it has no registers.
        """
        twin = world.twins.get(device)
        if twin is None:
            raise ValueError(f"{device!r} is no device; there are {', '.join(sorted(world.twins))}")
        if not isinstance(twin, ModbusInstrument):
            raise ValueError(f"{device!r} is a {type(twin).__name__}, which has no Modbus registers")
        self.device = device
        self.host = host
        self._port = port
        self._framing = framing
        self.registers = TwinRegisters(world, device, twin, any_unit=framing == "tcp")
        self._server: Any = None

    async def start(self) -> Endpoint:
        """Bind and serve in the running event loop."""
        from pymodbus import FramerType
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice

        nothing = SimDevice(id=1, simdata=[SimData(0, values=0, datatype=DataType.REGISTERS)])
        framer = FramerType.SOCKET if self._framing == "tcp" else FramerType.RTU
        # Another device on an RTU line answers for itself or not at all; on TCP a gateway says that it is not there.
        self._server = ModbusTcpServer(
            nothing, framer=framer, address=(self.host, self._port), ignore_missing_devices=self._framing == "rtu"
        )
        self._server.context = self.registers
        await self._server.serve_forever(background=True)
        number = self._server.transport.sockets[0].getsockname()[1]
        return Endpoint(
            device=self.device,
            address=f"TCPIP0::{self.host}::{number}::SOCKET",
            host=self.host,
            port=number,
        )

    async def close(self) -> None:
        """Close all connections and the server."""
        if self._server is not None:
            await self._server.shutdown()
            self._server = None
            await asyncio.sleep(0.01)  # lets pymodbus's transports close

    async def wait(self) -> None:
        """Wait for ever: what twin code fails of is answered, and kept in `registers.failure`."""
        await asyncio.Event().wait()


@contextlib.contextmanager
def served_modbus(world: World, device: str, **options: Any) -> Iterator[Endpoint]:
    """Serve in a thread as long as the context lasts; the world belongs to that thread meanwhile.

    An exception in twin code is answered by pymodbus as a device failure, and comes out at the end of the context.

    Args:
        world: where the twin is.
        device: its name in the station.
        options: see `ModbusServer`.
    """
    server = ModbusServer(world, device, **options)
    with in_thread(lambda: server, "caltwin modbus") as endpoint:
        yield endpoint
    if server.registers.failure is not None:
        raise server.registers.failure
