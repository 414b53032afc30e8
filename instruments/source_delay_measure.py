"""The arm and trigger layers of a SourceMeter: source, delay, measure, as often as both counts say.

Source: Series 2400 SourceMeter User's Manual (2400S-900-01), section 17, of which :CONFigure, :READ? and :MEASure? were
seen; the layers are as remembered. An :INITiate or :READ? needs the output on (error 803), unless auto output-off turns
it on for each measurement.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from instruments.keithley import IDLE, KeithleyInstrument
from instruments.scpi import ScpiError, WhenComplete

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

P = TypeVar("P")

COMPLIANCE = 1 << 14
"""Bit of STATus:MEASurement."""
SWEEPING, WAITING_FOR_TRIGGER, WAITING_FOR_ARM = 1 << 3, 1 << 5, 1 << 6
"""Bits of STATus:OPERation besides IDLE."""
MOST_READINGS = 2500
"""Largest product of both counts."""
ENDLESS = 9.9e37

Record = tuple[float, ...]


class SourceDelayMeasure(KeithleyInstrument[P]):
    """Run the trigger model; a subclass sources (`drive`, `amplitudes`) and measures (`measured`, `shown`)."""

    arm_source: str
    arm_timer: float
    trigger_source: str
    trigger_delay: float
    auto_off: bool
    delay_auto: bool
    time_auto: bool

    def __init__(self, parameters: P, surroundings: Surroundings, buffer_size: int) -> None:
        """Build idle."""
        super().__init__(parameters, surroundings, buffer_size)
        self.arm_count = 1.0
        self.trigger_count = 1.0
        self.source_delay = 0.0
        self._cycle: Operation | None = None
        self._event: Call | None = None
        self._await: Callable[[], None] | None = None
        self._records: list[Record] = []
        self._last_record: Record | None = None
        self._arms_left = self._triggers_left = 0.0
        self._index = 0
        self._armed_at = 0.0
        self._steps: tuple[float, ...] | None = None
        self._stamped_at = 0.0

    # -- what a subclass gives ----------------------------------------------------------------------------------------

    def drive(self, level: float | None = None) -> None:
        """Source an amplitude, or the fixed one."""
        raise NotImplementedError

    def amplitudes(self) -> tuple[float, ...] | None:
        """Return the amplitudes of a sweep; None for a fixed source."""
        raise NotImplementedError

    def measured(self, stop: float) -> Record:
        """Return the measurement that ends now."""
        raise NotImplementedError

    def measuring_s(self) -> float:
        """Return the time of one measurement, s."""
        raise NotImplementedError

    def get_source_delay(self) -> float:
        """Return the delay between source and measurement, s."""
        raise NotImplementedError

    def shown(self, records: list[Record]) -> str | bytes:
        """Write measurements for the bus."""
        raise NotImplementedError

    def get_output(self) -> bool:
        """Return whether the output is on."""
        raise NotImplementedError

    def set_output(self, on: bool) -> None:
        """Switch the output."""
        raise NotImplementedError

    # -- counts -------------------------------------------------------------------------------------------------------

    def get_arm_count(self) -> float:
        """Return the arm count."""
        return self.arm_count

    def set_arm_count(self, count: float) -> None:
        """Set the arm count; the product of both counts is limited."""
        self.arm_count = self._count(count, self.trigger_count)

    def get_trigger_count(self) -> float:
        """Return the trigger count."""
        return self.trigger_count

    def set_trigger_count(self, count: float) -> None:
        """Set the trigger count; the product of both counts is limited."""
        if count >= ENDLESS:
            raise ScpiError(-222)
        self.trigger_count = self._count(count, self.arm_count)

    @staticmethod
    def _count(count: float, other: float) -> float:
        if count >= ENDLESS:
            return ENDLESS
        count = math.floor(count + 0.5)
        if count > MOST_READINGS:
            raise ScpiError(-222)
        if other < ENDLESS and count * other > MOST_READINGS:
            raise ScpiError(-221)
        return count

    # -- cycle --------------------------------------------------------------------------------------------------------

    def halt(self) -> None:
        """Go to the idle state."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._await = None
        cycle, self._cycle = self._cycle, None
        self.status.operation.set(SWEEPING | WAITING_FOR_ARM | WAITING_FOR_TRIGGER, False)
        self.status.operation.set(IDLE, True)
        if cycle is not None:
            cycle.cancel()

    def abort(self) -> None:
        """Go to the idle state (ABORt)."""
        self.halt()

    def clear_triggers(self) -> None:
        """Forget pending input triggers; there are none."""

    def clear(self, link: Any) -> None:
        """Clear the device; a cycle ends."""
        if self._cycle is not None:
            self.halt()
        super().clear(link)

    def initiate(self) -> None:
        """Leave the idle state (INITiate).

        Raises:
            ScpiError: -213 while a cycle is under way; 803, the output is off.
        """
        if self._cycle is not None:
            raise ScpiError(-213)
        if not self.get_output() and not self.auto_off:
            raise ScpiError(803, "Not permitted with OUTPUT off")
        self._steps = self.amplitudes()
        self._records = []
        self._index = 0
        if self.time_auto:
            self.reset_time()
        self._cycle = self.begin("measurement")
        self.status.operation.set(IDLE, False)
        self.status.operation.set(SWEEPING, self._steps is not None)
        self._arms_left = self.arm_count
        self._arm()

    def _arm(self) -> None:
        source = self.arm_source
        if source in ("BUS", "TLINk", "MANual", "NSTest", "PSTest", "BSTest"):
            self.status.operation.set(WAITING_FOR_ARM, True)
            self._await = self._armed
        elif source == "TIMer" and self._arms_left < self.arm_count:
            self._event = self.clock.call_at(max(self.now, self._armed_at + self.arm_timer), self._armed)
        else:
            self._armed()

    def _armed(self) -> None:
        self._await = None
        self._event = None
        self._armed_at = self.now
        self.status.operation.set(WAITING_FOR_ARM, False)
        self._triggers_left = self.trigger_count
        self._trigger()

    def _trigger(self) -> None:
        if self.trigger_source == "TLINk":
            self.status.operation.set(WAITING_FOR_TRIGGER, True)
            self._await = self._triggered
        else:
            self._triggered()

    def _triggered(self) -> None:
        self._await = None
        self.status.operation.set(WAITING_FOR_TRIGGER, False)
        if self.trigger_delay:
            self._event = self.clock.call_at(self.now + self.trigger_delay, self._source)
        else:
            self._source()

    def _source(self) -> None:
        if self.auto_off:
            self.set_output(True)
        if self._steps is not None:
            self.drive(self._steps[self._index % len(self._steps)])
        self._index += 1
        self._event = self.clock.call_at(self.now + self.get_source_delay() + self.measuring_s(), self._measured)

    def _measured(self) -> None:
        self._event = None
        record = self.measured(self.now)
        self._last_record = record
        self._records.append(record)
        if len(self._records) > MOST_READINGS:
            self._records.pop(0)
        self.buffer.store(record)
        self._triggers_left -= 1
        last = self._triggers_left <= 0 and self._arms_left <= 1
        if self.auto_off:
            cycle, self._cycle = self._cycle, None  # the output goes off without ending the cycle
            event, self._event = self._event, None
            self.set_output(False)
            self._cycle, self._event = cycle, event
            if not last:
                self.status.operation.set(IDLE, False)
        if self._triggers_left > 0:
            self._trigger()
            return
        self._arms_left -= 1
        if self._arms_left > 0:
            self._arm()
            return
        cycle, self._cycle = self._cycle, None
        self.status.operation.set(SWEEPING, False)
        self.status.operation.set(IDLE, True)
        if cycle is not None:
            cycle.finish()

    def trigger(self) -> None:
        """Act on *TRG or a group execute trigger."""
        if self.arm_source == "BUS" and self._await is not None:
            self._await()
        else:
            self.report(-211)

    def external_trigger(self) -> None:
        """Give a pulse to the trigger link, as a wire at the bench would."""
        if self._await is not None and (self.arm_source == "TLINk" or self.trigger_source == "TLINk"):
            self._await()

    # -- what the bus gets --------------------------------------------------------------------------------------------

    def read(self) -> Any:
        """Initiate and answer the measurements of the cycle (READ?)."""
        if self._cycle is not None:
            self.halt()
        if self.arm_source == "BUS":
            raise ScpiError(-214, "Trigger deadlock")
        self.initiate()
        return WhenComplete(self._answered)

    def fetch(self) -> Any:
        """Answer the measurements of the last cycle (FETCh?)."""
        return WhenComplete(self._answered) if self._cycle is not None else self._answered()

    def _answered(self) -> str | bytes:
        if not self._records:
            raise ScpiError(-230)
        return self.shown(self._records)

    def last(self) -> Record:
        """Return the last measurement.

        Raises:
            ScpiError: -230, there is none.
        """
        if self._last_record is None:
            raise ScpiError(-230)
        return self._last_record

    def latest(self) -> str | bytes:
        """Answer the last measurement (DATA?)."""
        return self.shown([self.last()])

    def buffer_data(self) -> str | bytes:
        """Answer the measurements in the buffer (TRACe:DATA?)."""
        if not self.buffer.readings:
            raise ScpiError(-230)
        return self.shown(self.buffer.readings)

    def buffer_free(self) -> str:
        """Return the bytes that are free and in use, 24 a reading."""
        used = 24 * len(self.buffer.readings)
        return f"{24 * MOST_READINGS - used},{used}"

    # -- time stamp ---------------------------------------------------------------------------------------------------

    def elapsed(self) -> float:
        """Return the time stamp, s."""
        return self.now - self._stamped_at

    def reset_time(self) -> None:
        """Let the time stamp begin anew."""
        self._stamped_at = self.now
