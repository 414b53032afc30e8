"""Errors of the bench: what a user can cause ends as one line that names file, key and why.

ValueError
  ConfigurationError   a file says something that cannot be done
"""

from __future__ import annotations


class ConfigurationError(ValueError):
    """Refuse a file: str() is one line, `file: key: why` (`file:line: ...` where the line is known)."""

    def __init__(self, file: str, key: str, why: str, line: int | None = None) -> None:
        """Name the place and the reason.

        Args:
            file: file, or what stands for one.
            key: path of the key in it, joined by dots.
            why: what is wrong and what would be right.
            line: line number in the file, from 1.
        """
        self.file = file
        self.key = key
        self.why = " ".join(why.split())
        self.line = line
        super().__init__(file, key, why, line)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.why}"
