"""Driver of a two-axis stage that turns and inclines a probe (generic SCPI; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading
from drivers.instrument import Instrument
from drivers.properties import BoundSetting, Option, Setting, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

MOVE_TIMEOUT_S = 120.0
"""Longest time that a move may take, s."""
STEP_DEG = 0.02
"""Largest difference between what was asked for and what the encoder indicates, degrees."""


class RotaryStage(Instrument):
    """Drive the stage."""

    joins_check = True

    yaw = Setting("POS:YAW {:.3f}", "POS:YAW?", unit="deg", reply=fixed(3), low=-180.0, high=180.0)
    pitch = Setting("POS:PITC {:.3f}", "POS:PITC?", unit="deg", reply=fixed(3), low=-60.0, high=60.0)
    entry = Option("PROB:ENTR {}", "PROB:ENTR?", choices={"upright": "UPR", "opposite": "OPP"})

    def turn(self, *, yaw: float | None = None, pitch: float | None = None) -> Steps[None]:
        """Turn the probe and wait until it stands; an axis that is None stays.

        Args:
            yaw: degrees.
            pitch: degrees.

        Raises:
            ImplausibleReading: the encoder indicates another place.
        """
        wanted = self._wanted(yaw, pitch)
        told = [axis.message(angle) for axis, angle in wanted]
        yield from self.tell(";:".join(message for message, _ in told), " and ".join(meaning for _, meaning in told))
        yield from self.stands(yaw=yaw, pitch=pitch)

    def stands(self, *, yaw: float | None = None, pitch: float | None = None) -> Steps[None]:
        """See that the stage stands where it was turned to; see `turn`.

        Raises:
            ImplausibleReading: the encoder indicates another place.
        """
        yield from self.ready()
        wanted = self._wanted(yaw, pitch)
        # One message: the encoders are read when the stage stands.
        raw = yield from self.ask("*OPC?;:" + ";:".join(axis.declared.query for axis, _ in wanted), MOVE_TIMEOUT_S)
        complete, *places = raw.split(";")
        if complete != "1" or len(places) != len(wanted):
            raise self.doubt(f"turn: reply {raw!r} is not '1' with {len(wanted)} angles")
        for (axis, angle), place in zip(wanted, places, strict=True):
            reading = axis.reading(place)
            if abs(reading.indication.value - angle) > STEP_DEG:
                raise ImplausibleReading(
                    f"{self.role}: {reading.name}: stands at {reading.indication} instead of {angle:g} deg; "
                    "check the axis and its limit switches"
                )

    def _wanted(self, yaw: float | None, pitch: float | None) -> list[tuple[BoundSetting, float]]:
        return [(axis, angle) for axis, angle in ((self.yaw, yaw), (self.pitch, pitch)) if angle is not None]


driver = RotaryStage
"""What a data sheet builds by `driver = "rotary_stage"`."""
