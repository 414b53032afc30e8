"""What a cavity ring-down analyser makes of the gas in its cavity: hidden truth, response, drift and noise.

    dry gas, water ─> wet gas ─> absorption (line strength, broadening, cavity pressure) ─> ring-down rates ─> fitted ─>
      ─> raw amount fraction (gain, zero, bow) + slow noise + room temperature + warm-up + inlet pressure + fit noise

The twin of a whole analyser (`analyser_crds`) adds the way of the gas, the water correction and the commands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from instruments.analyser_crds_commands import COMPONENTS
from instruments.gas_sensor import Draws
from instruments.ring_down import LIGHT_M_PER_S, Cavity, PressureBias, WaterEffect
from instruments.slow_noise import SlowNoise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PARTS = np.array([1e6, 1e9, 1e9])
"""Units of the components per mol/mol: µmol/mol, nmol/mol, nmol/mol."""
LOW, HIGH = np.array([360.0, 1700.0, 310.0]), np.array([480.0, 2300.0, 350.0])
"""Ends of the range over which `bow` is stated, in the units of the components."""
PRESSURE_KPA, TEMPERATURE_DEGC = 18.665, 45.0
"""Set points of the cavity: 140 Torr and 45 °C, as public analysis code of such analysers has them."""
COLD_K = 20.0
"""How far the cavity is below its set point at power-on, K."""
LOCKED_K = 0.005
"""How near the cavity must be to its set point to be ready, K."""
REFERENCE_DEGC, REFERENCE_KPA = 23.0, 101.0
"""Room temperature and inlet pressure to which the true error refers."""
COLD_EFFECT_PER_K = 1e-4
"""Relative change of all readings while the cavity warms up, 1/K."""


def _each(co2: float, ch4: float, n2o: float) -> dict[str, float]:
    return dict(zip(COMPONENTS, (co2, ch4, n2o), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of an analyser; tables have one entry per component."""

    serial: str = "TWIN-0001"
    """Serial number."""
    gain_error: dict[str, float] = field(default_factory=lambda: _each(0.0, 0.0, 0.0))
    """Relative error of the line strength in the firmware, 1."""
    zero_error: dict[str, float] = field(default_factory=lambda: _each(0.0, 0.0, 0.0))
    """Error at zero, µmol/mol or nmol/mol."""
    bow: dict[str, float] = field(default_factory=lambda: _each(0.0, 0.0, 0.0))
    """Deviation from the straight line in the middle of the range, µmol/mol or nmol/mol."""
    strength_per_m: dict[str, float] = field(default_factory=lambda: _each(0.05, 6.0, 37.0))
    """Absorption coefficient per amount fraction of 1 at the cavity's set point, 1/m."""
    fit_noise: float = 1.3e-5
    """Relative standard deviation of a ring-down rate fitted over one second, 1."""
    flicker: dict[str, float] = field(default_factory=lambda: _each(0.0012, 0.02, 0.0025))
    """Standard deviation of each of the flicker processes (`slow_noise`), µmol/mol or nmol/mol."""
    walk_per_sqrt_h: dict[str, float] = field(default_factory=lambda: _each(0.003, 0.03, 0.004))
    """Standard deviation of the random walk after one hour, µmol/mol or nmol/mol."""
    temperature_per_k: dict[str, float] = field(default_factory=lambda: _each(0.0, 0.0, 0.0))
    """Relative change of the reading per kelvin of the room, behind the cavity's thermal lag, 1/K."""
    inlet_per_kpa: dict[str, float] = field(default_factory=lambda: _each(0.0, 0.0, 0.0))
    """Change of the reading with the inlet pressure, from 101 kPa, µmol/mol or nmol/mol per kPa."""
    water_linear: dict[str, float] = field(default_factory=lambda: _each(-0.0120, -0.00982, -0.0105))
    """a of c_wet/c_dry = 1 + a H + b H², 1/%; recalled for CO2 and CH4, assumed for N2O."""
    water_quadratic: dict[str, float] = field(default_factory=lambda: _each(-2.67e-4, -2.39e-4, -2.0e-4))
    """b, 1/%²; likewise."""
    pressure_per_kpa: dict[str, float] = field(default_factory=lambda: _each(-9.04e-3, -3.02e-2, -9.0e-3))
    """Relative change of the reading with the true cavity pressure, 1/kPa: -0.471 µmol/mol per Torr at 391 µmol/mol and
    -8.09 nmol/mol per Torr at 2011 nmol/mol stand in public analysis code; N2O is assumed."""
    pressure_shift_kpa: float = 0.0133
    """Shift of the true cavity pressure at high humidity, kPa; 0.1 Torr gives biases of 40 % of the goals."""
    pressure_scale_percent: float = 0.15
    """Humidity scale of that shift, %."""
    pressure_lag_s: float = 240.0
    """Time constant with which it comes and goes, s."""
    water_error: float = 0.0
    """Relative error of indicated water, 1."""
    water_noise_percent: float = 2e-4
    """Standard deviation of indicated water in one second, %."""
    delay_s: float = 8.0
    """Pure delay from the inlet to the cavity, s."""
    line_lag_s: float = 2.0
    """Time constant of filter and line, s."""
    cavity_lag_s: float = 4.0
    """Time constant of the exchange of the cavity's gas, s."""
    adsorbed: float = 0.004
    """Share of a change of the gases that goes through the walls, 1."""
    adsorption_s: float = 90.0
    """Time constant of the walls for the gases, s."""
    water_adsorbed: float = 0.04
    """Share of a change of water that goes through the walls, 1."""
    water_adsorption_s: float = 150.0
    """Time constant of the walls for water, s."""
    thermal_lag_s: float = 3600.0
    """Time constant with which the cavity feels the room, s."""
    warm_up_s: float = 300.0
    """Time constant of the warm-up, s."""
    mirror_loss: float = 2.08e-5
    """Loss of the mirrors per pass, 1."""
    initial_slope: dict[str, float] = field(default_factory=lambda: _each(1.0, 1.0, 1.0))
    """Slope of the calibration function at delivery, 1."""

    def __post_init__(self) -> None:
        for name, table in (
            (name, getattr(self, name))
            for name in Parameters.__dataclass_fields__
            if isinstance(getattr(self, name), dict)
        ):
            if set(table) != set(COMPONENTS):
                raise ValueError(f"{name} must have one number for each of {', '.join(COMPONENTS)}, got {table}")
        for name in ("pressure_scale_percent", "pressure_lag_s", "thermal_lag_s", "warm_up_s", "mirror_loss"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("fit_noise", "water_noise_percent"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}")


class Response:
    """Be the optics, the firmware's fit and their drift; amount fractions are in the components' units."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        """Build them.

        Args:
            parameters: the analyser's.
            rng: its random generator.
        """
        p = self.parameters = parameters
        self.cavity = Cavity(mirror_loss=p.mirror_loss)
        self.bias = PressureBias(
            largest_kpa=p.pressure_shift_kpa, scale_percent=p.pressure_scale_percent, lag_s=p.pressure_lag_s
        )
        self._effects = tuple(
            WaterEffect(
                linear=p.water_linear[c],
                quadratic=p.water_quadratic[c],
                pressure_sensitivity_per_kpa=p.pressure_per_kpa[c],
            )
            for c in COMPONENTS
        )
        self._white = [Draws(rng) for _ in range(len(COMPONENTS) + 1)]
        self._slow = SlowNoise(rng, table(p.flicker), table(p.walk_per_sqrt_h) / math.sqrt(3600.0))
        # Two rates are fitted, on the line and off it.
        rate = math.sqrt(2.0) * p.fit_noise * self.cavity.empty_rate
        self._fit_noise = rate / LIGHT_M_PER_S / table(p.strength_per_m) * PARTS
        self._per_kelvin, self._per_kpa = table(p.temperature_per_k), table(p.inlet_per_kpa)
        self._zero, self._bow = table(p.zero_error), table(p.bow)

    def respond(self, dry: Array, water_percent: Array, shift_kpa: Array) -> Array:
        """Return raw amount fractions without noise, drift and inlet effect, (n, 3).

        Args:
            dry: dry amount fractions as the lines see them, in the components' units, (n, 3).
            water_percent: water in the cavity, %, (n,).
            shift_kpa: shift of the cavity pressure, kPa, (n,).
        """
        p = self.parameters
        raw = np.empty_like(dry)
        for place, (component, effect) in enumerate(zip(COMPONENTS, self._effects, strict=True)):
            wet = dry[:, place] / PARTS[place] * (1.0 - water_percent / 100.0)
            strength = p.strength_per_m[component]
            absorption = (
                strength
                * wet
                * effect.broadening(water_percent)
                * (1.0 + effect.pressure_sensitivity_per_kpa * shift_kpa)
            )
            fitted = self.cavity.absorption(
                self.cavity.rate(absorption), np.full(absorption.size, self.cavity.empty_rate)
            )
            raw[:, place] = PARTS[place] * fitted / (strength / (1.0 + p.gain_error[component]))
        share = (raw - LOW) / (HIGH - LOW)
        return np.asarray(raw + self._zero + 4.0 * self._bow * share * (1.0 - share))

    def noise(self, first: int, last: int) -> Array:
        """Return the fit noise of the records first..last, (n, 3)."""
        draws = np.column_stack([white.between(first, last) for white in self._white[:-1]])
        return np.asarray(draws * self._fit_noise)

    def water_noise(self, first: int, last: int) -> Array:
        """Return the noise of indicated water in the records first..last, %, (n,)."""
        return np.asarray(self.parameters.water_noise_percent * self._white[-1].between(first, last))

    def cold(self, since_power_on: Array) -> Array:
        """Return how far the cavity is below its set point, K, at times since power-on, s."""
        return np.asarray(COLD_K * np.exp(-np.maximum(since_power_on, 0.0) / self.parameters.warm_up_s))

    def drift(self, at: Array, room_degc: Array, on_since: float) -> Array:
        """Return what slow noise, room and warm-up add; relative parts are taken at the middle of the range, (n, 3).

        Args:
            at: bench times in order, s, (n,).
            room_degc: temperature of the room as the cavity feels it, °C, (n,).
            on_since: bench time of power-on, s.
        """
        relative = (room_degc - REFERENCE_DEGC)[:, None] * self._per_kelvin
        relative = relative - self.cold(at - on_since)[:, None] * COLD_EFFECT_PER_K
        return np.asarray(self._slow.values(at) + relative * (0.5 * (LOW + HIGH)))

    def inlet(self, pressure_kpa: Array) -> Array:
        """Return what the inlet pressure adds, (n, 3)."""
        return np.asarray((pressure_kpa - REFERENCE_KPA)[:, None] * self._per_kpa)


def table(numbers: dict[str, float]) -> Array:
    """Return one number per component, (3,)."""
    return np.array([numbers[component] for component in COMPONENTS])
