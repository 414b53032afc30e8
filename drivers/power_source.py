"""Driver of a DC phantom-load source with the commands of the EA Elektro-Automatik PSB/PSI 10000 family.

Set values, output, remote lock and measured values are the family's. Direction, ripple and shunt output belong to the
phantom load and are in a subsystem of their own (PHANtom); a plain unit of the family reports -100 or -113 for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Option, Setting, Switch, fixed
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.session import Steps
    from uncertainty.quantity import Quantity

VOLTS, AMPERES, WATTS, PLAIN = fixed(2, "V"), fixed(3, "A"), fixed(0, "W"), fixed(3)

SAFE_VOLTAGE_V = 30.0
"""Measured voltage at or below which the output counts as discharged, V: a choice of this bench, of no standard."""
SAFE_CURRENT_A = 1.0
"""Measured current at or below which the current circuit counts as dead, A: a choice of this bench."""
DISCHARGE_LOOKS = 20
"""How often the measured values are looked at, half a second apart, before the output counts as not discharged."""

_ARRAY = re.compile(r"(?P<volts>-?\d+\.\d{2}) ?V, (?P<amperes>-?\d+\.\d{3}) ?A, -?\d+ ?W")


def _signed_current(amperes: float) -> str:
    return f"PHAN:DIR {'EXP' if amperes < 0 else 'IMP'};:CURR {abs(amperes):.3f}"


class PowerSource(Instrument):
    """Drive the source. Currents above zero are import (the meter's load consumes), below zero export."""

    joins_check = True

    voltage = Setting("VOLT {:.2f}", "VOLT?", unit="V", reply=VOLTS, low=0.0, high=1500.0)
    current = Setting(
        _signed_current,
        "PHAN:DIR?;:CURR?",
        unit="A",
        reply=r"(?:IMP|(?P<negative>EXP));(?P<value>\d+\.\d{3}) ?A",
        low=-600.0,
        high=600.0,
    )
    voltage_protection = Setting("VOLT:PROT {:.2f}", "VOLT:PROT?", unit="V", reply=VOLTS, low=0.0, high=1650.0)
    current_protection = Setting("CURR:PROT {:.3f}", "CURR:PROT?", unit="A", reply=AMPERES, low=0.0, high=660.0)
    output = Switch("OUTP {}", "OUTP?")

    voltage_ripple = Setting("PHAN:RIPP:VOLT {:.3f}", "PHAN:RIPP:VOLT?", unit="%", reply=PLAIN, low=0.0, high=20.0)
    current_ripple = Setting("PHAN:RIPP:CURR {:.3f}", "PHAN:RIPP:CURR?", unit="%", reply=PLAIN, low=0.0, high=20.0)
    voltage_phase = Setting(
        "PHAN:RIPP:VOLT:PHAS {:.3f}", "PHAN:RIPP:VOLT:PHAS?", unit="deg", reply=PLAIN, low=-360.0, high=360.0
    )
    current_phase = Setting(
        "PHAN:RIPP:CURR:PHAS {:.3f}", "PHAN:RIPP:CURR:PHAS?", unit="deg", reply=PLAIN, low=-360.0, high=360.0
    )
    ripple_frequency = Setting(
        "PHAN:RIPP:FREQ {:.3f}", "PHAN:RIPP:FREQ?", unit="Hz", reply=PLAIN, low=10.0, high=10000.0
    )
    current_output = Option("PHAN:CURR:OUTP {}", "PHAN:CURR:OUTP?", choices={"direct": "DIR", "shunt": "SHUN"})
    shunt_current = Setting("PHAN:SHUN:CURR {:.3f}", "PHAN:SHUN:CURR?", unit="A", reply=AMPERES, low=1.0, high=10000.0)

    measured_voltage = Measurement("MEAS:VOLT?", unit="V", reply=VOLTS, low=-20.0, high=1875.0)
    measured_current = Measurement("MEAS:CURR?", unit="A", reply=AMPERES, low=-750.0, high=750.0)
    measured_power = Measurement("MEAS:POW?", unit="W", reply=WATTS)

    take_control = Command("SYST:LOCK ON")
    release_control = Command("SYST:LOCK OFF")

    def prepare(self) -> Steps[None]:
        """Take remote control and set a known state: output off, set values zero, no ripple.

        Raises:
            InstrumentError: remote control was not granted, e.g. because the front panel holds it.
        """
        yield from self.clear_status()
        yield from self.take_control()
        owner = yield from self.ask("SYST:LOCK:OWN?")
        if owner != "REMOTE":
            raise InstrumentError(f"{self.role}: remote control refused, owner is {owner!r}; leave the menu or LOCAL")
        yield from self.make_safe()
        yield from self.voltage_ripple.set(0.0)
        yield from self.current_ripple.set(0.0)

    def set_load(self, voltage: float | Quantity, current: float | Quantity) -> Steps[None]:
        """Set voltage and current by one message, and check the error queue; the output stays as it is.

        Raises:
            SettingRefused: outside the permitted range; nothing was sent.
            ReportedError: the source did not accept both.
        """
        parts = (self.voltage.message(voltage), self.current.message(current))
        yield from self.tell(";:".join(message for message, _ in parts), ", ".join(meaning for _, meaning in parts))

    def make_safe(self) -> Steps[None]:
        """Switch the output off, set voltage and current to zero, from any state, and see that both are gone.

        Works without remote control, with a reply still unread, with errors in the queue and over a connection that
        comes back within a minute; a step that fails does not keep the others from being tried. Returns when the source
        says that its output is off *and* measures next to nothing: a contactor may stick.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("SYST:LOCK ON", "OUTP OFF", "VOLT 0", "CURR 0"),
            self._off,
            what="output not confirmed off",
            remedy="switch it off by hand",
        )
        yield from self.clear_status()

    def _off(self) -> Steps[None]:
        if (yield from self.output.read()):
            raise InstrumentError(f"{self.role}: output is still on after OUTP OFF")
        yield from self._discharged()

    def _discharged(self) -> Steps[None]:
        """Wait until the source measures next to nothing at its output."""
        for look in range(DISCHARGE_LOOKS):
            if look:
                yield from self.session.wait(0.5)
            raw = yield from self.ask("MEAS:ARR?")
            match = _ARRAY.fullmatch(raw)
            if match is None:
                raise self.doubt(f"MEAS:ARR?: reply {raw!r} is not of the form {_ARRAY.pattern!r}")
            if abs(float(match["volts"])) <= SAFE_VOLTAGE_V and abs(float(match["amperes"])) <= SAFE_CURRENT_A:
                return
        raise InstrumentError(f"{self.role}: the output is off, but still measures {raw}")


driver = PowerSource
"""What a data sheet builds by `driver = "power_source"`."""
