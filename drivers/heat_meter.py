"""Driver of a heat meter under test: its optical head with test mode (generic; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

PLAIN = r"\d+(?:\.\d+)?(?:E[+-]\d+)?"


class HeatMeter(Instrument):
    """Drive the meter."""

    k_factor = Measurement("NAM:KFAC?", unit="1/m**3", reply=PLAIN, low=1e-6)
    supply = Measurement("MEAS:TEMP:SUPP?", unit="degC", reply=fixed(3), low=-50.0, high=250.0)
    back = Measurement("MEAS:TEMP:RET?", unit="degC", reply=fixed(3), low=-50.0, high=250.0)
    test_pulses = Measurement("TEST:PULS?", unit="1", reply=r"\d+")
    test_energy = Measurement("TEST:ENER?", unit="kWh", reply=fixed(7), low=0.0)

    def prepare(self) -> Steps[None]:
        """End a test mode that was left on."""
        yield from self.clear_status()
        yield from self.send("*RST")

    def marking(self) -> Steps[tuple[str, str]]:
        """Return accuracy class and pipe of the flow sensor ("RET" or "SUPP") as the meter says them.

        Raises:
            ProtocolError: the reply is neither.
        """
        yield from self.ready()
        raw = yield from self.ask("NAM:CLAS?;SIDE?")
        name, _, side = raw.partition(";")
        if side not in ("RET", "SUPP") or not name.isdigit():
            raise self.doubt(f"markings: reply {raw!r} is not a class and RET or SUPP")
        return name, side

    def start(self) -> Steps[None]:
        """Begin test mode."""
        yield from self.tell("TEST:STAR", "start of test mode")

    def stop(self) -> Steps[tuple[Reading, Reading]]:
        """End test mode; returns pulses and energy of the test.

        Raises:
            ProtocolError: the two are not of their form, or differ when they are asked for twice.
        """
        yield from self.tell("TEST:STOP", "end of test mode")
        raw = yield from self.ask("TEST:PULS?;ENER?;PULS?;ENER?")
        parts = raw.split(";")
        if len(parts) != 4 or parts[:2] != parts[2:]:
            raise self.doubt(f"test mode: reply {raw!r} is not pulses, energy and the same again")
        return self.test_pulses.reading(parts[0]), self.test_energy.reading(parts[1])


driver = HeatMeter
"""What a data sheet builds by `driver = "heat_meter"`."""
