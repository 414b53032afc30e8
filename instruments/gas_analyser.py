"""Twin of a multi-component gas analyser with its own pump: stacks, ambient CO2, exhaust, by what the station says.

Generic, commands invented. Gas from the line (and room air, where the line gives less than the pump takes) goes through
tube, filter, cold trap and converter to the cells; `instruments.gas_sample` is the way, `instruments.gas_sensor` what a
sensor makes of it. Equations and sources: docs/systems/flue_gas_r144.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments import terms as algebra
from instruments.gas_analyser_channel import Channel
from instruments.gas_analyser_commands import COMMANDS, MEMORY, VALUE
from instruments.gas_analyser_parameters import Parameters
from instruments.gas_sample import Sampled, means, way
from instruments.gas_sensor import Conditioning, saturation_kpa
from instruments.ports import Ambient
from instruments.ports_gas import GasLine
from instruments.ports_mains import MainsLine
from instruments.scpi import NOT_A_NUMBER, Identity, ScpiError, ScpiInstrument
from instruments.signal import Pointwise
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.link import Link
    from instruments.signal import Signal
    from instruments.terms import Terms
    from instruments.twin import Surroundings

MICRO = 1e6
"""µmol/mol of an amount fraction of 1."""
OFF_BELOW = 0.5
"""Share of the nominal voltage below which the analyser is off."""
ADJUSTABLE = 0.25
"""Largest relative span adjustment, 1, and largest zero adjustment, in full scales."""


TRUTHS = {
    "error": "error of indication, µmol/mol",
    "fiducial": "error of indication, % of full scale",
    "relative": "error of indication, % of the fraction",
    "cross": "change of the indication by an influencing gas, µmol/mol",
    "cross_fiducial": "the same, % of full scale",
    "response": "time to 90 % of a step of this fraction, s",
    "zero_drift": "change of the indication of a fraction (0 for the zero) between the times, % of full scale",
    "span_drift": "the same, less that of the zero, % of full scale",
}
"""What `true_error` knows, and its unit."""


class GasAnalyser(ScpiInstrument[Parameters]):
    """Be the analyser; `true_error` and `true_response` are what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="MGA-4", firmware="2.0")
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the analyser; it is on if there is voltage."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._line = surroundings.port("inlet", GasLine)
        self._air = surroundings.port("ambient", Ambient)
        self._mains = surroundings.port("supply", MainsLine)
        conditioning = Conditioning(
            trap_loss=p.trap_loss,
            trap_dew_point_degc=p.trap_dew_point_degc,
            converter_efficiency=p.converter_efficiency,
        )
        self.channels = [Channel(component, p, conditioning, surroundings.rng) for component in p.channels]
        self.channel_count = float(len(self.channels))
        self.default_averaging = p.averaging_s
        self.averaging_s = p.averaging_s
        self._at_cells = {
            gas: self._sampled(gas) for gas in sorted({gas for channel in self.channels for gas in channel.gases})
        }
        self._powered = False
        self._on_since = 0.0
        self._trace: tuple[float, float, float] | None = None  # start, period, end
        self._last_trace: tuple[tuple[float, ...], list[float]] | None = None
        self._mains.voltage.listeners.append(self._supply_changed)
        if self._voltage_enough():
            self._powered = True
            self._on_since = -math.inf if p.warm_at_start else 0.0

    # -- gas ----------------------------------------------------------------------------------------------------------

    def _sampled(self, gas: str) -> Signal:
        p, line = self.parameters, self._line
        course = way(
            p.sample_flow_l_per_min,
            tube_ml=p.tube_ml,
            first_ml=p.filter_ml,
            second_ml=p.cell_ml,
            adsorbed=p.adsorbed.get(gas, 0.0),
            adsorption_s=p.adsorption_s,
        )
        air, pump = self._in_air(gas), p.sample_flow_l_per_min

        def taken(x: Terms, flow: Terms, vented: Terms) -> Terms:
            # A controller's settling counts by where it ends: the pump's buffer does not see a tenth of a second.
            given = min(1.0, flow.get(algebra.LEVEL, 0j).real / pump)
            share = (given if vented.get(algebra.LEVEL, 0j).real > 0.5 else 1.0) * (1.0 - p.leak)
            return algebra.add(algebra.scale(x, share), algebra.constant(air * (1.0 - share)))

        return Sampled(Pointwise(taken, line.fraction(gas), line.flow, line.vented), course)

    def _in_air(self, gas: str) -> float:
        """Return the fraction of a gas in the room's air at bench time 0, 1."""
        air = self._air
        temperature, pressure = air.temperature.value(0.0), air.pressure.value(0.0)
        water = air.humidity.value(0.0) / 100.0 * saturation_kpa(temperature) / pressure
        if gas == "H2O":
            return water
        dry = self.parameters.room_air
        return (1.0 - water) * (1.0 - sum(dry.values()) if gas == "N2" else dry.get(gas, 0.0))

    def true_flow(self, at: float) -> float:
        """Return the sample flow, standard l/min."""
        p, line = self.parameters, self._line
        pump: float = p.sample_flow_l_per_min
        if line.vented.value(at) > 0.5:
            return pump
        return min(pump, line.flow.value(at) + p.leak * pump)

    # -- supply -------------------------------------------------------------------------------------------------------

    def _voltage_enough(self) -> bool:
        return self._mains.voltage.value(self.clock.now) >= OFF_BELOW * self.parameters.nominal_voltage_v

    def _supply_changed(self) -> None:
        enough = self._voltage_enough()
        if enough and not self._powered:
            self.power_on()
        elif not enough and self._powered:
            self.power_off()

    def power_off(self) -> None:
        """See `Engine.power_off`; the trace memory is lost."""
        super().power_off()
        self._powered = False

    def power_on(self) -> None:
        """See `Engine.power_on`; the warm-up begins, if there is voltage."""
        if not self._voltage_enough():
            return
        super().power_on()
        self._powered = True
        self._on_since = self.clock.now

    def reset(self) -> None:
        """Go to the state of *RST; adjustments stay."""
        self.averaging_s = self.parameters.averaging_s
        self._trace = None

    def submit(self, message: bytes, link: Link) -> None:
        """See `Engine.submit`; without voltage nobody hears."""
        if self._powered:
            super().submit(message, link)

    def warm_up_left(self) -> float:
        """Return the time until the warm-up is over, s."""
        return max(0.0, self._on_since + self.parameters.warm_up_s - self.now)

    def state(self) -> str:
        """Return the state as one word."""
        if self.warm_up_left() > 0.0:
            return "WARM"
        return "FLOW" if self.true_flow(self.now) < self.parameters.flow_alarm_l_per_min else "MEAS"

    # -- indications --------------------------------------------------------------------------------------------------

    def channel_names(self) -> list[str]:
        """Return the components."""
        return [channel.component for channel in self.channels]

    def full_scale(self, number: int = 1) -> float:
        """Return a full scale, µmol/mol."""
        return self.channels[number - 1].full_scale * MICRO

    def resolution(self, number: int = 1) -> float:
        """Return a resolution, µmol/mol."""
        return self.channels[number - 1].resolution * MICRO

    @property
    def _samples(self) -> int:
        return max(1, round(self.averaging_s / self.parameters.update_s))

    def _tick(self) -> float:
        """Return the bench time of the last sample, s."""
        p = self.parameters
        return max(0.0, math.floor((self.now - p.phase_s) / p.update_s + 1e-9) * p.update_s + p.phase_s)

    def _warming(self, at: Any) -> Any:
        """Return the error left from switching on, in full scales."""
        p = self.parameters
        if self._on_since == -math.inf or not p.warm_up_s:
            return 0.0
        return p.warm_up_error * np.exp(-5.0 * (at - self._on_since) / p.warm_up_s)

    def _mean_value(self, channel: Channel, at: float) -> float:
        """Return the indication at a sample without noise and resolution, amount fraction, 1."""
        span = self.averaging_s
        value = channel.without_noise(
            lambda gas: self._at_cells[gas].mean(max(0.0, at - span), at) if gas in self._at_cells else 0.0,
            at,
            self._air.temperature.value(at),
            self._air.pressure.value(at),
        )
        return float(value + channel.full_scale * self._warming(at))

    def _read(self, channel: Channel) -> float:
        """Return the indication, µmol/mol; no number while it warms up."""
        if self.parameters.lockout and self.warm_up_left() > 0.0:
            return NOT_A_NUMBER
        at = self._tick()
        key = (at, self.averaging_s, self._on_since, channel.zero_adjustment, channel.span_adjustment)
        if channel.last is None or channel.last[0] != key:  # asked for again before the next sample, it is the same
            value = self._mean_value(channel, at) + channel.noise.value(at, self._samples)
            channel.last = key, float(channel.shown(value)) * MICRO
        return channel.last[1]

    def indication(self, number: int = 1) -> float:
        """Return the indication of a channel, µmol/mol."""
        return self._read(self.channels[number - 1])

    def measured_flow(self) -> float:
        """Return the indicated sample flow, l/min."""
        return self.true_flow(self.now) * (1.0 + self.parameters.flow_reading_error)

    def everything(self) -> tuple[str, float, list[float]]:
        """Return state, flow and all channels."""
        return self.state(), self.measured_flow(), [self._read(channel) for channel in self.channels]

    # -- adjustment ---------------------------------------------------------------------------------------------------

    def _measuring_only(self) -> None:
        if self.state() != "MEAS":
            raise ScpiError(-221, info=f"state is {self.state()}")

    def adjust_zero(self) -> None:
        """Take the present indications for zero.

        Raises:
            ScpiError: -221 while it does not measure, or a zero is further away than can be adjusted.
        """
        self._measuring_only()
        wanted = []
        for channel in self.channels:
            present = self._read(channel) / MICRO
            if abs(present) > ADJUSTABLE * channel.full_scale:
                raise ScpiError(-221, info=f"{channel.component} is too far from zero")
            wanted.append(channel.zero_adjustment + present / channel.span_adjustment)
        for channel, adjustment in zip(self.channels, wanted, strict=True):
            channel.zero_adjustment = adjustment

    def adjust_span(self, number: int, value: float) -> None:
        """Take the present indication of a channel for a value, µmol/mol.

        Raises:
            ScpiError: -221 while it does not measure, or the indication is further away than can be adjusted.
        """
        self._measuring_only()
        channel = self.channels[number - 1]
        present = self._read(channel)
        if present <= 0.0 or abs(value / present - 1.0) > ADJUSTABLE:
            raise ScpiError(-221, info=f"{channel.component} is too far from {value:g}")
        channel.span_adjustment *= value / present

    def forget_adjustments(self) -> None:
        """Go back to the maker's adjustment."""
        for channel in self.channels:
            channel.zero_adjustment, channel.span_adjustment = 0.0, 1.0

    # -- trace memory -------------------------------------------------------------------------------------------------

    def start_trace(self, period_s: float) -> None:
        """Store all channels from the present sample on."""
        self._trace = (self._tick(), period_s, math.inf)

    def stop_trace(self) -> None:
        """Store no more."""
        if self._trace is not None:
            self._trace = (*self._trace[:2], min(self._trace[2], self.now))

    def trace_period(self) -> float:
        """Return the period, s."""
        return 0.0 if self._trace is None else self._trace[1]

    def trace_points(self) -> int:
        """Return how many readings are stored."""
        if self._trace is None:
            return 0
        start, period, end = self._trace
        return min(MEMORY, int((min(self.now, end) - start) / period + 1e-9) + 1)

    def trace_data(self, number: int = 1) -> list[float]:
        """Return the stored readings of a channel, µmol/mol.

        Raises:
            ScpiError: -230 where nothing was stored.
        """
        if self._trace is None:
            raise ScpiError(-230)
        channel = self.channels[number - 1]
        start, period, _ = self._trace
        settings = self.averaging_s, self._on_since, channel.zero_adjustment, channel.span_adjustment
        key: tuple[float, ...] = (number, start, period, self.trace_points(), *settings)
        if self._last_trace is not None and self._last_trace[0] == key:  # its sum, asked for in the same message
            return self._last_trace[1]
        times = start + period * np.arange(self.trace_points(), dtype=np.float64)
        values = channel.without_noise(
            lambda gas: means(self._at_cells[gas], times, self.averaging_s) if gas in self._at_cells else 0.0 * times,
            times,
            np.array([self._air.temperature.value(float(t)) for t in times]),
            self._air.pressure.value(start),
        )
        noisy = values + channel.full_scale * self._warming(times) + channel.noise.values(times, self._samples)
        shown = np.asarray(channel.shown(noisy)) * MICRO
        if self.parameters.lockout:
            shown = np.where(times < self._on_since + self.parameters.warm_up_s, NOT_A_NUMBER, shown)
        self._last_trace = key, [float(value) for value in shown]
        return self._last_trace[1]

    def trace_check(self, number: int = 1) -> str:
        """Return the sum of the mantissas' digits as integers."""
        written = [VALUE(value) for value in self.trace_data(number)]
        return str(sum(int(text.partition("E")[0].replace(".", "")) for text in written))

    # -- what no laboratory knows -------------------------------------------------------------------------------------

    def true_error(
        self,
        component: str,
        fraction: float = 0.0,
        at: float = 0.0,
        since: float | None = None,
        *,
        quantity: str = "error",
        influence: str = "",
        influence_content: float = 0.0,
    ) -> float:
        """Return what a procedure estimates, without noise and resolution.

        An error is that in the gas which flows at `at`, with its other components, but with this fraction of this one.

        Args:
            component: which channel.
            fraction: amount fraction of the component, µmol/mol.
            at: bench time of the last reading, s: temperature, pressure, walks and drift are those between the times.
            since: bench time of the first reading, s; None for `at`.
            quantity: see `TRUTHS`.
            influence: influencing gas.
            influence_content: its amount fraction, %.

        Raises:
            ValueError: no such quantity.
        """
        if quantity not in TRUTHS:
            raise ValueError(f"no truth named {quantity!r}; there are {', '.join(TRUTHS)}")
        if quantity == "response":
            return self.true_response(component, fraction=fraction)
        span = MICRO * next(c.full_scale for c in self.channels if c.component == component)
        gases = {component: fraction / MICRO}
        if quantity in ("zero_drift", "span_drift"):
            begin = at if since is None else since
            change = self.true_indication(gases, component, at) - self.true_indication(gases, component, begin)
            if quantity == "span_drift":
                change -= self.true_indication({}, component, at) - self.true_indication({}, component, begin)
            return 100.0 * MICRO * change / span
        if quantity in ("error", "fiducial", "relative"):
            # Behind a leak already, which `true_indication` is to add.
            share = 1.0 - self.parameters.leak
            for gas, cell in self._at_cells.items():
                if gas != component:
                    gases[gas] = max(0.0, cell.value(at) - self.parameters.leak * self._in_air(gas)) / share
        without = self.true_indication(gases, component, at, since) * MICRO
        if quantity in ("cross", "cross_fiducial"):
            gases[influence] = influence_content / 100.0
            change = self.true_indication(gases, component, at, since) * MICRO - without
            return change if quantity == "cross" else 100.0 * change / span
        error = without - fraction
        return {"error": error, "fiducial": 100.0 * error / span, "relative": 100.0 * error / (fraction or 1.0)}[
            quantity
        ]

    def true_indication(
        self, gases: dict[str, float], component: str, at: float = 0.0, since: float | None = None
    ) -> float:
        """Return the settled indication of a channel for a gas (amount fractions), amount fraction, 1."""
        (channel,) = (c for c in self.channels if c.component == component)
        leak = self.parameters.leak
        mixed = {gas: gases.get(gas, 0.0) * (1.0 - leak) + leak * self._in_air(gas) for gas in self._at_cells}
        begin = at if since is None else since
        times = [begin + share * (at - begin) for share in (0.0, 0.5, 1.0)] if begin < at else [at]
        found = [
            float(
                channel.without_noise(
                    lambda gas: mixed.get(gas, 0.0),
                    time,
                    self._air.temperature.value(time),
                    self._air.pressure.value(time),
                )
            )
            for time in times
        ]
        return sum(found) / len(found)

    def true_response(self, component: str, share: float = 0.9, fraction: float | None = None) -> float:
        """Return the time from a step at the inlet until the averaged indication has made this share of its own, s.

        Args:
            component: which channel.
            share: above 0 and below 1.
            fraction: height of the step, µmol/mol; None for full scale.
        """
        p = self.parameters
        (channel,) = (c for c in self.channels if c.component == component)
        height = channel.full_scale if fraction is None else fraction / MICRO
        course = way(
            p.sample_flow_l_per_min,
            tube_ml=p.tube_ml,
            first_ml=p.filter_ml,
            second_ml=p.cell_ml,
            adsorbed=p.adsorbed.get(component, 0.0),
            adsorption_s=p.adsorption_s,
        )
        return course.time_to(channel.share_before(share, height), self.averaging_s)


twin = Kind(
    parameters=Parameters,
    ports={"inlet": GasLine, "ambient": Ambient, "supply": MainsLine},
    optional_ports=frozenset({"ambient", "supply"}),
    build=GasAnalyser,
)
"""What a station builds by `twin: gas_analyser`."""
