"""Twin of a two-axis stage that turns a probe about its stem (yaw) and inclines it (pitch); generic, invented.

The encoders sit at the motors: what they indicate is where the motors are. The probe stands there plus the error of the
stage's zero, and half the backlash behind the direction of the last move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_air import Orientation
from instruments.scpi import Choice, Fixed, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.signal import Signal
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a stage."""

    serial: str = "TWIN-0001"
    """Serial number."""
    speed_deg_per_s: float = 10.0
    """Speed of both axes, degrees/s."""
    yaw_zero_deg: float = 0.0
    """Error of the yaw axis's zero, degrees."""
    pitch_zero_deg: float = 0.0
    """Error of the pitch axis's zero, degrees."""
    yaw_scale_error: float = 0.0
    """Relative error of the yaw axis, 1."""
    pitch_scale_error: float = 0.0
    """Relative error of the pitch axis, 1."""
    yaw_backlash_deg: float = 0.0
    """Backlash of the yaw axis, degrees."""
    pitch_backlash_deg: float = 0.0
    """Backlash of the pitch axis, degrees."""
    resolution_deg: float = 0.01
    """Step of both axes, degrees."""

    def __post_init__(self) -> None:
        if not self.speed_deg_per_s > 0.0 or not self.resolution_deg > 0.0:
            raise ValueError("speed_deg_per_s and resolution_deg must be above 0")


class RotaryStage(ScpiInstrument[Parameters]):
    """Be the stage; the true angles are on the port."""

    identity = Identity(manufacturer="caltwin", model="RS-2", firmware="1.0")
    commands = (
        Setting(
            "POSition:YAW",
            Numeric(low=-180.0, high=180.0, default=0.0, reply=Fixed(3)),
            attribute="yaw",
            doc="Yaw, degrees; *OPC tells when it is reached; the query answers the encoder.",
        ),
        Setting(
            "POSition:PITCh",
            Numeric(low=-60.0, high=60.0, default=0.0, reply=Fixed(3)),
            attribute="pitch",
            doc="Pitch, degrees; *OPC tells when it is reached; the query answers the encoder.",
        ),
        Setting(
            "PROBe:ENTRy",
            Choice(options=("UPRight", "OPPosite"), default="UPRight"),
            attribute="entry",
            doc="Port through which the carriage holds the probe into the stream.",
        ),
        Query("SYSTem:RESolution?", method="resolution", reply=Fixed(3), doc="Step of both axes, degrees."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the stage at power-on: at zero."""
        super().__init__(parameters, surroundings)
        self.orientation = surroundings.port("orientation", Orientation)
        self._yaw = self._pitch = 0.0
        self._moving: Operation | None = None
        self._until = 0.0
        self.entry = "UPRight"
        p = parameters
        self.orientation.yaw.replace_from(0.0, [(0.0, algebra.constant(p.yaw_zero_deg))])
        self.orientation.pitch.replace_from(0.0, [(0.0, algebra.constant(p.pitch_zero_deg))])

    @property
    def entry(self) -> str:
        """Port through which the probe stands in the stream."""
        return "UPRight" if self.orientation.upright else "OPPosite"

    @entry.setter
    def entry(self, port: str) -> None:
        self.orientation.upright = port == "UPRight"
        self.orientation.placed += 1

    @property
    def yaw(self) -> float:
        """Yaw as the encoder has it, degrees."""
        return self._yaw

    @yaw.setter
    def yaw(self, angle: float) -> None:
        p = self.parameters
        new = round(angle / p.resolution_deg) * p.resolution_deg
        self._move(self.orientation.yaw, self._yaw, new, p.yaw_zero_deg, p.yaw_scale_error, p.yaw_backlash_deg)
        self._yaw = new

    @property
    def pitch(self) -> float:
        """Pitch as the encoder has it, degrees."""
        return self._pitch

    @pitch.setter
    def pitch(self, angle: float) -> None:
        p = self.parameters
        new = round(angle / p.resolution_deg) * p.resolution_deg
        self._move(
            self.orientation.pitch, self._pitch, new, p.pitch_zero_deg, p.pitch_scale_error, p.pitch_backlash_deg
        )
        self.orientation.placed += new != self._pitch
        self._pitch = new

    def _move(self, axis: Signal, old: float, new: float, zero: float, scale: float, backlash: float) -> None:
        """Turn an axis to a new place of its motor, from now on."""
        if new == old:
            return
        start = axis.value(self.now)
        target = new * (1.0 + scale) + zero - math.copysign(0.5 * backlash, new - old)
        duration = abs(new - old) / self.parameters.speed_deg_per_s
        slope = (target - start) / duration
        axis.replace_from(
            self.now, [(self.now, algebra.line(start, slope)), (self.now + duration, algebra.constant(target))]
        )
        # Both axes turn at once: the stage stands when the slower one does.
        self._until = until = max(self._until, self.now + duration)
        if self._moving is not None and self._moving.pending:
            self._moving.finish_at(until)
        else:
            self._moving = self.begin("move", until=until)

    def resolution(self) -> float:
        """Return the step of both axes, degrees."""
        return self.parameters.resolution_deg

    def reset(self) -> None:
        """Go to the state of *RST: back to zero, upright."""
        self.yaw, self.pitch, self.entry = 0.0, 0.0, "UPRight"


twin = Kind(parameters=Parameters, ports={"orientation": Orientation}, build=RotaryStage)
"""What a station builds by `twin: rotary_stage`."""
