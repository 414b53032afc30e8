"""The transmitter's register map, physics and Modbus/TCP frames, without a server."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from instruments import terms
from instruments.engine import Exchange
from instruments.transmitter_modbus import twin

from .model_bench import ModelBench


class Transmitter(ModelBench):
    def __init__(self, parameters: dict[str, Any] | None = None, **line: Any) -> None:
        super().__init__(twin, parameters, {"line": line}, exchange=Exchange.STREAM)

    def ask(self, pdu: bytes, unit: int = 1) -> bytes:
        """Send a request in a frame; return the answer's PDU."""
        self.link.deliver(struct.pack(">HHHB", 7, 0, len(pdu) + 1, unit) + pdu, False)
        while not self.link.unread:
            self.environment.step()
        data, _ = self.link.read(1000)
        number, protocol, length, back = struct.unpack(">HHHB", data[:7])
        assert (number, protocol, length, back) == (7, 0, len(data) - 6, unit)
        return data[7:]

    def flow(self) -> float:
        return float(struct.unpack(">f", self.ask(struct.pack(">BHH", 4, 0, 2))[2:])[0])


def test_a_float_takes_two_registers_in_either_order() -> None:
    bench = Transmitter(flow_l_per_min=12.5)
    assert bench.ask(struct.pack(">BHH", 4, 0, 2)) == b"\x04\x04" + struct.pack(">f", 12.5)
    other = Transmitter({"word_order": "low first"}, flow_l_per_min=12.5)
    high, low = struct.unpack(">HH", struct.pack(">f", 12.5))
    assert other.ask(struct.pack(">BHH", 4, 0, 2)) == b"\x04\x04" + struct.pack(">HH", low, high)


def test_values_are_damped_means_with_hidden_errors() -> None:
    bench = Transmitter({"span_error": 0.02, "zero_error_l_per_min": 0.5, "update_s": 0.01})
    assert bench.flow() == pytest.approx(0.5)
    bench.ask(struct.pack(">BHHBf", 16, 0, 2, 4, 2.0))
    begin = bench.now
    bench.ports["line"].flow.replace_from(begin, [(begin, terms.constant(40.0))])
    bench.run(2.0)
    assert bench.flow() == pytest.approx(40.0 * 1.02 * (1.0 - math.exp(-1.0)) + 0.5, rel=0.01)
    bench.run(100.0)
    assert bench.flow() == pytest.approx(41.3, rel=1e-6)


def test_the_zero_is_taken_on_request() -> None:
    bench = Transmitter({"zero_error_l_per_min": 0.5})
    assert bench.ask(struct.pack(">BHH", 6, 5, 1)) == struct.pack(">BHH", 6, 5, 1)
    assert bench.flow() == 0.0


def test_the_address_may_be_changed() -> None:
    bench = Transmitter()
    bench.ask(struct.pack(">BHH", 6, 4, 17))
    assert bench.ask(struct.pack(">BHH", 3, 4, 1), unit=17) == b"\x03\x02\x00\x11"
    bench.link.deliver(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 4, 1), False)  # the old one
    bench.run(1.0)
    assert not bench.link.unread


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        (struct.pack(">BHH", 4, 23, 2), b"\x84\x02"),
        (struct.pack(">BHH", 4, 0, 0), b"\x84\x03"),
        (struct.pack(">BHH", 4, 0, 126), b"\x84\x03"),
        (struct.pack(">BHH", 3, 65535, 1), b"\x83\x02"),
        (struct.pack(">BHH", 6, 4, 0), b"\x86\x03"),
        (struct.pack(">BHHBf", 16, 0, 2, 4, math.nan), b"\x90\x03"),
        (struct.pack(">BHHBf", 16, 0, 2, 4, 61.0), b"\x90\x03"),
        (struct.pack(">BHHB", 16, 0, 2, 4), b"\x90\x03"),
        (b"\x03\x00", b"\x83\x03"),
        (b"\x2b\x0e\x01\x00", b"\xab\x01"),
        (b"\x01\x00\x00\x00\x01", b"\x81\x01"),
    ],
)
def test_exceptions(pdu: bytes, answer: bytes) -> None:
    assert Transmitter().ask(pdu) == answer


def test_frames_that_cannot_be_are_dropped_with_what_follows_at_once() -> None:
    bench = Transmitter(flow_l_per_min=1.0)
    for garbage in (
        b"\xff" * 1000,
        b"\x00\x01\x00\x00\x00\x01\x01",
        b"\x00\x01\x00\x05\x00\x06\x01\x03\x00\x00\x00\x01",
    ):
        bench.link.deliver(garbage, False)
        bench.run(0.1)
        assert not bench.link.unread
        bench.link.clear()
        assert bench.flow() == 1.0
