"""Headers: the notation of manuals, the tree of a command table, and the way from a header as sent to its command."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, TypeVar

from instruments.scpi.errors import ScpiError
from instruments.scpi.parameters import short_form

E = TypeVar("E")

_NODE = re.compile(r"(\[)?:?(\*?[A-Za-z][A-Za-z0-9_]*)(?:<(?:n|(\d+):(\d+))>)?(?::(?=[\]A-Za-z\[]))?(\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Hold one node of a header as declared."""

    word: str
    """Mnemonic, the short form in capitals."""
    optional: bool
    """Whether it may be left out."""
    suffixes: tuple[int, int] | None
    """Smallest and largest numeric suffix; None if it takes none."""


def parse_header(notation: str) -> tuple[Node, ...]:
    """Return the nodes of a header such as "[SOURce:]VOLTage[:LEVel]" or "OUTPut<1:4>[:STATe]" (without "?").

    Raises:
        ValueError: the notation cannot be read.
    """
    nodes: list[Node] = []
    position = 0
    while position < len(notation):
        found = _NODE.match(notation, position)
        if found is None or bool(found[1]) != bool(found[5]):
            raise ValueError(f"header {notation!r} cannot be read at {notation[position:]!r}")
        numbered = "<" in found[0]
        limits = (int(found[3] or 1), int(found[4] or 1)) if numbered else None
        nodes.append(Node(word=found[2], optional=bool(found[1]), suffixes=limits))
        position = found.end()
    if not nodes or all(node.optional for node in nodes):
        raise ValueError(f"header {notation!r} has no node that must be sent")
    return tuple(nodes)


@dataclass(slots=True)
class Branch(Generic[E]):
    """Hold one node of the tree: where the words lead, and the command that ends here."""

    words: dict[str, tuple[Branch[E], tuple[int, int] | None]] = field(default_factory=dict)
    """Upper-case short or long form -> (next branch, range of the numeric suffix)."""
    entry: tuple[E, tuple[int | None, ...]] | None = None
    """The command, and its suffixes: a number for a node that was left out, None for one that is sent."""


class HeaderTree(Generic[E]):
    """Find commands by the headers that a controller sends."""

    def __init__(self) -> None:
        self._root: Branch[E] = Branch()

    def add(self, notation: str, entry: E) -> None:
        """Add a command under every way of sending its header.

        Raises:
            ValueError: the notation cannot be read, or one of its ways already leads to another command.
        """
        nodes = parse_header(notation)
        ways = product(*[(True, False) if node.optional else (True,) for node in nodes])
        for sent in ways:
            suffixes = tuple(
                None if present else node.suffixes[0]
                for node, present in zip(nodes, sent, strict=True)
                if node.suffixes is not None
            )
            branch = self._root
            for node, present in zip(nodes, sent, strict=True):
                if present:
                    branch = self._step(branch, node, notation)
            if branch.entry is not None and branch.entry[0] is not entry:
                raise ValueError(f"header {notation!r} can be sent like that of another command: {branch.entry[0]!r}")
            if branch.entry is None:
                branch.entry = (entry, suffixes)

    @staticmethod
    def _step(branch: Branch[E], node: Node, notation: str) -> Branch[E]:
        long, short = node.word.upper(), short_form(node.word)
        known, brief = branch.words.get(long), branch.words.get(short)
        if known is None and brief is None:
            known = brief = branch.words[long] = branch.words[short] = (Branch(), node.suffixes)
        if known is None or brief is None or known[0] is not brief[0]:
            raise ValueError(f"header {notation!r}: {long} or {short} is short for two different words")
        if known[1] != node.suffixes:
            raise ValueError(f"header {notation!r}: {node.word} has another numeric suffix elsewhere in the table")
        return known[0]

    def find(self, words: list[str]) -> tuple[E, tuple[int, ...]]:
        """Return the command and its numeric suffixes for the words of a header, upper case, from the root.

        Raises:
            ScpiError: -113, there is no such command; -114, a numeric suffix is out of range.
        """
        branch = self._root
        sent: list[int] = []
        for word in words:
            step = branch.words.get(word)
            number = 1
            if step is None:
                bare = word.rstrip("0123456789")
                step = branch.words.get(bare)
                if step is None or step[1] is None or bare == word:
                    raise ScpiError(-113)
                number = int(word[len(bare) :]) if len(word) - len(bare) < 6 else -1
            branch, limits = step
            if limits is not None:
                if not limits[0] <= number <= limits[1]:
                    raise ScpiError(-114)
                sent.append(number)
        if branch.entry is None:
            raise ScpiError(-113)
        entry, pattern = branch.entry
        numbers = iter(sent)
        return entry, tuple(next(numbers) if suffix is None else suffix for suffix in pattern)
