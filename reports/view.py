"""The one view of a certificate: what is said, in which order, free of any file format.

A certificate is a cover and sections; a section is a sequence of blocks (paragraphs, facts, tables, pictures). All
strings are final: the writers place them and neither compute nor round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.kind import Kind
from uncertainty.text import Text, catalogue

Tone = Literal["plain", "good", "bad", "warn", "muted"]
"""How a text is meant: coloured, but never by colour alone."""


def same(text: str) -> Text:
    """Return a text that reads the same in both languages: a number, a name, a symbol."""
    return Text(zh=text, en=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Hold one labelled statement."""

    label: Text
    """What it is."""
    value: Text
    """What it says."""
    tone: Tone = "plain"
    """How it is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Hold one cell of a table."""

    text: Text
    """The text."""
    tone: Tone = "plain"
    """How it is meant."""
    lead: str = ""
    """Invisible text before it, so that decimal points stand under each other."""
    trail: str = ""
    """Invisible text after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Describe one column of a table."""

    head: Text
    """Heading."""
    unit: str = ""
    """Symbol of the unit of all cells; empty for none."""
    align: Literal["left", "number", "center"] = "left"
    """Alignment; "number" aligns decimal points."""
    weight: float = 0.0
    """Share of the free width; 0 for as wide as the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one row of a table."""

    cells: tuple[Cell, ...]
    """One cell per column; a heading row has one cell only."""
    heading: bool = False
    """Whether the row is a heading over the rows that follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Hold a table."""

    key: str
    """Name of the table, unique in the certificate."""
    columns: tuple[Column, ...]
    """Columns."""
    rows: tuple[Row, ...]
    """Rows."""
    compact: bool = False
    """Whether it is set in the smaller size of the annexes."""
    block: Literal["table"] = "table"
    """Tag of the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Hold a paragraph, or a note in small print."""

    text: Text
    """The text."""
    tone: Tone = "plain"
    """How it is meant."""
    small: bool = False
    """Whether it is a note."""
    block: Literal["paragraph"] = "paragraph"
    """Tag of the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Hold a list of facts."""

    facts: tuple[Fact, ...]
    """The facts."""
    block: Literal["facts"] = "facts"
    """Tag of the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Hold a heading inside a section, with a verdict beside it where there is one."""

    text: Text
    """The heading."""
    number: str = ""
    """Its number; empty for none."""
    verdict: Fact | None = None
    """Verdict shown beside it."""
    block: Literal["heading"] = "heading"
    """Tag of the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Hold a figure."""

    key: str
    """Key of the item whose points it draws."""
    svg: str
    """The picture."""
    caption: Text
    """What it shows; also the alternative text."""
    block: Literal["picture"] = "picture"
    """Tag of the block."""


Block = Table | Paragraph | Facts | Heading | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Hold a section."""

    key: str
    """Name of the section."""
    title: Text
    """Heading."""
    number: str
    """Number; empty for an annex, whose title carries its letter."""
    blocks: tuple[Block, ...]
    """Content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Hold one line for a signature."""

    role: Text
    """Role."""
    name: str
    """Name in print; empty where nobody has been entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Hold the first page."""

    laboratory: Text
    """Name of the laboratory."""
    address: Text
    """Its address."""
    contact: str
    """Its telephone or mail; empty for none."""
    accreditation: Fact | None
    """Its accreditation; None for none."""
    customer: tuple[Fact, ...]
    """For whom."""
    item: tuple[Fact, ...]
    """What was measured."""
    basis: tuple[Fact, ...]
    """By which documents."""
    conclusion: tuple[Fact, ...]
    """What is stated; the first is the main statement."""
    dates: tuple[Fact, ...]
    """When and where."""
    signatures: tuple[Signature, ...]
    """Who signs."""
    signing_note: Text | None
    """Why nobody can sign; None where they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Hold a whole document."""

    kind: Kind
    """Kind."""
    title: Text
    """Title; the mark of simulation stands beside it."""
    number: Fact
    """Document number."""
    mark: Text | None
    """The mark on every page, 模拟 / SIMULATED; None for a real measurement."""
    banner: Text | None
    """The mark in a sentence."""
    cover: Cover
    """First page."""
    sections: tuple[Section, ...]
    """The pages that follow."""
    page: Text
    """"Page {page} of {pages}", with these two placeholders."""
    end: Text
    """End mark."""
    date: str
    """ISO 8601 date and time of the end of the run: the date inside the files, so that they can be made again."""

    @property
    def full_title(self) -> Text:
        """Return the title with the mark of simulation in it, for a place where no mark can stand beside it."""
        if self.mark is None:
            return self.title
        suffix = catalogue("reports")["simulated.suffix"]
        return Text(zh=self.title.zh + suffix.zh, en=self.title.en + suffix.en)
