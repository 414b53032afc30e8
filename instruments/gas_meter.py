"""Twin of a gas meter under test: turbine, rotary or ultrasonic, with a pulse output and a few indications.

Its pulses are the integral of true volume flow times error curve; slow unrest of the flow (swirl, large eddies) makes
runs differ. An ultrasonic meter also indicates velocity and speed of sound of its paths. The commands are those of no
real meter (generic, invented).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.gas_meter_curves import Curve, Principle
from instruments.noise import CountedNoise
from instruments.ports import PulseLine
from instruments.ports_nozzle_rig import NozzleRig
from instruments.scpi import Fixed, General, Identity, Query, Raw, ScpiError, ScpiInstrument
from instruments.signal import Accumulated, Signal
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.twin import Surroundings

UNREST_S = (31.7, 83.3, 211.0)
"""Periods of the slow unrest of the indication, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the nameplate and the hidden truth of a meter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    principle: Principle = "turbine"
    """Kind of meter."""
    accuracy_class: str = "1.0"
    """Accuracy class as marked."""
    largest_flow_m3_per_h: float = 400.0
    """q_max, m³/h."""
    pulses_per_m3: float = 3000.0
    """Pulses of the output per m³."""
    bore_mm: float = 100.0
    """Diameter of the meter's tube, mm."""
    gain_error: float = 0.0
    """Relative error without dependence on flow, 1."""
    linear_error: float = 0.0
    """Relative error added at q_max in proportion to the flow, 1."""
    friction: float = 0.0
    """Relative error lost to bearings (turbine, at q_max in air of 1.2 kg/m³) or gaps (rotary, at q_max), 1."""
    profile_error: float = 0.0
    """Relative error of an ultrasonic meter per decade of Reynolds number, 1."""
    zero_m_per_s: float = 0.0
    """Velocity that an ultrasonic meter indicates at rest, m/s."""
    sound_error: float = 0.0
    """Relative error of the speed of sound that an ultrasonic meter indicates, 1."""
    unrest: float = 0.0
    """Relative standard deviation of the slow unrest of the indication, 1."""
    residue: float = 0.0
    """Share of a pulse in the accumulator at bench time 0, 0 to 1."""

    def __post_init__(self) -> None:
        for name in ("largest_flow_m3_per_h", "pulses_per_m3", "bore_mm"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0.0 <= self.residue < 1.0:
            raise ValueError(f"residue must lie in 0..1, got {self.residue}")


class VolumePulses:
    """Give a pulse for each quantum of indicated volume."""

    def __init__(self, flow: Signal, per_m3: float, residue: float) -> None:
        """Follow a flow (m³/s) with a number of pulses per m³."""
        self.volume = Accumulated(flow)
        """Indicated volume since bench time 0, m³."""
        self._flow, self._per_m3, self._residue = flow, per_m3, residue
        self._edges: dict[int, float] = {}  # a counter asks for the same edge several times
        flow.listeners.append(self._edges.clear)

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time."""
        return math.floor(self.volume.value(at) * self._per_m3 + self._residue + 1e-9)

    def edge(self, index: int) -> float:
        """Return the bench time of an edge, s; infinite if none is to come as things stand."""
        known = self._edges.get(index)
        if known is None:
            known = self._edges[index] = self.volume.time_of((index + 1.0 - self._residue) / self._per_m3)
        return known

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""
        self._flow.listeners.append(listener)


class GasMeter(ScpiInstrument[Parameters]):
    """Be the meter; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="GM-1", firmware="1.0")
    commands = (
        Query("MEASure:FLOW?", method="flow", reply=Fixed(4), doc="Indicated flow of the last second, m³/h."),
        Query("MEASure:VOLume?", method="volume", reply=Fixed(4), doc="Indicated volume since power-on, m³."),
        Query("MEASure:VELocity?", method="velocity", reply=Fixed(5), doc="Path velocity of the last second, m/s."),
        Query("MEASure:SOUNd?", method="sound", reply=Fixed(3), doc="Speed of sound of the paths, m/s."),
        Query("NAMeplate:CLASs?", method="accuracy_class", reply=Raw(), doc="Accuracy class."),
        Query("NAMeplate:PULSes?", method="constant", reply=General(), doc="Pulses per m³."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the meter into its pipe and connect the pulse output."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._rig = surroundings.port("rig", NozzleRig)
        self.curve = Curve(
            principle=p.principle,
            largest_flow=p.largest_flow_m3_per_h / 3600.0,
            gain=p.gain_error,
            linear=p.linear_error,
            friction=p.friction,
            profile=p.profile_error,
            zero_m_per_s=p.zero_m_per_s,
            bore_m=p.bore_mm / 1e3,
        )
        """The true error curve."""
        noise = CountedNoise(surroundings.rng)
        self._phases = [2.0 * math.pi * noise.uniform(index) for index in range(len(UNREST_S))]
        self._indicated = Signal()  # m³/s
        self._rig.meter_flow.listeners.append(self._follow)
        self.pulses = VolumePulses(self._indicated, p.pulses_per_m3, p.residue)
        surroundings.port("pulses", PulseLine).connect(self.pulses)
        if self._rig.passing:
            self._follow()

    def _follow(self) -> None:
        """Let the indicated flow follow the true one from now on."""
        passing = self._rig.passing[-1]
        now = self.now
        if not passing.flow:
            self._indicated.replace_from(now, [(now, algebra.ZERO)])
            return
        factor = 1.0 + self.curve.error(passing.flow, passing.gas.density, passing.viscosity)
        amplitude = passing.flow * self.parameters.unrest * math.sqrt(2.0 / len(UNREST_S))
        pieces = []
        for start, terms in self._rig.meter_flow.pieces_from(now):
            course = algebra.scale(terms, factor)
            for period, phase in zip(UNREST_S, self._phases, strict=True):
                wave = algebra.sinusoid(amplitude, 1.0 / period, phase + 2.0 * math.pi * start / period)
                course = algebra.add(course, wave)
            pieces.append((start, course))
        self._indicated.replace_from(now, pieces)

    def true_error(self, at: float = 0.0, **_: object) -> float:
        """Return the true relative error of the flow that passed the meter at a bench time, 1.

        Raises:
            ValueError: nothing passed it then.
        """
        passing = self._rig.passing_at(at)
        if passing is None or not passing.flow:
            raise ValueError(f"nothing passes the meter at {at:g} s: no true error")
        return self.curve.error(passing.flow, passing.gas.density, passing.viscosity)

    def _mean(self) -> float:
        return self._indicated.mean(max(0.0, self.now - 1.0), self.now)

    def flow(self) -> float:
        """Return the indicated flow, m³/h."""
        return self._mean() * 3600.0

    def volume(self) -> float:
        """Return the indicated volume, m³."""
        return self.pulses.volume.value(self.now)

    def _paths(self) -> None:
        if self.parameters.principle != "ultrasonic":
            raise ScpiError(-221)

    def velocity(self) -> float:
        """Return the velocity of the paths, m/s; without flow its zero error."""
        self._paths()
        flow = self._mean()
        bore = math.pi / 4.0 * self.curve.bore_m**2
        return flow / bore if flow else self.parameters.zero_m_per_s

    def sound(self) -> float:
        """Return the speed of sound that the paths indicate, m/s."""
        self._paths()
        passing = self._rig.passing_at(self.now)
        if passing is None:
            raise ScpiError(-230)
        return passing.gas.sound_speed * (1.0 + self.parameters.sound_error)

    def accuracy_class(self) -> str:
        """Return the accuracy class as marked."""
        return self.parameters.accuracy_class

    def constant(self) -> float:
        """Return the pulses per m³."""
        return self.parameters.pulses_per_m3


twin = Kind(parameters=Parameters, ports={"rig": NozzleRig, "pulses": PulseLine}, build=GasMeter)
"""What a station builds by `twin: gas_meter`."""
