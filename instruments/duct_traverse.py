"""Twin of a traversing unit with a calibrated spherical five-hole probe, for large gas ducts (generic, all invented).

It is hung on one duct after the other, drives the probe along two diameters, turns it until P2 = P3 and tells the
angle. The pressures go into hoses: channel 1 P1 - P2, channel 2 P2 - P3, channel 3 P4 - P5. The head is a sphere in
potential flow with holes at 45°: F1 = (P4 - P5)/(P1 - P2) = 4 tan(pitch), and F2 = V/√(2 (P1 - P2)/ρ) =
(2 √2/3)/cos(pitch).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.noise import CountedNoise
from instruments.ports_air import Line, PressureLines
from instruments.ports_duct import DUCTS, GasDuct
from instruments.scpi import Choice, Event, Fixed, Identity, Numeric, Query, Raw, ScpiError, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

F1_SLOPE, F2_AXIS = 4.0, 2.0 * math.sqrt(2.0) / 3.0
"""Of a sphere in potential flow with holes at 45°."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of the unit and its probe."""

    serial: str = "TWIN-DT-0001"
    """Serial number."""
    f2_error: float = 0.0
    """Relative error of the certified F2, 1: F2 is truly that much larger."""
    f1_error: float = 0.0
    """Relative error of the certified slope of F1, 1."""
    yaw_offset_deg: float = 0.0
    """Angle of the yaw scale's zero to the duct's axis, degrees."""
    null_deg: float = 0.0
    """Standard deviation of the angle at which the unit believes that P2 = P3, degrees."""
    temperature_error_k: float = 0.0
    """Error of the thermometer, K."""
    pressure_error_kpa: float = 0.0
    """Error of the static pressure, kPa."""
    diameter_error: float = 0.0
    """Relative error of a measured diameter, 1."""
    eddy_m: float = 0.3
    """Integral length of the turbulence, m: sets how fast it averages out."""
    travel_s: float = 15.0
    """Time to reach a place and to null there, s."""

    def __post_init__(self) -> None:
        for name in ("eddy_m", "travel_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class _Pair(Line):
    """Be one pair of hoses of the probe."""

    def __init__(self, unit: DuctTraverse, channel: int) -> None:
        self._unit, self._channel = unit, channel

    def mean(self, start: float, stop: float) -> float:
        """See `Line.mean`."""
        return self._unit.pressure(self._channel, start, stop)


class DuctTraverse(ScpiInstrument[Parameters]):
    """Be the unit with its probe."""

    identity = Identity(manufacturer="caltwin", model="DTU-2", firmware="1.3")
    commands = (
        Event("SELect:DUCT", parameters=(Choice(options=DUCTS),), method="select", doc="Hang it on a duct."),
        Query("SELect:DUCT?", method="selected", reply=Raw(), doc="Answer the duct."),
        Event(
            "POSition:GOTO",
            parameters=(
                Numeric(name="port", low=1, high=2, integer=True),
                Numeric(name="r/R", low=-0.99, high=0.99),
            ),
            method="go",
            doc="Go to a place on the diameter of a port and null the yaw there; overlapped (*OPC).",
        ),
        Query("POSition?", method="place", reply=Raw(), doc="Answer port and place."),
        Query("YAW?", method="yaw", reply=Fixed(2), doc="Angle at which P2 = P3, degrees."),
        Query("GAS:TEMPerature?", method="temperature", reply=Fixed(2), doc="Temperature of the gas, °C."),
        Query("GAS:PRESsure?", method="static", reply=Fixed(3), doc="Absolute static pressure, kPa."),
        Query("DUCT:DIAMeter?", method="diameter", reply=Fixed(1), doc="Mean of two measured diameters, mm."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Connect the hoses; it hangs nowhere yet."""
        super().__init__(parameters, surroundings)
        self._ducts = {name: surroundings.port(name.lower(), GasDuct) for name in DUCTS}
        lines = surroundings.port("lines", PressureLines)
        for channel in (1, 2, 3):
            lines.connect(channel, _Pair(self, channel))
        self._nulls = CountedNoise(surroundings.rng)
        self._eddies = CountedNoise(surroundings.rng)
        self._duct: str | None = None
        self._port, self._r = 1, 0.0
        self._visits = 0
        self._slip = 0.0  # how far from the true null the probe stands, degrees

    def reset(self) -> None:
        """Go to the state of *RST: the probe is drawn back to the axis."""
        for operation in tuple(self.operations):
            operation.cancel(go_on=False)
        self._port, self._r = 1, 0.0

    def _here(self) -> GasDuct:
        if self._duct is None:
            raise ScpiError(-221, info="it hangs on no duct")
        return self._ducts[self._duct]

    def select(self, name: str) -> None:
        """Hang the unit on a duct."""
        self._duct = name
        self._port, self._r = 1, 0.0

    def selected(self) -> str:
        """Return the duct."""
        return self._duct or "NONE"

    def go(self, port: int, r: float) -> None:
        """Go to a place and null there."""
        self._here()
        if self.operations:
            raise ScpiError(-221, info="it moves")
        self._visits += 1
        index = self._visits

        def there() -> None:
            self._port, self._r = port, r
            self._slip = self.parameters.null_deg * self._nulls.normal(index)

        self.begin("travel", until=self.now + self.parameters.travel_s, done=there)

    def place(self) -> str:
        """Return port and place."""
        return f"{self._port},{self._r:.4f}"

    def _flow(self) -> tuple[float, float, float]:
        """Return axial speed by the mean, yaw and pitch in the probe's own sense, at its place."""
        local = self._here().local(abs(self._r), (0.0, 90.0)[self._port - 1] + (180.0 if self._r < 0.0 else 0.0))
        return local.axial, math.copysign(local.yaw_deg, self._r), local.pitch_deg

    def yaw(self) -> float:
        """Return the angle at which the probe stands, degrees."""
        return self._flow()[1] + self._slip + self.parameters.yaw_offset_deg

    def temperature(self) -> float:
        """Return the temperature of the gas, °C."""
        return float(self._here().parameters.temperature_degc) + self.parameters.temperature_error_k

    def static(self) -> float:
        """Return the static pressure, kPa."""
        return float(self._here().parameters.pressure_kpa) + self.parameters.pressure_error_kpa

    def diameter(self) -> float:
        """Return the measured diameter, mm."""
        return 1e3 * float(self._here().parameters.diameter_m) * (1.0 + self.parameters.diameter_error)

    def pressure(self, channel: int, start: float, stop: float) -> float:
        """Return the mean pressure of a pair of holes over [start, stop], Pa; 0 on no duct."""
        if self._duct is None:
            return 0.0
        duct, p = self._here(), self.parameters
        axial, yaw, pitch = self._flow()
        speed = axial / (math.cos(math.radians(yaw)) * math.cos(math.radians(pitch)))
        intensity = duct.parameters.turbulence
        dynamic = 0.5 * duct.density() * speed**2 * duct.square.mean(start, stop) * (1.0 + intensity**2)
        span = max(stop - start, 1e-3)
        unrest = intensity * math.sqrt(min(1.0, 2.0 * p.eddy_m / (duct.speed.value(start) * span)))
        dynamic *= 1.0 + 2.0 * unrest * self._eddies.normal(round(start * 1e3))
        f2 = F2_AXIS * (1.0 + p.f2_error) / math.cos(math.radians(pitch))
        first = float(dynamic / f2**2)
        if channel == 1:
            return first
        if channel == 2:
            return first * F1_SLOPE * math.tan(math.radians(self._slip))
        return first * F1_SLOPE * (1.0 + p.f1_error) * math.tan(math.radians(pitch))


twin = Kind(
    parameters=Parameters,
    ports={"bfg": GasDuct, "cog": GasDuct, "ldg": GasDuct, "lines": PressureLines},
    build=DuctTraverse,
)
"""What a station builds by `twin: duct_traverse`."""
