"""Noise that does not average out: flicker and random walk of several channels, on a grid, made as time goes by.

Flicker (1/f) is a sum of Ornstein-Uhlenbeck processes whose time constants lie a decade apart, each with the same
variance; over the decades that they cover the Allan deviation is level. A random walk makes it rise again. The grid is
generated in blocks from the generator alone, so the values do not depend on who asked when.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

STEP_S = 10.0
"""Interval of the grid, s."""
TIME_CONSTANTS_S = (100.0, 1e3, 1e4)
"""Of the processes that make the flicker, s."""
_BLOCK = 128


class SlowNoise:
    """Hold the slow noise of some channels since bench time 0."""

    def __init__(self, rng: np.random.Generator, flicker: ArrayLike, walk: ArrayLike) -> None:
        """Begin at random flicker and a walk of 0.

        Args:
            rng: random generator of its own.
            flicker: standard deviation of each flicker process, one number per channel, (k,).
            walk: standard deviation of the walk after 1 s, per √s, one number per channel, (k,).
        """
        self._rng = rng
        self._flicker, self._walk = np.asarray(flicker, dtype=float), np.asarray(walk, dtype=float)
        channels = self._flicker.size
        self._state = rng.standard_normal((len(TIME_CONSTANTS_S), channels)) * self._flicker
        self._walked = np.zeros(channels)
        self._grid: list[Array] = [(self._state.sum(axis=0) + self._walked)[None, :]]
        self._whole = self._grid[0]
        self._length = 1

    def _reach(self, at: float) -> Array:
        """Return the grid, at least one interval beyond a bench time, (n, k)."""
        if STEP_S * (self._length - 1) > at + STEP_S:
            return self._whole
        channels = self._walk.size
        while STEP_S * (self._length - 1) <= at + STEP_S:
            draws = self._rng.standard_normal((len(TIME_CONSTANTS_S) + 1, _BLOCK, channels))
            walked = self._walked + np.cumsum(draws[-1] * (self._walk * math.sqrt(STEP_S)), axis=0)
            block = walked.copy()
            for place, time_constant_s in enumerate(TIME_CONSTANTS_S):
                decay, response, scale = _relaxation(time_constant_s)
                course = decay * self._state[place] + response @ (draws[place] * (scale * self._flicker))
                self._state[place] = course[-1]
                block += course
            self._walked = walked[-1]
            self._grid.append(block)
            self._length += _BLOCK
        self._whole = np.concatenate(self._grid)
        self._grid = [self._whole]
        return self._whole

    def values(self, times: Array) -> Array:
        """Return the noise at bench times in ascending order, linear between the points of the grid, (n, k)."""
        grid = self._reach(float(times[-1]))
        place = times / STEP_S
        index = place.astype(int)
        share = (place - index)[:, None]
        return np.asarray(grid[index] * (1.0 - share) + grid[index + 1] * share)

    def mean(self, since: float, at: float) -> Array:
        """Return the mean over [since, at], by the grid, (k,)."""
        grid = self._reach(at)
        first, last = math.floor(since / STEP_S), math.ceil(at / STEP_S)
        return np.asarray(grid[first : last + 1].mean(axis=0))


@cache
def _relaxation(time_constant_s: float) -> tuple[Array, Array, float]:
    """Return decay of the state (block, 1), response to the draws (block, block) and scale of a draw."""
    decay = math.exp(-STEP_S / time_constant_s)
    steps = np.arange(1.0, _BLOCK + 1.0)
    lag = steps[:, None] - steps[None, :]
    response = np.where(lag >= 0, np.power(decay, np.maximum(lag, 0), dtype=np.float64), 0.0)
    return np.power(decay, steps)[:, None], response, math.sqrt(1.0 - decay**2)
