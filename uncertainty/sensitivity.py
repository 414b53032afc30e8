"""Sensitivity coefficients of a measurement model.

The model is a Python function on NumPy arrays. Its derivatives are taken by the complex step,
f(x + ih) = f(x) + ih f'(x), which has no truncation or cancellation error. Functions that are not analytic (absolute
value, comparison, arctan2, data from a table) break it, some silently. So central differences are always computed
beside it, in one further call for all inputs together: where the two disagree, or the model cannot take complex
numbers, the differences (Richardson's, fourth order) are used, and the result says so.
"""

from __future__ import annotations

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
    n = len(x)
    step = np.maximum(1e-3 * u, 1e-7 * np.abs(x))
    step[step == 0] = 1e-3
    real = x[:, None].repeat(2 * n + 1, axis=1)
    diagonal = np.arange(n)
    real[diagonal, diagonal + 1] += step
    real[diagonal, diagonal + 1 + n] -= step
    f = evaluate(model, names, real)
    width = real[diagonal, diagonal + 1] - real[diagonal, diagonal + 1 + n]
    differences = (f[1 : n + 1] - f[n + 1 :]) / width
    value = float(f[0])
    exact = _complex_step(model, names, x, u)
    scale = u + step * (u == 0)
    if exact is not None:
        size = np.abs(exact) * scale
        noise = 64 * _EPS * np.abs(f).max() / step * scale
        if (np.abs(exact - differences) * scale <= 1e-3 * size.max() + noise).all():
            return Sensitivities(value=value, coefficients=exact, method=COMPLEX_STEP)
    half = x[:, None].repeat(2 * n, axis=1)
    half[diagonal, diagonal] += 0.5 * step
    half[diagonal, diagonal + n] -= 0.5 * step
    g = evaluate(model, names, half)
    finer = (g[:n] - g[n:]) / (half[diagonal, diagonal] - half[diagonal, diagonal + n])
    return Sensitivities(value=value, coefficients=(4 * finer - differences) / 3, method=DIFFERENCES)


def _complex_step(model: Model, names: Sequence[str], x: Array, u: Array) -> Array | None:
    """Return the derivatives by the complex step; None where the model cannot take complex numbers."""
    n = len(x)
    magnitude = np.abs(x)
    h = _STEP * np.where(magnitude > 0, magnitude, np.where(u > 0, u, 1.0))
    z = x.astype(complex)[:, None].repeat(n, axis=1)
    diagonal = np.arange(n)
    z[diagonal, diagonal] += 1j * h
    try:
        with np.errstate(all="ignore"):
            f = np.asarray(model(**dict(zip(names, z, strict=True))))
    except Exception:  # whatever it is: the real evaluation worked, so the model just cannot take complex numbers
        return None
    if f.shape != (n,) or f.dtype.kind != "c":
        return None
    exact: Array = f.imag / h
    return exact if np.isfinite(exact).all() else None


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
