"""Tables that contradict themselves are refused when the class is used, with the command named."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.scpi import Event, Numeric, Query, ScpiError, Setting
from instruments.scpi.errors import event_bit
from instruments.scpi.header import HeaderTree, parse_header
from instruments.scpi.reply import Block, Fixed, General, Scientific, WithUnit
from instruments.scpi.table import CommandTable


class Owner:
    value = 0.0

    def act(self) -> None: ...

    def ask(self) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("commands", "why"),
    [
        ((Query("A?", method="ask"), Query("[B:]A?", method="ask")), "'\\[B:\\]A'"),
        ((Event("VOLTage", method="act"), Event("VOLT", method="act")), "VOLT"),
        ((Event("VOLTage:A", method="act"), Event("VOLTmeter:A", method="act")), "short for two"),
        ((Event("A<1:2>:B", method="act"), Event("A:C", method="act")), "numeric suffix"),
        ((Event("A::B", method="act"),), "cannot be read"),
        ((Event("[A]", method="act"),), "no node"),
        ((Query("A", method="ask"),), "'\\?'"),
        ((Setting("A", Numeric()),), "attribute"),
        ((Setting("A<1:2>", Numeric(), attribute="value"),), "suffix"),
    ],
)
def test_a_wrong_table_is_refused(commands: tuple[Any, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        CommandTable(Owner, commands, ())


def test_a_method_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match=r"Owner: A: Owner has no method 'actt'"):
        CommandTable(Owner, (Event("A", method="actt"),), ())


def test_an_instrument_replaces_a_common_command() -> None:
    own = Query("*IDN?", method="ask")
    table = CommandTable(Owner, (own,), (Query("*IDN?", method="act"),))
    assert table.commands == (own,)


def test_header_notation() -> None:
    nodes = parse_header("[SOURce:]VOLTage[:LEVel]<1:3>"[:-5])
    assert [(node.word, node.optional) for node in nodes] == [("SOURce", True), ("VOLTage", False), ("LEVel", True)]
    assert parse_header("OUTPut<1:4>:STATe")[0].suffixes == (1, 4)
    assert parse_header("OUTPut<n>")[0].suffixes == (1, 1)


def test_a_node_that_is_left_out_has_its_first_suffix() -> None:
    tree: HeaderTree[str] = HeaderTree()
    tree.add("[SOURce<2:5>:]VOLTage", "volt")
    assert tree.find(["VOLT"]) == ("volt", (2,))
    assert tree.find(["SOUR3", "VOLT"]) == ("volt", (3,))
    with pytest.raises(ScpiError, match="-114"):
        tree.find(["SOUR1", "VOLT"])


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (Fixed(3), 230.0, "230.000"),
        (Fixed(1, sign=True), 0.25, "+0.2"),
        (Fixed(3), float("nan"), "9.91E+37"),
        (Fixed(3), float("-inf"), "-9.90E+37"),
        (Scientific(2), float("inf"), "9.90E+37"),
        (General(), 1e-6, "1E-06"),
        (General(), 230.05, "230.05"),
        (WithUnit("V", 2), 500, "500.00 V"),
    ],
)
def test_numbers_are_written_so(form: Any, value: float, text: str) -> None:
    assert form(value) == text


def test_a_block_of_numbers() -> None:
    assert Block(">h")([1, -1]) == b"#14\x00\x01\xff\xff"
    assert Block("<d")([]) == b"#10"


def test_classes_of_errors() -> None:
    assert [event_bit(code) for code in (-113, -222, -310, -410, 150)] == [32, 16, 8, 4, 8]


def test_an_error_without_a_standard_text_needs_one() -> None:
    with pytest.raises(ValueError, match="150"):
        ScpiError(150)
