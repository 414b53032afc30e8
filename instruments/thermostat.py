"""Twin of a thermostatic bath (generic, commands invented): it approaches its set point and then swings about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_heat import BathPort
from instruments.scpi import Boolean, Fixed, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.signal import TRANSIENT_ENDS
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

DEGREES = Fixed(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a bath."""

    serial: str = "TWIN-0001"
    """Serial number."""
    time_constant_s: float = 180.0
    """Time constant of heating and cooling, s."""
    setting_error_k: float = 0.0
    """Error of the temperature that is held, K."""
    swing_k: float = 0.001
    """Amplitude of the controller's swing, K."""
    swing_period_s: float = 90.0
    """Its period, s."""
    room_degc: float = 23.0
    """Temperature to which it goes when it is off, °C."""

    def __post_init__(self) -> None:
        for name in ("time_constant_s", "swing_period_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class Thermostat(ScpiInstrument[Parameters]):
    """Be the bath."""

    identity = Identity(manufacturer="caltwin", model="TB-150", firmware="1.1")
    commands = (
        Setting(
            "SOURce:TEMPerature",
            Numeric(low=0.0, high=160.0, default=23.0, reply=DEGREES),
            attribute="set_point",
            doc="Temperature that is held while the output is on, °C.",
        ),
        Setting("OUTPut[:STATe]", Boolean(default=False), attribute="output", doc="Heat and cool, or be off."),
        Query("MEASure:TEMPerature?", method="temperature", reply=DEGREES, doc="Own indication, °C."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the bath on, with its output off."""
        super().__init__(parameters, surroundings)
        self._bath = surroundings.port("bath", BathPort)
        self._phase = float(self.rng.uniform(0.0, 2.0 * math.pi))
        self._set_point = 23.0
        self._output = False

    def reset(self) -> None:
        """Go to the state of *RST: output off."""
        self._set_point = 23.0
        self.output = False

    @property
    def set_point(self) -> float:
        """Temperature that is held while the output is on, °C."""
        return self._set_point

    @set_point.setter
    def set_point(self, value: float) -> None:
        self._set_point = value
        if self._output:
            self._go()

    @property
    def output(self) -> bool:
        """Whether it heats and cools."""
        return self._output

    @output.setter
    def output(self, on: bool) -> None:
        if on != self._output:
            self._output = on
            self._go()

    def _go(self) -> None:
        p, now = self.parameters, self.now
        target = self._set_point + p.setting_error_k if self._output else p.room_degc
        steady = algebra.constant(target)
        if self._output:
            frequency = 1.0 / p.swing_period_s
            phase = self._phase + 2.0 * math.pi * frequency * now
            steady = algebra.add(steady, algebra.sinusoid(p.swing_k, frequency, phase))
        step = self._bath.temperature.value(now) - algebra.value(steady, 0.0)
        settled = TRANSIENT_ENDS * p.time_constant_s
        moving = algebra.add(steady, algebra.decay(step, p.time_constant_s))
        self._bath.temperature.replace_from(now, [(now, moving), (now + settled, algebra.shift(steady, settled))])

    def temperature(self) -> float:
        """Return its own indication, °C."""
        return self._bath.temperature.value(self.now) - self.parameters.setting_error_k


twin = Kind(parameters=Parameters, ports={"bath": BathPort}, optional_ports=frozenset({"bath"}), build=Thermostat)
"""What a station builds by `twin: thermostat`."""
