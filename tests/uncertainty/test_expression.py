"""Expressions: parsed, never evaluated as Python; the same numbers as NumPy on every kind of argument."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.errors import InputError
from uncertainty.expression import CONSTANTS, FUNCTIONS, TWO_ARGUMENTS, parse

POWER = "V*kv*(1+ev)*I*ki*(1+ei)*cos(phi+dphi)*(1+al*(T-T0)) - I**2*Rs"


def test_symbols_are_found_in_order() -> None:
    assert parse(POWER).symbols == ("V", "kv", "ev", "I", "ki", "ei", "phi", "dphi", "al", "T", "T0", "Rs")


@pytest.mark.parametrize("n", [1, 7, 10_000])
@pytest.mark.parametrize(
    "text",
    [POWER.replace("V*", "x*").replace("kv", "y"), "-x**2 + 3*y - 2e-3", "2**x/y", "sqrt(x*x)+abs(-y)", "pi*e", "x"],
)
def test_numbers_are_those_of_numpy(text: str, n: int) -> None:
    expression = parse(text)
    rng = np.random.default_rng(1)
    values = {name: rng.uniform(0.5, 2, n) for name in expression.symbols}
    functions = {name: getattr(np, full) for name, full in FUNCTIONS.items()}
    expected = eval(text, {**functions, **CONSTANTS}, values)
    if values:
        before = {name: value.copy() for name, value in values.items()}
        np.testing.assert_allclose(expression(**values), expected, rtol=1e-13, atol=1e-13)
        for name, value in values.items():
            np.testing.assert_array_equal(value, before[name])
    else:
        assert expression() == expected


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_works_on_numbers_short_and_long_arrays(name: str) -> None:
    text = f"{name}(x, y)" if name in TWO_ARGUMENTS else f"{name}(x)"
    expression = parse(text)
    for n in (3, 5000):
        values = {"x": np.linspace(0.1, 0.9, n), "y": np.linspace(0.9, 0.2, n)}
        arguments = [values[s] for s in expression.symbols]
        np.testing.assert_allclose(expression(**values), getattr(np, FUNCTIONS[name])(*arguments), rtol=1e-14)


@given(st.floats(-50, 50))
def test_fast_sine_and_cosine_are_right(x: float) -> None:
    n = 4096
    for f in ("sin", "cos"):
        found = parse(f"{f}(x)")(x=np.full(n, x))
        assert found[0] == pytest.approx(getattr(math, f)(x), abs=5e-15 * max(1, abs(x)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("__import__('os').system('true')", "is not allowed"),
        ("(1).__class__", "is not allowed"),
        ("x.real", "is not allowed"),
        ("x if y else z", "is not allowed"),
        ("[x for x in y]", "is not allowed"),
        ("lambda: 1", "is not allowed"),
        ("'a'*3", "is not allowed"),
        ("True", "not a number"),
        ("x^2", r"power is written \*\*"),
        ("open(x)", "calls 'open'"),
        ("sin(x, y)", r"needs 1 argument"),
        ("atan2(x)", r"needs 2 argument"),
        ("sin(*x)", r"needs 1 argument"),
        ("sin + 1", "is a function"),
        ("2 x", "model '2 x': "),
        ("", "model ''"),
        ("x +", "model"),
        ("1e999", "finite"),
        ("(" * 500 + "x" + ")" * 500, "model"),
        ("-" * 300 + "x", "nested"),
        ("x" * 20_000, "characters"),
        ("x // y", "is not allowed"),
        ("9**9**9**9**9**9", "model"),
    ],
)
def test_all_else_is_refused_with_the_part_at_fault(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(text)


def test_a_missing_input_is_named() -> None:
    with pytest.raises(InputError, match="no value for 'y'"):
        parse("x + y")(x=1.0)


def test_an_expression_can_be_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(parse("x*2")))
    assert again(x=4.0) == 8
