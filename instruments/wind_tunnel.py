"""Twin of a wind tunnel with its own controller and the sensors of its test section (generic, commands invented).

The tunnel draws the air of its room: temperature, humidity and pressure of the stream follow the room, a little warmer
for the fan's losses, and at a static pressure that falls with the dynamic one. The speed approaches its target
exponentially and is never quite steady: slow waves remain that a mean over some seconds does not remove.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.noise import CountedNoise
from instruments.ports import Ambient
from instruments.ports_air import AirStream
from instruments.scpi import Boolean, Fields, Fixed, Flag, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.signal import TRANSIENT_ENDS, Pointwise
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.signal import Piece, Signal
    from instruments.twin import Surroundings

WAVES_HZ = (0.151, 0.0371, 0.00907)
"""Frequencies of the tunnel's slow waves, Hz: beyond what a probe's averaging takes away."""
SETTLED_AFTER = 7.0
"""Time constants after which the controller calls a speed settled: exp(-7) is less than 0.1 % of the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a tunnel."""

    serial: str = "TWIN-0001"
    """Serial number."""
    largest_speed_m_per_s: float = 50.0
    """Largest speed that may be asked for, m/s."""
    speed_error: float = 0.0
    """Relative error of the speed that the controller keeps, 1."""
    indication_error: float = 0.0
    """Relative error of the controller's own indicated speed, 1."""
    unsteadiness: float = 5e-4
    """Relative standard deviation of the slow waves of the speed, 1."""
    time_constant_s: float = 3.0
    """Time constant of the approach to a new speed, s."""
    warming_k: float = 0.3
    """Temperature of the stream above the room's, K."""
    static_coefficient: float = 0.02
    """Fall of the static pressure below the room's, by the dynamic pressure, 1."""
    temperature_error_k: float = 0.0
    """Error of the test section's thermometer, K."""
    pressure_error_pa: float = 0.0
    """Error of the test section's barometer, Pa."""
    humidity_error_percent: float = 0.0
    """Error of the test section's hygrometer, % relative humidity."""

    def __post_init__(self) -> None:
        for name in ("largest_speed_m_per_s", "time_constant_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


TEMPERATURE, PRESSURE, HUMIDITY = Fixed(2), Fixed(1), Fixed(1)


class WindTunnel(ScpiInstrument[Parameters]):
    """Be the tunnel: fan, controller, sensors. The true speed is on the port."""

    identity = Identity(manufacturer="caltwin", model="WT-50", firmware="1.0")
    commands = (
        Setting(
            "[SOURce:]SPEed",
            Numeric(low=0.0, high="largest_speed", default=0.0, reply=Fixed(3)),
            attribute="target",
            doc="Speed that the controller keeps, m/s; *OPC tells when it is settled.",
        ),
        Setting("FAN[:STATe]", Boolean(default=False, reply=Flag()), attribute="fan", doc="Fan on or off."),
        Query("SPEed:SETTled?", method="settled", reply=Flag(), doc="Whether the speed is settled."),
        Query(
            "MEASure:SPEed?", method="indicated_speed", reply=Fixed(3), doc="Indicated speed of the last second, m/s."
        ),
        Query("MEASure:TEMPerature?", method="temperature", reply=TEMPERATURE, doc="Temperature of the stream, °C."),
        Query("MEASure:PRESsure?", method="pressure", reply=PRESSURE, doc="Static pressure in the test section, Pa."),
        Query("MEASure:HUMidity?", method="humidity", reply=HUMIDITY, doc="Relative humidity of the stream, %."),
        Query(
            "MEASure:AIR?",
            method="sensed_air",
            reply=Fields((TEMPERATURE, PRESSURE, HUMIDITY)),
            doc="Temperature (°C), static pressure (Pa), relative humidity (%).",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the tunnel at power-on: fan off, no speed asked for."""
        super().__init__(parameters, surroundings)
        p = parameters
        self.stream = surroundings.port("stream", AirStream)
        room = surroundings.port("ambient", Ambient)
        self.largest_speed = p.largest_speed_m_per_s
        noise = CountedNoise(surroundings.rng)
        amplitude = p.unsteadiness * math.sqrt(2.0 / len(WAVES_HZ))
        self._phases = [2.0 * math.pi * noise.uniform(index) for index in range(len(WAVES_HZ))]
        self._amplitude = amplitude
        stream = self.stream
        stream.temperature = Pointwise(lambda t: algebra.add(t, algebra.constant(p.warming_k)), room.temperature)
        stream.humidity = room.humidity
        drop = -0.6e-3 * p.static_coefficient  # kPa per m²/s² at 1.2 kg/m³: the coefficient itself is no better known
        stream.pressure = Pointwise(lambda k, v: algebra.add(k, algebra.scale(v, drop)), room.pressure, stream.square)
        self._target = 0.0
        self._fan = False
        self._settling: Operation | None = None
        self._level = 0.0

    # -- speed --------------------------------------------------------------------------------------------------------

    @property
    def target(self) -> float:
        """Speed that is asked for, m/s."""
        return self._target

    @target.setter
    def target(self, speed: float) -> None:
        self._target = speed
        self._follow()

    @property
    def fan(self) -> bool:
        """Whether the fan is on."""
        return self._fan

    @fan.setter
    def fan(self, on: bool) -> None:
        self._fan = on
        self._follow()

    @property
    def energised(self) -> bool:
        """Whether air truly moves: more than 0.5 m/s."""
        return self.stream.speed.value(self.now) > 0.5

    def _follow(self) -> None:
        """Let the speed approach what is asked for, from now on."""
        p, now = self.parameters, self.now
        level = self._target * (1.0 + p.speed_error) if self._fan else 0.0
        if level == self._level:
            return
        start = self.stream.speed.value(now) / (1.0 + algebra.value(self._waves(now), 0.0))
        self._level = level
        over = TRANSIENT_ENDS * p.time_constant_s
        moving = algebra.add(algebra.constant(level), algebra.decay(start - level, p.time_constant_s))
        pieces: list[Piece] = [
            (now, self._unsteady(moving, now)),
            (now + over, self._unsteady(algebra.constant(level), now + over)),
        ]
        self.stream.speed.replace_from(now, pieces)
        until = now + SETTLED_AFTER * p.time_constant_s
        if self._settling is not None and self._settling.pending:
            self._settling.finish_at(until)
        else:
            self._settling = self.begin("settling", until=until)

    def _waves(self, at: float) -> algebra.Terms:
        total: algebra.Terms = algebra.ZERO
        for frequency, phase in zip(WAVES_HZ, self._phases, strict=True):
            total = algebra.add(
                total, algebra.sinusoid(self._amplitude, frequency, phase + 2.0 * math.pi * frequency * at)
            )
        return total

    def _unsteady(self, level: algebra.Terms, at: float) -> algebra.Terms:
        return algebra.add(level, algebra.multiply(level, self._waves(at)))

    def settled(self) -> bool:
        """Tell whether the speed is settled."""
        return self._settling is None or not self._settling.pending

    def reset(self) -> None:
        """Go to the state of *RST: fan off, no speed asked for."""
        self._target, self._fan = 0.0, False
        self._follow()

    # -- what it measures itself --------------------------------------------------------------------------------------

    def _mean(self, signal: Signal) -> float:
        return signal.mean(max(0.0, self.now - 1.0), self.now)

    def indicated_speed(self) -> float:
        """Return the speed as the controller indicates it, m/s."""
        return self._mean(self.stream.speed) * (1.0 + self.parameters.indication_error)

    def temperature(self) -> float:
        """Return the temperature of the stream, °C."""
        return self._mean(self.stream.temperature) + self.parameters.temperature_error_k

    def pressure(self) -> float:
        """Return the static pressure of the test section, Pa."""
        return 1e3 * self._mean(self.stream.pressure) + self.parameters.pressure_error_pa

    def humidity(self) -> float:
        """Return the relative humidity of the stream, %."""
        return min(max(self._mean(self.stream.humidity) + self.parameters.humidity_error_percent, 0.0), 100.0)

    def sensed_air(self) -> tuple[float, float, float]:
        """Return temperature (°C), static pressure (Pa) and relative humidity (%)."""
        return self.temperature(), self.pressure(), self.humidity()


twin = Kind(
    parameters=Parameters,
    ports={"stream": AirStream, "ambient": Ambient},
    optional_ports=frozenset({"ambient"}),
    build=WindTunnel,
)
"""What a station builds by `twin: wind_tunnel`."""
