"""Bilingual texts: every sentence that a user reads exists in Chinese and in English.

Each room that speaks keeps its sentences in one `text.toml` beside its code, and those of a part that can be added or
taken away (a system) in `text/<part>.toml`; the key is written in the code, the words are not. A test holds all
catalogues together: no key without both languages, no key twice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Language(StrEnum):
    """The language of a text shown to a user."""

    ZH = "zh"
    """Chinese only."""
    EN = "en"
    """English only."""
    BOTH = "both"
    """Chinese and English side by side; Chinese is authoritative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Hold one text in both languages."""

    zh: str
    """Chinese."""
    en: str
    """English."""

    def format(self, **values: object) -> Text:
        """Fill the `{placeholders}` of both languages with the same values.

        A value that is itself a `Text` contributes the matching language.
        """
        zh = {k: v.zh if isinstance(v, Text) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, Text) else v for k, v in values.items()}
        return Text(zh=self.zh.format(**zh), en=self.en.format(**en))

    def show(self, language: Language) -> str:
        """Return the text in one language, or `zh / en` for both (once where they are equal)."""
        if language is Language.ZH:
            return self.zh
        if language is Language.EN or self.zh == self.en:
            return self.en
        return f"{self.zh} / {self.en}"


@cache
def catalogue(room: str) -> dict[str, Text]:
    """Read the texts of a room, e.g. `catalogue("reports")["certificate.title"]`.

    `<room>/text.toml` holds tables of tables; the leaves are `{ zh = "...", en = "..." }`, their keys joined by dots.
    The keys of `<room>/text/<part>.toml` come after "<part>.".

    Raises:
        KeyError: a leaf lacks a language, or a key is there twice.
    """
    texts: dict[str, Text] = {}

    def walk(source: str, prefix: str, node: dict[str, object]) -> None:
        for key, value in node.items():
            if not isinstance(value, dict):
                raise KeyError(f"{source}: {prefix}{key} is not a text with zh and en")
            if "zh" in value or "en" in value:
                if prefix + key in texts:
                    raise KeyError(f"{source}: {prefix}{key} is there twice")
                texts[prefix + key] = Text(zh=str(value["zh"]), en=str(value["en"]))
            else:
                walk(source, f"{prefix}{key}.", value)

    own = files(room)
    walk(f"{room}/text.toml", "", tomllib.loads(own.joinpath("text.toml").read_text(encoding="utf-8")))
    parts = own.joinpath("text")
    for part in sorted(parts.iterdir(), key=lambda part: part.name) if parts.is_dir() else ():
        name = part.name.removesuffix(".toml")
        if name != part.name:
            walk(f"{room}/text/{part.name}", f"{name}.", tomllib.loads(part.read_text(encoding="utf-8")))
    return texts
