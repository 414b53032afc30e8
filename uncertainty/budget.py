"""A measurement model with its input quantities: the uncertainty budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from uncertainty.correlation import Correlation, correlate
from uncertainty.errors import InputError
from uncertainty.gum import BudgetLine, Estimates, GumResult, propagate
from uncertainty.indices import first_order_indices
from uncertainty.inputs import InputQuantity
from uncertainty.monte_carlo import MonteCarloResult, keep, make_simulation, simulate, simulate_adaptively
from uncertainty.text import Text

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from uncertainty.blocks import Simulation
    from uncertainty.distributions import Array

__all__ = ["Budget", "BudgetLine", "GumResult", "MonteCarloResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Hold a measurement model Y = f(X_1 ... X_n), its input quantities and their correlations."""

    model: Callable[..., Any]
    """f, called as `model(**{name: float or array})`; returns the same shape."""
    inputs: tuple[InputQuantity, ...]
    """X_i."""
    unit: str
    """Unit of Y."""
    name: str = "y"
    """Symbol of Y."""
    label: Text | None = None
    """What Y is; None: the symbol speaks."""
    correlations: Mapping[tuple[str, str], float] | None = None
    """r(x_i, x_j) of pairs of inputs; pairs not named are uncorrelated."""
    _correlation: Correlation | None = field(init=False, repr=False, compare=False, default=None)
    _estimates: Estimates | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        names = [quantity.name for quantity in self.inputs]
        if not names:
            raise InputError(f"budget {self.name!r}: there is no input quantity")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"budget {self.name!r}: the input {twice!r} is given twice")
        if self.correlations:
            object.__setattr__(self, "_correlation", correlate(names, self.correlations))

    @property
    def title(self) -> Text:
        """Return the label, or the symbol where there is none."""
        return self.label or Text(zh=self.name, en=self.name)

    @property
    def correlation(self) -> Correlation | None:
        """Return the correlation of the inputs; None where all are uncorrelated."""
        return self._correlation

    def gum(
        self, p: float = 0.95, k: float | None = None, *, truncate: bool = False, second_order: bool = False
    ) -> GumResult:
        """Apply the law of propagation of uncertainty (JCGM 100:2008 5.1.2, 5.2.2).

        Args:
            p: coverage probability.
            k: coverage factor of U; None to take it from p and the effective degrees of freedom (annex G).
            truncate: whether the effective degrees of freedom are truncated to an integer (G.4.1).
            second_order: whether the terms of second order are added (5.1.2 note; uncorrelated inputs only).

        Raises:
            InputError: p outside 0 to 1, k ≤ 0.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        if self._estimates is None:
            object.__setattr__(self, "_estimates", Estimates(self.inputs))
        assert self._estimates is not None
        return propagate(
            model=self.model,
            inputs=self.inputs,
            estimates=self._estimates,
            correlation=self._correlation,
            name=self.name,
            label=self.title,
            unit=self.unit,
            p=p,
            k=k,
            truncate=truncate,
            second_order=second_order,
        )

    def monte_carlo(
        self,
        trials: int = 200_000,
        seed: int = 1,
        p: float = 0.95,
        *,
        workers: int | Executor | None = None,
        double: bool = False,
    ) -> MonteCarloResult:
        """Propagate the distributions by a Monte Carlo method with a fixed number of trials (JCGM 101:2008 clause 7).

        Args:
            trials: number of trials.
            seed: seed of the random numbers; the same seed gives the same result, bit by bit.
            p: coverage probability of the intervals.
            workers: number of threads (None: as many as processors), or an executor of `concurrent.futures`: a process
                pool, or `dask.distributed.Client(...).get_executor()`. It does not change a bit of the result.
            double: whether deviates are drawn in double precision, slower (see `uncertainty.samplers`).

        Raises:
            InputError: an input has no variance, or a setting cannot be used.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        return simulate(
            model=self.model,
            inputs=self.inputs,
            correlation=self._correlation,
            name=self.name,
            label=self.title,
            unit=self.unit,
            trials=trials,
            seed=seed,
            p=p,
            workers=workers,
            double=double,
        )

    def adaptive(
        self,
        digits: int = 2,
        seed: int = 1,
        p: float = 0.95,
        *,
        delta: float | None = None,
        most_trials: int = 5_000_000,
        shortest: bool = False,
        double: bool = False,
    ) -> MonteCarloResult:
        """Propagate the distributions with as many trials as the result needs (JCGM 101:2008 7.9).

        Args:
            digits: significant digits of u that are regarded as meaningful; they give the numerical tolerance δ.
            seed: seed of the random numbers.
            p: coverage probability of the intervals.
            delta: δ itself, e.g. a fifth of clause 8's; None to derive it from `digits`.
            most_trials: where to give up; the result then says so (`stabilised` is False).
            shortest: whether the ends of the shortest interval have to settle, not those of the symmetric one.
            double: whether deviates are drawn in double precision.

        Raises:
            InputError: an input has no variance, or a setting cannot be used.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        return simulate_adaptively(
            simulation=self._simulation(seed, double=double),
            name=self.name,
            label=self.title,
            unit=self.unit,
            p=p,
            digits=digits,
            delta=delta,
            most_trials=most_trials,
            shortest=shortest,
        )

    def sample(self, trials: int = 100_000, seed: int = 1) -> Array:
        """Return model values of a Monte Carlo run, (trials,): those that `monte_carlo` with this seed begins with.

        Raises:
            InputError: an input has no variance, or a setting cannot be used.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        return keep(self._simulation(seed, double=False), trials, None)

    def indices(self, trials: int = 200_000, seed: int = 1) -> tuple[float, ...]:
        """Return the first-order index of each input: its share of the variance without linearising the model.

        Args:
            trials: number of trials; the error of an index is about 1/√trials.
            seed: seed of the random numbers.

        Raises:
            InputError: an input has no variance, too few trials, or the model does not vary.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        distributions = [quantity.distribution for quantity in self.inputs]
        return first_order_indices(self._simulation(seed, double=False), distributions, trials)

    def _simulation(self, seed: int, *, double: bool) -> Simulation:
        return make_simulation(self.model, self.inputs, self._correlation, seed, double=double)
