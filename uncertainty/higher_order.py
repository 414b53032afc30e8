"""Terms of second order in the law of propagation (JCGM 100:2008 5.1.2, note)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from uncertainty.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Array
    from uncertainty.sensitivity import Model

_STEP = 1e-20
_RELATIVE = 0.02
"""Displacement over u: small enough for the third derivative, and u²/h² = 2500 rounding errors do no harm."""


def second_order_variance(model: Model, names: Sequence[str], x: Array, u: Array) -> float:
    """Return Σ_i Σ_j [½ f_ij² + f_i f_ijj] u_i² u_j², for independent inputs.

    The formula is exact to its order for normal inputs. First derivatives at displaced estimates are taken by the
    complex step; their differences give the second and third ones.

    Raises:
        ModelError: the model cannot take complex numbers, or returns NaN or infinity nearby.
    """
    n = len(x)
    h = np.where(u > 0, _RELATIVE * u, 1.0)
    places = x[:, None] + np.concatenate([np.zeros((n, 1)), np.diag(h), -np.diag(h)], axis=1)
    imaginary = _STEP * np.where(x != 0, np.abs(x), h)
    # Column (k, i): at place k, with the complex step in input i.
    z = np.repeat(places, n, axis=1).astype(complex)
    for i in range(n):
        z[i, i::n] += 1j * imaginary[i]
    try:
        with np.errstate(all="ignore"):
            f = np.asarray(model(**dict(zip(names, z, strict=True))))
    except Exception as problem:
        raise ModelError(f"second order: the model cannot take complex numbers ({problem}); leave it off") from problem
    if f.shape != (z.shape[1],) or f.dtype.kind != "c" or not np.isfinite(f).all():
        raise ModelError("second order: the model is not analytic at the estimates; leave it off, or use Monte Carlo")
    gradient = f.imag.reshape(2 * n + 1, n) / imaginary  # (place, input)
    at, plus, minus = gradient[0], gradient[1 : n + 1], gradient[n + 1 :]
    second = (plus - minus) / (2 * h[:, None])  # f_ij at [j, i]
    second = 0.5 * (second + second.T)
    third = (plus - 2 * at + minus) / h[:, None] ** 2  # f_ijj at [j, i]
    weight = u[:, None] ** 2 * u**2
    return float(((0.5 * second**2 + at * third) * weight).sum())
