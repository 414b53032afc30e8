"""What can go wrong between a procedure and an instrument.

InstrumentError                    anything below: the reading or setting did not come about
├── TransportError                 the line: closed, refused, broken
│   └── InstrumentTimeout          no complete reply in time
├── ProtocolError                  a reply that is not of the form the command declares: never guessed at, never used
├── ImplausibleReading             a reading of the right form that cannot be true, by what else is known
├── ReportedError(code, text)      the instrument put an error into its queue
├── SettingRefused                 a value outside the declared range: refused before anything was sent
└── IdentityMismatch               another instrument answers than the one that is meant

Every message is one line and names the instrument's role, the property or message, and what was found.
"""

from __future__ import annotations


class InstrumentError(Exception):
    """A setting or a reading did not come about."""


class TransportError(InstrumentError):
    """The line to the instrument failed."""


class InstrumentTimeout(TransportError):
    """No complete reply came in time."""


class ProtocolError(InstrumentError):
    """A reply is not of the form that its command declares."""


class ImplausibleReading(InstrumentError):
    """A reading is of the right form, but cannot be true by what else is known."""


class ReportedError(InstrumentError):
    """The instrument reported an error of its own."""

    def __init__(self, instrument: str, after: str, code: int, text: str) -> None:
        """Name who reported what.

        Args:
            instrument: role of the instrument.
            after: what was asked of it, e.g. "voltage = 500 V".
            code: number in the error queue (SCPI-99: negative for standard errors).
            text: its text.
        """
        super().__init__(f"{instrument}: reported {code} ({text}) after {after}")
        self.instrument = instrument
        self.after = after
        self.code = code
        self.text = text


class SettingRefused(InstrumentError):
    """A value lies outside of what the driver declares; nothing was sent."""


class IdentityMismatch(InstrumentError):
    """Another instrument answers at this address than the one that is meant."""
