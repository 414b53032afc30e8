"""What Keithley's SCPI instruments of the 2000 and 2400 series share: status, data formats, reading buffer, syntax.

Sources: Model 2000 Multimeter User's Manual (2000-900-01), sections 4 and 5; Series 2400 SourceMeter User's Manual
(2400S-900-01), sections 14 to 18, of which the pages on status were seen. They have a third register set,
STATus:MEASurement, whose summary is bit 0 of the status byte; they take ":*CLS" and "SENS1".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from instruments.extra_status import ExtraStatus
from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Integer,
    Listed,
    Numeric,
    Query,
    Raw,
    ScpiError,
    ScpiInstrument,
    Setting,
)
from instruments.scpi.parameters import short_form
from instruments.scpi.reply import finite
from instruments.scpi_words import tolerant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instruments.link import Link
    from instruments.scpi.status import RegisterSet
    from instruments.twin import Surroundings

P = TypeVar("P")

MEASUREMENT_SUMMARY = 1
"""Bit of the status byte."""

# Bits of STATus:OPERation.
MEASURING = 1 << 4
TRIGGERING = 1 << 5
IDLE = 1 << 10


def as_is(value: Any) -> str | bytes:
    """Write a reply that the instrument has put into its data format already."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"a reply in the data format is text or bytes, not {value!r}")
    return value


class KeithleyStatus(ExtraStatus):
    """Hold the status with the register set STATus:MEASurement."""

    __slots__ = ()

    @property
    def measurement(self) -> RegisterSet:
        """STATus:MEASurement."""
        return self.extra


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferBits:
    """Say which bits of STATus:MEASurement tell of the buffer; 0 for a bit that a model does not have."""

    available: int
    """At least two readings are in it."""
    half_full: int
    """It is half full."""
    full: int
    """It is full."""


class Buffer:
    """Be the reading buffer: filled from FEED:CONTrol NEXT on, until it is full."""

    def __init__(self, status: KeithleyStatus, size: int, bits: BufferBits) -> None:
        self._status = status
        self._bits = bits
        self.size = size
        """Readings that it takes."""
        self.filling = False
        """Whether readings are stored."""
        self.readings: list[Any] = []
        """What is in it."""

    def clear(self) -> None:
        """Empty it."""
        self.readings = []
        self._status.measurement.set(self._bits.available | self._bits.half_full | self._bits.full, False)

    def resize(self, size: int) -> None:
        """Set how many readings it takes; that empties it."""
        self.size = size
        self.clear()

    def fill(self, on: bool) -> None:
        """Begin to store anew, or stop."""
        if on:
            self.clear()
        self.filling = on

    def store(self, reading: Any) -> None:
        """Take a reading, if readings are stored, and tell the status."""
        if not self.filling:
            return
        self.readings.append(reading)
        count, measurement = len(self.readings), self._status.measurement
        if count >= 2:
            measurement.set(self._bits.available, True)
        if 2 * count >= self.size:
            measurement.set(self._bits.half_full, True)
        if count >= self.size:
            self.filling = False
            measurement.set(self._bits.full, True)


class KeithleyInstrument(ScpiInstrument[P]):
    """Be an instrument of this kind."""

    status: KeithleyStatus
    number_format: ClassVar[str] = "{:+.8E}"
    """How an ASCII reading is written."""
    buffer_bits: ClassVar[BufferBits]
    """Bits of STATus:MEASurement."""

    def __init__(self, parameters: P, surroundings: Surroundings, buffer_size: int) -> None:
        """Build at power-on with an empty buffer of that many places."""
        super().__init__(parameters, surroundings)
        self.status = KeithleyStatus(self.request_service, self._available, self.error_queue_limit, MEASUREMENT_SUMMARY)
        self.buffer = Buffer(self.status, buffer_size, self.buffer_bits)
        self.data_format = "ASCii"
        self.byte_order = "NORMal"
        self.elements: tuple[str, ...] = ()

    def submit(self, message: bytes, link: Link) -> None:
        """Execute a message; see `Engine.submit`."""
        super().submit(tolerant(message), link)

    # -- data formats -------------------------------------------------------------------------------------------------

    def choose_format(self, name: str, length: int | None) -> None:
        """Choose the data format (FORMat:DATA)."""
        if name == "REAL" and length not in (None, 32, 64):
            raise ScpiError(-224)
        self.data_format = "DREal" if name == "REAL" and length == 64 else "SREal" if name == "REAL" else name

    def chosen_format(self) -> str:
        """Return the data format."""
        return {"ASCii": "ASC", "SREal": "REAL,32", "DREal": "REAL,64"}[self.data_format]

    def formatted(self, numbers: Sequence[float]) -> str | bytes:
        """Write numbers in the chosen data format; binary data follow "#0"."""
        numbers = [finite(n) for n in numbers]
        if self.data_format == "ASCii":
            return ",".join([self.number_format.format(n) for n in numbers])
        order = ">" if self.byte_order == "NORMal" else "<"
        code = "f" if self.data_format == "SREal" else "d"
        return b"#0" + struct.pack(f"{order}{len(numbers)}{code}", *numbers)

    # -- status -------------------------------------------------------------------------------------------------------

    def preset_status(self) -> None:
        """Preset all three register sets."""
        super().preset_status()
        self.status.measurement.preset()

    def measurement_event(self) -> int:
        """Read and clear."""
        return self.status.measurement.take()

    def measurement_condition(self) -> int:
        """Read."""
        return self.status.measurement.condition

    def measurement_enable(self) -> int:
        """Read."""
        return self.status.measurement.enable

    def set_measurement_enable(self, mask: int) -> None:
        """Write."""
        self.status.measurement.write_enable(mask)

    def clear_queue(self) -> None:
        """Empty the error queue."""
        self.status.errors.clear()
        self.status.update()

    def accept_list(self, _list: str = "") -> None:
        """Take note of which messages the queue admits; the twin admits all."""

    # -- buffer -------------------------------------------------------------------------------------------------------

    def buffer_size(self) -> int:
        """Return how many readings the buffer takes."""
        return self.buffer.size

    def resize_buffer(self, size: int) -> None:
        """Set how many readings the buffer takes."""
        self.buffer.resize(size)

    def clear_buffer(self) -> None:
        """Empty the buffer."""
        self.buffer.clear()

    def buffer_control(self) -> str:
        """Return whether readings are stored."""
        return "NEXT" if self.buffer.filling else "NEVer"

    def set_buffer_control(self, mode: str) -> None:
        """Begin to store readings, or stop."""
        self.buffer.fill(mode != "NEVer")

    def buffer_count(self) -> int:
        """Return how many readings are in the buffer."""
        return len(self.buffer.readings)

    # -- what is there for its own sake -------------------------------------------------------------------------------

    def beep(self, _frequency: float | None = None, _seconds: float | None = None) -> None:
        """Beep; nobody hears it."""

    def leave_remote(self) -> None:
        """Go to local state (SYSTem:LOCal)."""
        self.go_local()

    def enter_remote(self) -> None:
        """Go to remote state (SYSTem:REMote, SYSTem:RWLock)."""
        self.go_remote()

    def terminals(self) -> int:
        """Return 1: the front terminals are chosen."""
        return 1

    def line_frequency(self) -> int:
        """Return the frequency of the mains, Hz."""
        return int(getattr(self.parameters, "line_frequency_hz", 50.0))


_WORD = Numeric(integer=True, low=0, high=65535, reply=Integer())


class _Short:
    """Write an option in short form."""

    def __call__(self, value: object) -> str:
        """Write the value."""
        return short_form(str(value))


SHORT = Listed(_Short())
"""Options in short form, joined by commas."""

SHARED: tuple[Command, ...] = (
    Query("STATus:MEASurement[:EVENt]?", method="measurement_event", reply=Integer(), doc="Read and clear."),
    Query("STATus:MEASurement:CONDition?", method="measurement_condition", reply=Integer(), doc="Read."),
    Setting(
        "STATus:MEASurement:ENABle",
        _WORD,
        getter="measurement_enable",
        setter="set_measurement_enable",
        doc="Which measurement events raise bit 0 of the status byte.",
    ),
    Query("STATus:QUEue[:NEXT]?", method="next_error", doc="Take the oldest message off the queue."),
    Event("STATus:QUEue:CLEar", method="clear_queue", doc="Empty the queue."),
    Event("SYSTem:CLEar", method="clear_queue", doc="Empty the queue."),
    Event(
        "FORMat[:DATA]",
        method="choose_format",
        parameters=(
            Choice(options=("ASCii", "SREal", "DREal", "REAL")),
            Numeric(name="length", integer=True, optional=True),
        ),
        doc="Data format of readings.",
    ),
    Query("FORMat[:DATA]?", method="chosen_format", doc="Data format of readings."),
    Setting("FORMat:BORDer", Choice(options=("NORMal", "SWAPped"), default="NORMal"), attribute="byte_order"),
    Event("TRACe:CLEar", method="clear_buffer", doc="Empty the buffer."),
    Event("DATA:CLEar", method="clear_buffer", doc="Empty the buffer."),
    Setting(
        "TRACe:FEED:CONTrol",
        Choice(options=("NEVer", "NEXT")),
        getter="buffer_control",
        setter="set_buffer_control",
        doc="NEXT: store readings until the buffer is full.",
    ),
    Event("SYSTem:LOCal", method="leave_remote", doc="Local state."),
    Event("SYSTem:REMote", method="enter_remote", doc="Remote state."),
    Event("SYSTem:RWLock", method="enter_remote", doc="Remote state with lockout."),
    Setting("SYSTem:BEEPer:STATe", Boolean(), attribute="beeper", doc="Beeper."),
    Event(
        "SYSTem:BEEPer[:IMMediate]",
        method="beep",
        parameters=(Numeric(name="frequency", unit="HZ", optional=True), Numeric(name="time", unit="S", optional=True)),
        doc="Beep.",
    ),
    Setting("DISPlay:ENABle", Boolean(), attribute="display", doc="Front panel display; kept over *RST."),
    Setting("SYSTem:KCLick", Boolean(), attribute="key_click", doc="Key click."),
    Query("SYSTem:VERSion?", method="scpi_version", reply=Raw(), doc="Version of SCPI."),
)
"""Commands of both series."""
