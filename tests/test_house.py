"""The conventions of the house, as tests."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bench", "instruments", "drivers", "scenarios", "uncertainty", "reports")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]
FORBIDDEN_NAMES = ("tolerance_limit", "ground_truth", "golden", "sigma", "deviation_limit")


def trees() -> list[tuple[str, ast.Module]]:
    return [(name, ast.parse(path.read_text(encoding="utf-8"))) for name, path in zip(NAMES, SOURCES, strict=True)]


def test_every_room_is_there_and_tests_mirror_it() -> None:
    for room in ROOMS:
        assert (ROOT / room / "__init__.py").is_file()
        assert (ROOT / "tests" / room).is_dir(), f"tests/{room} is missing"


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_module_is_small_enough_to_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 650, f"{lines} lines: split it"


def test_data_is_frozen_slotted_and_keyword_only_and_every_field_is_explained() -> None:
    """A public dataclass of the data path is frozen, slotted, keyword-only, with a docstring under every field."""
    missing = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                continue
            frozen = [d for d in node.decorator_list if isinstance(d, ast.Call) and _is(d.func, "dataclass")]
            if not any(k.arg == "frozen" and getattr(k.value, "value", False) for d in frozen for k in d.keywords):
                continue
            for field, after in zip(node.body, [*node.body[1:], None], strict=True):
                public = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
                if not public or field.target.id.startswith("_") or _is_classvar(field.annotation):
                    continue
                documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                if not documented:
                    missing.append(f"{name}: {node.name}.{field.target.id}")
    assert not missing, "no docstring under " + ", ".join(missing)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_classvar(node: ast.expr) -> bool:
    return "ClassVar" in ast.unparse(node) or "KW_ONLY" in ast.unparse(node) or ast.unparse(node) == "_"


def test_no_module_keeps_global_state_but_for_the_worker_of_a_campaign() -> None:
    found = [
        f"{name}:{node.lineno}" for name, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Global)
    ]
    assert all(place.startswith("bench/campaign.py") for place in found), found


def test_the_true_value_lives_in_instruments_only() -> None:
    """Outside the twins, only the campaign may ask for a true value."""
    seers = [
        name
        for name, path in zip(NAMES, SOURCES, strict=True)
        if not name.startswith("instruments/")
        and re.search(r"\.true_(error|value)\(", path.read_text(encoding="utf-8"))
    ]
    assert seers == ["bench/campaign.py"]


def test_no_field_words_that_the_house_replaces() -> None:
    for name, path in zip(NAMES, SOURCES, strict=True):
        words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        assert not words & set(FORBIDDEN_NAMES), name


def test_pint_is_known_to_one_file_only() -> None:
    users = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name.split(".")[0] == "pint" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pint")
    }
    assert users == {"uncertainty/quantity.py"}


def test_every_text_has_both_languages_and_no_key_is_used_that_is_not_there() -> None:
    from uncertainty.text import catalogue

    for room in ROOMS:
        if (ROOT / room / "text.toml").is_file():
            for key, text in catalogue(room).items():
                assert text.zh.strip() and text.en.strip(), f"{room}: {key}"
                fields = [sorted(re.findall(r"{(\w+)", s)) for s in (text.zh, text.en)]
                assert fields[0] == fields[1], f"{room}: {key}: placeholders differ"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("drivers/")])
def test_a_driver_module_exports_driver(name: str) -> None:
    sheets = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "bench/systems").glob("*.toml")]
    wanted = {role["driver"] for sheet in sheets for role in sheet["roles"].values()}
    module = Path(name).stem
    if module in wanted:
        assert isinstance(import_module(f"drivers.{module}").driver, type)


def test_every_sheet_says_for_every_number_whether_it_was_verified() -> None:
    """A prescribed number without `verified` cannot be decoded; a verified one names a source that can be looked up."""
    for path in (ROOT / "bench/systems").glob("*.toml"):
        for number in _numbers(tomllib.loads(path.read_text(encoding="utf-8"))):
            assert isinstance(number.get("verified"), bool), f"{path.name}: {number}"
            assert number.get("source"), f"{path.name}: {number}"
            if number.get("clause"):
                assert number["verified"], f"{path.name}: a clause is given only where its text was seen: {number}"


def _numbers(node: object) -> list[dict[str, object]]:
    if isinstance(node, dict):
        if {"value", "unit", "source"} <= node.keys():
            return [node]
        return [number for key, value in node.items() if key != "station" for number in _numbers(value)]
    if isinstance(node, list):
        return [number for value in node for number in _numbers(value)]
    return []


def test_decisions_are_numbered_once() -> None:
    pages = [path.name for path in (ROOT / "docs/decisions").glob("*.md")]
    numbers = [name.split("-")[0] for name in pages]
    assert len(set(numbers)) == len(numbers), sorted(pages)
