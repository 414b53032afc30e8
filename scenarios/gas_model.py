"""Measurement models of gas analysers, each one NumPy function, and their budgets; amount fractions in µmol/mol."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import input_quantity
from uncertainty.budget import Budget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.references import Certified
    from scenarios.sheet import Effect
    from uncertainty.inputs import InputQuantity
    from uncertainty.text import Text

    Value = float | NDArray[Any]

UNIT = "umol/mol"
CROSSED = 1.0 + 0.9**2 * 2.0 / 3.0
"""Variance of a crossing, in variances of an indication: that of the crossed one, and of 90 % of the end, which is a
mean over as long a time as the device averages over (a moving average averaged once more keeps two thirds)."""
CONTRADICTION = 3.0
"""How many times larger than stated an observed spread must be before it stands in place of the pooled value."""


def indication_error(x: Value = 0.0, d_rep: Value = 0.0, d_purge: Value = 0.0, *, y: float) -> Value:
    """Return the error of indication Δ, µmol/mol.

    Args:
        x: certified value of the gas, µmol/mol.
        d_rep: error of the mean indication from repeatability, µmol/mol.
        d_purge: what is left of the gas before, %, of the value.
        y: mean indication, µmol/mol.
    """
    return y + d_rep - x * (1 + d_purge / 100)


def fiducial_error(x: Value = 0.0, d_rep: Value = 0.0, d_purge: Value = 0.0, *, y: float, span: float) -> Value:
    """Return the error of indication relative to the span, %; see `indication_error`."""
    return 100 * indication_error(x, d_rep, d_purge, y=y) / span


def relative_error(x: Value = 1.0, d_rep: Value = 0.0, d_purge: Value = 0.0, *, y: float) -> Value:
    """Return the error of indication relative to the certified value, %; see `indication_error`."""
    return 100 * indication_error(x, d_rep, d_purge, y=y) / x


def variation(d_rep: Value = 0.0, d_drift: Value = 0.0, *, y: float, y_0: float) -> Value:
    """Return by how much one gas changes the indication against another that should give the same, µmol/mol.

    Args:
        d_rep: error of the difference of two mean indications from repeatability, µmol/mol.
        d_drift: drift between them, µmol/mol.
        y: mean indication with the influencing gas, µmol/mol.
        y_0: mean indication without it, µmol/mol.
    """
    return y - y_0 + d_rep + d_drift


def variation_in_mixture(
    x: Value = 1.0, x_0: Value = 1.0, d_rep: Value = 0.0, d_drift: Value = 0.0, *, y: float, y_0: float
) -> Value:
    """Return that change in the presence of the measured component; the two mixtures contain not quite the same of it.

    Args:
        x: certified value of the component in the mixture with the influencing gas, µmol/mol.
        x_0: the same in the mixture without it, µmol/mol.
        d_rep: see `variation`.
        d_drift: see `variation`.
        y: mean indication with the influencing gas, µmol/mol.
        y_0: mean indication without it, µmol/mol.
    """
    return y - y_0 * x / x_0 + d_rep + d_drift


def change(d_rep: Value = 0.0, *, y: float, span: float) -> Value:
    """Return a change of the indication relative to the span, %.

    Args:
        d_rep: error from the repeatability of the indications it is made of, µmol/mol.
        y: the change, µmol/mol.
        span: µmol/mol.
    """
    return 100 * (y + d_rep) / span


def proportional_change(
    c: Value = 1.0, d_rep: Value = 0.0, d_drift: Value = 0.0, *, y: float, span: float, stated: float
) -> Value:
    """Return a change of the indication that is proportional to a content, at the stated content, % of the span.

    Args:
        c: content of the influencing component (interference), or of the measured one (drift of the span), µmol/mol.
        d_rep: error from the repeatability of the indications it is made of, µmol/mol.
        d_drift: drift that is no part of it, µmol/mol.
        y: the change, µmol/mol.
        span: µmol/mol.
        stated: stated content, µmol/mol.
    """
    return 100 * (y + d_rep + d_drift) / span * stated / c


def time_of_response(
    d_clock: Value = 0.0, d_washout: Value = 0.0, d_rep: Value = 0.0, d_end: Value = 0.0, *, t: float, slope: float
) -> Value:
    """Return the time from the step of the gas to the share of it, s.

    Args:
        d_clock: error of the moment of the first stored reading, s.
        d_washout: error of the delay in the selector, s.
        d_rep: error of the mean of the crossed indications from repeatability, µmol/mol.
        d_end: error from the drift of the device between step and end of the record, s.
        t: time between the step at the device's inlet and the crossing in the trace, s.
        slope: of the trace at the crossing, µmol/mol per s.
    """
    return t + d_clock - d_washout + d_rep / slope + d_end


def repeatability(effect: Effect, n: float, observed: float = 0.0, *, name: str = "d_rep") -> InputQuantity:
    """Return the repeatability of a mean of `n` as an input, µmol/mol.

    Few readings say little about their spread, so the pooled value of the sheet stands, unless they contradict it.

    Args:
        effect: experimental standard deviation of one indication.
        n: number of indications; 1/2 for the difference of two.
        observed: their own experimental standard deviation, µmol/mol; 0 for none.
        name: symbol in the model.
    """
    stated = input_quantity(name, effect, unit=UNIT).distribution.u
    factor = observed / stated if stated and observed > CONTRADICTION * stated else 1.0
    return input_quantity(name, effect, unit=UNIT, factor=factor / math.sqrt(n))


def error_budget(
    certified: Certified,
    label: Text,
    *,
    rep: Effect,
    purge: Effect,
    y: float,
    n: int,
    observed: float = 0.0,
    form: Any = indication_error,
    unit: str = UNIT,
    symbol: str = "Δ",
    **fixed: float,
) -> Budget:
    """Return the budget of an error of indication.

    Args:
        certified: value of the gas.
        label: what the gas is.
        rep: repeatability of one indication.
        purge: what is left of the gas before.
        y: mean indication, µmol/mol.
        n: number of indications.
        observed: their experimental standard deviation, µmol/mol.
        form: `indication_error`, `fiducial_error` or `relative_error`.
        unit: unit of the error.
        symbol: symbol of the error.
        fixed: further keyword arguments of `form`.
    """
    inputs = (
        certified.input("x", label, unit=UNIT),
        repeatability(rep, n, observed),
        input_quantity("d_purge", purge, unit="%"),
    )
    return Budget(model=partial(form, y=y, **fixed), inputs=inputs, unit=unit, name=symbol)


def variation_budget(
    *,
    rep: Effect,
    drift: Effect,
    n: int,
    y: float,
    y_0: float,
    certified: tuple[Certified, Certified] | None = None,
    labels: tuple[Text, Text] | None = None,
) -> Budget:
    """Return the budget of a variation; with two certified values that of one in a mixture."""
    common = (repeatability(rep, n / 2), input_quantity("d_drift", drift, unit=UNIT))
    if certified is None or labels is None:
        return Budget(model=partial(variation, y=y, y_0=y_0), inputs=common, unit=UNIT, name="δ")
    mixtures = (certified[0].input("x", labels[0], unit=UNIT), certified[1].input("x_0", labels[1], unit=UNIT))
    model = partial(variation_in_mixture, y=y, y_0=y_0)
    return Budget(model=model, inputs=(*mixtures, *common), unit=UNIT, name="δ")


def drift(effect: Effect) -> InputQuantity:
    """Return a drift between two gases as an input, µmol/mol."""
    return input_quantity("d_drift", effect, unit=UNIT)


def response_budget(
    *, clock: Effect, washout: Effect, rep: Effect, t: float, slope: float, n: int = 1, end: Effect | None = None
) -> Budget:
    """Return the budget of a response time, the mean of `n`, s.

    The `n` steps are spread evenly over the period of the device's clock, so that the error of the mean that comes from
    the moment of the first recorded value is a rectangle of 1/n its width, wherever that clock stands.
    """
    inputs = [
        input_quantity("d_clock", clock, unit="s", factor=1 / n),
        input_quantity("d_washout", washout, unit="s"),
        repeatability(rep, n / CROSSED),
    ]
    if end is not None:
        inputs.append(input_quantity("d_end", end, unit="s"))
    return Budget(model=partial(time_of_response, t=t, slope=slope), inputs=tuple(inputs), unit="s", name="t")


def slowest(x: float, limit_s: float) -> float:
    """Return the slope at 90 % of a step of a first-order lag that just keeps a limit, µmol/mol per s.

    Args:
        x: height of the step, µmol/mol.
        limit_s: time to 90 %, s.
    """
    return 0.1 * x * math.log(10.0) / limit_s
