"""Run an expression on arrays: a list of operations on reused buffers.

Large real arrays are the Monte Carlo case. There the result of each operation goes into a buffer that is free again, so
the working set stays in the cache, and sine and cosine are computed from the tangent of the half angle, which NumPy
has vectorised in double precision where it has not sine and cosine (five times as fast, the same to 1e-15). All else
(complex steps, single numbers, short arrays) runs the operations as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Array

_LARGE = 4096
"""Arrays from this length on are worth the buffers."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in an expression."""

    value: float
    """The number."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """An input quantity in an expression."""

    name: str
    """Name of the input quantity."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation: the name of a NumPy function and its one or two arguments."""

    function: str
    """Name of the NumPy function."""
    arguments: tuple[Tree, ...]
    """Its arguments."""
    text: str
    """How it was written, for messages."""


Tree = Number | Symbol | Call


@dataclass(frozen=True, slots=True)
class Operand:
    """Say where an operand is: an input (its place), a buffer (its number) or a constant (its value)."""

    kind: str
    """"input", "buffer" or "constant"."""
    value: float
    """Place, number or value."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One array operation: a NumPy function, its operands and the buffer of the result."""

    function: str
    """Name of the NumPy function."""
    operands: tuple[Operand, ...]
    """Where its operands are."""
    out: int
    """Number of the buffer of the result."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression."""

    operations: tuple[Operation, ...]
    """In order."""
    result: Operand
    """Where the result is."""
    buffers: int
    """How many buffers are in use at most."""

    def run(self, arguments: Sequence[Any]) -> Any:
        """Evaluate for the input quantities, given in order."""
        if arguments and all(
            isinstance(a, np.ndarray) and a.ndim == 1 and a.dtype == float and a.size >= _LARGE for a in arguments
        ):
            return self._run_large(arguments)
        found: list[Any] = [None] * self.buffers

        def get(o: Operand) -> Any:
            if o.kind == "constant":
                return o.value
            return arguments[int(o.value)] if o.kind == "input" else found[int(o.value)]

        for operation in self.operations:
            found[operation.out] = _NAMED[operation.function](*[get(o) for o in operation.operands])
        return get(self.result)

    def _run_large(self, arguments: Sequence[Array]) -> Array:
        n = arguments[0].size
        buffers = [np.empty(n) for _ in range(self.buffers)]
        spare: list[Array] = []

        def get(o: Operand) -> Any:
            if o.kind == "constant":
                return o.value
            return arguments[int(o.value)] if o.kind == "input" else buffers[int(o.value)]

        for operation in self.operations:
            out, operands = buffers[operation.out], [get(o) for o in operation.operands]
            match operation.function:
                case "cos" | "sin":
                    if not spare:
                        spare.append(np.empty(n))
                    _circular(operands[0], out, spare[0], cosine=operation.function == "cos")
                case "power":
                    _power(operands[0], operands[1], out)
                case name:
                    _NAMED[name](*operands, out=out)
        last = get(self.result)
        return last if isinstance(last, np.ndarray) else np.full(n, last)


def _circular(x: Array, out: Array, t: Array, *, cosine: bool) -> None:
    """Compute cos x = (1 - t²)/(1 + t²) or sin x = 2t/(1 + t²) with t = tan(x/2)."""
    np.multiply(x, 0.5, out=t)
    np.tan(t, out=t)
    if cosine:
        np.multiply(t, t, out=t)
        np.subtract(1.0, t, out=out)
        t += 1.0
    else:
        np.multiply(t, 2.0, out=out)
        np.multiply(t, t, out=t)
        t += 1.0
    np.divide(out, t, out=out)


def _power(base: Any, exponent: Any, out: Array) -> None:
    if np.ndim(exponent) == 0 and exponent == 2:
        np.multiply(base, base, out=out)
    else:
        np.power(base, exponent, out=out)


_NAMED: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "absolute", "add", "arccos", "arcsin", "arctan", "arctan2", "cos", "cosh", "divide", "exp", "hypot", "log",
        "log10", "log2", "maximum", "minimum", "multiply", "negative", "power", "sin", "sinh", "sqrt", "subtract",
        "tan", "tanh",
    )
}  # fmt: skip


def compile_tree(tree: Tree, symbols: Sequence[str]) -> Program:
    """Compile a tree: constants are folded, common parts are not; a buffer is free once it was read.

    Args:
        tree: the expression.
        symbols: input quantities, in the order in which `run` receives them.
    """
    operations: list[Operation] = []
    free: list[int] = []
    used = 0

    def visit(node: Tree) -> Operand:
        nonlocal used
        if isinstance(node, Number):
            return Operand("constant", node.value)
        if isinstance(node, Symbol):
            return Operand("input", symbols.index(node.name))
        operands = tuple(visit(a) for a in node.arguments)
        if all(o.kind == "constant" for o in operands):
            with np.errstate(all="ignore"):
                value = float(_NAMED[node.function](*[o.value for o in operands]))
            if not np.isfinite(value):
                raise InputError(f"model: {node.text!r} is {value}, not a finite number")
            return Operand("constant", value)
        # The result may overwrite an operand: each operation reads an element before it writes it.
        free.extend(int(o.value) for o in operands if o.kind == "buffer")
        if free:
            out = free.pop()
        else:
            out, used = used, used + 1
        operations.append(Operation(node.function, operands, out))
        return Operand("buffer", out)

    result = visit(tree)
    return Program(tuple(operations), result, used)
