"""Decision rules of section B of the electrical cards."""

import pytest

from uncertainty.conformity import Rule, Verdict, decide, entry_condition, worst
from uncertainty.errors import InputError

P, C, U, F = Verdict.PASS, Verdict.CONDITIONAL, Verdict.INCONCLUSIVE, Verdict.FAIL


@pytest.mark.parametrize(
    ("rule", "U", "verdicts"),
    [
        # errors:            0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.3
        ("simple", 0.25, (P, P, P, P, F, F, F)),
        ("guarded", 0.25, (P, P, F, F, F, F, F)),
        ("nonbinary", 0.25, (P, P, C, C, U, U, F)),
        ("jjf1094", 0.25, (P, P, P, P, F, F, F)),
        ("jjf1094", 0.5, (P, U, U, U, U, U, U)),
        ("jjf1094", 0.35, (P, U, U, U, U, U, U)),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_rules(rule: Rule, U: float, verdicts: tuple[Verdict, ...], sign: int) -> None:
    errors = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.3)
    assert tuple(decide(sign * e, U, 1.0, rule) for e in errors) == verdicts


def test_jjf1094_fails_only_beyond_mpe_plus_U() -> None:
    assert decide(1.5, 0.5, 1.0, "jjf1094") is F
    assert decide(1.49, 0.5, 1.0, "jjf1094") is U


def test_the_limit_third_is_allowed_exactly() -> None:
    assert entry_condition(0.1, 0.3)
    assert not entry_condition(0.1001, 0.3)


def test_own_guard_band() -> None:
    assert decide(0.85, 0.25, 1.0, "guarded", w=0.1) is P
    assert decide(0.95, 0.25, 1.0, "guarded", w=0.1) is F


def test_worst_is_the_worst() -> None:
    assert worst([P, C, U]) is U
    assert worst([]) is P


@pytest.mark.parametrize(
    ("error", "U", "mpe", "word"),
    [(float("nan"), 0.1, 1, "error"), (0, -0.1, 1, "U"), (0, float("inf"), 1, "U"), (0, 0.1, 0, "mpe")],
)
def test_bad_numbers_are_refused_by_name(error: float, U: float, mpe: float, word: str) -> None:
    with pytest.raises(InputError, match=f"^{word}\\b"):
        decide(error, U, mpe)


@pytest.mark.parametrize("rule", ["guarded", "nonbinary", "jjf1094"])
def test_a_value_at_the_limit_passes_although_binary_numbers_say_otherwise(rule: Rule) -> None:
    assert 0.3 - 0.2 < 0.1  # so the float 0.1 would be rejected
    assert decide(0.1, 0.2, 0.3, rule) is P


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match="rule = 'lenient' must be one of simple"):
        decide(0.1, 0.1, 1.0, "lenient")  # type: ignore[arg-type]
