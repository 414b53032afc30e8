"""Twin of a flow meter under test with pulse output: electromagnetic, ultrasonic or turbine.

The pulse output is what a bench uses. The SCPI interface stands for the meter's display and its service interface; the
commands are those of no real meter ("generic meter", invented). Error curves: `instruments.flow_curves`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from instruments import terms as algebra
from instruments.flow_curves import Curve, Principle
from instruments.flow_pulses import VolumePulses
from instruments.noise import CountedNoise
from instruments.ports import PulseLine
from instruments.ports_water import WaterPipe
from instruments.scpi import Command, Fixed, General, Identity, Query, ScpiInstrument
from instruments.signal import Derived
from instruments.twin import Kind
from instruments.water import reynolds

if TYPE_CHECKING:
    from instruments.signal import Piece, Signal
    from instruments.twin import Surroundings

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the nameplate and the hidden truth of a meter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    principle: Principle = "electromagnetic"
    """What it works by."""
    diameter_mm: float = 200.0
    """Inner diameter, mm."""
    maximum_flow_m3_per_h: float = 1000.0
    """Largest flow, m³/h; half of it is the reference flow of the error curve."""
    pulses_per_m3: float = 1000.0
    """K-factor as marked, 1/m³."""
    gain_error: float = 0.0
    """Relative error at the reference flow, 1."""
    zero_m3_per_h: float = 0.0
    """Offset of the flow, m³/h (not of a turbine)."""
    profile_rest: float = 0.0
    """Share of the effect of the velocity profile that is not corrected, 1 (not of an electromagnetic meter)."""
    drag: float = 0.0
    """Relative error by friction at a tenth of the reference flow, 1 (turbine)."""
    wander_l: float = 0.0
    """Standard deviation of the volume of one run, whatever its size, l."""
    residue: float = 0.0
    """Share of a pulse that stood in the output at bench time 0, 0 to 1."""
    low_flow_cut_off_m3_per_h: float = 0.0
    """Flow below which nothing is indicated, m³/h."""

    def __post_init__(self) -> None:
        for name in ("diameter_mm", "maximum_flow_m3_per_h", "pulses_per_m3"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not (self.wander_l >= 0.0 and 0.0 <= self.residue <= 1.0):
            raise ValueError(f"wander_l must not be below 0, residue lie in 0 to 1: {self.wander_l}, {self.residue}")


class _Rate(Derived):
    """Follow the flow by the error curve: pulses per second."""

    __slots__ = ("_meter",)

    def __init__(self, meter: FlowMeter, flow: Signal) -> None:
        self._meter = meter
        super().__init__(flow)

    def derive(self, at: float) -> list[Piece]:
        """Take the error at the mean of each piece; within a piece the flow hardly moves once it has settled."""
        pieces: list[Piece] = []
        for start, terms in self._inputs[0].pieces_from(at):
            pieces.append((start, algebra.scale(terms, self._meter.pulses_per_true_m3(terms, start))))
        return pieces


class FlowMeter(ScpiInstrument[Parameters]):
    """Be the meter."""

    identity = Identity(manufacturer="caltwin", model="FM-200", firmware="1.2")
    commands: ClassVar[tuple[Command, ...]] = (
        Query("MEASure:FLOW?", method="flow", reply=Fixed(5), doc="Flow, mean of a second, m³/h."),
        Query("MEASure:VOLume?", method="volume", reply=Fixed(6), doc="Totaliser, m³."),
        Query("NAMeplate:KFACtor?", method="k_factor", reply=General(), doc="Pulses per m³."),
        Query("NAMeplate:DIAMeter?", method="diameter", reply=General(), doc="Inner diameter, mm."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter into the line and connect its pulse output."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._pipe = surroundings.port("pipe", WaterPipe)
        reference = 0.5 * p.maximum_flow_m3_per_h
        self._curve = Curve(
            principle=p.principle,
            gain_error=p.gain_error,
            zero_m3_per_h=p.zero_m3_per_h,
            profile_rest=p.profile_rest,
            drag=p.drag,
            reference_flow_m3_per_h=reference,
            reference_reynolds=reynolds(reference, p.diameter_mm / 1000.0, 20.0),
        )
        self._rate = _Rate(self, self._pipe.flow)
        self.pulses = VolumePulses(
            self._rate,
            self._pipe.flow,
            residue=p.residue,
            # Both ends of a run are moved: see `instruments.flow_pulses`.
            wander=p.wander_l / 1000.0 * p.pulses_per_m3 * (3.0 / 4.0) ** 0.5,
            noise=CountedNoise(surroundings.rng),
        )
        surroundings.port("pulses", PulseLine).connect(self.pulses)

    def pulses_per_true_m3(self, flow: algebra.Terms, at: float) -> float:
        """Return the pulses per m³ at a flow (m³/s) that goes on from bench time `at` (s)."""
        level = algebra.value({key: c for key, c in flow.items() if key == algebra.LEVEL}, 0.0) * HOUR
        if level <= self.parameters.low_flow_cut_off_m3_per_h or level <= 0.0:
            return 0.0
        return self.parameters.pulses_per_m3 * (1.0 + self._error(level, at))

    def _error(self, flow_m3_per_h: float, at: float) -> float:
        warmth = self._pipe.temperature.value(at)
        return self._curve.error(flow_m3_per_h, reynolds(flow_m3_per_h, self.parameters.diameter_mm / 1000.0, warmth))

    def true_error(self, flow: float = 0.0, at: float = 0.0, **_settings: Any) -> float:
        """Return the relative error of volume at a steady flow, 1.

        Args:
            flow: m³/h.
            at: bench time, s (temperature, and so the Reynolds number).
            _settings: whatever else is known of the point.
        """
        return self._error(flow, at)

    def flow(self) -> float:
        """Return the indicated flow, m³/h."""
        now = self.now
        return self._rate.mean(max(0.0, now - 1.0), now) / self.parameters.pulses_per_m3 * HOUR

    def volume(self) -> float:
        """Return the totaliser, m³."""
        return self.pulses.count(self.now) / self.parameters.pulses_per_m3

    def k_factor(self) -> float:
        """Return the K-factor as marked, 1/m³."""
        return self.parameters.pulses_per_m3

    def diameter(self) -> float:
        """Return the inner diameter, mm."""
        return self.parameters.diameter_mm


twin = Kind(
    parameters=Parameters,
    ports={"pipe": WaterPipe, "pulses": PulseLine},
    optional_ports=frozenset({"pulses"}),
    build=FlowMeter,
)
"""What a station builds by `twin: flow_meter`."""
