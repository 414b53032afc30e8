"""Standard error numbers and texts (SCPI-99), and the exception that puts one in the queue."""

from __future__ import annotations

from types import MappingProxyType

STANDARD = MappingProxyType(
    {
        0: "No error",
        -100: "Command error",
        -101: "Invalid character",
        -102: "Syntax error",
        -103: "Invalid separator",
        -104: "Data type error",
        -105: "GET not allowed",
        -108: "Parameter not allowed",
        -109: "Missing parameter",
        -110: "Command header error",
        -111: "Header separator error",
        -112: "Program mnemonic too long",
        -113: "Undefined header",
        -114: "Header suffix out of range",
        -120: "Numeric data error",
        -121: "Invalid character in number",
        -123: "Exponent too large",
        -124: "Too many digits",
        -128: "Numeric data not allowed",
        -130: "Suffix error",
        -131: "Invalid suffix",
        -134: "Suffix too long",
        -138: "Suffix not allowed",
        -140: "Character data error",
        -141: "Invalid character data",
        -144: "Character data too long",
        -148: "Character data not allowed",
        -150: "String data error",
        -151: "Invalid string data",
        -158: "String data not allowed",
        -160: "Block data error",
        -161: "Invalid block data",
        -168: "Block data not allowed",
        -170: "Expression error",
        -171: "Invalid expression",
        -178: "Expression data not allowed",
        -200: "Execution error",
        -203: "Command protected",
        -210: "Trigger error",
        -211: "Trigger ignored",
        -213: "Init ignored",
        -220: "Parameter error",
        -221: "Settings conflict",
        -222: "Data out of range",
        -223: "Too much data",
        -224: "Illegal parameter value",
        -230: "Data corrupt or stale",
        -240: "Hardware error",
        -241: "Hardware missing",
        -300: "Device-specific error",
        -310: "System error",
        -321: "Out of memory",
        -330: "Self-test failed",
        -340: "Calibration failed",
        -350: "Queue overflow",
        -360: "Communication error",
        -363: "Input buffer overrun",
        -400: "Query error",
        -410: "Query INTERRUPTED",
        -420: "Query UNTERMINATED",
        -430: "Query DEADLOCKED",
        -440: "Query UNTERMINATED after indefinite response",
    }
)
"""Number -> text."""


class ScpiError(Exception):
    """Refuse a command: the engine puts the number and text into the instrument's error queue and goes on.

    Raise it in a handler for what the real instrument reports, e.g. `raise ScpiError(-221)` for a settings conflict.
    Every other exception is a defect of the twin and propagates.
    """

    def __init__(self, code: int, text: str | None = None, info: str | None = None) -> None:
        """Name the error.

        Args:
            code: standard (negative) or instrument-specific (positive) number.
            text: text of the queue entry; the standard text if not given. Required for positive numbers.
            info: device-dependent detail, appended after ";" as SCPI-99 allows.
        """
        if text is None:
            if code not in STANDARD:
                raise ValueError(f"error {code} has no standard text: give one")
            text = STANDARD[code]
        self.code = code
        self.text = f"{text};{info}" if info else text
        super().__init__(f"{code},{self.text!r}")


def event_bit(code: int) -> int:
    """Return the bit of the standard event status register that an error sets (IEEE 488.2: 32, 16, 8 or 4)."""
    if code > 0:
        return 8  # instrument-specific errors are device-dependent errors
    hundred = -code // 100
    return {1: 32, 2: 16, 3: 8, 4: 4}.get(hundred, 0)
