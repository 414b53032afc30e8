"""Twin of a bank of critical nozzles with valves, pump and controller (generic; the commands are invented).

The gas goes from its supply through the meter under test and the line to the nozzles; a pump (a vacuum pump, or the
circulator of a high-pressure loop) takes it away behind them. The bank writes the pipe (`ports_nozzle_rig`).

Whenever valves move, the settled state is solved with the real gas; around it pressure and temperature follow supply
drift, regulator hunting and the transients of the change, and the flows follow by a Taylor series of second order in
both (what is left out is of the order of their cubes, some 1e-9). See docs/systems/gas_sonic_nozzle.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.gas_properties import KELVIN, water_fraction
from instruments.nozzle import TOROIDAL_SLOPE, Nozzle, choking, mach_number
from instruments.nozzle_pipe import Settled, Writer
from instruments.ports import Ambient
from instruments.ports_nozzle_rig import NozzleRig, Passing
from instruments.scpi import (
    Boolean,
    ChannelList,
    Event,
    Flag,
    Identity,
    Integer,
    Listed,
    Query,
    ScpiError,
    ScpiInstrument,
    Setting,
)
from instruments.signal import TRANSIENT_ENDS, Signal
from instruments.twin import Consumed, Kind

if TYPE_CHECKING:
    from instruments.gas_properties import Gas
    from instruments.terms import Terms
    from instruments.twin import Surroundings

MOST = 16
"""Largest number of nozzles."""
VALVE_S = 1.0
"""Time that the valves take, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a bank; nozzles are named "1", "2", ..."""

    serial: str = "TWIN-0001"
    """Serial number."""
    diameters_mm: dict[str, float] = field(default_factory=lambda: {"1": 5.0, "2": 7.0, "3": 10.0})
    """Throat diameters, mm."""
    certified: dict[str, float] = field(default_factory=dict)
    """Certified discharge coefficients, 1; that of the toroidal curve for those not named."""
    certified_reynolds: dict[str, float] = field(default_factory=dict)
    """Reynolds numbers of the certified values, 1; 1e5 for those not named."""
    common_error: float = 0.0
    """Relative error that all certified values share (one laboratory calibrated them), 1."""
    own_errors: dict[str, float] = field(default_factory=dict)
    """Relative error of each certified value beside that, 1."""
    slope_error: float = 0.0
    """Relative error of the slope of all discharge curves, 1."""
    transition_step: float = 0.0
    """Relative change of C_d where the boundary layer turns turbulent, 1."""
    transition_reynolds: float = 1e6
    """Throat Reynolds number of that transition, 1."""
    settling_amplitude: float = 0.0
    """Relative deviation of C_d from its inherent value when the flow begins, 1."""
    settling_s: float = 5400.0
    """Time constant of the way to the inherent value, s."""
    full_flow_m3_per_h: float = 500.0
    """Flow to which the pressure losses belong, m³/h."""
    meter_loss_kpa: float = 0.3
    """Pressure loss from the supply to the meter at full flow, kPa."""
    line_loss_kpa: float = 0.5
    """Pressure loss from the meter to the nozzles at full flow, kPa."""
    manifold_diameter_mm: float = 100.0
    """Diameter of the pipe before each nozzle, mm."""
    recovery: float = 0.75
    """Recovery factor of the thermometer before the nozzles, 1."""
    nozzle_warmer_k: float = 0.0
    """Temperature before the nozzles above that at the meter, K."""
    dip_k: float = 0.5
    """Fall of the gas temperature when the flow is changed, K."""
    warming_s: float = 60.0
    """Time constant after which that is over, s."""
    filling_s: float = 4.0
    """Time constant of the pressure after a change, s."""
    back_pressure_kpa: float = 30.0
    """Absolute pressure behind the nozzles without flow, pump on, kPa."""
    back_rise_kpa: float = 20.0
    """Rise of that pressure at full flow, kPa."""
    choking_limit: float = 0.88
    """True back-pressure ratio up to which the flow is critical (with diffusers), 1."""
    leak_kg_per_s_kpa: float = 0.0
    """Leak of the line between meter and nozzles, kg/s per kPa of difference to the room."""
    test_pressure_kpa: float = 5.0
    """Excess pressure at which the isolated line is left for the leak test (negative: vacuum), kPa."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.diameters_mm) <= MOST:
            raise ValueError(f"diameters_mm: 1 to {MOST} nozzles, got {len(self.diameters_mm)}")
        if set(self.diameters_mm) != {str(n) for n in range(1, len(self.diameters_mm) + 1)}:
            raise ValueError(f"diameters_mm: name the nozzles '1', '2', ..., got {', '.join(self.diameters_mm)}")
        for name in ("certified", "certified_reynolds", "own_errors"):
            for key in getattr(self, name):
                if key not in self.diameters_mm:
                    raise ValueError(f"{name}: there is no nozzle {key!r}")
        for name in ("settling_s", "warming_s", "filling_s", "full_flow_m3_per_h", "manifold_diameter_mm"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class NozzleBank(ScpiInstrument[Parameters]):
    """Be the bank."""

    identity = Identity(manufacturer="caltwin", model="CNB-16", firmware="1.1")
    commands = (
        Event(
            "ROUTe:OPEN",
            method="open",
            parameters=(ChannelList(low=1, high=MOST),),
            doc="Open these nozzles and shut all others.",
        ),
        Event("ROUTe:CLOSe:ALL", method="close", doc="Shut all nozzles."),
        Query("ROUTe:STATe?", method="state", reply=Listed(Integer()), doc="Open nozzles; 0 for none."),
        Setting("PUMP[:STATe]", Boolean(default=False, reply=Flag()), attribute="pump", doc="Pump on or off."),
        Setting(
            "ROUTe:ISOLate",
            Boolean(default=False, reply=Flag()),
            attribute="isolated",
            doc="Shut the line at both ends, at the test pressure.",
        ),
        Query("SYSTem:NOZZles?", method="nozzle_count", reply=Integer(), doc="Number of nozzles."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the bank at power-on: all shut, pump off."""
        super().__init__(parameters, surroundings)
        p = parameters
        self.rig = surroundings.port("rig", NozzleRig)
        self.room = surroundings.port("ambient", Ambient)
        self.nozzles: dict[int, Nozzle] = {}
        """The nozzles as they truly are."""
        for key, diameter in p.diameters_mm.items():
            reynolds = p.certified_reynolds.get(key, 1e5)
            self.nozzles[int(key)] = Nozzle(
                diameter_m=diameter / 1e3,
                certified=p.certified.get(key, 0.9959 - TOROIDAL_SLOPE * reynolds**-0.5),
                certified_reynolds=reynolds,
                error=p.common_error + p.own_errors.get(key, 0.0),
                slope=TOROIDAL_SLOPE * (1.0 + p.slope_error),
                transition_step=p.transition_step,
                transition_reynolds=p.transition_reynolds,
            )
        self._exposed = dict.fromkeys(self.nozzles, 0.0)  # how long each has had flow, s
        self._since = 0.0
        self._open: frozenset[int] = frozenset()
        self._pump = self._isolated = False
        gas = self.rig.parameters
        self._supply_pressure, self._supply_temperature = Signal(), Signal()
        if not gas.from_room:
            course = algebra.add(
                algebra.line(1e3 * gas.pressure_kpa, gas.pressure_drift_kpa_per_h / 3.6),
                algebra.sinusoid(1e3 * gas.hunting_kpa, 1.0 / gas.hunting_period_s, 2.0 * math.pi * self.rng.random()),
            )
            self._supply_pressure.replace_from(0.0, [(0.0, course)])
            warmth = algebra.line(gas.temperature_degc + KELVIN, gas.temperature_drift_per_h / 3600.0)
            self._supply_temperature.replace_from(0.0, [(0.0, warmth)])
        else:
            for signal in (self.room.pressure, self.room.temperature, self.room.humidity):
                signal.listeners.append(self._settle)
        self._settle()

    # -- commands -----------------------------------------------------------------------------------------------------

    def open(self, nozzles: tuple[int, ...]) -> None:
        """Open these nozzles and shut all others; numbers that the bank has not are refused as out of range."""
        if any(number not in self.nozzles for number in nozzles):
            raise ScpiError(-222)
        self._move(frozenset(nozzles))

    def close(self) -> None:
        """Shut all nozzles."""
        self._move(frozenset())

    def state(self) -> list[int]:
        """Return the open nozzles; [0] for none."""
        return sorted(self._open) or [0]

    def nozzle_count(self) -> int:
        """Return the number of nozzles."""
        return len(self.nozzles)

    @property
    def pump(self) -> bool:
        """Whether the pump is on."""
        return self._pump

    @pump.setter
    def pump(self, on: bool) -> None:
        if on != self._pump:
            self._expose()
            self._pump = on
            self._settle()

    @property
    def isolated(self) -> bool:
        """Whether the line is shut at both ends."""
        return self._isolated

    @isolated.setter
    def isolated(self, on: bool) -> None:
        if on != self._isolated:
            self._expose()
            self._isolated = on
            self._settle()

    @property
    def energised(self) -> bool:
        """Whether gas flows."""
        return self.rig.mass_flow.value(self.now) > 0.0

    def reset(self) -> None:
        """Go to the state of *RST: all shut, pump off, line not isolated."""
        self._expose()
        self._open, self._pump, self._isolated = frozenset(), False, False
        self._settle()

    def consumed(self, at: float) -> tuple[Consumed, ...]:
        """Return the gas that went through the meter, m³ at its conditions."""
        return (Consumed(what="gas", amount=self.rig.meter_flow.integral(0.0, at), unit="m3"),)

    # -- the pipe -----------------------------------------------------------------------------------------------------

    def _move(self, nozzles: frozenset[int]) -> None:
        if nozzles != self._open:
            self.spend(VALVE_S)
            self._expose()
            self._open = nozzles
            self._settle()

    def _expose(self) -> None:
        """Book the time for which the open nozzles have had flow."""
        if self._pump and not self._isolated:
            for number in self._open:
                self._exposed[number] += self.now - self._since
        self._since = self.now

    def _supply(self) -> tuple[Terms, Terms]:
        """Return the courses of pressure (Pa) and temperature (K) of the supply from now on."""
        now = self.now
        if not self.rig.parameters.from_room:
            return _course(self._supply_pressure, now), _course(self._supply_temperature, now)
        pressure = algebra.scale(_course(self.room.pressure, now), 1e3)
        return pressure, algebra.add(_course(self.room.temperature, now), algebra.constant(KELVIN))

    def _settle(self) -> None:
        """Write the pipe anew from now on."""
        self._expose()
        rig, now = self.rig, self.now
        pressure, temperature = self._supply()
        p_supply, T_meter = algebra.value(pressure, 0.0), algebra.value(temperature, 0.0)
        water = 0.0
        if rig.parameters.from_room:
            water = water_fraction(T_meter, p_supply, self.room.humidity.value(now))
        gas = rig.gas(water)
        before = rig.meter_pressure.value(now)
        settled = (
            self._flowing(gas, p_supply, T_meter)
            if self._open and not self._isolated
            else Settled(p_meter=p_supply, p_inlet=p_supply, share=0.0)
        )
        dp = algebra.add(pressure, algebra.constant(-p_supply))
        dT = algebra.add(temperature, algebra.constant(-T_meter))
        if self._isolated:
            self._write_isolated(gas, p_supply, dT, T_meter)
            return
        fill = algebra.decay(before - settled.p_meter, self.parameters.filling_s)
        dip = algebra.decay(-self.parameters.dip_k if settled.share else 0.0, self.parameters.warming_s)
        over = TRANSIENT_ENDS * max(self.parameters.filling_s, self.parameters.warming_s)
        state = gas.state(settled.p_meter, T_meter)
        writer = Writer(self, gas, settled, T_meter, state.density)
        courses = [
            (now, writer.courses(algebra.add(dp, fill), algebra.add(dT, dip), 0.0)),
            (now + over, writer.courses(algebra.shift(dp, over), algebra.shift(dT, over), over)),
        ]
        rig.passing.append(
            Passing(
                since=now,
                flow=writer.flow,
                gas=state,
                viscosity=gas.viscosity(settled.p_meter, T_meter),
            )
        )
        signals = (
            rig.meter_pressure,
            rig.meter_temperature,
            rig.inlet_pressure,
            rig.inlet_temperature,
            rig.back_pressure,
            rig.mass_flow,
            rig.meter_flow,
        )
        for index, signal in enumerate(signals):
            signal.replace_from(now, [(start, course[index]) for start, course in courses])

    def _flowing(self, gas: Gas, p_supply: float, T_meter: float) -> Settled:
        """Solve the settled state of the open nozzles."""
        p = self.parameters
        full = p.full_flow_m3_per_h / 3600.0
        T0 = T_meter + p.nozzle_warmer_k
        p_meter = p_inlet = p_supply
        flow = 0.0
        share = 1.0
        for _ in range(6):
            load = flow / full
            p_meter = p_supply - 1e3 * p.meter_loss_kpa * load**2
            p_inlet = p_meter - 1e3 * p.line_loss_kpa * load**2
            mass = self.mass(gas, p_inlet, T0)
            p_back = 1e3 * (p.back_pressure_kpa + p.back_rise_kpa * load) if self._pump else p_inlet
            share = choking(p_back / p_inlet, p.choking_limit)
            flow = share * mass / gas.density(p_meter, T_meter)
        return Settled(p_meter=p_meter, p_inlet=p_inlet, share=share, p_back=p_back)

    def mass(self, gas: Gas, p_inlet: float, T0: float) -> float:
        """Return the inherent critical mass flow of the open nozzles from stagnation conditions, kg/s."""
        flux, viscosity = gas.critical_mass_flux(p_inlet, T0), gas.viscosity(p_inlet, T0)
        return sum(self.nozzles[number].mass_flow(flux, viscosity)[0] for number in self._open)

    def settling(self) -> Terms:
        """Return the factor by which the open nozzles still differ from their inherent values, from now on."""
        p = self.parameters
        areas = {number: self.nozzles[number].area_m2 for number in self._open}
        total = sum(areas.values())
        left = sum(area / total * math.exp(-self._exposed[number] / p.settling_s) for number, area in areas.items())
        return algebra.add(algebra.constant(1.0), algebra.decay(p.settling_amplitude * left, p.settling_s))

    def manifold(self, gas: Gas, p_inlet: float, T0: float) -> tuple[float, float]:
        """Return static by stagnation pressure, and indicated by stagnation temperature, before the open nozzles, 1."""
        kappa = gas.state(p_inlet, T0).isentropic_exponent
        pipe = math.pi / 4.0 * (self.parameters.manifold_diameter_mm / 1e3) ** 2
        throat = sum(self.nozzles[number].area_m2 for number in self._open) / len(self._open)
        cooling = 1.0 + 0.5 * (kappa - 1.0) * mach_number(throat / pipe, kappa) ** 2
        return cooling ** (-kappa / (kappa - 1.0)), 1.0 - (1.0 - self.parameters.recovery) * (1.0 - 1.0 / cooling)

    def _write_isolated(self, gas: Gas, p_supply: float, dT: Terms, T_meter: float) -> None:
        """Let the line stand at the test pressure, which leaks away to the room."""
        p, rig, now = self.parameters, self.rig, self.now
        room = 1e3 * self.room.pressure.value(now)
        start = p_supply + 1e3 * p.test_pressure_kpa
        level: Terms = algebra.constant(start)
        if p.leak_kg_per_s_kpa:
            # dp/dt = -c (p - p_room) p/(V ρ): linear, as the pressure hardly changes.
            mass = rig.parameters.volume_m3 * gas.density(start, T_meter)
            rate = p.leak_kg_per_s_kpa / 1e3 * start / mass
            level = algebra.add(algebra.constant(room), algebra.decay(start - room, 1.0 / rate))
        # The shut line warms and cools at constant density.
        swing = algebra.scale(dT, start / T_meter)
        rig.passing.append(Passing(since=now, flow=0.0, gas=gas.state(start, T_meter), viscosity=1.0))
        heat = algebra.add(dT, algebra.constant(T_meter))
        warm = algebra.add(heat, algebra.constant(p.nozzle_warmer_k))
        pressure = algebra.add(level, swing)
        for signal, course in (
            (rig.meter_pressure, pressure),
            (rig.inlet_pressure, pressure),
            (rig.meter_temperature, heat),
            (rig.inlet_temperature, warm),
            (rig.back_pressure, algebra.constant(p_supply)),
            (rig.mass_flow, algebra.ZERO),
            (rig.meter_flow, algebra.ZERO),
        ):
            signal.replace_from(now, [(now, course)])


def _course(signal: Signal, now: float) -> Terms:
    start, _, terms = signal.piece(now)
    return algebra.shift(terms, now - start)


twin = Kind(
    parameters=Parameters,
    ports={"rig": NozzleRig, "ambient": Ambient},
    optional_ports=frozenset({"ambient"}),
    build=NozzleBank,
)
"""What a station builds by `twin: nozzle_bank`."""
