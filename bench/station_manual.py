"""What a station can say of itself: the manual of each twin, and a snapshot for those who only have pyvisa-sim."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import yaml

from instruments.scpi import Event, Query, ScpiInstrument, Setting
from instruments.scpi.header import parse_header
from instruments.scpi.parameters import Parameter, short_form
from instruments.scpi.table import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.station import Station
    from instruments.front import Front
    from instruments.scpi import Command
    from instruments.twin import Kind
    from instruments.world import World

WAIT_S = 60.0
"""Bench time that a snapshot waits for a reply, s."""


def manual(name: str, kind: Kind) -> str:
    """Return the manual of a twin as Markdown: parameters, ports, and the command table where there is one.

    Args:
        name: name of the twin, for the title.
        kind: what the twin's module exports.
    """
    lines = [f"# {name}", ""]
    build = kind.build
    scpi = build if isinstance(build, type) and issubclass(build, ScpiInstrument) else None
    if scpi is not None:
        identity = scpi.identity
        lines += [f"{identity.manufacturer} {identity.model}, firmware {identity.firmware}", ""]
    lines += ["## Parameters", "", "| parameter | default | type |", "|---|---|---|"]
    lines += [f"| `{field.name}` | `{field.default!r}` | {field.type} |" for field in fields(kind.parameters)]
    if kind.ports:
        lines += ["", "## Ports", "", "| port | carries | wired |", "|---|---|---|"]
        for port, carried in kind.ports.items():
            lines.append(
                f"| `{port}` | {carried.__name__} | {'if wanted' if port in kind.optional_ports else 'always'} |"
            )
    if scpi is not None:
        own = {id(command) for command in scpi.commands}
        table = table_of(scpi).commands
        for title, commands in (
            ("Commands", [command for command in table if id(command) in own]),
            ("Common commands", [command for command in table if id(command) not in own]),
        ):
            lines += ["", f"## {title}", "", "| command | values | what it does |", "|---|---|---|"]
            lines += [_row(command) for command in commands]
    return "\n".join(lines) + "\n"


def _row(command: Command) -> str:
    if isinstance(command, Setting):
        form = f"`{command.header} <value>` `{command.header}?`"
        values = _values((command.parameter,))
    else:
        form, values = f"`{command.header}`", _values(command.parameters)
    doc = command.doc.replace("|", "\\|")
    return f"| {form} | {values} | {doc} |"


def _values(parameters: tuple[Parameter, ...]) -> str:
    texts = [f"[{p.describe()}]" if p.optional else p.describe() for p in parameters]
    return ", ".join(texts).replace("|", "\\|")


def snapshot(station: Station, seed: int | None = None) -> str:
    """Return a plain pyvisa-sim file: what the twins answer at power-on, and settings that can be set.

    No time, no physics, one spelling of each header: a snapshot, for those who only have pyvisa-sim.

    Args:
        station: the station.
        seed: seed of the world that is asked; the station's own if not given.
    """
    world = station.build(seed)
    devices: dict[str, Any] = {}
    for address, resource in world.resources.items():
        if resource.device not in devices:
            devices[resource.device] = _device(world, address)
    for entry in station.plain.values():
        devices[entry["name"]] = dict(entry["description"])
    resources = {address: {"device": device} for address, device in station.resources.items()}
    text: str = yaml.safe_dump({"spec": "1.1", "devices": devices, "resources": resources}, sort_keys=False)
    return text


def _device(world: World, address: str) -> dict[str, Any]:
    front = world.front(address)
    dialogues: list[dict[str, str]] = []
    properties: dict[str, Any] = {}
    engine = front.engine
    if isinstance(engine, ScpiInstrument):
        for command in table_of(type(engine)).commands:
            for header in _headers(command):
                _describe(front, command, header, dialogues, properties)
    ends = {"q": "\n", "r": "\n"}
    kinds = ("GPIB INSTR", "TCPIP INSTR", "TCPIP SOCKET", "USB INSTR", "ASRL INSTR")
    return {"eom": {kind: dict(ends) for kind in kinds}, "dialogues": dialogues, "properties": properties}


def _headers(command: Command) -> Iterator[str]:
    """Yield the shortest way to send a header, once for each numeric suffix."""
    words = [""]
    for node in parse_header(command.header.removesuffix("?")):
        if node.optional:
            continue
        numbers = [""] if node.suffixes is None else [str(n) for n in range(node.suffixes[0], node.suffixes[1] + 1)]
        words = [f"{word}:{short_form(node.word)}{number}" for word in words for number in numbers]
    yield from (word.removeprefix(":") for word in words)


def _describe(
    front: Front, command: Command, header: str, dialogues: list[dict[str, str]], properties: dict[str, Any]
) -> None:
    if isinstance(command, Event):
        if not command.parameters:
            dialogues.append({"q": header})
        return
    if isinstance(command, Query) and any(not parameter.optional for parameter in command.parameters):
        return
    front.clear()
    front.write(f"{header}?\n".encode("latin-1"))
    found = front.read(1 << 20, 0x0A, WAIT_S)
    if found is None:
        return
    reply = found[0].decode("latin-1").rstrip("\r\n")
    if isinstance(command, Query) or not reply:
        dialogues.append({"q": f"{header}?", "r": reply})
    else:
        properties[header] = {
            "default": reply,
            "getter": {"q": f"{header}?", "r": "{}"},
            "setter": {"q": f"{header} {{}}"},
        }
