"""Drivers: one file per instrument, declared properties that return quantities."""
