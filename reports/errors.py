"""Errors of the room.

::

    ReportError
    ├── IncompleteRecord(field)   a field that a certificate needs is missing or is no number
    ├── Refused                   a regulation-based document is not permitted for this record
    ├── UnknownUnit               a unit is not in the table of units
    ├── MissingGlyph              a character is in none of the certificate's fonts
    ├── InvalidDcc                the DCC fails its schema or the post-check
    ├── SealBroken                a seal is missing, or a sealed byte was changed
    └── Untrusted                 a seal or signature is whole, but of nobody who is trusted

Every message is one line that names the thing, the value and the remedy.
"""

from __future__ import annotations


class ReportError(ValueError):
    """A certificate cannot be made from a record."""


class IncompleteRecord(ReportError):
    """A field that a certificate needs is missing, empty or not a number."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class Refused(ReportError):
    """A document that quotes a regulation is not permitted for a record."""


class UnknownUnit(ReportError):
    """A unit has no printed symbol or no D-SI form."""


class MissingGlyph(ReportError):
    """A character of a text is in none of the fonts."""


class InvalidDcc(ReportError):
    """A DCC fails its schema or the post-check; nothing is written."""


class SealBroken(ReportError):
    """A document carries no seal, or is not byte for byte what was sealed."""


class Untrusted(ReportError):
    """A certificate was not issued by the trusted authority, was not valid at the time, or lacks the role."""
