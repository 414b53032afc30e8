"""A status model with one register set more than SCPI-99 has, summed up in a bit of the status byte free there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.scpi.status import MASTER_SUMMARY, RegisterSet, Status

if TYPE_CHECKING:
    from collections.abc import Callable


class ExtraStatus(Status):
    """Hold the status with a register set of the model's own."""

    __slots__ = ("_summary_bit", "extra")

    def __init__(
        self, hook: Callable[[], None], available: Callable[[], bool], queue_limit: int, summary_bit: int
    ) -> None:
        """Start as after power-on.

        Args:
            hook: see `Status`.
            available: see `Status`.
            queue_limit: see `Status`.
            summary_bit: value of the bit of the status byte that sums the register set up.
        """
        super().__init__(hook, available, queue_limit)
        self._summary_bit = summary_bit
        self.extra = RegisterSet(self.update)
        """The register set of the model."""

    def byte(self) -> int:
        """Return the status byte with the summary of the register set."""
        value = super().byte()
        if self.extra.event & self.extra.enable:
            value |= self._summary_bit
            if self.service_enable & self._summary_bit:
                value |= MASTER_SUMMARY
        return value

    def clear(self) -> None:
        """Clear all event registers and the error queue."""
        self.extra.event = 0
        super().clear()
