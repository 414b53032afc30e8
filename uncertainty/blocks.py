"""Evaluate a model in blocks of trials, each with a seed of its own.

Block i is a pure function of the simulation and i. Who computes it, and when, cannot change a bit of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from uncertainty.distributions import Distribution
from uncertainty.errors import ModelError
from uncertainty.samplers import Sampler

if TYPE_CHECKING:
    from uncertainty.deviates import Scratch
    from uncertainty.distributions import Array
    from uncertainty.memory import Memory

LARGEST_BLOCK = 65_536
"""Trials of a block: large, so that threads seldom pass the interpreter lock; small, so that it stays in the cache."""
_NUMBERS = 2**21
"""Draws that a block may hold: wider models have shorter blocks."""

PILOT, TRIALS, ADAPTIVE = 0, 1, 2
"""First element of a block's key: runs of different kinds never share random numbers."""


def block_size(n_inputs: int) -> int:
    """Return the trials of a block: a power of two that depends on the number of inputs alone."""
    size = LARGEST_BLOCK
    while size > 1024 and size * n_inputs > _NUMBERS:
        size //= 2
    return size


@dataclass(frozen=True, slots=True)
class Simulation:
    """Hold all that is needed to compute any block of trials; can be sent to another process if the model can."""

    model: Any
    """f, called as `model(**{name: array})`."""
    names: tuple[str, ...]
    """Input quantities."""
    sampler: Sampler
    """How they are drawn."""
    distributions: tuple[Distribution, ...]
    """Their distributions, for messages."""
    seed: int
    """Seed of the run."""

    def room(self, n: int, memory: Memory | None = None) -> tuple[Array, Scratch]:
        """Make room for a block of n trials; one for each worker. See `Sampler.room`."""
        return self.sampler.room(n, memory)

    def draw(self, key: tuple[int, int], room: tuple[Array, Scratch]) -> Array:
        """Draw the inputs of a block, (n_inputs, n), into the room."""
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=key)))
        self.sampler.fill(rng, room)
        return room[0]

    def values(self, key: tuple[int, int], room: tuple[Array, Scratch]) -> Array:
        """Evaluate the model for a block.

        Returns:
            The values, (n,), which may be the room's own memory. They may be NaN or infinite: the caller sums them up
            and calls `complain` if the sum is not finite.

        Raises:
            ModelError: the model raised, or returned a wrong shape.
        """
        return call(self.model, self.names, self.draw(key, room))

    def finite_values(self, key: tuple[int, int], room: tuple[Array, Scratch]) -> Array:
        """Evaluate the model for a block, as `values` does, and check the values.

        Raises:
            ModelError: the model raised, or returned a wrong shape, NaN or infinity.
        """
        y = self.values(key, room)
        if not math.isfinite(float(y.sum())):
            self.complain(key, room, y)
        return y

    def complain(self, key: tuple[int, int], room: tuple[Array, Scratch], y: Array) -> NoReturn:
        """Say in how many trials the model failed, and which input was farthest out there.

        Raises:
            ModelError: always.
        """
        bad = np.flatnonzero(~np.isfinite(y))
        if not bad.size:
            raise ModelError("the model's values are so large that their sum overflows")
        x = self.draw(key, room)[:, bad]  # anew: a model may have written into its arguments
        first = ", ".join(f"{name} = {value:.6g}" for name, value in zip(self.names, x[:, 0], strict=True))
        means = np.array([d.mean for d in self.distributions])
        scale = np.array([d.u or 1.0 for d in self.distributions])
        distance = np.abs(x - means[:, None]).mean(axis=1) / scale
        guess = self.names[int(np.argmax(distance))]
        raise ModelError(
            f"the model returned NaN or infinity in {bad.size} of {y.size} trials, first at {first}; "
            f"the input farthest from its estimate in these trials is {guess!r}"
        )


def call(model: Any, names: tuple[str, ...], x: Array) -> Array:
    """Evaluate a model on the rows of x, (n_inputs, n).

    Returns:
        The values, (n,), finite or not.

    Raises:
        ModelError: the model raised, or returned a wrong shape or complex numbers.
    """
    n = x.shape[1]
    with np.errstate(all="ignore"):  # what it would warn of ends as NaN or infinity, which is looked for
        try:
            y = np.asarray(model(**dict(zip(names, x, strict=True))))
        except Exception as problem:
            raise ModelError(
                f"the model raised {type(problem).__name__} for arrays of {n} trials: {problem}; "
                "write it with NumPy functions, so that it takes arrays"
            ) from problem
    if y.shape != (n,):
        raise ModelError(f"the model returned the shape {y.shape} for inputs of shape ({n},)")
    if y.dtype.kind not in "fiub":
        raise ModelError(f"the model returned {y.dtype} numbers; it must return real ones (see uncertainty.joint)")
    return y.astype(float, copy=False)
