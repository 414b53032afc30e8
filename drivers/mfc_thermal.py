"""Driver of a thermal mass flow controller behind Modbus ASCII, with the register map of the generic TMFC-M.

Flow, acting setpoint, temperature, valve and status come in one message, so that a reading says under which setpoint it
was taken; the map stands in the twin's description (`instruments/mfc_thermal.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading, InstrumentError, ProtocolError, SettingRefused
from drivers.instrument import Identity
from drivers.modbus_ascii import READ_HOLDING, READ_INPUT, ModbusAsciiInstrument, registers_of, text_of
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

MAKER = "generic"
"""What the identity gives as manufacturer: the map has no place for it."""
SETPOINT, FACTOR, AVERAGING = 0, 2, 4
LARGEST_L_PER_MIN = 100.0
"""Largest setpoint that is ever sent; a station narrows it (`limits`)."""
SAFE_FLOW_L_PER_MIN = 0.02
"""Indicated flow at or below which the valve counts as shut, l/min."""


class MfcThermal(ModbusAsciiInstrument):
    """Drive the controller."""

    def prepare(self) -> Steps[None]:
        """Set the factory's conversion factor, that of nitrogen, and an averaging time of a second."""
        yield from self.write_registers(
            FACTOR, (*registers_of(1.0), *registers_of(1.0)), "conversion factor 1, averaging over 1 s"
        )

    def set_factor(self, factor: float) -> Steps[None]:
        """Set the gas conversion factor and see that it is there.

        Raises:
            InstrumentError: another one is there.
        """
        yield from self.ready()
        yield from self._set(FACTOR, factor, "conversion factor")

    def set_averaging(self, seconds: float) -> Steps[None]:
        """Set the time over which a flow is averaged, s."""
        yield from self.ready()
        yield from self._set(AVERAGING, seconds, "averaging time")

    def set_flow(self, l_per_min: float) -> Steps[None]:
        """Set the flow, standard l/min of nitrogen at conversion factor 1, and see that the setpoint acts.

        Raises:
            SettingRefused: outside of the permitted range; nothing was sent.
            InstrumentError: another setpoint acts.
        """
        low, high = self.limits.get("flow", (0.0, LARGEST_L_PER_MIN))
        if not low <= l_per_min <= high:
            raise SettingRefused(f"{self.role}: flow = {l_per_min:g} l/min is outside of {low:g}..{high:g} l/min")
        yield from self.ready()
        yield from self._set(SETPOINT, l_per_min, "flow")

    def _set(self, address: int, value: float, name: str) -> Steps[None]:
        written = registers_of(value)
        yield from self.write_registers(address, written, f"{name} = {value:g}")
        found = yield from self.read_registers(READ_HOLDING, address, 2)
        if found != written:
            raise self.doubt(f"{name} = {value:g} was confirmed, but {self.number(name, found):g} is there")

    def flow(self, setpoint: float | None = None) -> Steps[Reading]:
        """Return the indicated flow, standard l/min.

        Args:
            setpoint: setpoint that must act, l/min; None for any.

        Raises:
            ImplausibleReading: another setpoint acts, or the valve is fully open and the flow not reached.
        """
        yield from self.ready()
        found = yield from self.read_registers(READ_INPUT, 0, 8)
        acting = self.number("setpoint", found[2:4])
        if setpoint is not None and registers_of(setpoint) != found[2:4]:
            raise ImplausibleReading(
                f"{self.role}: flow: a setpoint of {acting:g} l/min acts, not {setpoint:g} l/min; was it switched off?"
            )
        if found[7] & 1:
            raise ImplausibleReading(
                f"{self.role}: flow: the valve is fully open and {acting:g} l/min is not reached; check the supply of "
                "gas (cylinder empty, regulator shut)"
            )
        return self.reading("flow", self.number("flow", found[0:2]), "l/min", found[0:2])

    def temperature(self) -> Steps[Reading]:
        """Return the temperature of the sensor, °C."""
        yield from self.ready()
        found = yield from self.read_registers(READ_INPUT, 4, 2)
        return self.reading("temperature", self.number("temperature", found), "degC", found)

    def make_safe(self) -> Steps[None]:
        """Shut the valve, and see that no gas flows.

        Raises:
            InstrumentError: that did not come about; someone must shut the cylinder.
        """
        # What it answers to the setting is what is to be seen, so nothing is sent before.
        yield from switch_off(
            self,
            (),
            self._closed,
            what="flow not confirmed off",
            remedy="shut the cylinder",
            pause_s=1.0,
        )

    def _closed(self) -> Steps[None]:
        yield from self.write_registers(SETPOINT, registers_of(0.0), "flow = 0")
        for _ in range(20):
            found = yield from self.read_registers(READ_INPUT, 0, 4)
            flow = self.number("flow", found[0:2])
            if found[2:4] == registers_of(0.0) and abs(flow) <= SAFE_FLOW_L_PER_MIN:
                return
            yield from self.session.wait(1.0)
        raise InstrumentError(f"{self.role}: still indicates {flow:g} l/min")

    def who(self) -> Steps[Identity]:
        """See `AnsweringInstrument.who`."""
        found = yield from self.read_registers(READ_INPUT, 8, 24)
        serial, model = text_of(found[:16]), text_of(found[16:])
        if not serial or not model:
            raise ProtocolError(f"{self.role}: identity: registers {list(found)} hold no serial number or no model")
        return Identity(manufacturer=MAKER, model=model, serial=serial, firmware="0")


driver = MfcThermal
"""What a data sheet builds by `driver = "mfc_thermal"`."""
