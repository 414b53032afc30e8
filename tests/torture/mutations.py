"""Damage true replies of every driver's instrument, and count what is refused and what is silently wrong.

    python -m tests.torture.mutations --per-driver 10000 [--seed 1] [--out docs/mutation_table.md]

Replies are recorded from the twins over VISA bytes, in a run of every system, then damaged by seeded classes. The same
damaged bytes go to the driver's template, to PyVISA's own parser (`query_ascii_values`, first value) and to bare
`float()`. A value is silently wrong if it differs from the true one by more than 1e-4 of it. Three more columns show
the defences that a procedure adds: an expectation window, a second reading that is damaged as well, independently, by
the same class, and both.
"""

from __future__ import annotations

import argparse
import math
import pkgutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pyvisa.util import from_ascii_block

import drivers
from bench.catalogue import find, names
from bench.operators import Simulation
from bench.runs import Order, execute
from bench.station import Station
from bench.wiring import wire
from drivers.errors import InstrumentError
from drivers.properties import BoundMeasurement
from drivers.session import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.random import Generator

    from drivers.reading import Reading

AGREE = 1e-4
"""Relative difference from the true value above which an accepted value is wrong."""
WINDOW = 2.5e-3
"""Relative half-width of the expectation window: the plausibility of the DC energy sheet."""
LOADS = ((500.0, 120.0), (500.0, -50.0), (575.0, 5.0))
"""Voltage, V, and current, A, at which the DC energy bench is read."""
REPLIES = 60
"""Most true replies of one driver that are damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Hold one true reply of one property."""

    bound: BoundMeasurement
    """The driver's property."""
    query: str
    """What was asked."""
    raw: str
    """What was answered, without terminator."""
    value: float
    """The number in it, in the property's unit."""


@dataclass(slots=True)
class Counts:
    """Count what three readers make of damaged replies, and what is left of it by further defences."""

    n: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def add(self, reader: str, value: float | None, true: float) -> None:
        """Count what a reader made of one reply; None if it refused."""
        if value is None:
            self.refused[reader] = self.refused.get(reader, 0) + 1
        elif not near(value, true):
            self.wrong[reader] = self.wrong.get(reader, 0) + 1

    def merge(self, other: Counts) -> None:
        """Add the counts of another class."""
        self.n += other.n
        for mine, theirs in ((self.wrong, other.wrong), (self.refused, other.refused)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count


def near(value: float, true: float, share: float = AGREE) -> bool:
    """Tell whether two values agree; infinities and NaN agree with nothing."""
    return math.isfinite(value) and abs(value - true) <= share * abs(true)


# -- the damage ---------------------------------------------------------------------------------------------------


def _at(raw: str, rng: Generator) -> int:
    return int(rng.integers(len(raw)))


def _flipped(raw: str, rng: Generator) -> bytes:
    data = bytearray(raw.encode("ascii"))
    data[_at(raw, rng)] ^= 1 << int(rng.integers(8))
    return bytes(data) + b"\n"


def _replaced(raw: str, rng: Generator, characters: str, others: str) -> str:
    """Replace one of `characters` by another of `others`; unchanged if there is none."""
    places = [place for place, character in enumerate(raw) if character in characters]
    if not places:
        return raw
    place = places[int(rng.integers(len(places)))]
    left = [other for other in others if other != raw[place]]
    return raw[:place] + left[int(rng.integers(len(left)))] + raw[place + 1 :]


def _transposed(raw: str, place: int) -> str:
    return raw if place + 1 >= len(raw) else raw[:place] + raw[place + 1] + raw[place] + raw[place + 2 :]


def _without(raw: str, place: int) -> str:
    return raw[:place] + raw[place + 1 :]


def _doubled(raw: str, place: int) -> str:
    return raw[: place + 1] + raw[place:]


def _exponent(raw: str, rng: Generator) -> str:
    mantissa, e, exponent = raw.partition("E")
    return raw if not e else mantissa + e + _replaced(exponent, rng, "+-0123456789", "+-0123456789")


SPECIAL = ("9.9E37", "9.91E37", "-9.9E37", "INF", "NAN", "+9.900000E+37", "+9.910000E+37")
UNITS = (" V", "V", " mV", "A", " kWh", "W", " %")

CLASSES: dict[str, Callable[[Recorded, Generator, list[Recorded]], str | bytes]] = {
    "truncated": lambda r, rng, pool: r.raw[: _at(r.raw, rng)],
    "lost head": lambda r, rng, pool: r.raw[_at(r.raw, rng) :],
    "dropped character": lambda r, rng, pool: _without(r.raw, _at(r.raw, rng)),
    "doubled character": lambda r, rng, pool: _doubled(r.raw, _at(r.raw, rng)),
    "transposed characters": lambda r, rng, pool: _transposed(r.raw, _at(r.raw, rng)),
    "changed digit": lambda r, rng, pool: _replaced(r.raw, rng, "0123456789", "0123456789"),
    "bit flip": lambda r, rng, pool: _flipped(r.raw, rng),
    "wrong terminator": lambda r, rng, pool: (
        r.raw.encode("ascii") + (b"\r", b"\r\n", b"", b"\x00\n", b";\n", b"\n\r")[int(rng.integers(6))]
    ),
    "reply of another query": lambda r, rng, pool: pool[int(rng.integers(len(pool)))].raw,
    "echo": lambda r, rng, pool: r.query + (" ", "\r\n", "")[int(rng.integers(3))] + r.raw,
    "concatenation": lambda r, rng, pool: (
        r.raw + ("", ",", ";", "\n")[int(rng.integers(4))] + pool[int(rng.integers(len(pool)))].raw
    ),
    "infinity or no number": lambda r, rng, pool: SPECIAL[int(rng.integers(len(SPECIAL)))],
    "unit added": lambda r, rng, pool: r.raw + UNITS[int(rng.integers(len(UNITS)))],
    "unit removed": lambda r, rng, pool: r.raw.rstrip("VAW%").rstrip(),
    "sign lost": lambda r, rng, pool: r.raw.replace("-", "", 1),
    "exponent garbled": lambda r, rng, pool: _exponent(r.raw, rng),
    "decimal comma": lambda r, rng, pool: r.raw.replace(".", ","),
}
"""Class -> what it makes of a reply: text that gets its terminator yet, or bytes with what terminates them."""


# -- the readers --------------------------------------------------------------------------------------------------


def ours(recorded: Recorded, data: bytes) -> float | None:
    """Return what the driver takes from a reply; None if it refuses."""
    try:
        return recorded.bound.declared.parse("role", decoded(data))
    except InstrumentError:
        return None


def pyvisa_ascii(recorded: Recorded, data: bytes) -> float | None:
    """Return the first value that PyVISA's parser takes from a reply, in the property's unit; None if it refuses."""
    try:
        values: Any = from_ascii_block(data.decode("ascii").removesuffix("\n"), "f", ",")
        return float(values[0]) * recorded.bound.declared.factor
    except (ValueError, IndexError):
        return None


def bare_float(recorded: Recorded, data: bytes) -> float | None:
    """Return what float() takes from a reply, in the property's unit; None if it refuses."""
    try:
        return float(data.decode("ascii")) * recorded.bound.declared.factor
    except ValueError:
        return None


READERS = {"driver": ours, "pyvisa": pyvisa_ascii, "float": bare_float}
DEFENCES = ("window", "twice", "both")


# -- true replies -------------------------------------------------------------------------------------------------


def modules() -> list[str]:
    """Return the modules of `drivers` that export a driver."""
    found = [module.name for module in pkgutil.iter_modules(drivers.__path__)]
    return [name for name in found if hasattr(import_module(f"drivers.{name}"), "driver")]


def record(seed: int) -> dict[str, list[Recorded]]:
    """Return true replies of every driver that reads single values, by module.

    They come from one run of every system; of the DC energy bench every property is read at several loads, because its
    procedure reads most of them as parts of longer replies. At most `REPLIES` of each driver, spread over what was
    said; what was said twice counts once.
    """
    found: dict[str, dict[tuple[str, str], Recorded]] = {}

    def keep(heard: Iterable[tuple[BoundMeasurement, Reading]]) -> None:
        for bound, reading in heard:
            module = type(bound.instrument).__module__.removeprefix("drivers.")
            reply = Recorded(bound=bound, query=bound.declared.query, raw=reading.raw, value=reading.indication.value)
            found.setdefault(module, {}).setdefault((reply.query, reply.raw), reply)

    keep(_dc_energy(seed))
    for name in names():
        system = find(name)
        station = Station.from_dict(system.sheet.station, source=name)
        order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
        with _listening() as heard:
            execute(system, station, order, Simulation())
        keep(heard)
    return {module: _spread(list(replies.values())) for module, replies in sorted(found.items())}


def frames(recorded: dict[str, list[Recorded]]) -> list[str]:
    """Return the drivers that never read a single value: their replies are frames, each with a template of its own."""
    return sorted(set(modules()) - set(recorded))


@contextmanager
def _listening() -> Iterator[list[tuple[BoundMeasurement, Reading]]]:
    """Note whatever a declared property reads meanwhile."""
    heard: list[tuple[BoundMeasurement, Reading]] = []
    read = BoundMeasurement.read

    def noted(bound: BoundMeasurement, expect: tuple[float, float] | None = None) -> Any:
        reading = yield from read(bound, expect)
        heard.append((bound, reading))
        return reading

    BoundMeasurement.read = noted  # type: ignore[method-assign]
    try:
        yield heard
    finally:
        BoundMeasurement.read = read  # type: ignore[method-assign]


def _dc_energy(seed: int) -> list[tuple[BoundMeasurement, Reading]]:
    system = find("dc_energy")
    station = Station.from_dict(system.sheet.station, source="sheet")
    wiring = wire(system.sheet, station, station.build(seed=seed))
    heard: list[tuple[BoundMeasurement, Reading]] = []
    try:
        for voltage, current in LOADS:
            wiring.run(_loaded(wiring.drivers, voltage, current))
            for driver in wiring.drivers.values():
                heard += wiring.run(_read(_bound(driver)))
    finally:
        wiring.close()
    return heard


def _bound(driver: Any) -> list[BoundMeasurement]:
    attributes = (getattr(driver, name) for name in dir(type(driver)) if not name.startswith("_"))
    return [attribute for attribute in attributes if isinstance(attribute, BoundMeasurement)]


def _loaded(bench: dict[str, Any], voltage: float, current: float) -> Iterator[Any]:
    source, standard = bench["source"], bench["standard"]
    yield from source.voltage.set(voltage)
    yield from source.current.set(current)
    yield from source.output.set(True)
    yield from source.session.wait(5.0)
    yield from standard.start()
    yield from standard.compare(10, timeout_s=200.0)
    yield from standard.stop()


def _read(properties: Iterable[BoundMeasurement]) -> Any:
    readings: list[tuple[BoundMeasurement, Reading]] = []
    for bound in properties:
        reading = yield from bound.read()
        readings.append((bound, reading))
    return readings


def _spread(replies: list[Recorded]) -> list[Recorded]:
    step = max(1, math.ceil(len(replies) / REPLIES))
    return replies[::step]


# -- the count ----------------------------------------------------------------------------------------------------


def campaign(recorded: dict[str, list[Recorded]], per_driver: int, seed: int) -> dict[str, dict[str, Counts]]:
    """Return counts by driver and class; each driver has at least `per_driver` damaged replies over its classes."""
    pool = [reply for replies in recorded.values() for reply in replies]
    table: dict[str, dict[str, Counts]] = {}
    for number, (name, replies) in enumerate(sorted(recorded.items())):
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number,))))
        table[name] = {
            kind: _count(damage, replies, pool, math.ceil(per_driver / len(CLASSES)), rng)
            for kind, damage in CLASSES.items()
        }
        short = per_driver - sum(counts.n for counts in table[name].values())
        while short > 0:  # classes that do not apply (no unit, no exponent) leave room to the others
            before = short
            for kind, damage in CLASSES.items():
                counts = _count(damage, replies, pool, math.ceil(short / len(CLASSES)), rng)
                table[name][kind].merge(counts)
                short -= counts.n
            if short == before:
                raise ValueError(f"{name}: no class of damage applies to its replies")
    return table


def _count(
    damage: Callable[[Recorded, Generator, list[Recorded]], str | bytes],
    replies: list[Recorded],
    pool: list[Recorded],
    wanted: int,
    rng: Generator,
) -> Counts:
    counts = Counts()
    for _ in range(4 * wanted):
        if counts.n >= wanted:
            break
        reply = replies[int(rng.integers(len(replies)))]
        first, second = _bytes(damage(reply, rng, pool)), _bytes(damage(reply, rng, pool))
        if first == _bytes(reply.raw):
            continue  # nothing was damaged
        counts.n += 1
        for reader, read in READERS.items():
            counts.add(reader, read(reply, first), reply.value)
        value, again = ours(reply, first), ours(reply, second)
        expected = value is not None and near(value, reply.value, WINDOW)
        agreeing = value is not None and again is not None and near(again, value)
        counts.add("window", value if expected else None, reply.value)
        counts.add("twice", value if agreeing else None, reply.value)
        counts.add("both", value if expected and agreeing else None, reply.value)
    return counts


def _bytes(damaged: str | bytes) -> bytes:
    return damaged if isinstance(damaged, bytes) else damaged.encode("ascii") + b"\n"


# -- the table ----------------------------------------------------------------------------------------------------


UNREADABLE = """\
PyVISA's parser and `float()` cannot read a reply with a unit (`500.00 V`) at all: such replies count as refused for
them even before they are damaged. Values that come out right in spite of the damage (a lost leading `+`, a doubled
leading zero) are neither refused nor wrong. The columns *window*, *twice* and *both* are the driver's own count with
an expectation window of ±0.25 %, with a second reading, and with both."""

LEFT = """\
A changed digit, or the reply of another query of the same form, is a perfect reply: no parser can tell. The meter's
own replies (plain integers and short decimals) show how little a loose template keeps out. The window finds what is
far off; a second reading finds what did not happen twice. What both leave is damage in the last digits that happened
twice alike, or the same old reply given twice. A line that is made sure of after every failed exchange
(`drivers.instrument`), an energy that comes twice in one reply (`drivers.energy_standard`) and the scatter of the
repeats, which enters the uncertainty, are there for these; none of them is a proof for a single reading."""


def markdown(table: dict[str, dict[str, Counts]], recorded: dict[str, list[Recorded]], seed: int) -> str:
    """Return the table as a page."""
    total = Counts()
    for by_class in table.values():
        for counts in by_class.values():
            total.merge(counts)
    lines = [
        "# Damaged replies: what is silently taken for a number",
        "",
        f"Made by `python -m tests.torture.mutations --seed {seed}`, from replies of the twins.",
        "",
        *(__doc__ or "").split("\n\n")[2].splitlines(),
        "",
        *UNREADABLE.splitlines(),
        "",
        "Silently wrong, of all damaged replies:",
        "",
        "| driver | damaged | driver | PyVISA ASCII | `float()` | driver + window | driver + twice | driver + both |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, by_class in table.items():
        merged = Counts()
        for counts in by_class.values():
            merged.merge(counts)
        lines.append(f"| {name} ({len(recorded[name])} replies) | {_row(merged)} |")
    lines += [f"| **all** | {_row(total)} |"]
    if frames(recorded):
        lines += [
            "",
            "Not in the table, because they read frames of several values, each refused or taken as a whole:",
            "",
        ]
        lines += [f"* {name}" for name in frames(recorded)]
    for name, by_class in table.items():
        lines += [
            "",
            f"## {name}",
            "",
            "| damage | n | driver | PyVISA ASCII | `float()` | window | twice | both | refused by the driver |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {kind} | {_row(counts)} | {_share(counts.refused.get('driver', 0), counts.n)} |"
            for kind, counts in by_class.items()
            if counts.n
        ]
    lines += [
        "",
        "## What a single reading cannot show",
        "",
        *LEFT.splitlines(),
        "",
    ]
    return "\n".join(lines)


def _row(counts: Counts) -> str:
    return " | ".join([str(counts.n), *(_share(counts.wrong.get(key, 0), counts.n) for key in (*READERS, *DEFENCES))])


def _share(count: int, n: int) -> str:
    return f"{count} ({100 * count / n:.1f} %)" if n else "-"


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-driver", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/mutation_table.md"))
    given = parser.parse_args(arguments)
    recorded = record(given.seed)
    page = markdown(campaign(recorded, given.per_driver, given.seed), recorded, given.seed)
    given.out.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
