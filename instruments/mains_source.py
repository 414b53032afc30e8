"""Twin of a single-phase AC source with which an instrument is fed: voltage, frequency, output.

Generic, commands invented. It stands for the bench's own supply; loads do not act back on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_mains import MainsLine
from instruments.scpi import Boolean, Fixed, Flag, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

VOLTS, HERTZ = Fixed(2), Fixed(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a source."""

    serial: str = "TWIN-0001"
    """Serial number."""
    voltage_error: float = 0.0
    """Relative error of the voltage setting, 1."""
    frequency_error: float = 0.0
    """Relative error of the frequency setting, 1."""
    voltage_reading_error: float = 0.0
    """Relative error of the measured voltage, 1."""
    on_at_start: bool = False
    """Whether the output is on at bench time 0, with 230 V and 50 Hz; after a failure of its own supply it is off."""


class MainsSource(ScpiInstrument[Parameters]):
    """Be the source; what comes out is on its port."""

    identity = Identity(manufacturer="caltwin", model="ACS-300", firmware="1.0")
    commands = (
        Setting(
            "SOURce:VOLTage",
            Numeric(unit="V", low=0.0, high=300.0, default=230.0, reply=VOLTS),
            getter="asked_voltage",
            setter="ask_voltage",
            doc="Effective value, V.",
        ),
        Setting(
            "SOURce:FREQuency",
            Numeric(unit="HZ", low=45.0, high=65.0, default=50.0, reply=HERTZ),
            getter="asked_frequency",
            setter="ask_frequency",
            doc="Frequency, Hz.",
        ),
        Setting(
            "OUTPut",
            Boolean(default=False, reply=Flag("ON", "OFF")),
            getter="output",
            setter="switch",
            doc="Output relay.",
        ),
        Query("MEASure:VOLTage?", method="measured_voltage", reply=VOLTS, doc="Effective value at the output, V."),
        Query("MEASure:FREQuency?", method="measured_frequency", reply=HERTZ, doc="Frequency, Hz."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the source at power-on: output off."""
        super().__init__(parameters, surroundings)
        self._line = surroundings.port("output", MainsLine)
        self._asked = (230.0, 50.0, parameters.on_at_start)
        self._follow()

    def reset(self) -> None:
        """Go to the state of *RST: 230 V, 50 Hz; the output stays as it is, whoever it feeds must not be cut off."""
        self._asked = (230.0, 50.0, self._asked[2])
        self._follow()

    def power_off(self) -> None:
        """See `Engine.power_off`; the output relay drops out."""
        super().power_off()
        self._asked = (*self._asked[:2], False)
        self._follow()

    def asked_voltage(self) -> float:
        """Return the voltage setting, V."""
        return self._asked[0]

    def ask_voltage(self, volts: float) -> None:
        """Set the voltage, V."""
        self._asked = (volts, *self._asked[1:])
        self._follow()

    def asked_frequency(self) -> float:
        """Return the frequency setting, Hz."""
        return self._asked[1]

    def ask_frequency(self, hertz: float) -> None:
        """Set the frequency, Hz."""
        self._asked = (self._asked[0], hertz, self._asked[2])
        self._follow()

    def output(self) -> bool:
        """Return whether the output is on."""
        return self._asked[2]

    def switch(self, on: bool) -> None:
        """Switch the output."""
        self._asked = (*self._asked[:2], on)
        self._follow()

    def _follow(self) -> None:
        now, p = self.clock.now, self.parameters
        volts, hertz, on = self._asked
        true = (volts * (1.0 + p.voltage_error) if on else 0.0, hertz * (1.0 + p.frequency_error))
        for signal, level in zip((self._line.voltage, self._line.frequency), true, strict=True):
            if signal.value(now) != level:
                signal.replace_from(now, [(now, algebra.constant(level))])

    def measured_voltage(self) -> float:
        """Return the voltage, V."""
        return self._line.voltage.value(self.now) * (1.0 + self.parameters.voltage_reading_error)

    def measured_frequency(self) -> float:
        """Return the frequency, Hz."""
        return self._line.frequency.value(self.now)


twin = Kind(parameters=Parameters, ports={"output": MainsLine}, build=MainsSource)
"""What a station builds by `twin: mains_source`."""
