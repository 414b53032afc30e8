"""Turn 32-bit random words into standard deviates.

All functions work on several rows at once: few calls on large arrays keep threads from queueing for the interpreter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from uncertainty.memory import Memory, Single

Words = np.ndarray[Any, np.dtype[np.int32]]


class Scratch:
    """Hold the working room of one worker, for blocks of one size."""

    __slots__ = ("_rows", "_single", "trials", "wide")

    def __init__(self, trials: int, rows: int, memory: Memory | None = None) -> None:
        """Make room for some rows of single-precision numbers and one of double precision; None: in fresh memory."""
        memory = memory or Memory()
        self.trials = trials
        self.wide = memory.wide(trials)
        self._rows = rows
        self._single = memory.single(rows * trials)

    def single(self, *rows: int) -> list[Single]:
        """Return arrays of (rows_i, trials) each; they are overwritten by the next call."""
        arrays, first = [], 0
        for count in rows:
            arrays.append(self._single[first * self.trials : (first + count) * self.trials].reshape(count, self.trials))
            first += count
        if first > self._rows:
            raise IndexError(f"{first} rows of scratch were asked for, there are {self._rows}")
        return arrays


def random_words(rng: np.random.Generator, rows: int, trials: int) -> Words:
    """Return rows of random 32-bit words, (rows, trials)."""
    count = rows * trials
    return rng.bit_generator.random_raw((count + 1) // 2).view(np.int32)[:count].reshape(rows, trials)


def scale_words(words: Words, out: Single, half_width: float) -> None:
    """Turn words into numbers that are uniform from -half_width to half_width."""
    np.copyto(out, words, casting="unsafe")
    out *= np.float32(half_width * 2.0**-31)


def log_unit(words: Words, out: Single) -> None:
    """Turn words into ln U, U uniform in 0 < U ≤ 1; close to zero U keeps its relative precision."""
    np.copyto(out, words, casting="unsafe")
    out *= np.float32(2.0**-31)
    np.abs(out, out=out)
    out += np.float32(2.0**-32)
    np.log(out, out=out)


def standard_normals(rng: np.random.Generator, rows: int, scratch: Scratch) -> Single:
    """Return standard normal deviates (Box and Muller), (rows, trials), in the scratch.

    Takes 3 ⌈rows/2⌉ rows of scratch.
    """
    pairs = (rows + 1) // 2
    cosines, angles, radii = scratch.single(pairs, pairs, pairs)
    words = random_words(rng, 2 * pairs, scratch.trials)
    log_unit(words[:pairs], radii)
    radii *= np.float32(-2)
    np.sqrt(radii, out=radii)
    scale_words(words[pairs:], angles, math.pi)
    np.cos(angles, out=cosines)
    cosines *= radii
    if rows > 1:
        np.sin(angles, out=angles)
        angles *= radii
    return scratch.single(rows)[0]


def standard_t(rng: np.random.Generator, nu: Any, scratch: Scratch) -> Single:
    """Return deviates of Student's t (Bailey 1994), (rows, trials), in the scratch.

    t = cos(2πV) √(ν (U^(-2/ν) - 1)): the normal's polar form with another radius. Takes 2 rows of scratch per row.

    Args:
        rng: generator.
        nu: degrees of freedom, at least 1 (below, the radius leaves single precision), (rows, 1) in single precision.
        scratch: room.
    """
    rows = len(nu)
    deviates, radii = scratch.single(rows, rows)
    words = random_words(rng, 2 * rows, scratch.trials)
    log_unit(words[:rows], radii)
    radii *= np.float32(-2) / nu
    np.expm1(radii, out=radii)
    radii *= nu
    np.sqrt(radii, out=radii)
    scale_words(words[rows:], deviates, math.pi)
    np.cos(deviates, out=deviates)
    deviates *= radii
    return deviates
