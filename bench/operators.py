"""Who answers prompts: a file, the person at the terminal, or the simulation."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import ConfigurationError
from scenarios.procedure import Prompt

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Simulation:
    """Answer every prompt with its first choice: for benches whose device is a twin, which has no looks."""

    def answer(self, prompt: Prompt) -> str:
        """Return the first choice."""
        return prompt.choices[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFile:
    """Answer prompts from a TOML file of `key = "answer"`."""

    answers: dict[str, str]
    """Prompt key -> answer."""
    source: str
    """File name, for messages."""

    @classmethod
    def read(cls, path: Path) -> AnswersFile:
        """Read a file of answers.

        Raises:
            ConfigurationError: the file cannot be read, or is not a table of texts.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as problem:
            raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise ConfigurationError(str(path), "(file)", f"not a TOML file: {problem}") from None
        for key, answer in table.items():
            if not isinstance(answer, str):
                raise ConfigurationError(str(path), key, f"{answer!r} is not a text in quotation marks")
        return cls(answers=table, source=str(path))

    def answer(self, prompt: Prompt) -> str:
        """Return the file's answer.

        Raises:
            ConfigurationError: the file does not answer this prompt, or with none of its choices.
        """
        # On a bench with many positions the key is "2/appearance"; one answer may serve them all.
        given = self.answers.get(prompt.key, self.answers.get(prompt.key.rpartition("/")[2]))
        if given not in prompt.choices:
            why = "missing" if given is None else f"{given!r} is not an answer"
            raise ConfigurationError(self.source, prompt.key, f"{why}; answer {' or '.join(prompt.choices)}")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Ask the person at the terminal."""

    ask: Callable[[Prompt], str]
    """Shows a prompt and returns one of its choices."""

    def answer(self, prompt: Prompt) -> str:
        """Ask."""
        return self.ask(prompt)
