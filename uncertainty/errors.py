"""Errors of the room.

ValueError
├── InputError     an input quantity, a correlation or a setting cannot be used; the message names it
├── ModelError     a measurement model raised, or returned a wrong shape, NaN or infinity
└── UnitMismatch   two units do not fit (uncertainty.quantity)
"""

from __future__ import annotations


class InputError(ValueError):
    """An input quantity, a correlation or a setting cannot be used."""


class ModelError(ValueError):
    """A measurement model failed, or returned a wrong shape, NaN or infinity."""
