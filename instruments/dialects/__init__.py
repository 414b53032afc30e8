"""Engines of instruments that do not speak SCPI: lines of ASCII, framed telegrams, register maps."""
