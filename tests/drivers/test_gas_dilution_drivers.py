"""Drivers of the dilution bench against their twins, bytes all the way, and against replies that are damaged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa

from bench.station import Station
from drivers.errors import IdentityMismatch, ImplausibleReading, InstrumentError, ProtocolError, ReportedError
from drivers.gas_diluter import GasDiluter
from drivers.mfc_alicat import MfcAlicat
from drivers.mfc_thermal import MfcThermal
from drivers.modbus_ascii import READ_HOLDING, frame
from drivers.piston_prover import PistonProver
from drivers.session import BlockingSession, run
from pyvisa_caltwin import TwinVisaLibrary

from .transcript import CLEARED, Transcript, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instruments.world import World

ADDRESSES = {name: f"TCPIP0::{name}.bench::4001::SOCKET" for name in ("diluter", "parent", "diluent", "prover")}
STATION: dict[str, Any] = {
    "seed": 7,
    "resources": {address: {"device": device} for device, address in ADDRESSES.items()},
    "roles": {},
    "ports": {
        "room": {"temperature_degc": 20.0},
        "parent_gas": {"fractions": {"CO2": 0.2}, "pressure_mpa": 10.0},
        "diluent_gas": {"pressure_mpa": 10.0},
    },
    "devices": {
        "parent": {"twin": "mfc_thermal", "ports": {"line": "line1", "ambient": "room"}},
        "diluent": {
            "twin": "mfc_alicat",
            "ports": {"line": "line2"},
            "parameters": {"gas": "N2", "full_scale_l_per_min": 2.0, "decimals": 4, "conductance_l_per_min_kpa": 0.05},
        },
        "prover": {"twin": "piston_prover", "ports": {"line": "line3", "ambient": "room"}},
        "diluter": {
            "twin": "gas_diluter",
            "ports": {
                "parent": "line1",
                "diluent": "line2",
                "prover": "line3",
                "outlet": "line4",
                "parent_gas": "parent_gas",
                "diluent_gas": "diluent_gas",
            },
        },
    },
}


class Desk:
    """Hold the world and a driver for each twin, over PyVISA and the blocking session."""

    def __init__(self) -> None:
        self.world: World = Station.from_dict(STATION, source="test").build()
        self.manager = pyvisa.ResourceManager(TwinVisaLibrary.of(self.world))
        self.diluter = GasDiluter(self.session("diluter", GasDiluter), "device")
        self.parent = MfcThermal(self.session("parent", MfcThermal), "parent_mfc")
        self.diluent = MfcAlicat(self.session("diluent", MfcAlicat), "diluent_mfc")
        self.prover = PistonProver(self.session("prover", PistonProver), "standard")

    def session(self, name: str, kind: Any) -> BlockingSession:
        resource: Any = self.manager.open_resource(ADDRESSES[name])
        resource.read_termination = resource.write_termination = kind.terminator
        return BlockingSession(resource, clock=lambda: self.world.environment.now, sleep=self.later)

    def later(self, seconds: float) -> None:
        self.world.environment.run_to(self.world.environment.now + seconds)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.manager.close()


def test_every_driver_says_who_answers(desk: Desk) -> None:
    assert run(desk.parent.identity()).model == "TMFC-M"
    assert run(desk.parent.identity()).serial == "TWIN-0001"
    found = run(desk.diluent.identity())
    assert (found.model, found.serial, found.firmware) == ("MC-2SLPM-D", "TWIN0001", "10v05.0-R24")
    assert run(desk.prover.identity()).model == "PP-100"
    assert run(desk.diluter.identity()).model == "GD-2"


def test_flows_go_where_the_valves_say_and_make_the_blend_of_the_formula(desk: Desk) -> None:
    run(desk.diluter.route(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN"))
    run(desk.parent.set_flow(0.5))
    run(desk.diluent.set_flow(1.5))
    desk.later(300.0)
    factor = 1.0 / (0.2 / 0.74 + 0.8)
    assert run(desk.parent.flow(0.5)).indication.value == pytest.approx(0.5, rel=1e-6)
    assert run(desk.diluent.flow(1.5, "N2")).indication.value == 1.5
    true = 0.5 * factor
    twin = desk.world.twin("diluter")
    now = desk.world.environment.now
    assert twin.true_fraction(now - 10.0, now) == pytest.approx(0.2 * true / (true + 1.5), rel=1e-9)


def test_the_prover_sees_the_standard_flow_as_a_real_gas(desk: Desk) -> None:
    run(desk.diluter.route(parent="OFF", diluent="PROV", inlet="PURG", outlet="ZERO"))
    run(desk.diluent.set_flow(1.0))
    desk.later(30.0)
    found = run(desk.prover.measure(10, 6.0))
    assert len(found.times) == 10
    z = 1.0 - 4.5e-6 * 101325.0 / (8.314462618 * 293.15)
    expected = 0.1 / (1.0 * 293.15 / 298.15 * z) * 60.0
    assert found.time.indication.value == pytest.approx(expected, rel=2e-5)
    assert found.temperature.indication.value == 20.0
    assert found.pressure.indication.value == 101.325


def test_no_flow_ends_in_a_refusal_that_names_the_prover(desk: Desk) -> None:
    with pytest.raises(ImplausibleReading, match=r"standard: strokes of 0\.0000 s"):
        run(desk.prover.measure(3, 300.0))


def test_an_empty_cylinder_is_named_by_the_controller(desk: Desk) -> None:
    run(desk.diluter.route(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN"))
    run(desk.parent.set_flow(1.0))
    desk.world.ports["parent_gas"].content_l = 1.0  # type: ignore[attr-defined]
    desk.world.ports["parent_gas"].draw(1.0, "diluter")  # type: ignore[attr-defined]
    desk.later(120.0)
    with pytest.raises(ImplausibleReading, match="parent_mfc: flow: the valve is fully open"):
        run(desk.parent.flow(1.0))


def test_what_was_switched_off_is_not_read_as_a_flow(desk: Desk) -> None:
    run(desk.parent.set_flow(1.0))
    run(desk.diluent.set_flow(1.0))
    run(desk.parent.make_safe())
    run(desk.diluent.make_safe())
    with pytest.raises(ImplausibleReading, match="was it switched off"):
        run(desk.parent.flow(1.0))
    with pytest.raises(ImplausibleReading, match="was it switched off"):
        run(desk.diluent.flow(1.0))


def test_an_illegal_request_is_refused_in_words(desk: Desk) -> None:
    with pytest.raises(ReportedError, match="illegal address"):
        run(desk.parent.read_registers(READ_HOLDING, 90, 2))
    with pytest.raises(ReportedError, match="illegal value"):
        run(desk.parent.set_flow(99.0))


REPLY = frame(bytes.fromhex("0103043F000000"))
"""Function 3, four bytes: 0.5."""


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (REPLY[:-2] + "00", "wrong LRC"),
        (REPLY[:-2], "wrong LRC"),
        (REPLY[1:], "not a Modbus ASCII frame"),
        (REPLY.lower(), "not a Modbus ASCII frame"),
        (frame(bytes.fromhex("0203043F000000")), "device 2 answers"),
        (frame(bytes.fromhex("0104043F000000")), "function 4, not 3"),
        (frame(bytes.fromhex("0103023F00")), "holds 3 bytes, not 5"),
    ],
)
def test_a_modbus_reply_that_is_not_whole_is_refused(reply: str, why: str) -> None:
    driver = MfcThermal(Transcript((frame(bytes.fromhex("010300000002")), reply)), "parent_mfc")
    with pytest.raises(ProtocolError, match=why):
        value(driver.read_registers(READ_HOLDING, 0, 2))


def test_a_modbus_float_that_is_no_number_is_refused() -> None:
    driver = MfcThermal(Transcript(), "parent_mfc")
    assert driver.number("flow", (0x3F00, 0)) == 0.5
    for registers in ((0x7FC0, 0), (0x7F80, 0)):
        with pytest.raises(ProtocolError, match=r"hold (nan|inf)"):
            driver.number("flow", registers)


FRAME = "A +014.70 +025.00 +1.4997 +1.4999 1.5000      N2"


@pytest.mark.parametrize(
    "damaged",
    [
        FRAME.replace("+1.4999", "+1.499"),
        FRAME.replace("+1.4999", "+1.4799"),
        FRAME.replace("+1.4999", "+11.4999"),
        FRAME.replace("A ", "B "),
        FRAME[:-3],
        FRAME.replace(".", ","),
        FRAME + " XYZ",
    ],
)
def test_an_alicat_frame_that_contradicts_itself_is_refused(damaged: str) -> None:
    assert value(MfcAlicat(Transcript(("A", FRAME)), "diluent_mfc").frame()).mass == 1.4999
    with pytest.raises(ProtocolError):
        value(MfcAlicat(Transcript(("A", damaged)), "diluent_mfc").frame())


def test_another_controller_behind_the_address_is_refused() -> None:
    lines = [
        ("A??M4", "A M04 Model Number MC-2"),
        ("A??M5", "A M05 Serial Number TWIN1"),
        ("A??M9", "A M09 Software Revision 1"),
    ]
    session = Transcript(*lines, ("A", "?"), CLEARED, *lines[:1], ("A??M5", "A M05 Serial Number TWIN2"), *lines[2:])
    driver = MfcAlicat(session, "diluent_mfc")
    value(driver.identity())
    with pytest.raises(ProtocolError):
        value(driver.frame())
    with pytest.raises(IdentityMismatch, match="TWIN2"):
        value(driver.frame())


def test_an_alicat_flag_says_that_the_flow_is_not_controlled() -> None:
    with pytest.raises(ImplausibleReading, match="HLD"):
        value(MfcAlicat(Transcript(("A", FRAME + " HLD")), "diluent_mfc").flow(1.5))


def test_valves_that_do_not_stand_as_set_are_refused(desk: Desk) -> None:
    run(desk.diluter.route(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN"))
    desk.world.twin("diluter").outlet_of = "ZERO"
    with pytest.raises(ImplausibleReading, match="instead of"):
        run(desk.diluter.confirm(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN"))


def test_a_setpoint_beyond_what_is_permitted_is_not_sent(desk: Desk) -> None:
    for controller in (desk.parent, desk.diluent):
        controller.limits["flow"] = (0.0, 2.0)
        with pytest.raises(InstrumentError, match=r"outside of 0\.\.2"):
            run(controller.set_flow(2.5))
    assert math.isfinite(run(desk.parent.flow()).indication.value)
