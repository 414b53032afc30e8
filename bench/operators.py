"""Who answers prompts: a file, the person at the terminal, or the simulation."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.errors import ConfigurationError
from scenarios.procedure import Prompt

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Simulation:
    """Answer every prompt with its first choice: for benches whose device is a twin, which has no looks."""

    name: str = "simulation"
    """Who answers."""

    def answer(self, prompt: Prompt) -> str:
        """Return the first choice.

        Raises:
            ConfigurationError: a number is asked for, which nobody reads in a simulation.
        """
        if prompt.unit is not None:
            raise ConfigurationError(
                "simulation", prompt.key, "a number is to be read by a person; give --answers FILE"
            )
        return prompt.choices[0]


@dataclass(slots=True, kw_only=True)
class AnswersFile:
    """Answer prompts from a TOML file of `key = "answer"`, or `key = ["first", "second"]` for repeated readings."""

    answers: dict[str, list[str]]
    """Prompt key -> answers, in order; the last one stands for all that follow."""
    source: str
    """File name, for messages."""
    _given: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Who answers."""
        return f"file {self.source}"

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
        answers = {key: value if isinstance(value, list) else [value] for key, value in table.items()}
        for key, values in answers.items():
            if not values or not all(isinstance(value, str) for value in values):
                raise ConfigurationError(str(path), key, f"{table[key]!r} is not a text in quotation marks")
        return cls(answers=answers, source=str(path))

    def answer(self, prompt: Prompt) -> str:
        """Return the file's answer.

        Raises:
            ConfigurationError: the file does not answer this prompt, or with an answer that cannot be right.
        """
        # On a bench with many positions the key is "2/appearance"; one answer may serve them all.
        key = prompt.key if prompt.key in self.answers else prompt.key.rpartition("/")[2]
        if key not in self.answers:
            raise ConfigurationError(self.source, prompt.key, f"missing; {prompt.refusal('') or 'answer it'}")
        count = self._given.get(key, 0)
        self._given[key] = count + 1
        given = self.answers[key][min(count, len(self.answers[key]) - 1)]
        refusal = prompt.refusal(given)
        if refusal is not None:
            raise ConfigurationError(self.source, prompt.key, f"{given!r} is not an answer; {refusal}")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Ask the person at the terminal, until the answer can be right."""

    ask: Callable[[Prompt, str | None], str]
    """Shows a prompt, and why the last answer could not be right; returns what was typed."""
    name: str
    """Who answers."""

    def answer(self, prompt: Prompt) -> str:
        """Ask."""
        refusal: str | None = None
        while True:
            typed = self.ask(prompt, refusal).strip()
            refusal = prompt.refusal(typed)
            if refusal is None:
                return typed
