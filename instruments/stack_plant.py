"""Twin of a power plant as its control room shows it: load on request, state of the stack gas (generic, invented).

The load is never steady: the mean speed in the stack follows a random walk that is drawn back to the load asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.noise import CountedNoise
from instruments.ports_stack import Stack
from instruments.scpi import Fields, Fixed, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.signal import Piece
    from instruments.twin import Surroundings

STEP_S = 60.0
"""Time between two corners of the walk, s."""
HORIZON_S = 6 * 3600.0
"""How far ahead the walk is laid at each change of load, s; beyond, the load stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a plant."""

    serial: str = "TWIN-0001"
    """Serial number."""
    full_speed_m_per_s: float = 18.0
    """Mean axial speed in the stack at full load, m/s."""
    unsteadiness: float = 0.01
    """Relative standard deviation of the walk, 1."""
    memory_s: float = 600.0
    """Time after which the walk has forgotten where it was, s."""
    ramp_percent_per_min: float = 3.0
    """Rate at which the load changes, % of full load per minute."""
    temperature_error_k: float = 0.0
    """Error of the plant's thermometer, K."""
    pressure_error_pa: float = 0.0
    """Error of the plant's transmitter of static pressure, Pa."""
    water_error: float = 0.0
    """Error of the water fraction, 1."""
    co2_error: float = 0.0
    """Error of the CO2 fraction, 1."""
    o2_error: float = 0.0
    """Error of the O2 fraction, 1."""

    def __post_init__(self) -> None:
        for name in ("full_speed_m_per_s", "memory_s", "ramp_percent_per_min"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class StackPlant(ScpiInstrument[Parameters]):
    """Be the control room."""

    identity = Identity(manufacturer="caltwin", model="DCS-1", firmware="1.0")
    commands = (
        Setting(
            "LOAD",
            Numeric(low=30.0, high=100.0, default=100.0, reply=Fixed(1)),
            attribute="load",
            doc="Load asked for, % of full load; *OPC tells when it is reached.",
        ),
        Query(
            "GAS?",
            method="gas",
            reply=Fields((Fixed(2), Fixed(1), Fixed(5), Fixed(5), Fixed(5))),
            doc="Temperature (K), static pressure (Pa), water (wet), CO2 and O2 (dry) as fractions.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the plant at full load."""
        super().__init__(parameters, surroundings)
        self.stack = surroundings.port("stack", Stack)
        self._noise = CountedNoise(surroundings.rng)
        self._load = 100.0
        self._changes = 0
        self._lay(0.0, 100.0)

    @property
    def load(self) -> float:
        """Load asked for, %."""
        return self._load

    @load.setter
    def load(self, load: float) -> None:
        if load == self._load:
            return
        duration = 60.0 * abs(load - self._load) / self.parameters.ramp_percent_per_min
        self._lay(self.now, load, duration)
        self._load = load
        self.begin("load", until=self.now + duration)

    def reset(self) -> None:
        """Do nothing: no *RST moves a power plant."""

    def _lay(self, now: float, load: float, ramp_s: float = 0.0) -> None:
        """Lay the speed from now on: a ramp to the load, then its walk."""
        p, level = self.parameters, self.parameters.full_speed_m_per_s * load / 100.0
        pieces: list[Piece] = []
        walk, keep = 0.0, math.exp(-STEP_S / p.memory_s)
        shock = p.unsteadiness * math.sqrt(1.0 - keep * keep)
        at, here = now, self.stack.speed.value(now) if ramp_s else level
        if ramp_s:
            pieces.append((at, algebra.line(here, (level - here) / ramp_s)))
            at, here = now + ramp_s, level
        self._changes += 1
        for i in range(round(HORIZON_S / STEP_S)):
            walk = keep * walk + shock * self._noise.normal((self._changes << 16) + i)
            there = level * (1.0 + walk)
            pieces.append((at, algebra.line(here, (there - here) / STEP_S)))
            at, here = at + STEP_S, there
        pieces.append((at, algebra.constant(here)))
        self.stack.speed.replace_from(now, pieces)

    def gas(self) -> tuple[float, float, float, float, float]:
        """Return temperature (K), static pressure (Pa), water (wet), CO2 and O2 (dry)."""
        p, gas = self.parameters, self.stack.parameters
        return (
            gas.temperature_k + p.temperature_error_k,
            gas.pressure_pa + p.pressure_error_pa,
            gas.water + p.water_error,
            gas.co2 + p.co2_error,
            gas.o2 + p.o2_error,
        )


twin = Kind(parameters=Parameters, ports={"stack": Stack}, build=StackPlant)
"""What a station builds by `twin: stack_plant`."""
