"""Driver of a laser Doppler anemometer (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading, InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, Switch, fixed
from drivers.reading import Reading
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.session import Steps

LEAST_BURSTS = 100
"""Fewer bursts than this make no mean speed: the seeding failed or the beams do not cross."""

_MEAN = re.compile(r"(-?\d+\.\d{4}),(\d+\.\d{4}),(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Hold one mean of an LDA."""

    speed: Reading
    """Mean speed, m/s."""
    scatter: Reading
    """Standard deviation of single bursts, m/s."""
    bursts: Reading
    """Count of bursts."""


class LaserDopplerAnemometer(Instrument):
    """Drive the anemometer."""

    joins_check = True

    laser = Switch("LAS {}", "LAS?", on="1", off="0")
    time = Setting("SENS:TIME {:.1f}", "SENS:TIME?", unit="s", reply=fixed(1), low=0.1, high=600.0)
    factor = Setting("CAL:FACT {:.6f}", "CAL:FACT?", unit="1", reply=fixed(6), low=0.9, high=1.1)
    speed = Measurement("READ?", unit="m/s", reply=fixed(4), low=-150.0, high=150.0)
    scatter = Measurement("READ?", unit="m/s", reply=fixed(4), low=0.0, high=150.0)
    bursts = Measurement("READ?", unit="1", reply=r"\d+", low=0.0)

    def read(self, duration_s: float) -> Steps[Speed]:
        """Take one mean; `time` must have been set to `duration_s`.

        Raises:
            ImplausibleReading: too few bursts were seen for a mean.
        """
        yield from self.ready()
        begin = self.session.now()
        raw = yield from self.ask("READ?", duration_s + 5.0)
        if self.session.now() - begin < 0.9 * duration_s:
            raise self.doubt(f"READ?: {raw!r} came before a mean over {duration_s:g} s can be; its time was changed")
        match = _MEAN.fullmatch(raw)
        if match is None:
            raise self.doubt(f"speed: reply {raw!r} is not of the form {_MEAN.pattern!r}")
        bursts = self.bursts.reading(match[3])
        if bursts.indication.value < LEAST_BURSTS:
            raise ImplausibleReading(
                f"{self.role}: speed: only {match[3]} bursts in {duration_s:g} s; check seeding, laser and alignment"
            )
        return Speed(speed=self.speed.reading(match[1]), scatter=self.scatter.reading(match[2]), bursts=bursts)

    def make_safe(self) -> Steps[None]:
        """Switch the laser off, from any state, and see that it is off.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("LAS 0",),
            self._dark,
            what="laser not confirmed off",
            remedy="switch it off by hand",
        )
        yield from self.clear_status()

    def _dark(self) -> Steps[None]:
        if (yield from self.laser.read()):
            raise InstrumentError(f"{self.role}: laser is still on after LAS 0")


driver = LaserDopplerAnemometer
"""What a data sheet builds by `driver = "lda"`."""
