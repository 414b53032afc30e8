"""The common commands of IEEE 488.2 and the mandatory subsystems of SCPI-99."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from instruments.scpi.commands import Command, Event, Operation, Query, Setting, WhenComplete
from instruments.scpi.errors import STANDARD, ScpiError
from instruments.scpi.parameters import Numeric
from instruments.scpi.reply import Integer
from instruments.scpi.status import OPERATION_COMPLETE, RegisterSet, Status

if TYPE_CHECKING:
    from instruments.scpi.commands import Identity
    from instruments.scpi.table import CommandTable

_BYTE = Numeric(integer=True, low=0, high=255, reply=Integer())
_WORD = Numeric(integer=True, low=0, high=65535, reply=Integer())
_MEMORY = Numeric(name="memory", integer=True, low=0, high=9)


def _registers(word: str, prefix: str) -> tuple[Command, ...]:
    """Declare the commands of one SCPI status register set."""
    return (
        Query(
            f"STATus:{word}[:EVENt]?",
            method=f"{prefix}_event",
            reply=Integer(),
            doc="Read and clear the event register.",
        ),
        Query(
            f"STATus:{word}:CONDition?",
            method=f"{prefix}_condition",
            reply=Integer(),
            doc="Read the condition register.",
        ),
        Setting(
            f"STATus:{word}:ENABle",
            _WORD,
            getter=f"{prefix}_enable",
            setter=f"set_{prefix}_enable",
            doc="Choose which events raise the summary bit.",
        ),
        Setting(
            f"STATus:{word}:PTRansition",
            _WORD,
            getter=f"{prefix}_positive",
            setter=f"set_{prefix}_positive",
            doc="Choose which conditions are events when they become true.",
        ),
        Setting(
            f"STATus:{word}:NTRansition",
            _WORD,
            getter=f"{prefix}_negative",
            setter=f"set_{prefix}_negative",
            doc="Choose which conditions are events when they become false.",
        ),
    )


COMMON: tuple[Command, ...] = (
    Query("*IDN?", method="identify", indefinite=True, doc="Manufacturer, model, serial number, firmware."),
    Query("*OPT?", method="option_list", indefinite=True, doc="Options that are fitted."),
    Event("*RST", method="common_reset", doc="Bring the settings to their reset values and abort operations."),
    Query("*TST?", method="self_test", reply=Integer(), doc="Run the self-test; 0 means passed."),
    Event("*CLS", method="clear_status", doc="Clear event registers and error queue."),
    Setting("*ESE", _BYTE, getter="event_enable", setter="set_event_enable", doc="Standard event status enable."),
    Query("*ESR?", method="take_event_status", reply=Integer(), doc="Read and clear the standard event status."),
    Setting("*SRE", _BYTE, getter="service_enable", setter="set_service_enable", doc="Service request enable."),
    Query("*STB?", method="read_status_byte", reply=Integer(), doc="Status byte with master summary status."),
    Event("*OPC", method="announce_completion", doc="Set ESR bit 0 when no operation is pending."),
    Query("*OPC?", method="await_completion", reply=Integer(), doc="Answer 1 when no operation is pending."),
    Event("*WAI", method="wait_for_completion", doc="Wait until no operation is pending."),
    Event("*TRG", method="trigger", doc="Trigger over the bus."),
    Event("*SAV", method="save_settings", parameters=(_MEMORY,), doc="Keep the settings."),
    Event("*RCL", method="recall_settings", parameters=(_MEMORY,), doc="Restore kept settings."),
    Query("SYSTem:ERRor[:NEXT]?", method="next_error", doc="Take the oldest error off the queue."),
    Query("SYSTem:ERRor:ALL?", method="all_errors", doc="Take all errors off the queue."),
    Query("SYSTem:ERRor:COUNt?", method="error_count", reply=Integer(), doc="Number of errors in the queue."),
    Query("SYSTem:VERSion?", method="scpi_version", doc="Version of SCPI."),
    Event("STATus:PRESet", method="preset_status", doc="Preset enable registers and transition filters."),
    *_registers("OPERation", "operation"),
    *_registers("QUEStionable", "questionable"),
)
"""Commands of every SCPI instrument; an instrument's own of the same notation replace them."""


class CommonCommands:
    """Implement the common commands; a base of `ScpiInstrument`."""

    identity: ClassVar[Identity]
    options: ClassVar[str]
    error_format: ClassVar[str]
    parameters: Any
    status: Status
    operations: list[Operation]
    _table: CommandTable
    _announce: bool
    _memory: dict[int, list[Any]]

    def reset(self) -> None:
        """Bring the settings to their *RST values; the default sets every `Setting` that declares one."""
        for place in self._table.places:
            value = place.setting.parameter.initial(self)
            if value is not None:
                place.set(self, value)

    def self_test(self) -> int:
        """Return 0 if the self-test passes (*TST?), another number if not."""
        return 0

    def identify(self) -> str:
        """Return the four fields of *IDN?."""
        identity = self.identity
        serial = getattr(self.parameters, "serial", "0")
        return f"{identity.manufacturer},{identity.model},{serial},{identity.firmware}"

    def option_list(self) -> str:
        """Return the answer to *OPT?."""
        return self.options

    def common_reset(self) -> None:
        """Abort operations and reset; status and error queue stay."""
        self._announce = False
        for operation in tuple(self.operations):
            operation.cancel(go_on=False)
        self.reset()

    def clear_status(self) -> None:
        """Clear event registers and error queue, and forget *OPC."""
        self._announce = False
        self.status.clear()

    def event_enable(self) -> int:
        """Return the standard event status enable register."""
        return self.status.event_enable

    def set_event_enable(self, mask: int) -> None:
        """Set the standard event status enable register."""
        self.status.event_enable = mask
        self.status.update()

    def take_event_status(self) -> int:
        """Return the standard event status register and clear it."""
        return self.status.take_event()

    def service_enable(self) -> int:
        """Return the service request enable register."""
        return self.status.service_enable

    def set_service_enable(self, mask: int) -> None:
        """Set the service request enable register; bit 6 is always 0."""
        self.status.service_enable = mask & ~64
        self.status.update()

    def read_status_byte(self) -> int:
        """Return the status byte with MSS in bit 6."""
        return self.status.byte()

    def announce_completion(self) -> None:
        """Set ESR bit 0 now, or when the last pending operation ends."""
        if self.operations:
            self._announce = True
        else:
            self.status.raise_event(OPERATION_COMPLETE)

    def await_completion(self) -> int | WhenComplete:
        """Answer 1 when no operation is pending."""
        return WhenComplete(lambda: 1) if self.operations else 1

    def wait_for_completion(self) -> WhenComplete | None:
        """Let the message go on when no operation is pending."""
        return WhenComplete() if self.operations else None

    def save_settings(self, memory: int) -> None:
        """Keep all settings under a number."""
        self._memory[memory] = [place.get(self) for place in self._table.places if _kept(place.setting)]

    def recall_settings(self, memory: int) -> None:
        """Restore the settings kept under a number.

        Raises:
            ScpiError: -224, nothing was kept there.
        """
        if memory not in self._memory:
            raise ScpiError(-224)
        kept = [place for place in self._table.places if _kept(place.setting)]
        for place, value in zip(kept, self._memory[memory], strict=True):
            place.set(self, value)

    def format_error(self, code: int, text: str) -> str:
        """Return a queue entry as this model writes it."""
        return self.error_format.format(code=code, text=text.replace('"', '""'))

    def next_error(self) -> str:
        """Take the oldest error off the queue."""
        return self.format_error(*self.status.next_error())

    def all_errors(self) -> str:
        """Take all errors off the queue."""
        entries = [self.next_error() for _ in range(len(self.status.errors))]
        return ",".join(entries) if entries else self.format_error(0, STANDARD[0])

    def error_count(self) -> int:
        """Return the number of errors in the queue."""
        return len(self.status.errors)

    def scpi_version(self) -> str:
        """Return the version of SCPI."""
        return "1999.0"

    def preset_status(self) -> None:
        """Preset both SCPI register sets."""
        self.status.operation.preset()
        self.status.questionable.preset()

    # The accessors that the two register sets' commands name.

    def operation_event(self) -> int:
        """Read and clear."""
        return self.status.operation.take()

    def operation_condition(self) -> int:
        """Read."""
        return self.status.operation.condition

    def operation_enable(self) -> int:
        """Read."""
        return self.status.operation.enable

    def set_operation_enable(self, mask: int) -> None:
        """Write."""
        self.status.operation.write_enable(mask)

    def operation_positive(self) -> int:
        """Read."""
        return self.status.operation.positive

    def set_operation_positive(self, mask: int) -> None:
        """Write."""
        _filter(self.status.operation, "positive", mask)

    def operation_negative(self) -> int:
        """Read."""
        return self.status.operation.negative

    def set_operation_negative(self, mask: int) -> None:
        """Write."""
        _filter(self.status.operation, "negative", mask)

    def questionable_event(self) -> int:
        """Read and clear."""
        return self.status.questionable.take()

    def questionable_condition(self) -> int:
        """Read."""
        return self.status.questionable.condition

    def questionable_enable(self) -> int:
        """Read."""
        return self.status.questionable.enable

    def set_questionable_enable(self, mask: int) -> None:
        """Write."""
        self.status.questionable.write_enable(mask)

    def questionable_positive(self) -> int:
        """Read."""
        return self.status.questionable.positive

    def set_questionable_positive(self, mask: int) -> None:
        """Write."""
        _filter(self.status.questionable, "positive", mask)

    def questionable_negative(self) -> int:
        """Read."""
        return self.status.questionable.negative

    def set_questionable_negative(self, mask: int) -> None:
        """Write."""
        _filter(self.status.questionable, "negative", mask)


def _filter(registers: RegisterSet, name: str, mask: int) -> None:
    setattr(registers, name, mask & 0x7FFF)  # bit 15 is always 0


def _kept(setting: Setting) -> bool:
    """Tell whether *SAV keeps a setting: the status masks are no settings."""
    return not setting.header.startswith(("*", "STATus"))
