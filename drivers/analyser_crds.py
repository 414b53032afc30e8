"""Driver of a cavity ring-down analyser for CO2, CH4 and N2O (generic, commands invented): text over TCP.

Records, one a second, are fetched in blocks with a check sum; whatever changed on the way is refused, not read.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivers.errors import ImplausibleReading
from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed
from drivers.reading import Reading
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drivers.session import Steps

COMPONENTS = ("CO2", "CH4", "N2O")
"""Components, in the order of the instrument."""
COLUMNS = ("CO2", "CH4", "N2O", "CO2_raw", "CH4_raw", "N2O_raw", "H2O", "cavity_pressure", "cavity_temperature")
"""Columns of a record, in the order of the instrument."""
UNITS = {
    **dict.fromkeys(("CO2", "CO2_raw"), "umol/mol"),
    **dict.fromkeys(("CH4", "CH4_raw", "N2O", "N2O_raw"), "nmol/mol"),
    "H2O": "%",
    "cavity_pressure": "kPa",
    "cavity_temperature": "degC",
}
"""Unit of each column."""
_BLOCK = re.compile(r"(\d+),(\d+),([0-9A-F]{8}),([A-Za-z0-9+/]+={0,2})")
_NUMBER = r"-?\d+(?:\.\d+)?(?:E[+-]\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Records:
    """Hold records as they were fetched."""

    reading: Reading
    """The block itself: how many records, and the reply as it came."""
    last: int
    """Number of the last record since the analyser was switched on."""
    values: NDArray[np.float64]
    """Records, (n, 9), in the order of `COLUMNS`."""

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column, (n,), in its unit."""
        return np.asarray(self.values[:, COLUMNS.index(name)])

    def mean(self, name: str) -> Reading:
        """Return the mean of one column as a reading; its raw text says of which records."""
        count = len(self.values)
        return Reading(
            name=name,
            indication=Quantity(value=float(self.column(name).mean()), unit=UNITS[name]),
            instrument=self.reading.instrument,
            time_s=self.reading.time_s,
            raw=f"mean of {count} records to no. {self.last}",
        )


class AnalyserCrds(Instrument):
    """Drive the analyser."""

    joins_check = True

    record_count = Measurement("MEM:COUN?", unit="1", reply=r"\d+")
    inlet_pressure = Measurement("INL:PRES?", unit="kPa", reply=fixed(2), low=0.0, high=500.0)
    decay_time = Measurement("CAV:DEC?", unit="us", reply=fixed(4), low=0.0, high=1e4)

    def locked(self) -> Steps[bool]:
        """Return whether cavity temperature and pressure are locked.

        Raises:
            ProtocolError: the reply is neither 0 nor 1.
        """
        yield from self.ready()
        raw = yield from self.ask("SYST:READ?")
        if raw not in ("0", "1"):
            raise self.doubt(f"SYST:READ?: reply {raw!r} is neither 0 nor 1")
        return raw == "1"

    def fetch(self, count: int) -> Steps[Records]:
        """Fetch the last records, in one message.

        Raises:
            ProtocolError: the block is not whole, or of another length.
            ReportedError: the memory does not hold so many.
        """
        yield from self.ready()
        message = f"MEM:DATA? {count}"
        raw = yield from self.ask(message, 30.0)
        match = _BLOCK.fullmatch(raw)
        if match is None or len(match[4]) % 4:
            raise self.doubt(f"{message}: reply of {len(raw)} characters is not count,last,CRC-32,base64")
        try:
            data = b64decode(match[4], validate=True)
        except binascii.Error as problem:
            raise self.doubt(f"{message}: {problem}") from None
        if zlib.crc32(data) != int(match[3], 16):
            raise self.doubt(f"{message}: check sum {match[3]} does not belong to the data")
        if int(match[1]) != count or len(data) != 4 * count * len(COLUMNS):
            raise self.doubt(f"{message}: {match[1]} records in {len(data)} bytes are not what was asked for")
        reading = Reading(
            name="records",
            indication=Quantity(value=float(count), unit="1"),
            instrument=self.role,
            time_s=self.session.now(),
            raw=raw,
        )
        values = np.frombuffer(data, ">f4").reshape(count, len(COLUMNS)).astype(np.float64)
        return Records(reading=reading, last=int(match[2]), values=values)

    def set_calibration(self, functions: Mapping[str, tuple[float, float]]) -> Steps[None]:
        """Set calibration functions raw = offset + slope · calibrated, and read them back.

        Args:
            functions: component -> offset in its unit, slope.

        Raises:
            ImplausibleReading: the analyser holds something else.
        """
        yield from self._put(
            {
                f"CAL{COMPONENTS.index(component) + 1}:COEF{number}": value
                for component, function in functions.items()
                for number, value in enumerate(function, 1)
            }
        )

    def set_water(self, coefficients: Mapping[str, tuple[float, float, float]], scale_percent: float) -> Steps[None]:
        """Set the water correction wet/dry = 1 + a H + b H² + d (1 - exp(-H/h)), and read it back.

        Args:
            coefficients: component -> a (1/%), b (1/%²), d.
            scale_percent: h, %.

        Raises:
            ImplausibleReading: the analyser holds something else.
        """
        yield from self._put(
            {
                f"WAT{COMPONENTS.index(component) + 1}:COEF{number}": value
                for component, row in coefficients.items()
                for number, value in enumerate(row, 1)
            }
            | {"HUM:SCAL": scale_percent}
        )

    def confirm(self, settings: Mapping[str, float]) -> Steps[None]:
        """See that the analyser still holds numbers that it was set to.

        Args:
            settings: header -> number.

        Raises:
            ImplausibleReading: it holds something else.
        """
        yield from self.ready()
        message = ";:".join(f"{header}?" for header in settings)
        raw = yield from self.ask(message)
        parts = raw.split(";")
        if len(parts) != len(settings) or not all(re.fullmatch(_NUMBER, part) for part in parts):
            raise self.doubt(f"{message}: reply {raw!r} is not {len(settings)} numbers")
        for (header, wanted), part in zip(settings.items(), parts, strict=True):
            if abs(float(part) - wanted) > 1e-9 * max(1e-3, abs(wanted)):
                self.mistrust()
                raise ImplausibleReading(
                    f"{self.role}: {header} is {part} instead of {wanted:.10g}; check who else sets the analyser"
                )

    def _put(self, settings: Mapping[str, float]) -> Steps[None]:
        message = ";:".join(f"{header} {value:.10g}" for header, value in settings.items())
        yield from self.tell(message, f"{', '.join(settings)}")
        yield from self.confirm({header: float(f"{value:.10g}") for header, value in settings.items()})


def settings_of(
    functions: Mapping[str, Sequence[float]], coefficients: Mapping[str, Sequence[float]], scale_percent: float
) -> dict[str, float]:
    """Return the headers and numbers of calibration functions and water corrections, for `AnalyserCrds.confirm`."""
    found = {
        f"{group}{COMPONENTS.index(component) + 1}:COEF{number}": float(f"{value:.10g}")
        for group, rows in (("CAL", functions), ("WAT", coefficients))
        for component, row in rows.items()
        for number, value in enumerate(row, 1)
    }
    return found | {"HUM:SCAL": float(f"{scale_percent:.10g}")}


driver = AnalyserCrds
"""What a data sheet builds by `driver = "analyser_crds"`."""
