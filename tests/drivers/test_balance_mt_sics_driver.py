"""The balance driver: its exchange message by message, what it refuses, and the twin behind real VISA bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pyvisa

from bench.station import Station
from drivers.balance_mt_sics import BalanceMtSics
from drivers.errors import IdentityMismatch, InstrumentError, InstrumentTimeout, ProtocolError
from drivers.session import BlockingSession, run
from pyvisa_caltwin import TwinVisaLibrary

from .transcript import CLEARED, TIMEOUT, Transcript, value

if TYPE_CHECKING:
    from collections.abc import Iterator

READY = (("@", 'I4 A "B021002593"'),)
WHO = (
    ("I2", 'I2 A "XPR10003S WeighBridge 10100.090 g"'),
    ("I3", 'I3 A "2.10 10.28.0.493.142"'),
    ("I4", 'I4 A "B021002593"'),
)


def test_weighs_zeroes_and_tares() -> None:
    session = Transcript(
        *READY,
        ("Z", "Z A"),
        ("S", "S S   8123.456 g"),
        ("SI", "S D     -0.012 g"),
        ("T", "T S   8123.450 g"),
        ("TA", "TA A   8123.450 g"),
        ("TAC", "TAC A"),
    )
    balance = BalanceMtSics(session, "balance")
    value(balance.zero())
    assert value(balance.weight.read()).indication.value == 8123.456
    assert value(balance.weight_now.read()).indication.value == -0.012
    assert value(balance.tare()).indication.value == 8123.450
    assert value(balance.tare_weight.read()).indication.value == 8123.450
    value(balance.clear_tare())
    session.finished()
    assert session.timeouts[1:3] == [60.0, 60.0]


@pytest.mark.parametrize(
    "raw",
    [
        "S S   8123.45 g",  # a digit lost
        "S S   8123.4567 g",
        "S D   8123.456 g",  # not stable
        "S S   8123.456 kg",
        "S S   8123,456 g",
        "S S   81 3.456 g",
        "T S   8123.456 g",
        "S S   8123.456",
        "   8123.456 g",
        "",
    ],
)
def test_what_is_no_stable_weight_is_refused_and_the_line_made_sure_of(raw: str) -> None:
    session = Transcript(*READY, ("S", raw), CLEARED, ("S", "S S      1.000 g"))
    balance = BalanceMtSics(session, "balance")
    with pytest.raises(ProtocolError, match="balance"):
        value(balance.weight.read())
    assert value(balance.weight.read()).indication.value == 1.0
    session.finished()


@pytest.mark.parametrize(
    ("raw", "why"),
    [("S I", "no stable weight"), ("S +", "overload"), ("S -", "underload"), ("ES", "does not know"), ("ET", "whole")],
)
def test_the_balance_says_why_there_is_no_weight(raw: str, why: str) -> None:
    session = Transcript(*READY, ("S", raw))
    with pytest.raises(InstrumentError, match=why):
        value(BalanceMtSics(session, "balance").weight.read())
    session.finished()


def test_a_zero_that_is_refused_is_not_taken_for_done() -> None:
    session = Transcript(*READY, ("Z", "Z +"), ("Z", "T A"))
    balance = BalanceMtSics(session, "balance")
    with pytest.raises(InstrumentError, match="Z: overload"):
        value(balance.zero())
    with pytest.raises(ProtocolError, match="'T A' is not 'Z A'"):
        value(balance.zero())
    session.finished()


def test_identity_and_the_same_one_after_a_timeout() -> None:
    session = Transcript(
        *WHO,
        *READY,
        ("S", TIMEOUT),
        CLEARED,
        *WHO,
        ("S", "S S      1.000 g"),
        ("S", TIMEOUT),
        CLEARED,
        *WHO[:2],
        ("I4", 'I4 A "B999"'),
    )
    balance = BalanceMtSics(session, "balance")
    found = value(balance.identity())
    assert (found.model, found.serial) == ("XPR10003S", "B021002593")
    with pytest.raises(InstrumentTimeout, match="balance"):
        value(balance.weight.read())
    assert value(balance.weight.read()).indication.value == 1.0
    with pytest.raises(InstrumentTimeout):
        value(balance.weight.read())
    with pytest.raises(IdentityMismatch, match="B021002593"):
        value(balance.weight.read())
    session.finished()


@pytest.fixture
def bench() -> Iterator[tuple[BalanceMtSics, Any]]:
    address = "TCPIP0::balance.bench::8001::SOCKET"
    station = {
        "seed": 3,
        "roles": {},
        "resources": {address: {"device": "balance"}},
        "ports": {"pan": {}},
        "devices": {
            "balance": {
                "twin": "balance_mt_sics",
                "ports": {"pan": "pan"},
                "parameters": {"serial": "TWIN-BAL-1", "model": "XPR10003S", "capacity_g": 10100, "readability_g": 1e-3}
                | {"stability_g": 2e-3},
            }
        },
    }
    world = Station.from_dict(station, source="test").build()
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(world))
    resource: Any = manager.open_resource(address)
    resource.read_termination = resource.write_termination = BalanceMtSics.terminator

    def later(seconds: float) -> None:
        world.environment.run_to(world.environment.now + seconds)

    session = BlockingSession(resource, clock=lambda: world.environment.now, sleep=later)
    yield BalanceMtSics(session, "balance"), world
    manager.close()


def test_on_the_twin(bench: tuple[BalanceMtSics, Any]) -> None:
    balance, world = bench
    found = run(balance.identity())
    assert (found.model, found.serial) == ("XPR10003S", "TWIN-BAL-1")
    run(balance.zero())
    world.ports["pan"].put(8000.0)
    begin = world.environment.now
    reading = run(balance.weight.read())
    assert reading.indication.value == pytest.approx(8000.0, abs=2e-3)
    assert world.environment.now > begin + 3.0
    world.ports["pan"].put(20000.0)
    run(balance.session.wait(30.0))
    with pytest.raises(InstrumentError, match="overload"):
        run(balance.weight.read())
