"""A station file as data with line numbers: YAML in which `5e-4` is a number and a key given twice is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from bench.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

Key = tuple[str, ...]


class _Loader(yaml.SafeLoader):
    """Read scalars as YAML 1.2 does where 1.1 surprises: 5e-4 is a number, on/off/yes/no and 0123 are texts."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[Key, int]]:
    """Return the contents of a YAML file and the line of every key.

    Raises:
        ConfigurationError: the file cannot be read, is not YAML, is not a mapping, or gives a key twice.
    """
    source = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise ConfigurationError(source, "(file)", problem.strerror or str(problem)) from None
    except UnicodeDecodeError as problem:
        raise ConfigurationError(source, "(file)", f"not UTF-8 text: {problem}") from None
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Key, int] = {}
            if node is not None:
                _note_lines(node, (), lines, source)
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line = None if mark is None else mark.line + 1
        raise ConfigurationError(source, "(file)", f"not YAML: {problem.problem or problem}", line) from None
    except yaml.YAMLError as problem:
        raise ConfigurationError(source, "(file)", f"not YAML: {problem}") from None
    except RecursionError:
        raise ConfigurationError(source, "(file)", "nested too deeply") from None
    if not isinstance(data, dict):
        raise ConfigurationError(source, "(file)", "a station is a mapping with the keys 'devices' and 'resources'")
    return data, lines


def _note_lines(node: yaml.Node, path: Key, lines: dict[Key, int], source: str) -> None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = (*path, str(key_node.value))
            line = key_node.start_mark.line + 1
            if key in lines:
                raise ConfigurationError(source, ".".join(key), f"given twice, first in line {lines[key]}", line)
            lines[key] = line
            _note_lines(value_node, key, lines, source)
