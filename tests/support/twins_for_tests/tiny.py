"""A small instrument with one command of every sort, in SCPI notation as a manual would print it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec

from instruments.scpi import (
    Block,
    Boolean,
    ChannelList,
    Choice,
    Data,
    Event,
    Expression,
    Fields,
    Fixed,
    Identity,
    Integer,
    Later,
    Listed,
    Many,
    Numeric,
    Query,
    Quoted,
    Raw,
    Scientific,
    ScpiError,
    ScpiInstrument,
    Setting,
    String,
)
from instruments.twin import Kind, Port

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelParameters:
    """Hold what a station may say of a level."""

    start: float = 0.0
    """Level before anybody writes it."""


class Level(Port):
    """Hold a level that one twin writes and others read; its integral over time is exact."""

    parameters_type = LevelParameters

    def __init__(self, parameters: LevelParameters, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.steps: list[tuple[float, float]] = [(clock.now, parameters.start)]

    def set(self, level: float) -> None:
        self.steps.append((self.clock.now, level))

    def mean(self, start: float, end: float) -> float:
        begin, level = self.steps[-1]
        if begin <= start:
            return level
        total, level = 0.0, self.steps[0][1]
        edges = [*self.steps, (end, 0.0)]
        for (begin, level), (stop, _) in pairwise(edges):
            a, b = max(begin, start), min(stop, end)
            if b > a:
                total += level * (b - a)
        return total / (end - start) if end > start else level


class OtherPort(Port):
    """Be a port of another class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a station may say of the instrument."""

    serial: str = "TINY-1"
    """Serial number."""
    gain_error: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] = 0.0
    """Relative error of a reading, 1."""
    low: float = 0.0
    """Smallest level, 1."""
    high: float = 100.0
    """Largest level, 1."""

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"low must lie below high, got {self.low} and {self.high}")


class Tiny(ScpiInstrument[Parameters]):
    """Write a level to its port `output` and read the mean level of its port `input`."""

    identity = Identity(manufacturer="CALTWIN", model="TINY", firmware="1.0")
    commands = (
        Setting(
            "[SOURce:]LEVel[:AMPLitude]",
            Numeric(unit="V", low=0, high="limit", default=0),
            getter="level",
            setter="set_level",
            doc="Level that is written.",
        ),
        Setting("[SOURce:]LEVel:LIMit", Numeric(unit="V", low=0, high=100, default=100), attribute="limit"),
        Setting("FREQuency[:CW]", Numeric(unit="HZ", low=1, high=1e9, default=1e3), attribute="frequency"),
        Setting("RESistance", Numeric(unit="OHM", low=0, high=1e9, default=50), attribute="resistance"),
        Setting("APERture", Numeric(unit="S", low=0.001, high=10, default=0.02), attribute="aperture"),
        Setting("COUNt", Numeric(integer=True, low=1, high=1000, default=1, reply=Integer()), attribute="count"),
        Setting(
            "TRIGger:COUNt",
            Numeric(low=1, high=9.9e37, default=1, names={"INFinity": 9.9e37}),
            attribute="trigger_count",
        ),
        Setting("DELay", Numeric(unit="S", low=0, high=10, default=0, step=0.001, reply=Fixed(3)), attribute="delay"),
        Setting("CLIP", Numeric(low=0, high=1, default=0, clip=True), attribute="clipped"),
        Setting("OUTPut[:STATe]", Boolean(default=False), attribute="output", guard="unlocked"),
        Setting("SYSTem:LOCK", Boolean(default=False), attribute="locked"),
        Setting(
            "TRIGger:SOURce", Choice(options=("IMMediate", "BUS", "EXTernal"), default="IMMediate"), attribute="trig"
        ),
        Setting(
            "FUNCtion", Choice(options=("VOLTage:DC", "CURRent"), default="VOLTage:DC", quoted=True), attribute="func"
        ),
        Setting("DISPlay:TEXT", String(default="", longest=20), attribute="text"),
        Setting("ROUTe:SCAN", ChannelList(low=1, high=8, reply=Listed(Integer())), attribute="scan"),
        Setting("CHANnel<1:4>:GAIN", Numeric(low=0, high=10, default=1), getter="gain", setter="set_gain"),
        Setting("CALCulate:EXPRession", Expression(reply=Raw()), attribute="expression"),
        Query("CHANnel<1:4>:NAME?", method="channel_name", reply=Quoted()),
        Event("DATA", method="store", parameters=(Data(),)),
        Query("DATA?", method="recall", reply=Block()),
        Query("TRACe?", method="trace", reply=Block(">d"), parameters=(Numeric(integer=True, low=1, high=1000),)),
        Event("FORMat:ELEMents", method="choose", parameters=(Many(each=Choice(options=("VOLTage", "TIME")), most=2),)),
        Query("FORMat:ELEMents?", method="chosen", reply=Listed(Raw())),
        Query("READ?", method="read", reply=Scientific(6), doc="Mean input over the aperture that begins now."),
        Query("BOTH?", method="both", reply=Fields((Scientific(3), Fixed(1)))),
        Event("INITiate[:IMMediate]", method="initiate"),
        Query("FETCh?", method="fetch", reply=Scientific(6)),
        Event("ABORt", method="abort"),
        Event("SLOW", method="slow"),
        Query("SLOW?", method="slow_answer", reply=Raw()),
        Query("HUGE?", method="huge"),
        Query("OVERload?", method="overload", reply=Scientific(6)),
        Event("FAIL", method="fail", parameters=(Boolean(),)),
        Event("BREAK", method="break_down"),
        Event("CONDition", method="condition", parameters=(Boolean(),)),
        Event(
            "SCALe",
            method="scale",
            parameters=(Numeric(low=0, high=10), Numeric(optional=True, missing=2.0, low=0, high=10)),
        ),
        Query("SCALe?", method="scaled", reply=Listed(Fixed(1))),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        super().__init__(parameters, surroundings)
        self.inlet = surroundings.port("input", Level)
        self.outlet = surroundings.port("output", Level)
        self.frequency = self.resistance = self.aperture = self.delay = self.clipped = self.trigger_count = 0.0
        self.limit = 100.0
        self.count = 1
        self.output = self.locked = False
        self.trig = self.func = self.text = self.expression = ""
        self.scan: tuple[int, ...] = ()
        self.gains = [1.0] * 4
        self.stored = b""
        self.elements: tuple[str, ...] = ("VOLTage",)
        self.scales = (1.0, 2.0)
        self.result: float | None = None
        self.triggers = 0
        self.reset()

    def level(self) -> float:
        return self._level

    def set_level(self, level: float) -> None:
        self._level = level
        self.outlet.set(level)

    def unlocked(self) -> None:
        if self.locked:
            raise ScpiError(-203)

    def gain(self, channel: int) -> float:
        return self.gains[channel - 1]

    def set_gain(self, channel: int, gain: float) -> None:
        self.gains[channel - 1] = gain

    def channel_name(self, channel: int) -> str:
        return f'in"{channel}'

    def store(self, data: bytes) -> None:
        self.stored = data

    def recall(self) -> bytes:
        return self.stored

    def trace(self, count: int) -> list[float]:
        return [0.5 * i for i in range(count)]

    def choose(self, elements: tuple[str, ...]) -> None:
        self.elements = elements

    def chosen(self) -> tuple[str, ...]:
        return self.elements

    def _mean(self, start: float) -> float:
        return self.inlet.mean(start, self.now) * (1 + self.parameters.gain_error)

    def read(self) -> Later:
        start = self.now
        return Later(start + self.aperture, lambda: self._mean(start))

    def both(self) -> tuple[float, float]:
        return 1.5, 2.25

    def initiate(self) -> None:
        if self.operations:
            raise ScpiError(-213)
        self.result = None
        if self.trig == "BUS":
            self.pending = self.begin("measurement")
            return
        self._measure()

    def _measure(self) -> None:
        start = self.now

        def done() -> None:
            self.result = self._mean(start)

        self.begin("measurement", until=start + self.aperture, done=done)

    def trigger(self) -> None:
        self.triggers += 1
        if not self.operations:
            self.report(-211)
            return
        start = self.now
        self.pending._done = lambda: setattr(self, "result", self._mean(start))
        self.pending.finish_at(start + self.aperture)

    def fetch(self) -> float:
        if self.result is None:
            raise ScpiError(-230)
        return self.result

    def abort(self) -> None:
        for operation in tuple(self.operations):
            operation.cancel()

    def slow(self) -> None:
        self.spend(0.5)

    def slow_answer(self) -> str:
        self.spend(0.25)
        return f"{self.now:.4f}"

    def huge(self) -> str:
        return "x" * 100_000

    def overload(self) -> float:
        return float("inf")

    def fail(self, known: bool) -> None:
        raise ScpiError(-310) if known else ScpiError(150, "Interlock open")

    def break_down(self) -> None:
        self.no_such_attribute  # noqa: B018 - a defect of a twin, for the tests

    def condition(self, on: bool) -> None:
        self.status.questionable.set(1, on)
        self.status.operation.set(16, on)

    def scale(self, first: float, second: float) -> None:
        self.scales = (first, second)

    def scaled(self) -> tuple[float, float]:
        return self.scales


twin = Kind(
    parameters=Parameters,
    ports={"input": Level, "output": Level},
    optional_ports=frozenset({"input", "output"}),
    build=Tiny,
)
"""What a station builds by `twin: twins_for_tests.tiny`."""
