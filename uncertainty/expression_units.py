"""Check the units of an expression, and put the conversions in.

Inside, an expression computes with coherent SI base units; its inputs arrive in their own units and its result leaves
in the output's. So "U * I" with U in mV and I in A gives W without a factor, and "T - 20" with T in K is refused: 20 of
what?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uncertainty.expression import Expression
from uncertainty.program import Call, Number, Symbol, Tree
from uncertainty.quantity import Dimension, UnitMismatch, coherent

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAME = frozenset({"add", "subtract", "maximum", "minimum", "hypot", "arctan2"})
_KEPT = frozenset({"negative", "absolute"})


def with_units(expression: Expression, units: Mapping[str, str], output: str) -> Expression:
    """Return the expression with conversions from the inputs' units to the output's.

    Args:
        expression: as parsed.
        units: unit of each input quantity.
        output: unit of the result.

    Raises:
        UnitMismatch: units that do not fit; the message names the part of the expression.
    """
    found = {name: coherent(units[name]) for name in expression.symbols}
    factor, offset, wanted = coherent(output)
    dimension = _dimension(expression.tree, {name: d for name, (_, _, d) in found.items()})
    if dimension != wanted:
        raise UnitMismatch(f"model {expression.text!r} gives {dimension}, but the unit {output!r} is {wanted}")
    return Expression(
        expression.text,
        expression.tree,
        expression.symbols,
        {name: (f, o) for name, (f, o, _) in found.items() if (f, o) != (1.0, 0.0)},
        (1 / factor, -offset / factor),
    )


def _dimension(node: Tree, known: Mapping[str, Dimension]) -> Dimension:
    """Return the dimension of a part of an expression."""
    match node:
        case Number():
            return Dimension()
        case Symbol(name):
            return known[name]
        case Call(function, arguments, text):
            return _of_call(function, [_dimension(a, known) for a in arguments], arguments, text)


def _of_call(function: str, d: list[Dimension], arguments: tuple[Tree, ...], text: str) -> Dimension:
    if function in _SAME:
        if d[0] != d[1]:
            raise UnitMismatch(f"{text!r} joins {d[0]} and {d[1]}; give a number with a unit as an input")
        return Dimension() if function == "arctan2" else d[0]
    if function in _KEPT:
        return d[0]
    if function == "multiply":
        return d[0].times(d[1])
    if function == "divide":
        return d[0].times(d[1], -1.0)
    if function == "sqrt":
        return Dimension().times(d[0], 0.5)
    if function == "power":
        if d[1] != Dimension():
            raise UnitMismatch(f"{text!r}: the exponent has the unit {d[1]}; it must be a plain number")
        if d[0] == Dimension():
            return Dimension()
        exponent = arguments[1]
        if not isinstance(exponent, Number):
            raise UnitMismatch(f"{text!r}: the exponent of a quantity with the unit {d[0]} must be a written number")
        return Dimension().times(d[0], exponent.value)
    if d[0] != Dimension():
        raise UnitMismatch(f"{text!r} needs a plain number, not {d[0]}")
    return Dimension()
