"""Draw input quantities in blocks, fast.

Every standard deviate is made from 32-bit words of the generator by elementary functions in single precision (Box and
Muller for the normal, Bailey for Student's t), then scaled and shifted in double precision: x = mean + u z. So z has
24 significant bits, an error of at most 1e-7 u in x, and reaches 6.6 u; the Monte Carlo error of a quantile is a
thousand times larger even at 1e9 trials. NumPy's single-precision log, exp, sin and cos are vectorised and two to ten
times as fast as the double ones. `double=True` draws in double precision by NumPy's own generators; the two are held
against each other in the tests.

A sampler is a plan: one step for each family of distributions, which fills the rows of all inputs of that family.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from uncertainty.copula import plan_groups
from uncertainty.deviates import Scratch, random_words, scale_words, standard_t
from uncertainty.distributions import (
    Arcsine,
    Array,
    CurvilinearTrapezoid,
    Distribution,
    Normal,
    Rectangular,
    StudentT,
    Trapezoidal,
    Triangular,
)
from uncertainty.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from uncertainty.correlation import Correlation


@dataclass(frozen=True, slots=True)
class Place:
    """Say where a standard deviate goes: x[row] = mean + scale z."""

    row: int
    """Row of the block."""
    mean: float
    """Mean of the input."""
    scale: float
    """What a deviate of 1 stands for."""

    def put(self, z: object, x: Array) -> None:
        """Fill the row of `x`, (n_inputs, n), from deviates (n,)."""
        np.multiply(z, np.float64(self.scale), out=x[self.row])  # type: ignore[call-overload]
        if self.mean:
            x[self.row] += self.mean


_BOUNDED = (Rectangular, Triangular, Trapezoidal, CurvilinearTrapezoid, Arcsine)


class Step(Protocol):
    """Fill some rows of a block."""

    @property
    def scratch(self) -> int:
        """Return how many rows of single-precision scratch it needs."""
        ...

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        """Fill its rows of `x`, (n_inputs, n)."""
        ...


@dataclass(frozen=True, slots=True)
class _Drawn:
    """An input that only its own `draw` knows."""

    row: int
    distribution: Distribution
    scratch = 0

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        x[self.row] = self.distribution.draw(rng, x.shape[1])


@dataclass(frozen=True, slots=True)
class _Constants:
    places: tuple[Place, ...]
    scratch = 0

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        for place in self.places:
            x[place.row] = place.mean


@dataclass(frozen=True, slots=True)
class _Rectangulars:
    cells: tuple[Place, ...]
    """Where words go: a word k stands for the middle of its cell, (k + 1/2) / 2^31 in -1 to 1."""
    scratch = 0

    @classmethod
    def at(cls, places: Iterable[Place]) -> _Rectangulars:
        """Plan rectangular inputs: mean, and scale for the half-width."""
        halves = [(place, place.scale * 2.0**-31) for place in places]
        return cls(tuple(Place(place.row, place.mean + 0.5 * half, half) for place, half in halves))

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        for words, cell in zip(random_words(rng, len(self.cells), x.shape[1]), self.cells, strict=True):
            cell.put(words, x)


@dataclass(frozen=True, slots=True)
class _Arcsines:
    places: tuple[Place, ...]

    @property
    def scratch(self) -> int:
        return len(self.places)

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        n = len(self.places)
        (z,) = scratch.single(n)
        scale_words(random_words(rng, n, x.shape[1]), z, math.pi)
        np.cos(z, out=z)
        for row, place in zip(z, self.places, strict=True):
            place.put(row, x)


@dataclass(frozen=True, slots=True)
class _Trapezoid:
    """The sum of two rectangular quantities; of equal ones, a triangle."""

    place: Place
    wide: float
    narrow: float
    scratch = 2

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        words = random_words(rng, 2, x.shape[1])
        (z,) = scratch.single(2)
        scale_words(words[0], z[0], self.wide)
        scale_words(words[1], z[1], self.narrow)
        z[0] += z[1]
        self.place.put(z[0], x)


@dataclass(frozen=True, slots=True)
class _Curvilinear:
    """A rectangular quantity whose half-width is rectangular: (1 + ratio V) W, V and W in -1 to 1."""

    place: Place
    ratio: float
    scratch = 2

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        words = random_words(rng, 2, x.shape[1])
        (z,) = scratch.single(2)
        scale_words(words[0], z[0], self.ratio)
        z[0] += np.float32(1)
        scale_words(words[1], z[1], 1.0)
        z[0] *= z[1]
        self.place.put(z[0], x)


@dataclass(frozen=True, slots=True)
class _StudentTs:
    places: tuple[Place, ...]
    nu: tuple[float, ...]

    @property
    def scratch(self) -> int:
        return 2 * len(self.places)

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        z = standard_t(rng, np.array(self.nu, np.float32)[:, None], scratch)
        for row, place in zip(z, self.places, strict=True):
            place.put(row, x)


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draw all inputs of a model in blocks."""

    steps: tuple[Step, ...]
    """What fills the rows."""
    rows: int
    """Number of inputs."""
    scratch: int
    """How many rows of single-precision scratch the steps need."""

    def room(self, trials: int, memory: Memory | None = None) -> tuple[Array, Scratch]:
        """Make room for a block of trials: the draws, (n_inputs, trials), and the scratch. One for each worker.

        Args:
            trials: trials of the block.
            memory: working memory that nobody else uses meanwhile; None for fresh.
        """
        memory = memory or Memory()
        return memory.draws(self.rows, trials), Scratch(trials, self.scratch, memory)

    def fill(self, rng: np.random.Generator, room: tuple[Array, Scratch]) -> None:
        """Fill a block of draws.

        Args:
            rng: generator of this block alone.
            room: what `room` made; its draws are overwritten.
        """
        x, scratch = room
        for step in self.steps:
            step.fill(x, scratch, rng)


def make_sampler(
    names: Sequence[str],
    distributions: Sequence[Distribution],
    correlation: Correlation | None,
    *,
    double: bool = False,
) -> Sampler:
    """Plan how some inputs are drawn.

    Args:
        names: inputs, for messages.
        distributions: their distributions.
        correlation: correlation of the inputs, or None.
        double: whether deviates are drawn in double precision, by NumPy's own generators.

    Raises:
        InputError: a correlation that these distributions cannot have.
    """
    if correlation is None and all(type(d) in _PLAIN for d in distributions):
        return _plan_independent(tuple(distributions), double)
    return _plan(names, distributions, correlation, double)


_PLAIN = frozenset({Normal, StudentT, *_BOUNDED})
"""Distributions of a few numbers, which are quick to compare."""


@lru_cache(maxsize=256)
def _plan_independent(distributions: tuple[Distribution, ...], double: bool) -> Sampler:
    """Plan it once: the points of a procedure differ in their model, seldom in what is drawn."""
    return _plan((), distributions, None, double)


def _plan(
    names: Sequence[str], distributions: Sequence[Distribution], correlation: Correlation | None, double: bool
) -> Sampler:
    normals, joint = plan_groups(names, distributions, correlation, double=double)
    done = {row for step in joint for row in step.rows} | set(normals.rows if normals else ())
    families: dict[type[Distribution], list[tuple[int, Distribution]]] = {}
    constants: list[Place] = []
    single: list[Step] = []
    for row, d in enumerate(distributions):
        if row in done:
            continue
        if d.u == 0:
            constants.append(Place(row, d.mean, 0.0))
        elif double or not _is_fast(d):
            single.append(_Drawn(row, d))
        else:
            families.setdefault(type(d), []).append((row, d))
    steps: list[Step] = [normals] if normals else []
    steps += joint
    for kind, members in families.items():
        steps += _family(kind, members)
    steps += single
    if constants:
        steps.append(_Constants(tuple(constants)))
    return Sampler(tuple(steps), len(distributions), max(step.scratch for step in steps))


def _is_fast(d: Distribution) -> bool:
    return isinstance(d, _BOUNDED) or (isinstance(d, StudentT) and d.dof >= 1)


def _family(kind: type[Distribution], members: list[tuple[int, Distribution]]) -> list[Step]:
    """Plan the steps for some inputs of one kind."""
    if kind is StudentT:
        places = tuple(Place(row, d.mean, d.u) for row, d in members)
        return [_StudentTs(places, tuple(float(d.dof or 0) for _, d in members))]
    halves = [(row, d, 0.5 * (d.high - d.low)) for row, d in members if isinstance(d, _BOUNDED)]
    if kind is Rectangular:
        return [_Rectangulars.at(Place(row, d.mean, half) for row, d, half in halves)]
    if kind is Arcsine:
        return [_Arcsines(tuple(Place(row, d.mean, half) for row, d, half in halves))]
    steps: list[Step] = []
    for row, d, half in halves:
        place = Place(row, d.mean, half)
        match d:
            case CurvilinearTrapezoid():
                steps.append(_Curvilinear(place, d.d / half))
            case Trapezoidal():
                steps.append(_Trapezoid(place, 0.5 * (1 + d.beta), 0.5 * (1 - d.beta)))
            case _:
                steps.append(_Trapezoid(place, 0.5, 0.5))
    return steps
