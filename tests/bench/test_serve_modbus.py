"""A twin with registers behind pymodbus's server: floats, writes, refusals, RTU framing, garbage."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pymodbus", reason="the extra third-party is not installed")

from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient

from bench.serve_modbus import served_modbus
from bench.station import Station

if TYPE_CHECKING:
    from instruments.world import World


def world(**parameters: Any) -> World:
    return Station.from_dict(
        {
            "devices": {
                "transmitter": {"twin": "transmitter_modbus", "parameters": parameters, "ports": {"line": "gas"}},
                "balance": {"twin": "balance_mt_sics"},
            },
            "resources": {
                "TCPIP0::192.0.2.1::502::SOCKET": {"device": "transmitter"},
                "TCPIP0::192.0.2.2::4305::SOCKET": {"device": "balance"},
            },
            "ports": {"gas": {"flow_l_per_min": 25.0, "pressure_kpa": 120.0, "temperature_degc": 21.5}},
        },
        source="test",
    ).build()


def floats(registers: list[int]) -> list[float]:
    return list(struct.unpack(f">{len(registers) // 2}f", struct.pack(f">{len(registers)}H", *registers)))


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_values_settings_and_refusals(framing: str) -> None:
    bench = world(span_error=0.01, temperature_error_k=0.2)
    with served_modbus(bench, "transmitter", framing=framing) as endpoint:
        framer = FramerType.SOCKET if framing == "tcp" else FramerType.RTU
        client = ModbusTcpClient(endpoint.host, port=endpoint.port, framer=framer)
        assert client.connect()
        try:
            answer = client.read_input_registers(0, count=6, device_id=1)
            assert floats(answer.registers) == pytest.approx([25.25, 120.0, 21.7], rel=1e-6)
            serial = client.read_input_registers(8, count=16, device_id=1)
            assert struct.pack(">16H", *serial.registers).rstrip(b"\x00") == b"TWIN-0001"
            client.write_registers(0, list(struct.unpack(">HH", struct.pack(">f", 2.5))), device_id=1)
            assert floats(client.read_holding_registers(0, count=2, device_id=1).registers) == [2.5]
            client.write_register(5, 1, device_id=1)
            assert floats(client.read_input_registers(0, count=2, device_id=1).registers) == pytest.approx([0.0])
            assert client.read_input_registers(20, count=10, device_id=1).exception_code == 2
            assert client.write_register(4, 999, device_id=1).exception_code == 3
            assert client.read_coils(0, count=1, device_id=1).exception_code == 1
        finally:
            client.close()


def test_garbage_does_not_disturb_others() -> None:
    with served_modbus(world(), "transmitter") as endpoint:
        client = ModbusTcpClient(endpoint.host, port=endpoint.port)
        assert client.connect()
        for garbage in (b"\xff" * 5000, b"GET / HTTP/1.0\r\n\r\n", b"\x00\x01\x00\x00\xff\xff\x01\x03", b""):
            with socket.create_connection((endpoint.host, endpoint.port), timeout=5) as stranger:
                stranger.sendall(garbage)
            assert floats(client.read_input_registers(0, count=2, device_id=1).registers) == [25.0]
        client.close()


def test_a_device_without_registers_is_refused() -> None:
    with (
        pytest.raises(ValueError, match="BalanceMtSics, which has no Modbus registers"),
        served_modbus(world(), "balance"),
    ):
        pass
    with pytest.raises(ValueError, match="'nobody' is no device"), served_modbus(world(), "nobody"):
        pass
