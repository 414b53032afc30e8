"""Driver of a reference DC power and energy meter: Yokogawa WT commands, and pulse comparison in a subsystem PULSe.

`prepare` puts the items U, I, P, WH and TIME in places 1 to 5, on which the measurements rely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drivers.errors import InstrumentTimeout
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Setting, fixed, scientific

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

INDICATION, ENERGY, COUNT = scientific(6), scientific(8), r"\d+"
LOAD = ":NUM:VAL? 1;VAL? 2"
RESULT = ":PULS:STAT?;COUN?;ENER?;TIME?;ENER?;:NUM:VAL? 3"
CLOCKS = 0.1
"""How much longer than the bench waited, relatively, a comparison may claim to have taken: clocks differ."""
ITEMS = ("U", "I", "P", "WH", "TIME")


class EnergyStandard(Instrument):
    """Drive the standard. Energies are above zero for import and below for export."""

    error_query: ClassVar[str] = ":STAT:ERR?"
    joins_check = True

    voltage = Measurement(":NUM:VAL? 1", unit="V", reply=INDICATION, low=-2000.0, high=2000.0)
    current = Measurement(":NUM:VAL? 2", unit="A", reply=INDICATION, low=-12000.0, high=12000.0)
    power = Measurement(":NUM:VAL? 3", unit="W", reply=INDICATION)
    energy = Measurement(":NUM:VAL? 4", unit="kWh", reply=ENERGY, factor=1e-3)
    elapsed = Measurement(":NUM:VAL? 5", unit="s", reply=ENERGY, low=0.0)

    compared_energy = Measurement(":PULS:ENER?", unit="kWh", reply=ENERGY, factor=1e-3)
    compared_time = Measurement(":PULS:TIME?", unit="s", reply=fixed(6), low=0.0)
    compared_counts = Measurement(":PULS:REF?", unit="1", reply=COUNT, low=1.0)
    pulses = Measurement(":PULS:TOT?", unit="1", reply=COUNT)
    pulses_per_comparison = Setting(":PULS:COUN {:.0f}", ":PULS:COUN?", unit="1", reply=COUNT, low=1.0, high=1e9)

    pulse_input = Setting(":PULS:INP {:.0f}", ":PULS:INP?", unit="1", reply=COUNT, low=1.0, high=6.0)

    reset_pulses = Command(":PULS:TOT:CLE")
    stop = Command(":INTEG:STOP")
    reset_integration = Command(":INTEG:RES")

    def prepare(self) -> Steps[None]:
        """Set the reply format and the items; ends an integration or comparison that was left running."""
        yield from self.clear_status()
        yield from self.tell(":PULS:ABOR", "abort of a comparison")
        if (yield from self.ask(":INTEG:STAT?")) == "STAR":
            yield from self.stop()
        yield from self.reset_integration()
        yield from self.tell(":COMM:HEAD OFF", "headers off")
        items = ";".join(f"ITEM{place} {name}" for place, name in enumerate(ITEMS, start=1))
        yield from self.tell(f":NUM:FORM ASC;NORM:NUM {len(ITEMS)};{items}", "numeric items")

    def select_channel(self, channel: int) -> Steps[None]:
        """Turn to a position of the bench: its meter's pulses are the ones that count from here on."""
        yield from self.pulse_input.set(channel)

    def start(self) -> Steps[None]:
        """Begin a new integration of energy."""
        yield from self.reset_integration()
        yield from self.tell(":INTEG:STAR", "start of integration")

    def read_load(self) -> Steps[tuple[Reading, Reading]]:
        """Read voltage and current by one message.

        Raises:
            ProtocolError: the reply is not two values of the declared form and range.
        """
        yield from self.ready()
        raw = yield from self.ask(LOAD)
        volts, separator, amperes = raw.partition(";")
        if not separator:
            raise self.doubt(f"{LOAD}: reply {raw!r} is not voltage;current")
        return self.voltage.reading(volts), self.current.reading(amperes)

    def compare(self, pulses: int, timeout_s: float) -> Steps[tuple[Reading, Reading]]:
        """Measure the energy between two edges of the meter under test; see `compare_and_read`.

        Returns:
            The reference energy (kWh, below zero for export) and the time between the edges (s).
        """
        energy, elapsed, _ = yield from self.compare_and_read(pulses, timeout_s)
        return energy, elapsed

    def compare_and_read(self, pulses: int, timeout_s: float) -> Steps[tuple[Reading, Reading, Reading]]:
        """Measure the energy between two edges of the meter under test that lie `pulses` pulses apart.

        Args:
            pulses: pulses of the meter, 1 or more; the first edge to come opens the window.
            timeout_s: bench time to wait for the last edge, s.

        Returns:
            The reference energy (kWh, below zero for export), the time between the edges (s) and the power at the end
            (W).

        Raises:
            InstrumentTimeout: the pulses did not come; the comparison is given up.
            ProtocolError: the standard says it is complete but not done, or names another count or two energies.
            ImplausibleReading: it names a longer time than has passed since the start.
        """
        begin = self.session.now()
        message, _ = self.pulses_per_comparison.message(pulses)
        yield from self.tell(f"{message};STAR", f"start of a comparison over {pulses} pulses")
        try:
            complete = yield from self.ask("*OPC?", timeout_s)
        except InstrumentTimeout:
            seen = yield from self.ask(":PULS:STAT?")
            yield from self.tell(":PULS:ABOR", "abort of a comparison")
            what = "no pulse at all" if seen == "WAIT" else f"fewer than {pulses} pulses after the first"
            raise InstrumentTimeout(
                f"{self.role}: {what} in {timeout_s:g} s; check the pulse line, the load and the meter constant"
            ) from None
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")
        took = self.session.now() - begin
        # One message for all: state, count and result belong together. The energy is asked for twice: a digit that
        # changed on the way changed in one of the two.
        raw = yield from self.ask(RESULT)
        parts = raw.split(";")
        if len(parts) != 6 or parts[0] != "DONE" or parts[1] != f"{pulses:.0f}" or parts[2] != parts[4]:
            raise self.doubt(
                f"comparison: reply {raw!r} after *OPC? is not DONE;{pulses:.0f};energy;time;the same energy;power"
            )
        energy = self.compared_energy.reading(parts[2])
        # What is older than the start of this comparison is the result of another one; one period of the pulses may
        # pass before the first edge.
        elapsed = self.compared_time.reading(parts[3], (0.0, took * (1.0 + CLOCKS)))
        return energy, elapsed, self.power.reading(parts[5])


driver = EnergyStandard
"""What a data sheet builds by `driver = "energy_standard"`."""
