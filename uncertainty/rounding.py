"""Round results and uncertainties in decimal arithmetic.

A float is taken at its shortest decimal representation (what `repr` prints), so 0.045 is the tie that a reader sees
and not the binary number beside it. Rounding happens once; the strings made here are printed as they are.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal, InvalidOperation, localcontext

from uncertainty.errors import InputError

Number = float | int | str | Decimal

_PRECISION = 60


def to_decimal(value: Number, what: str = "value") -> Decimal:
    """Return a finite number as the decimal that a reader sees.

    Raises:
        InputError: not a number, or not finite.
    """
    try:
        # float() first: the repr of a NumPy scalar is "np.float64(...)".
        exact = (
            value if isinstance(value, Decimal) else Decimal(value if isinstance(value, str) else repr(float(value)))
        )
    except (InvalidOperation, ValueError, TypeError):
        raise InputError(f"{what}: {value!r} is not a number") from None
    if not exact.is_finite():
        raise InputError(f"{what}: {value!r} is not finite, so it cannot be rounded")
    return exact


def _place(number: Decimal, digits: int) -> int:
    """Return the exponent of the last of `digits` significant digits of a number other than zero."""
    return number.adjusted() - digits + 1


def _quantize(number: Decimal, place: int, rounding: str) -> Decimal:
    with localcontext() as context:
        context.prec = _PRECISION
        return number.quantize(Decimal(1).scaleb(place), rounding=rounding)


def _print(number: Decimal, *, sign: bool = False) -> str:
    """Write a decimal without exponent; a zero never has a sign."""
    if number.is_zero():
        return f"{abs(number):f}"
    return f"{number:+f}" if sign else f"{number:f}"


def round_to_step(value: Number, step: str | Decimal, *, sign: bool = False) -> str:
    """Round a value to a multiple of a step, ties to the even multiple (GB/T 8170 with interval 1, 2 or 5 times 10^n).

    Args:
        value: the number; a float is taken at its shortest decimal representation.
        step: rounding interval as a decimal, e.g. "0.05" for a meter of class 0.5.
        sign: print "+" for positive results; an exact 0 is always unsigned.

    Raises:
        InputError: the value is not finite, or the step is not a positive decimal.
    """
    exact, interval = to_decimal(value), to_decimal(step, "step")
    if interval <= 0:
        raise InputError(f"step: {step} must be positive")
    with localcontext() as context:
        context.prec = _PRECISION
        multiple = (exact / interval).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        return _print(multiple * interval, sign=sign)


def _rounded_uncertainty(U: Number, digits: int) -> Decimal:
    exact = to_decimal(U, "U")
    if digits not in (1, 2):
        raise InputError(f"digits: {digits} must be 1 or 2 (ILAC P14: at most two significant digits)")
    if exact < 0:
        raise InputError(f"U: {U} must not be negative")
    if exact.is_zero():
        return Decimal(0)
    place = _place(exact, digits)
    rounded = _quantize(exact, place, ROUND_HALF_EVEN)
    if rounded < exact and exact - rounded >= Decimal("0.05") * exact:
        rounded = _quantize(exact, place, ROUND_UP)
    # 0.0996 becomes 0.10: three figures would be left of "0.100".
    return _quantize(rounded, _place(rounded, digits), ROUND_HALF_EVEN)


def round_uncertainty(U: Number, digits: int = 2) -> str:
    """Round an expanded uncertainty to one or two significant digits, printed without exponent.

    Rounds half to even, but up wherever rounding down would lose 5 % or more, so that a stated coverage is kept
    (ILAC P14, JCGM 100 7.2.6 leave the choice open; this is the one made here).

    Raises:
        InputError: U is negative or not finite, or `digits` is neither 1 nor 2.
    """
    return _print(_rounded_uncertainty(U, digits))


def report(value: Number, U: Number, digits: int = 2, *, sign: bool = False) -> tuple[str, str]:
    """Round U, and the value to the place of U's last digit (JCGM 100 7.2.6).

    With U = 0 the value is returned as it is.

    Returns:
        (value, U) as they are printed.

    Raises:
        InputError: a number is not finite, U is negative, or `digits` is neither 1 nor 2.
    """
    exact, rounded = to_decimal(value), _rounded_uncertainty(U, digits)
    if rounded.is_zero():
        return _print(exact, sign=sign), "0"
    place = int(rounded.as_tuple().exponent)
    return _print(_quantize(exact, place, ROUND_HALF_EVEN), sign=sign), _print(rounded)


def significant(value: Number, digits: int) -> str:
    """Round any number to some significant digits, half to even, without exponent.

    Raises:
        InputError: not finite, or `digits` < 1.
    """
    exact = to_decimal(value)
    if digits < 1:
        raise InputError(f"digits: {digits} must be at least 1")
    if exact.is_zero():
        return "0"
    rounded = _quantize(exact, _place(exact, digits), ROUND_HALF_EVEN)
    return _print(_quantize(rounded, _place(rounded, digits), ROUND_HALF_EVEN))


def numerical_tolerance(u: float, digits: int = 2) -> float:
    """Return δ, half a unit of the last of `digits` significant digits of u (JCGM 101:2008 7.9.2).

    u = c × 10^l with c an integer of `digits` digits; δ = 10^l / 2.

    Raises:
        InputError: u is zero, negative or not finite, or `digits` < 1.
    """
    exact = to_decimal(u, "u")
    if digits < 1:
        raise InputError(f"digits: {digits} must be at least 1")
    if exact <= 0:
        raise InputError(f"u: {u} must be positive to have significant digits")
    rounded = _quantize(exact, _place(exact, digits), ROUND_HALF_EVEN)
    return float(Decimal("0.5").scaleb(_place(rounded, digits)))


def truncated(nu: float) -> int:
    """Truncate effective degrees of freedom to the next lower integer (JCGM 100 G.4.1).

    Raises:
        InputError: not finite.
    """
    return int(to_decimal(nu, "degrees of freedom").quantize(Decimal(1), rounding=ROUND_DOWN))
