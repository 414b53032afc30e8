"""The pipe of a critical-nozzle rig: gas before the meter, the line between meter and nozzles, the space behind them.

The nozzle bank writes it, transmitters and the meter under test read it. All of it are signals, exact in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.gas_properties import KELVIN, State, composition, gas, moist
from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.gas_properties import Gas


@dataclass(frozen=True, slots=True, kw_only=True)
class RigGas:
    """Describe the gas supply and the pipe as they truly are."""

    composition: str = "air"
    """"air", or amount fractions "CH4=0.93, N2=0.01, ..." that add up to 1."""
    from_room: bool = True
    """Whether the gas is drawn from the room: pressure, temperature and humidity are then the room's."""
    pressure_kpa: float = 101.325
    """Absolute pressure of a supply that is not the room, at bench time 0, kPa."""
    pressure_drift_kpa_per_h: float = 0.0
    """Steady change of that pressure, kPa/h."""
    hunting_kpa: float = 0.0
    """Amplitude of the pressure regulator's hunting, kPa."""
    hunting_period_s: float = 45.0
    """Period of that hunting, s."""
    temperature_degc: float = 20.0
    """Temperature of a supply that is not the room, at bench time 0, °C."""
    temperature_drift_per_h: float = 0.0
    """Steady change of that temperature, K/h."""
    volume_m3: float = 0.5
    """True volume between the meter and the nozzles, m³."""
    methane_shift: float = 0.0
    """Amount fraction by which methane is more, and ethane less, than `composition` says (natural gas), 1."""

    def __post_init__(self) -> None:
        composition(self.composition)
        for name in ("pressure_kpa", "hunting_period_s", "volume_m3"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if self.from_room and self.composition != "air":
            raise ValueError(f"from_room: the room holds air, not {self.composition!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Hold what passes the meter from some moment on, once the pipe has settled."""

    since: float
    """Bench time from which it holds, s."""
    flow: float
    """Volume flow at the meter, m³/s; 0 with all nozzles shut."""
    gas: State
    """Properties at the meter."""
    viscosity: float
    """Dynamic viscosity at the meter, Pa s."""


class NozzleRig(Port):
    """Join supply, meter, nozzles and transmitters."""

    parameters_type = RigGas

    def __init__(self, parameters: RigGas, clock: Clock) -> None:
        super().__init__(parameters, clock)
        shares = dict(composition(parameters.composition))
        if parameters.methane_shift:
            shares["methane"] = shares.get("methane", 0.0) + parameters.methane_shift
            shares["ethane"] = shares.get("ethane", 0.0) - parameters.methane_shift
        self.dry: tuple[tuple[str, float], ...] = tuple(shares.items())
        """True amount fractions without water, by GERG name."""
        pressure, temperature = 1e3 * parameters.pressure_kpa, parameters.temperature_degc + KELVIN
        self.meter_pressure = Signal(pressure)
        """Absolute pressure at the meter, Pa."""
        self.meter_temperature = Signal(temperature)
        """Temperature at the meter, K."""
        self.inlet_pressure = Signal(pressure)
        """Absolute static pressure in the pipe before the nozzles, Pa."""
        self.inlet_temperature = Signal(temperature)
        """Temperature that a thermometer before the nozzles takes, K."""
        self.back_pressure = Signal(pressure)
        """Absolute pressure behind the nozzles, Pa."""
        self.mass_flow = Signal()
        """Mass flow through the nozzles, kg/s."""
        self.meter_flow = Signal()
        """Volume flow through the meter at its own pressure and temperature, m³/s."""
        self.passing: list[Passing] = []
        """What passes the meter, in order of time; written before `meter_flow`."""

    def gas(self, water: float) -> Gas:
        """Return the gas with an amount fraction of water, 1."""
        return gas(moist(self.dry, water))

    def energised(self, at: float) -> bool:
        """Tell whether gas flows."""
        return self.mass_flow.value(at) > 0.0

    def passing_at(self, at: float) -> Passing | None:
        """Return what passed the meter at a bench time; None before anything was set."""
        found = None
        for passing in self.passing:
            if passing.since > at:
                break
            found = passing
        return found
