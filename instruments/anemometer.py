"""Twin of an anemometer under test: cup, vane or hot wire (generic; the commands are invented).

    cup, vane    v_i = v(1 + g) + a - f/v + o·Tu²·v, with a starting speed above the speed at which it stops
    hot wire     E² = (A + B (ρv)^n)(T_w - T_a), turned back by constants and a temperature that are not quite right

It stands in the stream and narrows it: the air at its place is faster by its blockage, and differs from the air at the
reference tube by the gradient of the section and by a slow unrest of each setting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.noise import CountedNoise
from instruments.ports_air import AirStream
from instruments.scpi import (
    Event,
    Fixed,
    Identity,
    Numeric,
    Query,
    Raw,
    ScpiError,
    ScpiInstrument,
    WhenComplete,
)
from instruments.signal import LowPass
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.signal import Signal
    from instruments.twin import Surroundings

KELVIN = 273.15
KING_A, KING_B, KING_N = 1.0, 0.8, 0.45
"""King's law of the hot wire as it was calibrated, in arbitrary units."""
WIRE_K = 523.15
"""Temperature of the wire, K."""
CALIBRATED_K = 293.15
"""Temperature at which the wire was calibrated, K."""
CALIBRATED_DENSITY = 1.2
"""Density at which it was calibrated, kg/m³."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the markings and the hidden truth of an anemometer."""

    serial: str = "TWIN-0001"
    """Serial number."""
    principle: Literal["cup", "vane", "hot_wire"] = "vane"
    """Kind of anemometer."""
    gain_error: float = 0.0
    """Relative error of the indication, 1."""
    offset_m_per_s: float = 0.0
    """Error of the indication that does not depend on speed, m/s."""
    friction: float = 0.0
    """Cup and vane: speed lost to friction times speed, m²/s²."""
    overspeed: float = 0.0
    """Cup: relative gain by the square of the turbulence intensity, 1."""
    starting_speed_m_per_s: float = 0.3
    """Cup and vane: speed at which a wheel at rest begins to turn, m/s."""
    stopping_speed_m_per_s: float = 0.2
    """Cup and vane: speed at which a turning wheel stops, m/s."""
    compensation: float = 1.0
    """Hot wire: share of a change of the air's temperature that its compensation takes away, 1."""
    exponent_error: float = 0.0
    """Hot wire: relative error of the exponent by which it turns its signal back, 1."""
    time_constant_s: float = 1.0
    """Time constant of the wheel, or of the display of a hot wire, s."""
    position_m: float = 0.0
    """Place on the axis, downstream of the reference position, m."""
    blockage: float = 0.0
    """Relative rise of the speed at its place because it narrows the section, 1."""
    place_unrest: float = 0.0
    """Relative standard deviation, from one setting of the tunnel to the next, of the speed at its place, 1."""
    noise_m_per_s: float = 0.0
    """Standard deviation of one mean beside the turbulence, m/s."""

    def __post_init__(self) -> None:
        if not self.time_constant_s > 0.0:
            raise ValueError(f"time_constant_s must be above 0 s, got {self.time_constant_s}")
        if not 0.0 <= self.stopping_speed_m_per_s <= self.starting_speed_m_per_s:
            raise ValueError(
                "stopping_speed_m_per_s must lie in 0..starting_speed_m_per_s, got "
                f"{self.stopping_speed_m_per_s} and {self.starting_speed_m_per_s}"
            )


class Anemometer(ScpiInstrument[Parameters]):
    """Be the anemometer; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="AN-1", firmware="1.0")
    commands = (
        Query("MEASure:SPEed?", method="speed_now", reply=Fixed(2), doc="Speed, mean of the last second, m/s."),
        Event(
            "INITiate",
            method="initiate",
            parameters=(Numeric(name="duration", unit="S", low=1.0, high=600.0),),
            doc="Begin a mean over a time.",
        ),
        Query("FETCh?", method="fetch", reply=Fixed(2), doc="The mean, when its time is over, m/s."),
        Query("NAMeplate:PRINciple?", method="principle", reply=Raw(), doc="Kind of anemometer."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the anemometer into the stream, at rest."""
        super().__init__(parameters, surroundings)
        self.stream = surroundings.port("stream", AirStream)
        self._noise = CountedNoise(surroundings.rng)
        self._places = CountedNoise(surroundings.rng)
        self._followed: Signal = LowPass(self.stream.speed, parameters.time_constant_s)
        self._settings = [0.0]  # bench times at which the tunnel was set anew
        self._turning = False
        self._window: tuple[float, float] | None = None
        self.stream.speed.listeners.append(self._set_anew)

    def reset(self) -> None:
        """Go to the state of *RST: nothing measured."""
        for operation in tuple(self.operations):
            operation.cancel()
        self._window = None

    def _set_anew(self) -> None:
        self._turn(self.now)  # the wheel remembers what it reached before
        self._settings.append(self.now)

    # -- the air at its place -----------------------------------------------------------------------------------------

    def _place(self, at: float) -> float:
        """Return the speed at its place by that at the reference position, 1."""
        p = self.parameters
        index = sum(begun <= at for begun in self._settings)
        here = 1.0 + p.place_unrest * self._places.normal(index)
        return self.stream.gain(p.position_m) * (1.0 + p.blockage) * here

    def _turn(self, at: float) -> bool:
        """Return whether the wheel turns, and remember it."""
        speed = self._followed.value(at) * self._place(at)
        limit = self.parameters.stopping_speed_m_per_s if self._turning else self.parameters.starting_speed_m_per_s
        self._turning = speed >= limit
        return self._turning

    # -- indication ---------------------------------------------------------------------------------------------------

    def indication(self, speed: float, at: float) -> float:
        """Return what is indicated at a steady speed (m/s) in the air of a bench time, m/s; a wheel turns."""
        p = self.parameters
        if speed <= 0.0:
            return 0.0
        if p.principle == "hot_wire":
            speed = self._by_king(speed, self.stream.temperature.value(at) + KELVIN, self.stream.density(at))
            return speed * (1.0 + p.gain_error) + p.offset_m_per_s
        turbulence = self.stream.parameters.turbulence
        lost = p.friction / speed
        gained = p.overspeed * turbulence**2 * speed if p.principle == "cup" else 0.0
        return max(0.0, speed * (1.0 + p.gain_error) + p.offset_m_per_s - lost + gained)

    def _by_king(self, speed: float, air_k: float, density: float) -> float:
        p = self.parameters
        flux = speed * density / CALIBRATED_DENSITY
        square = (KING_A + KING_B * math.pow(flux, KING_N)) * (WIRE_K - air_k)
        assumed = CALIBRATED_K + p.compensation * (air_k - CALIBRATED_K)
        cooled = max(0.0, square / (WIRE_K - assumed) - KING_A) / KING_B
        return math.pow(cooled, 1.0 / (KING_N * (1.0 + p.exponent_error)))

    def true_error(self, at: float = 0.0, since: float | None = None, **_: object) -> float:
        """Return the true error of indication over a time, m/s, at the speed that was there.

        Args:
            at: bench time of its end, s.
            since: bench time of its begin, s; None for the end alone.
        """
        speed = self.stream.speed.mean(at if since is None else since, at) * self._place(at)
        return self.indication(speed, at) - speed

    def _mean(self, start: float, stop: float) -> float:
        p = self.parameters
        speed = self._followed.mean(start, stop) * self._place(stop)
        if p.principle != "hot_wire" and not self._turn(stop):
            return 0.0
        draw = self._noise.normal(round(stop * 1e6))
        spread = math.hypot(p.noise_m_per_s, self.stream.unrest(start, stop) * speed) if speed > 0.0 else 0.0
        return max(0.0, self.indication(speed, stop) + spread * draw)

    def speed_now(self) -> float:
        """Return the mean of the last second, m/s."""
        return self._mean(max(0.0, self.now - 1.0), self.now)

    def initiate(self, duration: float) -> None:
        """Begin a mean.

        Raises:
            ScpiError: -213, one is being taken.
        """
        if self.operations:
            raise ScpiError(-213)
        self._window = self.now, self.now + duration
        self.begin("mean", until=self.now + duration)

    def fetch(self) -> WhenComplete:
        """Return the mean when it is complete.

        Raises:
            ScpiError: -230, none was begun.
        """
        if self._window is None:
            raise ScpiError(-230)
        return WhenComplete(self._fetched)

    def _fetched(self) -> float:
        if self._window is None:
            raise ScpiError(-230)
        return self._mean(*self._window)

    def principle(self) -> str:
        """Return the kind of anemometer."""
        return self.parameters.principle


twin = Kind(parameters=Parameters, ports={"stream": AirStream}, build=Anemometer)
"""What a station builds by `twin: anemometer`."""
