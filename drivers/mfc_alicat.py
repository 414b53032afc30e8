"""Driver of an Alicat mass flow controller: ASCII lines ended by CR, a unit letter, a data frame.

Command set: Alicat "Serial Communications Primer", as the public `alicat` driver uses it. The frame holds the flow
twice, by mass and by volume; both must agree through the frame's own pressure and temperature, and all flows must have
the same number of decimals, so that a digit that is lost, doubled or changed on the way is seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from drivers.answering import AnsweringInstrument
from drivers.errors import (
    ImplausibleReading,
    InstrumentError,
    SettingRefused,
)
from drivers.instrument import Identity
from drivers.reading import Reading
from drivers.safety import switch_off
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from drivers.session import Steps

PSI_KPA = 6.894757293168
"""One pound-force per square inch, kPa."""
STANDARD_KPA, STANDARD_KELVIN = 101.325, 298.15
"""Standard state of the controller as delivered: 25 °C and 1 atm."""
LARGEST_L_PER_MIN = 100.0
"""Largest setpoint that is ever sent; a station narrows it (`limits`)."""
SAFE_FLOW_L_PER_MIN = 0.02
"""Indicated flow at or below which the valve counts as shut, l/min."""
_FRAME = re.compile(
    r"(?P<unit>[A-Z]) (?P<pressure>[+-]\d{3}\.\d\d) (?P<temperature>[+-]\d{3}\.\d\d) (?P<volumetric>[+-]\d+\.\d+) "
    r"(?P<mass>[+-]\d+\.\d+) (?P<setpoint>\d+\.\d+) +(?P<gas>[A-Za-z0-9-]+)"
    r"(?P<flags>(?: (?:MOV|VOV|POV|TOV|HLD|LCK|EXH))*)"
)
_LINE = r"{unit} M0{number} {title} +(?P<text>\S.*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Hold a data frame."""

    pressure_kpa: float
    """Absolute pressure, kPa."""
    temperature_degc: float
    """Temperature of the gas, °C."""
    mass: float
    """Flow, standard l/min."""
    setpoint: float
    """Setpoint, standard l/min."""
    decimals: int
    """Decimals of the flows."""
    gas: str
    """Gas that is chosen."""
    flags: tuple[str, ...]
    """Status words, e.g. "MOV" for a flow over range."""
    raw: str
    """The frame as it came."""


class MfcAlicat(AnsweringInstrument):
    """Drive the controller; flows are standard l/min at 25 °C and 101.325 kPa."""

    terminator: ClassVar[str] = "\r"
    unit: ClassVar[str] = "A"
    """Letter of the device on its line."""

    def frame(self, message: str = "") -> Steps[Frame]:
        """Return a data frame, which is also the answer to most commands.

        Raises:
            ProtocolError: the reply is no frame, or contradicts itself.
        """
        raw = yield from self.ask(self.unit + message)
        match = _FRAME.fullmatch(raw)
        if match is None or match["unit"] != self.unit:
            raise self.doubt(f"frame: reply {raw!r} is not unit, pressure, temperature, two flows, setpoint, gas")
        decimals = {len(match[name].partition(".")[2]) for name in ("volumetric", "mass", "setpoint")}
        if len(decimals) != 1:
            raise self.doubt(f"frame: the flows of {raw!r} have different numbers of decimals")
        kpa, degc = float(match["pressure"]) * PSI_KPA, float(match["temperature"])
        mass, volumetric, (places,) = float(match["mass"]), float(match["volumetric"]), decimals
        if kpa <= 0.0:
            raise self.doubt(f"frame: {raw!r} holds an absolute pressure of {kpa:g} kPa")
        # Half a step of each flow, of the pressure and of the temperature.
        ratio = STANDARD_KPA / kpa * (degc + 273.15) / STANDARD_KELVIN
        slack = (1.0 + ratio) * 0.6 * 10.0**-places + 1e-3 * abs(volumetric)
        if abs(volumetric - mass * ratio) > slack:
            raise self.doubt(f"frame: {raw!r}: {mass:g} l/min by mass are not {volumetric:g} l/min by volume")
        return Frame(
            pressure_kpa=kpa,
            temperature_degc=degc,
            mass=mass,
            setpoint=float(match["setpoint"]),
            decimals=places,
            gas=match["gas"],
            flags=tuple(match["flags"].split()),
            raw=raw,
        )

    def set_flow(self, l_per_min: float) -> Steps[None]:
        """Set the flow and see that the setpoint is there.

        Raises:
            SettingRefused: outside of the permitted range; nothing was sent.
            InstrumentError: another setpoint is there.
        """
        low, high = self.limits.get("flow", (0.0, LARGEST_L_PER_MIN))
        if not low <= l_per_min <= high:
            raise SettingRefused(f"{self.role}: flow = {l_per_min:g} l/min is outside of {low:g}..{high:g} l/min")
        yield from self.ready()
        found = yield from self.frame(f"S{l_per_min:.5f}")
        if abs(found.setpoint - l_per_min) > 0.51 * 10.0**-found.decimals:
            raise self.doubt(f"flow = {l_per_min:g} l/min: the frame says setpoint {found.setpoint:g}; is it in range?")

    def choose_gas(self, number: int, name: str) -> Steps[None]:
        """Choose a gas by its number in the device's table, and see that it has the name that is meant.

        Raises:
            ProtocolError: the device calls it otherwise.
        """
        yield from self.ready()
        found = yield from self.frame(f"G{number}")
        if found.gas != name:
            raise self.doubt(f"gas {number}: the device calls it {found.gas!r}, not {name!r}")

    def flow(self, setpoint: float | None = None, gas: str | None = None) -> Steps[Reading]:
        """Return the indicated flow, standard l/min.

        Args:
            setpoint: setpoint that must be there, l/min; None for any.
            gas: gas that must be chosen; None for any.

        Raises:
            ImplausibleReading: another setpoint or gas is there, or a flag says that the flow is not controlled.
        """
        yield from self.ready()
        found = yield from self.frame()
        if setpoint is not None and abs(found.setpoint - setpoint) > 0.51 * 10.0**-found.decimals:
            raise ImplausibleReading(
                f"{self.role}: flow: the setpoint is {found.setpoint:g} l/min, not {setpoint:g} l/min; was it switched "
                "off?"
            )
        if gas is not None and found.gas != gas:
            raise ImplausibleReading(f"{self.role}: flow: the gas is {found.gas}, not {gas}")
        if set(found.flags) - {"LCK"}:
            raise ImplausibleReading(f"{self.role}: flow: {found.raw!r} is flagged {', '.join(found.flags)}")
        return Reading(
            name="flow",
            indication=Quantity(value=found.mass, unit="l/min"),
            instrument=self.role,
            time_s=self.session.now(),
            raw=found.raw,
        )

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
        found = yield from self.frame("S0.00000")
        for _ in range(20):
            if not found.setpoint and abs(found.mass) <= SAFE_FLOW_L_PER_MIN:
                return
            yield from self.session.wait(1.0)
            found = yield from self.frame()
        raise InstrumentError(f"{self.role}: still indicates {found.mass:g} l/min")

    # -- what Alicat does otherwise than SCPI -------------------------------------------------------------------------

    def who(self) -> Steps[Identity]:
        """See `AnsweringInstrument.who`: model and serial number of the manufacturer's data, firmware version."""
        model = yield from self._line(4, "Model Number")
        serial = yield from self._line(5, "Serial Number")
        software = yield from self._line(9, "Software Revision")
        return Identity(manufacturer="Alicat Scientific", model=model, serial=serial, firmware=software)

    def _line(self, number: int, title: str) -> Steps[str]:
        raw = yield from self._exchange(f"{self.unit}??M{number}")
        match = re.fullmatch(_LINE.format(unit=self.unit, number=number, title=title), raw)
        if match is None:
            raise self.doubt(f"??M{number}: reply {raw!r} does not name the {title.lower()}")
        return match["text"].strip()


driver = MfcAlicat
"""What a data sheet builds by `driver = "mfc_alicat"`."""
