"""Random draws that belong to a number, not to a moment: the n-th is the same whoever asks, and whenever."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_MASK = (1 << 64) - 1
_STANDARD = NormalDist()


class CountedNoise:
    """Draw by counter: a keyed hash of the index stands in for the state of a generator."""

    __slots__ = ("_key",)

    def __init__(self, rng: np.random.Generator) -> None:
        self._key = int(rng.integers(1 << 63))

    def uniform(self, index: int) -> float:
        """Return the index-th draw, rectangular in (0, 1)."""
        # SplitMix64's finaliser (Steele, Lea, Flood 2014) over the index-th step of its Weyl sequence.
        z = (self._key + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
        return ((z >> 11) + 0.5) * 2.0**-53

    def normal(self, index: int) -> float:
        """Return the index-th draw, normal with mean 0 and standard deviation 1."""
        return _STANDARD.inv_cdf(self.uniform(index))
