"""Driver of a plant's control room: load on request, state of the stack gas (generic SCPI; commands invented)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, fixed
from drivers.reading import Reading

if TYPE_CHECKING:
    from drivers.session import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Gas:
    """Hold the state of the stack gas at one moment."""

    temperature: Reading
    """Temperature, K."""
    pressure: Reading
    """Static pressure, Pa."""
    water: Reading
    """Amount fraction of water in the wet gas, 1."""
    co2: Reading
    """Amount fraction of CO2 in the dry gas, 1."""
    o2: Reading
    """Amount fraction of O2 in the dry gas, 1."""


class StackPlant(Instrument):
    """Drive the control room."""

    joins_check = True

    load = Setting("LOAD {:.1f}", "LOAD?", unit="%", reply=fixed(1), low=30.0, high=100.0)
    temperature = Measurement("GAS?", unit="K", reply=fixed(2), low=250.0, high=700.0)
    pressure = Measurement("GAS?", unit="Pa", reply=fixed(1), low=5e4, high=1.5e5)
    water = Measurement("GAS?", unit="1", reply=fixed(5), low=0.0, high=0.6)
    co2 = Measurement("GAS?", unit="1", reply=fixed(5), low=0.0, high=0.5)
    o2 = Measurement("GAS?", unit="1", reply=fixed(5), low=0.0, high=0.25)

    def reach(self, load: float, timeout_s: float) -> Steps[None]:
        """Ask for a load (%) and wait until it is reached.

        Raises:
            InstrumentTimeout: it is not within `timeout_s`.
        """
        yield from self.load.set(load)
        raw = yield from self.ask("*OPC?;:LOAD?", timeout_s)
        if raw != f"1;{load:.1f}":
            raise self.doubt(f"load: reply {raw!r} is not '1;{load:.1f}'")

    def gas(self) -> Steps[Gas]:
        """Return the state of the stack gas."""
        yield from self.ready()
        raw = yield from self.ask("GAS?")
        parts = raw.split(",")
        if len(parts) != 5:
            raise self.doubt(f"gas: reply {raw!r} is not five numbers")
        return Gas(
            temperature=self.temperature.reading(parts[0]),
            pressure=self.pressure.reading(parts[1]),
            water=self.water.reading(parts[2]),
            co2=self.co2.reading(parts[3]),
            o2=self.o2.reading(parts[4]),
        )


driver = StackPlant
"""What a data sheet builds by `driver = "stack_plant"`."""
