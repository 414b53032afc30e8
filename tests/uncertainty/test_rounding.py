"""Rounding: the oracles of the electrical cards (0.2), ILAC P14, and the exact ties of floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.errors import InputError
from uncertainty.rounding import (
    numerical_tolerance,
    report,
    round_to_step,
    round_uncertainty,
    significant,
    truncated,
)


@pytest.mark.parametrize(
    ("value", "step", "printed"),
    [
        (0.85, "0.1", "0.8"),
        (0.95, "0.1", "1.0"),
        (1.05, "0.1", "1.0"),
        (1.06, "0.1", "1.1"),
        (-0.25, "0.1", "-0.2"),
        (0.1, "0.2", "0.0"),
        (0.3, "0.2", "0.4"),
        (0.5, "0.2", "0.4"),
        (2.1, "0.2", "2.0"),
        (2.11, "0.2", "2.2"),
        (0.045, "0.01", "0.04"),
        (0.125, "0.05", "0.10"),
        (0.175, "0.05", "0.20"),
        (-0.04, "0.1", "0.0"),
        ("1234567890.15", "0.1", "1234567890.2"),
        (250, "100", "200"),
    ],
)
def test_a_value_is_rounded_to_the_even_multiple_of_the_step(value: float | str, step: str, printed: str) -> None:
    assert round_to_step(value, step) == printed


@pytest.mark.parametrize("sign", ["", "-"])
def test_every_tie_at_step_0_01_goes_to_the_even_multiple(sign: str) -> None:
    for i in range(1000):
        tie = float(f"{sign}{i}.5e-2")  # as a reader writes it: 0.045, not 4.5 * 0.01
        even = Decimal(i + i % 2) / 100
        assert abs(Decimal(round_to_step(tie, "0.01"))) == even, tie


def test_the_sign_is_printed_on_request_and_never_at_zero() -> None:
    assert round_to_step(0.24, "0.05", sign=True) == "+0.25"
    assert round_to_step(-0.24, "0.05", sign=True) == "-0.25"
    assert round_to_step(-0.01, "0.05", sign=True) == "0.00"


@given(st.floats(-1e6, 1e6), st.sampled_from(["0.1", "0.02", "0.005", "2", "10"]))
def test_rounding_moves_a_value_by_half_a_step_at_most_and_twice_is_once(value: float, step: str) -> None:
    once = round_to_step(value, step)
    assert abs(Decimal(once) - Decimal(repr(value))) <= Decimal(step) / 2
    assert Decimal(once) % Decimal(step) == 0
    assert round_to_step(once, step) == once


@pytest.mark.parametrize(
    ("U", "digits", "printed"),
    [
        (0.0451, 2, "0.045"),
        (0.1049, 2, "0.10"),  # loses 4.7 %
        (0.1051, 1, "0.1"),  # loses 4.85 %
        (0.1053, 1, "0.2"),  # 0.1 would lose 5.03 %
        (0.0996, 2, "0.10"),
        (0.00999, 1, "0.01"),
        (12.34, 2, "12"),
        (1234.0, 2, "1200"),
        (0.145, 1, "0.2"),  # 0.1 would lose 31 %
        (0.64, 1, "0.7"),  # 0.6 would lose 6.25 %
        (0.62, 1, "0.6"),  # 0.6 loses 3.2 %
        (0.0, 2, "0"),
    ],
)
def test_U_has_two_digits_at_most_and_never_loses_five_percent(U: float, digits: int, printed: str) -> None:
    assert round_uncertainty(U, digits) == printed


@given(st.floats(1e-9, 1e9), st.sampled_from([1, 2]))
def test_a_rounded_U_covers_95_percent_of_U(U: float, digits: int) -> None:
    rounded = Decimal(round_uncertainty(U, digits))
    assert rounded > Decimal("0.95") * Decimal(repr(U))
    assert rounded < Decimal("2.01") * Decimal(repr(U))
    assert len(rounded.normalize().as_tuple().digits) <= digits


@pytest.mark.parametrize(
    ("value", "U", "pair"),
    [
        (0.123456, 0.0451, ("0.123", "0.045")),
        (-0.00004, 0.0451, ("0.000", "0.045")),
        (1234.567, 12.34, ("1235", "12")),
        (10.0, 0.0996, ("10.00", "0.10")),
        (123456.0, 1234.0, ("123500", "1200")),
        (0.1, 0.0, ("0.1", "0")),
    ],
)
def test_value_and_U_end_at_the_same_place(value: float, U: float, pair: tuple[str, str]) -> None:
    assert report(value, U) == pair


def test_delta_of_jcgm_101() -> None:
    # The two examples of JCGM 101:2008 7.9.2.
    assert numerical_tolerance(0.00035, 2) == 0.000005
    assert numerical_tolerance(2.0, 1) == 0.5
    assert numerical_tolerance(0.075, 2) == 0.0005
    assert numerical_tolerance(0.0999, 2) == 0.005


def test_small_helpers() -> None:
    assert significant(0.000123456, 3) == "0.000123"
    assert significant(99.96, 3) == "100"
    assert significant(0, 3) == "0"
    assert truncated(16.9) == 16


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "x", None])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(InputError):
        round_to_step(bad, "0.1")


def test_bad_settings_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="step"):
        round_to_step(1.0, "0")
    with pytest.raises(InputError, match="U: -1"):
        round_uncertainty(-1)
    with pytest.raises(InputError, match="digits: 3"):
        round_uncertainty(1, 3)
    with pytest.raises(InputError, match="u: 0"):
        numerical_tolerance(0)
