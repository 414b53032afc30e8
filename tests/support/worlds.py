"""Worlds with tiny instruments for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twins_for_tests.tiny import Level, twin

from instruments.engine import Exchange
from instruments.world import DevicePlan, PortPlan, ResourcePlan, World, WorldPlan

if TYPE_CHECKING:
    from instruments.front import Front

GPIB = "GPIB0::5::INSTR"
LAN = "TCPIP0::192.0.2.5::inst0::INSTR"
SOCKET = "TCPIP0::192.0.2.5::5025::SOCKET"
OTHER = "GPIB0::6::INSTR"


def plan(**parameters: Any) -> WorldPlan:
    """Plan two tiny instruments: `writer` writes the level that `reader` reads; `reader` has three addresses."""
    addresses = ((GPIB, "reader"), (LAN, "reader"), (SOCKET, "reader"), (OTHER, "writer"))
    return WorldPlan(
        devices=(
            DevicePlan(name="reader", kind=twin, parameters=parameters, ports={"input": "line"}),
            DevicePlan(name="writer", kind=twin, ports={"output": "line"}),
        ),
        ports=(PortPlan(name="line", kind=Level),),
        resources=tuple(
            ResourcePlan(
                address=address,
                device=device,
                exchange=Exchange.STREAM if address.endswith("SOCKET") else Exchange.INSTR,
                latency_s=0.001 if address.startswith("GPIB") else 0.0002,
            )
            for address, device in addresses
        ),
    )


def world(seed: int = 1, **parameters: Any) -> World:
    """Build that world."""
    return World(plan(**parameters), seed)


def ask(front: Front, message: str, timeout_s: float = 60.0) -> str | None:
    """Send a message and return the reply without its line feed; None after the timeout."""
    front.write(message.encode("latin-1") + b"\n")
    reply = front.read(1 << 24, 10 if not front.link.instr else None, timeout_s)
    return None if reply is None else reply[0].decode("latin-1").removesuffix("\n")


def errors(front: Front) -> list[int]:
    """Return the numbers in the instrument's error queue without touching it."""
    engine: Any = front.engine
    return [code for code, _ in engine.status.errors]
