"""Twin of a gravimetric water rig's controller: drive, diverter, weigh tank with in-place weights, line instruments.

The flow (`instruments.flow_source`) runs through the meter under test and by the diverter (`instruments.diverter`) into
the bypass or into the tank (`instruments.tank`), which stands on a balance of its own. The diverter's switch opens the
gate of a timer of its own. The controller's commands are in `instruments.water_rig_commands`; they are invented.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from instruments import terms as algebra
from instruments.diverter import Diverter
from instruments.flow_source import Drive, Source
from instruments.ports import Ambient
from instruments.ports_mass import Pan
from instruments.ports_water import GateLine, WaterPipe
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.tank import Tank
from instruments.twin import Kind
from instruments.water import air_density, indicated_share
from instruments.water_rig_commands import COMMANDS

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

HOUR = 3600.0
SHUT_S = 2.0
"""Time in which the line is shut, s."""
LEAD_S = 0.2
"""Time from the start of a run to the blade's first movement, s."""
LIFT_S = 5.0
"""Time that the lift takes to lower or raise weights, s."""
Place = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
Bend = Annotated[float, msgspec.Meta(ge=-0.5, le=0.5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a rig."""

    serial: str = "TWIN-0001"
    """Serial number."""
    full_flow_m3_per_h: float = 1000.0
    """Largest flow, m³/h."""
    source: Source = "constant_head"
    """What drives the water: a constant-head tank, or a pump under PID control."""
    setting_error: float = 0.0
    """Relative error of the flow that is held, 1."""
    time_constant_s: float = 3.0
    """Time constant of the valve or of the control loop, s."""
    loop_period_s: float = 20.0
    """Period of the loop's damped oscillation (pump), s."""
    swing: float = 2e-4
    """Relative amplitude of the slow swing of head or loop, 1."""
    swing_period_s: float = 140.0
    """Its period, s."""
    pulsation: float = 2e-3
    """Relative amplitude of the pulsation of the blades (pump), 1."""
    pulsation_hz: float = 7.0
    """Its frequency, Hz."""
    travel_in_s: float = 0.05
    """Time of the diverter's blade through the jet, to the tank, s."""
    travel_out_s: float = 0.05
    """Time of the blade back, s."""
    jet_asymmetry: Bend = 0.0
    """Asymmetry of the jet without flow, 1; see `instruments.diverter`."""
    jet_asymmetry_at_full: Bend = 0.0
    """What full flow adds to it, 1."""
    switch_place: Place = 0.5
    """Place of the timer's switch on the blade's way, 0 to 1."""
    line_meter_error: float = 0.0
    """Relative error of the line meter, 1."""
    temperature_error_k: float = 0.0
    """Error of the thermometer at the meter, K."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure gauge at the meter, kPa."""
    air_density_deviation: float = 0.0
    """Relative deviation of the density of the air at the tank from that of the room (humid, warm), 1."""
    evaporation_g_per_s: float = 0.0
    """Loss of water from the tank, g/s."""
    tank_kg: float = 20000.0
    """Water that the tank holds, kg."""
    residue_kg: float = 20.0
    """Water that stays in the drained tank, kg."""
    drain_kg_per_s: float = 150.0
    """Rate at which the tank runs empty, kg/s."""
    leak_g_per_s: float = 0.0
    """Water that leaks past the drain valve, g/s."""
    weight_kg: float = 2000.0
    """Nominal mass of one in-place weight, kg."""
    weight_error: float = 0.0
    """Relative deviation of its conventional mass, 1."""
    weights_there: int = 10
    """In-place weights."""

    def __post_init__(self) -> None:
        for name in (
            "full_flow_m3_per_h",
            "time_constant_s",
            "loop_period_s",
            "swing_period_s",
            "travel_in_s",
            "travel_out_s",
            "tank_kg",
            "drain_kg_per_s",
            "weight_kg",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0.0 <= self.residue_kg < self.tank_kg:
            raise ValueError(f"residue_kg must lie in 0 to tank_kg ({self.tank_kg:g}), got {self.residue_kg}")


class WaterRig(ScpiInstrument[Parameters]):
    """Be the rig."""

    identity = Identity(manufacturer="caltwin", model="WR-1000", firmware="2.1")
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the rig with the line shut and the tank drained."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._pipe = surroundings.port("pipe", WaterPipe)
        self._gate = surroundings.port("gate", GateLine)
        self._air = surroundings.port("ambient", Ambient)
        self._drive = Drive(
            source=p.source,
            time_constant_s=p.time_constant_s,
            loop_period_s=p.loop_period_s,
            swing=p.swing,
            swing_period_s=p.swing_period_s,
            pulsation=p.pulsation,
            pulsation_hz=p.pulsation_hz,
            phase_rad=float(self.rng.uniform(0.0, 2.0 * math.pi)),
        )
        self._diverter = Diverter(
            travel_in_s=p.travel_in_s,
            travel_out_s=p.travel_out_s,
            asymmetry=p.jet_asymmetry,
            asymmetry_at_full=p.jet_asymmetry_at_full,
            switch_place=p.switch_place,
        )
        self._tank = Tank(
            self._pipe, surroundings.port("pan", Pan), self._indicated, p.evaporation_g_per_s + p.leak_g_per_s
        )
        self._diverting: Operation | None = None
        self._draining: Operation | None = None
        self._weights = 0
        self._to_defaults()

    def _to_defaults(self) -> None:
        self._flow_setting = 0.0
        self._output = False
        self.divert_s = 60.0
        self.divert_count = 1
        self.divert_pause_s = 2.0

    def reset(self) -> None:
        """Go to the state of *RST: line shut, diverter at the bypass; weights and water stay where they are."""
        self.stop_diverting()
        self._stop_draining()
        was = self._output
        self._to_defaults()
        if was:
            self._shut()

    def _indicated(self) -> float:
        at, air = self.now, self._air
        density = air_density(air.temperature.value(at), air.pressure.value(at), air.humidity.value(at))
        return indicated_share(self._pipe.density(at), density * (1.0 + self.parameters.air_density_deviation))

    def true_error(self, flow: float, **_settings: float) -> float:
        """Return by how much longer water is collected than the timer's gate is open, ms.

        Args:
            flow: m³/h.
            _settings: whatever else is known of the point.
        """
        return 1000.0 * self._diverter.lead_s(flow / self.parameters.full_flow_m3_per_h)

    # -- line ---------------------------------------------------------------------------------------------------------

    @property
    def full_flow(self) -> float:
        """Largest flow, m³/h."""
        return self.parameters.full_flow_m3_per_h

    @property
    def weights_there(self) -> int:
        """In-place weights."""
        return self.parameters.weights_there

    @property
    def flow_setting(self) -> float:
        """Flow that is held while the output is on, m³/h."""
        return self._flow_setting

    @flow_setting.setter
    def flow_setting(self, value: float) -> None:
        self._flow_setting = value
        if self._output:
            self._drive_to(value)

    @property
    def output(self) -> bool:
        """Whether the line is open."""
        return self._output

    @output.setter
    def output(self, on: bool) -> None:
        if on == self._output:
            return
        self._output = on
        if on:
            self._drive_to(self._flow_setting)
        else:
            self._shut()

    def _drive_to(self, flow_m3_per_h: float) -> None:
        now = self.now
        target = flow_m3_per_h / HOUR * (1.0 + self.parameters.setting_error)
        self._pipe.flow.replace_from(now, self._drive.pieces(now, self._pipe.flow.value(now), target))
        self._tank.write(now)

    def _shut(self) -> None:
        now = self.now
        flow = self._pipe.flow.value(now)
        self._pipe.flow.replace_from(now, [(now, algebra.line(flow, -flow / SHUT_S)), (now + SHUT_S, algebra.ZERO)])
        self._tank.write(now)

    def _mean_flow(self, start: float, stop: float) -> float:
        mean = self._pipe.flow.mean(max(0.0, start), max(0.0, stop))
        return mean * HOUR * (1.0 + self.parameters.line_meter_error)

    def flow(self) -> float:
        """Return the flow by the line meter, m³/h."""
        return self._mean_flow(self.now - 1.0, self.now)

    def flow_trace(self, count: int) -> list[float]:
        """Return the line meter's last means of a second, the oldest first, m³/h."""
        now = self.now
        return [self._mean_flow(now - back - 1.0, now - back) for back in range(count - 1, -1, -1)]

    def temperature(self) -> float:
        """Return the temperature at the meter, °C."""
        return self._pipe.temperature.value(self.now) + self.parameters.temperature_error_k

    def pressure(self) -> float:
        """Return the absolute pressure at the meter, kPa."""
        return self._pipe.pressure.value(self.now) + self.parameters.pressure_error_kpa

    # -- diverter -----------------------------------------------------------------------------------------------------

    def _busy(self) -> bool:
        return any(operation is not None and operation.pending for operation in (self._diverting, self._draining))

    def divert(self) -> None:
        """Make the runs into the tank."""
        if not self._output or self._flow_setting <= 0.0:
            raise ScpiError(-221, info="the line is shut")
        if self._busy():
            raise ScpiError(-213, info="diverting or draining")
        now, load = self.now, self._flow_setting / self.parameters.full_flow_m3_per_h
        flow = self._flow_setting / HOUR * self._pipe.density(now)
        if self._tank.water_g(now) / 1000.0 + 1.02 * flow * self.divert_s * self.divert_count > self.parameters.tank_kg:
            raise ScpiError(-222, info="the tank would run over")
        pieces, gates = [], []
        start = now + LEAD_S
        for _ in range(self.divert_count):
            stop = start + self.divert_s
            pieces += self._diverter.run(start, stop, load)
            gates.append(self._diverter.gate(start, stop))
            start = stop + self._diverter.travel_out_s + self.divert_pause_s
        self._tank.divert(now, pieces)
        self._gate.plan(gates)
        self._diverting = self.begin("diverting", until=pieces[-1][0])

    def stop_diverting(self) -> None:
        """Go back to the bypass; what is collected stays in the tank, the gate of the timer shuts now."""
        if self._diverting is None or not self._diverting.pending:
            return
        self._diverting.cancel()
        now = self.now
        self._tank.divert(now, [])
        self._gate.plan([])

    def diverter_state(self) -> str:
        """Answer where the water goes."""
        return "TANK" if self._tank.share.value(self.now) > 0.5 else "BYP"

    # -- tank ---------------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Let the tank run empty."""
        if self._busy():
            raise ScpiError(-213, info="diverting or draining")
        p = self.parameters
        end = self._tank.drain(self.now, 1000.0 * p.drain_kg_per_s, 1000.0 * p.residue_kg)
        self._draining = self.begin("draining", until=end)

    def _stop_draining(self) -> None:
        if self._draining is not None and self._draining.pending:
            self._draining.cancel()
            self._tank.stop_draining(self.now)

    def weights_standing(self) -> int:
        """Return how many in-place weights stand on the tank."""
        return self._weights

    def lower_weights(self, count: int) -> None:
        """Lower or raise in-place weights."""
        p = self.parameters
        self._weights = count

        def at_rest() -> None:
            self._tank.load(self.now, count * 1000.0 * p.weight_kg * (1.0 + p.weight_error))

        self.begin("lifting", until=self.now + LIFT_S, done=at_rest)


twin = Kind(
    parameters=Parameters,
    ports={"pipe": WaterPipe, "pan": Pan, "gate": GateLine, "ambient": Ambient},
    optional_ports=frozenset({"ambient", "gate", "pan"}),
    build=WaterRig,
)
"""What a station builds by `twin: water_rig`."""
