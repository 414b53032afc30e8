"""Sensitivity coefficients of a measurement model.

The model is a Python function on NumPy arrays. Its derivatives are taken by the complex step,
f(x + ih) = f(x) + ih f'(x), which has no truncation or cancellation error. Functions that are not analytic (absolute
value, comparison, arctan2, data from a table) break it, some of them silently. So central differences are computed
in the same call: where the two disagree, or the model cannot take complex numbers, Richardson's differences of fourth
order are used instead, and the result says so.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.distributions import Array
from uncertainty.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Model = Callable[..., Any]

COMPLEX_STEP = "complex step"
DIFFERENCES = "central differences"

_STEP = 1e-20
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivities:
    """Hold the value of a model and its first derivatives."""

    value: float
    """f(x)."""
    coefficients: Array
    """c_i = ∂f/∂x_i at the estimates, (n_inputs,)."""
    method: str
    """"complex step" or "central differences"."""


def differentiate(model: Model, names: Sequence[str], x: Array, u: Array) -> Sensitivities:
    """Return value and sensitivity coefficients of a model at the estimates.

    Args:
        model: called as `model(**{name: array})`; all arrays have one shape, and so must the result.
        names: input quantities.
        x: estimates, (n_inputs,).
        u: standard uncertainties, (n_inputs,); they set the scale of the differences.

    Raises:
        ModelError: the model raises, or returns a wrong shape, NaN or infinity.
    """
    step = np.maximum(1e-3 * u, 1e-7 * np.abs(x))
    if not step.all():
        step[step == 0] = 1e-3
    plus, minus = x + step, x - step
    found = _complex_step(model, names, x, plus, minus, _STEP * np.where(x != 0, np.abs(x), step))
    if found is not None:
        value, exact, differences = found
        noise = 64 * _EPS * (abs(value) + np.abs(exact * x).max()) / step
        if (np.abs(exact - differences) * step <= 1e-3 * np.abs(exact * step).max() + noise * step).all():
            return Sensitivities(value=value, coefficients=exact, method=COMPLEX_STEP)
    value, coarse = _differences(model, names, x, plus, minus)
    _, finer = _differences(model, names, x, x + 0.5 * step, x - 0.5 * step)
    return Sensitivities(value=value, coefficients=(4 * finer - coarse) / 3, method=DIFFERENCES)


def _complex_step(
    model: Model, names: Sequence[str], x: Array, plus: Array, minus: Array, h: Array
) -> tuple[float, Array, Array] | None:
    """Return value, exact derivatives and central differences; None where the model cannot take complex numbers."""
    n = len(x)
    z = np.empty((n, 3 * n + 1), complex)
    z[:] = x[:, None]
    flat = z.ravel()  # the element (i, i + offset) is at offset + i (3n + 2)
    flat[1 : n * (3 * n + 1) : 3 * n + 2].imag = h
    flat[n + 1 :: 3 * n + 2][:n] = plus
    flat[2 * n + 1 :: 3 * n + 2][:n] = minus
    try:
        with np.errstate(all="ignore"):
            f = np.asarray(model(**dict(zip(names, z, strict=True))))
    except Exception:  # whatever it is: where the model is at fault, the real evaluation raises again and says so
        return None
    # A sum is finite where all its terms are; that is cheaper to look at.
    if f.shape != (3 * n + 1,) or f.dtype.kind != "c" or f[0].imag != 0 or not cmath.isfinite(f.sum()):
        return None
    real = f.real
    return float(real[0]), f.imag[1 : n + 1] / h, (real[n + 1 : 2 * n + 1] - real[2 * n + 1 :]) / (plus - minus)


def _differences(model: Model, names: Sequence[str], x: Array, plus: Array, minus: Array) -> tuple[float, Array]:
    """Return value and central differences."""
    n = len(x)
    columns = x[:, None].repeat(2 * n + 1, axis=1)
    diagonal = np.arange(n)
    columns[diagonal, diagonal + 1] = plus
    columns[diagonal, diagonal + 1 + n] = minus
    f = evaluate(model, names, columns)
    return float(f[0]), (f[1 : n + 1] - f[n + 1 :]) / (plus - minus)


def evaluate(model: Model, names: Sequence[str], x: Array) -> Array:
    """Evaluate a model at the columns of `x`, (n_inputs, m), in one call, or one by one where it is not vectorised.

    Returns:
        The values, (m,).

    Raises:
        ModelError: the model raises, or returns a wrong shape, NaN or infinity; the message gives the inputs there.
    """
    m = x.shape[1]
    with np.errstate(all="ignore"):
        try:
            y = np.asarray(model(**dict(zip(names, x, strict=True))))
            if y.shape != (m,):
                raise ValueError(f"it returned the shape {y.shape} for inputs of shape ({m},)")
        except (TypeError, ValueError) as first:
            y = _one_by_one(model, names, x, first)
        except Exception as problem:
            raise ModelError(f"the model raised {type(problem).__name__}: {problem}") from problem
    if y.dtype.kind not in "fiub":
        raise ModelError(f"the model returned {y.dtype} numbers; it must return real ones (see uncertainty.joint)")
    f = y.astype(float, copy=False)
    if not np.isfinite(f).all():
        bad = int(np.flatnonzero(~np.isfinite(f))[0])
        where = ", ".join(f"{name} = {value:.9g}" for name, value in zip(names, x[:, bad], strict=True))
        raise ModelError(f"the model returned {f[bad]} at {where}")
    return f


def _one_by_one(model: Model, names: Sequence[str], x: Array, first: Exception) -> Any:
    """Evaluate a model that is written for single numbers (`math.sin`, `if x > 0`)."""
    values = []
    for column in x.T.tolist():
        try:
            value = np.asarray(model(**dict(zip(names, column, strict=True))))
        except Exception as problem:
            raise ModelError(f"the model raised {type(problem).__name__}: {problem}") from problem
        if value.shape != ():
            raise ModelError(f"the model cannot be used: {first}") from first
        values.append(value)
    return np.asarray(values)
