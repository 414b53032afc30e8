"""Data sheets are decoded strictly: every mistake is named with its path."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from scenarios import dc_energy
from scenarios.sheet import SheetError, decode, load, provisions


@pytest.fixture(scope="module")
def original() -> dict[str, Any]:
    return tomllib.loads(files("bench").joinpath("systems/dc_energy.toml").read_text(encoding="utf-8"))


@pytest.fixture
def table(original: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(original)


def plan(table: dict[str, Any]) -> dc_energy.Plan:
    return decode(load(table).procedure, dc_energy.Plan, "procedure")


def test_the_sheet_of_dc_energy_is_right(table: dict[str, Any]) -> None:
    assert plan(table).basic_error.method == "pulse"


def test_an_unknown_key_is_named_with_the_nearest_known_one(table: dict[str, Any]) -> None:
    table["procedure"]["basic_error"]["repeat"] = table["procedure"]["basic_error"].pop("repeats")
    with pytest.raises(SheetError, match=r"procedure\.basic_error\.repeat: unknown key; did you mean 'repeats'\?"):
        plan(table)


def test_a_missing_key_is_named(table: dict[str, Any]) -> None:
    del table["procedure"]["warm_up"]["verified"]
    with pytest.raises(SheetError, match=r"procedure\.warm_up: .*missing required field `verified`"):
        plan(table)


def test_a_wrong_type_is_named(table: dict[str, Any]) -> None:
    table["procedure"]["warm_up"]["value"] = "thirty"
    with pytest.raises(SheetError, match=r"procedure\.warm_up\.value: Expected `float`, got `str`"):
        plan(table)


@pytest.mark.parametrize("unit", ["V", "bogus"])
def test_a_wrong_unit_is_named(table: dict[str, Any], unit: str) -> None:
    table["procedure"]["warm_up"]["unit"] = unit
    with pytest.raises(SheetError, match=rf"procedure\.warm_up\.unit: cannot convert '{unit}' to 's'.*give it in 's'"):
        plan(table)


def test_a_unit_of_the_same_kind_is_converted(table: dict[str, Any]) -> None:
    table["procedure"]["warm_up"] |= {"value": 0.5, "unit": "h"}
    assert plan(table).warm_up.to("s") == pytest.approx(1800)


def test_an_unknown_key_in_a_list_is_named(table: dict[str, Any]) -> None:
    table["procedure"]["basic_error"]["loads"][2]["curent"] = 1
    with pytest.raises(SheetError, match=r"procedure\.basic_error\.loads\[2\]\.curent: .*did you mean 'current'\?"):
        plan(table)


def test_a_sheet_of_another_version_is_refused(table: dict[str, Any]) -> None:
    table["schema"] = 99
    with pytest.raises(SheetError, match="schema: 99 is not a version"):
        load(table)


def test_a_missing_role_is_named(table: dict[str, Any]) -> None:
    del table["roles"]["environment"]
    with pytest.raises(SheetError, match="roles: the role 'environment' is missing"):
        load(table)


def test_provisions_name_the_numbers_of_one_class_only(table: dict[str, Any]) -> None:
    used = provisions(("procedure", plan(table)), accuracy_class="1")
    limits = [p for p in used if p.key.startswith("procedure.mpe")]
    assert [p.key for p in limits if p.key.endswith("mpe")] == ["procedure.mpe.1[0].mpe", "procedure.mpe.1[1].mpe"]
    assert [p.value for p in limits if p.key.endswith("mpe")] == ["1", "1.5"]
    assert not any(p.verified for p in limits)
