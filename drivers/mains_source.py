"""Driver of a single-phase AC source that feeds the instrument under test (generic SCPI, commands invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading
from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, Switch, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

_SET = re.compile(r"\d+\.\d{2};\d+\.\d{3};(ON|OFF)")


class MainsSource(Instrument):
    """Drive the source."""

    joins_check = True

    voltage = Setting("SOUR:VOLT {:.2f}", "SOUR:VOLT?", unit="V", reply=fixed(2), low=0.0, high=300.0)
    frequency = Setting("SOUR:FREQ {:.3f}", "SOUR:FREQ?", unit="Hz", reply=fixed(3), low=45.0, high=65.0)
    output = Switch("OUTP {}", "OUTP?")

    measured_voltage = Measurement("MEAS:VOLT?", unit="V", reply=fixed(2), low=0.0, high=400.0)
    measured_frequency = Measurement("MEAS:FREQ?", unit="Hz", reply=fixed(3), low=0.0, high=100.0)

    def feed(self, volts: float, hertz: float, on: bool) -> Steps[None]:
        """Set voltage, frequency and output, and see that the source took them.

        Raises:
            ImplausibleReading: it says something else than was set.
            ReportedError: it refused.
        """
        voltage, _ = self.voltage.message(volts)
        frequency, _ = self.frequency.message(hertz)
        word = "ON" if on else "OFF"
        yield from self.tell(f"{voltage};:{frequency};:OUTP {word}", f"{volts:g} V, {hertz:g} Hz, output {word}")
        raw = yield from self.ask("SOUR:VOLT?;FREQ?;:OUTP?")
        if _SET.fullmatch(raw) is None:
            raise self.doubt(f"SOUR:VOLT?;FREQ?;:OUTP?: reply {raw!r} is not voltage;frequency;output")
        if raw != f"{volts:.2f};{hertz:.3f};{word}":
            self.mistrust()
            raise ImplausibleReading(f"{self.role}: is set to {raw!r} instead of {volts:g} V, {hertz:g} Hz, {word}")


driver = MainsSource
"""What a data sheet builds by `driver = "mains_source"`."""
