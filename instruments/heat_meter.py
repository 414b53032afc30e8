"""Twin of a heat meter under test: flow sensor, pair of platinum sensors, calculator.

The SCPI interface stands for the optical head and its test mode; the commands are those of no real meter (invented). In
test mode volume and energy are shown with a high resolution, from start to stop.

The calculator looks every few seconds: it takes the pulses since its last look and the temperatures of this moment.
Where the flow steps faster than that, energy goes to the wrong temperatures, as in life.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from instruments.flow_meter import FlowMeter
from instruments.flow_meter import Parameters as FlowParameters
from instruments.heat import Sensor, Side, heat_coefficient, temperature
from instruments.ports import PulseLine
from instruments.ports_heat import BathPort, ResistancePort
from instruments.ports_water import WaterPipe
from instruments.scpi import Event, Fixed, Identity, Integer, Query, ScpiError
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

Part = Literal["flow", "pair", "calculator", "whole"]
"""What `true_error` can be asked for."""
MJ_PER_KWH = 3.6
COLD, HOT = 0.0, 180.0
"""Temperatures between which the calculator believes its sensors, °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(FlowParameters):
    """Hold the nameplate and the hidden truth of a heat meter."""

    accuracy_class: Literal["1", "2", "3"] = "2"
    """Accuracy class as marked."""
    side: Side = "return"
    """Pipe that is marked on the meter for its flow sensor."""
    computes_for: Side = "return"
    """Pipe for which the calculator computes; another one than marked is a fault that nobody sees."""
    swapped: bool = False
    """Whether the wires of the two sensors are swapped inside."""
    rated_ohm: float = 500.0
    """Rated resistance of the sensors at 0 °C, ohm."""
    supply_r0_error: float = 0.0
    """Relative deviation of the supply sensor's resistance at 0 °C, 1."""
    return_r0_error: float = 0.0
    """Relative deviation of the return sensor's resistance at 0 °C, 1."""
    supply_a_error: float = 0.0
    """Relative deviation of the supply sensor's coefficient A, 1."""
    return_a_error: float = 0.0
    """Relative deviation of the return sensor's coefficient A, 1."""
    supply_b_error: float = 0.0
    """Relative deviation of the supply sensor's coefficient B, 1."""
    return_b_error: float = 0.0
    """Relative deviation of the return sensor's coefficient B, 1."""
    stem: float = 0.0
    """Share of the difference to the room that both sensors lose along their stems, 1."""
    supply_gradient_k: float = 0.0
    """Temperature at the supply sensor above that at the reference thermometer of its bath, K."""
    return_gradient_k: float = 0.0
    """The same for the return sensor, K."""
    calculator_gain_error: float = 0.0
    """Relative error of the calculator, 1."""
    calculator_offset_k: float = 0.0
    """Error of the temperature difference in the calculator, K."""
    cycle_s: float = 8.0
    """Time between two looks of the calculator, s."""

    def __post_init__(self) -> None:
        FlowParameters.__post_init__(self)
        for name in ("rated_ohm", "cycle_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class HeatMeter(FlowMeter):
    """Be the meter."""

    identity = Identity(manufacturer="caltwin", model="HM-15", firmware="3.0")
    commands = (
        *FlowMeter.commands,
        Query("NAMeplate:CLASs?", method="accuracy_class", doc="Accuracy class."),
        Query("NAMeplate:SIDE?", method="side", doc="Pipe of the flow sensor: RET or SUPP."),
        Query("MEASure:TEMPerature:SUPPly?", method="supply", reply=Fixed(3), doc="Supply temperature, °C."),
        Query("MEASure:TEMPerature:RETurn?", method="back", reply=Fixed(3), doc="Return temperature, °C."),
        Event("TEST:STARt", method="test_start", doc="Begin test mode: volume and energy count from 0."),
        Event("TEST:STOP", method="test_stop", doc="End test mode; volume and energy are kept."),
        Query("TEST:PULSes?", method="test_pulses", reply=Integer(), doc="Pulses that the calculator has taken."),
        Query("TEST:ENERgy?", method="test_energy", reply=Fixed(7), doc="Energy of the test, kWh."),
    )

    parameters: Parameters

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter into the line, and its sensors into the baths."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._sensors = tuple(
            Sensor(rated_ohm=p.rated_ohm, r0_error=r0, a_error=a, b_error=b, stem=p.stem)
            for r0, a, b in (
                (p.supply_r0_error, p.supply_a_error, p.supply_b_error),
                (p.return_r0_error, p.return_a_error, p.return_b_error),
            )
        )
        self._wires = tuple(surroundings.port(name, ResistancePort) for name in ("supply", "return"))
        baths = tuple(surroundings.port(name, BathPort) for name in ("supply_bath", "return_bath"))
        gradients = (p.supply_gradient_k, p.return_gradient_k)
        for wire, sensor, bath, gradient in zip(self._wires, self._sensors, baths, gradients, strict=True):
            wire.connect(_in_bath(sensor, bath, gradient))
        self._injected = surroundings.port("injected", PulseLine)
        self._since: float | None = None
        self._looks = 0
        self._taken = 0
        self._pulses = 0
        self._energy_mj = 0.0

    def reset(self) -> None:
        """End test mode."""
        self._since = None

    # -- truth --------------------------------------------------------------------------------------------------------

    def true_error(
        self,
        flow: float = 0.0,
        at: float = 0.0,
        *,
        part: Part = "flow",
        theta_f: float = 0.0,
        theta_r: float = 0.0,
        **_settings: Any,
    ) -> float:
        """Return a relative error, 1.

        Args:
            flow: m³/h (flow sensor and whole meter).
            at: bench time, s.
            part: of the flow sensor, of the pair, of the calculator, or of the whole meter.
            theta_f: temperature of the supply, °C (all but the flow sensor).
            theta_r: temperature of the return, °C.
            _settings: whatever else is known of the point.
        """
        if part == "flow":
            return super().true_error(flow, at)
        difference = theta_f - theta_r
        if part == "calculator":
            return self._power(theta_f, theta_r) / (self._true_k(theta_f, theta_r) * difference) - 1.0
        seen = [sensor.indicated(t) for sensor, t in zip(self._sensors, (theta_f, theta_r), strict=True)]
        if part == "pair":
            return (seen[0] - seen[1]) / difference - 1.0
        heat = self._power(seen[0], seen[1]) / (self._true_k(theta_f, theta_r) * difference)
        return heat * (1.0 + super().true_error(flow, at)) - 1.0

    def _true_k(self, supply: float, back: float) -> float:
        return heat_coefficient(supply, back, self.parameters.side)

    # -- calculator ---------------------------------------------------------------------------------------------------

    def _power(self, supply: float, back: float) -> float:
        """Return the energy per volume that the calculator registers at these temperatures, MJ/m³."""
        p = self.parameters
        if p.swapped:
            supply, back = back, supply
        if not (COLD < back < HOT and COLD < supply < HOT):
            return 0.0
        difference = supply - back + p.calculator_offset_k
        if difference <= 0.0 or supply == back:
            return 0.0
        return heat_coefficient(supply, back, p.computes_for) * difference * (1.0 + p.calculator_gain_error)

    def _look_at(self, at: float) -> tuple[float, float]:
        rated = self.parameters.rated_ohm
        supply, back = (temperature(wire.resistance(at), rated) for wire in self._wires)
        return supply, back

    def _all_pulses(self, at: float) -> int:
        return self.pulses.count(at) + self._injected.count(at)

    def _take(self, now: float) -> None:
        """Take the looks that are due; none of them changes what was taken before."""
        since, cycle = self._since, self.parameters.cycle_s
        if since is None:
            return
        for number in range(self._looks + 1, math.floor((now - since) / cycle + 1e-9) + 1):
            at = since + number * cycle
            seen = self._all_pulses(at)
            if seen > self._taken:
                supply, back = self._look_at(at)
                volume = (seen - self._taken) / self.parameters.pulses_per_m3
                self._energy_mj += volume * self._power(supply, back)
                self._pulses += seen - self._taken
                self._taken = seen
            self._looks = number

    def test_start(self) -> None:
        """Begin test mode."""
        if self._since is not None:
            raise ScpiError(-221, info="test mode is on")
        self._since, self._looks = self.now, 0
        self._taken = self._all_pulses(self.now)
        self._pulses, self._energy_mj = 0, 0.0

    def test_stop(self) -> None:
        """End test mode."""
        if self._since is None:
            raise ScpiError(-221, info="test mode is off")
        self._catch_up()
        self._since = None

    def _catch_up(self) -> None:
        self._take(self.now)

    def test_pulses(self) -> int:
        """Return the pulses that the calculator has taken."""
        self._catch_up()
        return self._pulses

    def test_energy(self) -> float:
        """Return the energy of the test, kWh."""
        self._catch_up()
        return self._energy_mj / MJ_PER_KWH

    def supply(self) -> float:
        """Return the temperature of the supply as indicated, °C."""
        return self._look_at(self.now)[1 if self.parameters.swapped else 0]

    def back(self) -> float:
        """Return the temperature of the return as indicated, °C."""
        return self._look_at(self.now)[0 if self.parameters.swapped else 1]

    def accuracy_class(self) -> str:
        """Return the accuracy class as marked."""
        return self.parameters.accuracy_class

    def side(self) -> str:
        """Return the pipe that is marked."""
        return "RET" if self.parameters.side == "return" else "SUPP"


def _in_bath(sensor: Sensor, bath: BathPort, gradient_k: float) -> Any:
    return lambda at: sensor.resistance(bath.temperature.value(at) + gradient_k)


twin = Kind(
    parameters=Parameters,
    ports={
        "pipe": WaterPipe,
        "pulses": PulseLine,
        "injected": PulseLine,
        "supply": ResistancePort,
        "return": ResistancePort,
        "supply_bath": BathPort,
        "return_bath": BathPort,
    },
    optional_ports=frozenset({"pulses", "injected", "supply", "return", "supply_bath", "return_bath"}),
    build=cast("Any", HeatMeter),
)
"""What a station builds by `twin: heat_meter`."""
