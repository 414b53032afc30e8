"""A gas grid as it truly is: streams between nodes, balanced at every node, and what the gases at the nodes hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTSIDE = "env"
"""What lies beyond the grid: it is not balanced."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Hold where a stream begins and ends."""

    start: str
    """Node from which it comes."""
    end: str
    """Node to which it goes."""


@lru_cache(maxsize=64)
def ends(stream: str) -> Ends:
    """Return the ends of a stream that is written "BFM>MX1".

    Raises:
        ValueError: it is not of that form.
    """
    start, arrow, end = stream.partition(">")
    if not (start and arrow and end) or ">" in end:
        raise ValueError(f"stream {stream!r} is not of the form 'from>to'")
    return Ends(start, end)


def balance(streams: Mapping[str, str], flows: Mapping[str, float]) -> dict[str, float]:
    """Return all flows, given as many as are free; those that are left follow from the balances.

    Args:
        streams: stream -> "from>to".
        flows: stream -> flow, of the free streams.

    Raises:
        ValueError: too many or too few are given, or those that are left do not follow.
    """
    nodes = sorted({n for s in streams.values() for n in (ends(s).start, ends(s).end)} - {OUTSIDE})
    left = [name for name in streams if name not in flows]
    unknown = set(flows) - set(streams)
    if unknown:
        raise ValueError(f"flows: {', '.join(sorted(unknown))} are no streams")
    if len(left) != len(nodes):
        raise ValueError(f"flows: {len(nodes)} nodes leave as many flows to follow, but {len(left)} are not given")
    A = np.zeros((len(nodes), len(streams)))
    names = list(streams)
    for column, name in enumerate(names):
        e = ends(streams[name])
        if e.end != OUTSIDE:
            A[nodes.index(e.end), column] += 1.0
        if e.start != OUTSIDE:
            A[nodes.index(e.start), column] -= 1.0
    free = [names.index(name) for name in flows]
    rest = [names.index(name) for name in left]
    try:
        found = np.linalg.solve(A[:, rest], -A[:, free] @ np.array([flows[names[i]] for i in free]))
    except np.linalg.LinAlgError:
        raise ValueError(f"flows: {', '.join(left)} do not follow from the others; give others") from None
    return {name: float(flows[name]) if name in flows else float(found[left.index(name)]) for name in names}


def mixed(streams: Mapping[str, str], flows: Mapping[str, float], known: Mapping[str, float], node: str) -> float:
    """Return what the gas at a node holds per volume: as given, or the mean of what flows in.

    Args:
        streams: stream -> "from>to".
        flows: stream -> flow.
        known: node -> content per volume, of the nodes where gas comes from outside.
        node: which.

    Raises:
        ValueError: nothing is known of what flows in.
    """
    if node in known:
        return known[node]
    coming = [(name, ends(s).start) for name, s in streams.items() if ends(s).end == node]
    if not coming or any(start == OUTSIDE for _, start in coming):
        raise ValueError(f"node {node!r}: nothing is known of the gas that flows in")
    total = sum(flows[name] for name, _ in coming)
    return sum(flows[name] * mixed(streams, flows, known, start) for name, start in coming) / total
