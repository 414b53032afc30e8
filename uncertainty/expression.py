"""Measurement models written as text, e.g. "V*I*cos(phi) - I**2*R".

The text is parsed by Python's own grammar into a tree; every node is checked against a short list, and nothing is ever
handed to `eval`. The tree is compiled to a list of array operations with reused buffers (`uncertainty.program`).
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.errors import InputError
from uncertainty.program import Call, Number, Program, Symbol, Tree, compile_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS: dict[str, str] = {
    "abs": "absolute",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "cos": "cos",
    "cosh": "cosh",
    "exp": "exp",
    "hypot": "hypot",
    "ln": "log",
    "log": "log",
    "log10": "log10",
    "log2": "log2",
    "max": "maximum",
    "min": "minimum",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "tan": "tan",
    "tanh": "tanh",
}
"""Functions of an expression and their NumPy names; "log" and "ln" are the natural logarithm."""
TWO_ARGUMENTS = frozenset({"atan2", "hypot", "max", "min"})
CONSTANTS = {"pi": math.pi, "e": math.e}

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}
_LONGEST, _DEEPEST = 10_000, 200


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A measurement model as a function of its input quantities; call it as `expression(**{name: array})`."""

    text: str
    """The expression as written."""
    tree: Tree
    """Its tree."""
    symbols: tuple[str, ...]
    """Names of its input quantities, in order of appearance."""
    factors: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By input: (factor, offset) that turns its number into the coherent unit; none for (1, 0)."""
    output: tuple[float, float] = (1.0, 0.0)
    """(factor, offset) that turns the result into the output's unit."""
    program: Program = field(init=False, repr=False)
    """The compiled tree."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", compile_tree(self._scaled(), self.symbols))

    def _scaled(self) -> Tree:
        """Return the tree with the conversions of units put in."""

        def visit(node: Tree) -> Tree:
            match node:
                case Symbol(name) if name in self.factors:
                    return _linear(node, *self.factors[name])
                case Call(function, arguments, text):
                    return Call(function, tuple(visit(a) for a in arguments), text)
                case _:
                    return node

        return _linear(visit(self.tree), *self.output)

    def __call__(self, **values: Any) -> Any:
        """Evaluate the expression; arrays have one shape, which is the shape of the result.

        Raises:
            InputError: an input quantity is missing.
        """
        try:
            arguments = [values[name] for name in self.symbols]
        except KeyError as missing:
            raise InputError(f"model {self.text!r}: no value for {missing}") from None
        y = self.program.run(arguments)
        if not self.symbols and values:
            return np.broadcast_to(np.asarray(y), np.shape(next(iter(values.values()))))
        return y


def _linear(node: Tree, factor: float, offset: float) -> Tree:
    if factor != 1:
        node = Call("multiply", (node, Number(factor)), "")
    return Call("add", (node, Number(offset)), "") if offset else node


def parse(text: str) -> Expression:
    """Parse an expression of numbers, names, pi, e, + - * / ** and the functions of `FUNCTIONS`.

    Raises:
        InputError: the text is not such an expression; the message names the part at fault.
    """
    if len(text) > _LONGEST:
        raise InputError(f"model: {len(text)} characters are too many, at most {_LONGEST}")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as problem:
        reason = problem.msg if isinstance(problem, SyntaxError) else str(problem) or type(problem).__name__
        raise InputError(f"model {_short(text)}: {reason}") from None
    tree = _convert(body, text, 0)
    return Expression(text.strip(), tree, tuple(dict.fromkeys(_names(tree))))


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _names(tree: Tree) -> Iterator[str]:
    match tree:
        case Symbol(name):
            yield name
        case Call(_, arguments, _):
            for argument in arguments:
                yield from _names(argument)


def _convert(node: ast.expr, text: str, depth: int) -> Tree:
    part = ast.get_source_segment(text.strip(), node) or "?"

    def refuse(why: str) -> InputError:
        return InputError(f"model {_short(text)}: {_short(part)[1:-1]!r} {why}")

    if depth > _DEEPEST:
        raise refuse("is nested too deeply")
    match node:
        case ast.Constant(value=bool()):
            raise refuse("is not a number")
        case ast.Constant(value=int() | float() as value):
            if not math.isfinite(value):
                raise refuse("is not a finite number")
            return Number(float(value))
        case ast.Name(id=name):
            if name in FUNCTIONS:
                raise refuse(f"is a function; write {name}(...)")
            return Number(CONSTANTS[name]) if name in CONSTANTS else Symbol(name)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, text, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _convert(operand, text, depth + 1)
            return Number(-inner.value) if isinstance(inner, Number) else Call("negative", (inner,), part)
        case ast.BinOp(op=ast.BitXor()):
            raise refuse("uses ^; a power is written **")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            pair = _convert(left, text, depth + 1), _convert(right, text, depth + 1)
            return Call(_OPERATORS[type(op)], pair, part)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise refuse(f"calls {name!r}, which is not one of {', '.join(FUNCTIONS)}")
            need = 2 if name in TWO_ARGUMENTS else 1
            if len(arguments) != need or any(isinstance(a, ast.Starred) for a in arguments):
                raise refuse(f"needs {need} argument(s)")
            return Call(FUNCTIONS[name], tuple(_convert(a, text, depth + 1) for a in arguments), part)
        case _:
            raise refuse("is not allowed; use numbers, names, + - * / **, and " + ", ".join(FUNCTIONS))
