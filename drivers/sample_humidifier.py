"""Driver of a sample conditioner: humidity in steps or by a droplet, inlet pressure (generic, commands invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading
from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, fixed

if TYPE_CHECKING:
    from drivers.session import Steps


class SampleHumidifier(Instrument):
    """Drive the conditioner."""

    joins_check = True

    humidity = Setting("HUM {:.3f}", "HUM?", unit="%", reply=fixed(3), low=0.0, high=4.0)
    pressure = Setting("PRES {:.2f}", "PRES?", unit="kPa", reply=fixed(2), low=60.0, high=140.0)
    measured_humidity = Measurement("MEAS:HUM?", unit="%", reply=fixed(3), low=-0.1, high=5.0)
    measured_pressure = Measurement("MEAS:PRES?", unit="kPa", reply=fixed(2), low=0.0, high=300.0)

    def hold(self, percent: float, pressure_kpa: float) -> Steps[None]:
        """Hold a humidity, or pass dry gas, at a pressure, and see that the conditioner took it.

        Args:
            percent: humidity, % of amount; 0 for dry.
            pressure_kpa: absolute pressure of the outlet, kPa.

        Raises:
            SettingRefused: outside of the permitted range.
            ImplausibleReading: it says something else than was set.
        """
        humidity, meaning = self.humidity.message(percent)
        pressure, also = self.pressure.message(pressure_kpa)
        state = "ON" if percent else "OFF"
        yield from self.tell(f"{humidity};:HUM:STAT {state};:{pressure}", f"{meaning}, {also}")
        raw = yield from self.ask("HUM?;:HUM:STAT?;:PRES?")
        wanted = f"{percent:.3f};{1 if percent else 0};{pressure_kpa:.2f}"
        if raw != wanted:
            self.mistrust()
            raise ImplausibleReading(
                f"{self.role}: is set to {raw!r} instead of {wanted!r} (humidity;state;pressure); check its supply and "
                "who else commands it"
            )

    def droplet(self) -> Steps[None]:
        """Inject a droplet into the dry gas.

        Raises:
            ReportedError: it was refused.
        """
        yield from self.tell("HUM:DROP", "a droplet")

    def make_safe(self) -> Steps[None]:
        """Pass dry gas: nothing is to condense in the analyser."""
        yield from self.send("HUM:STAT OFF")


driver = SampleHumidifier
"""What a data sheet builds by `driver = "sample_humidifier"`."""
