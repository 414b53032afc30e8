"""Put faults between an engine and its links; works on any engine, before or while it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from instruments.clock import Call
from instruments.faults import (
    DeviceFault,
    Disconnect,
    Fault,
    Happening,
    MessageFault,
    PowerCycle,
    QueueFlood,
    ReplyFault,
    Struck,
    SurroundingsShift,
)
from instruments.link import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

    from instruments.engine import Engine
    from instruments.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Note that a fault struck."""

    time: float
    """Bench time, s."""
    fault: Fault
    """Which one."""
    before: bytes
    """Message or reply as it was; empty for what happens to the instrument."""
    after: tuple[bytes, ...]
    """What came of it; empty for nothing."""


@dataclass(eq=False, slots=True)
class _Armed:
    """Hold one fault with its counters."""

    fault: Fault
    chances: int = 0
    strikes: int = 0
    struck: Struck = field(default_factory=Struck)
    call: Call | None = None

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.strikes >= self.fault.times


class Interference:
    """Hold the faults of one engine, armed."""

    def __init__(self, engine: Engine, rng: Generator, ports: Mapping[str, Any] | None = None) -> None:
        """Put itself between the engine and its links.

        Args:
            engine: the twin.
            rng: chance, of this engine's faults alone.
            ports: the twin's ports by name, for `SurroundingsShift`.
        """
        self.engine = engine
        self.log: list[Strike] = []
        """What struck, in order."""
        self._rng = rng
        self._ports = dict(ports or {})
        self._armed: list[_Armed] = []
        self._off = False
        self._unplugged = 0
        engine.interference = self

    # -- faults -------------------------------------------------------------------------------------------------------

    def add(self, *faults: Fault) -> None:
        """Arm faults; times in the past mean from now on.

        Raises:
            ValueError: the twin has no such method, port or signal.
        """
        for fault in faults:
            self._check(fault)
            armed = _Armed(fault)
            self._armed.append(armed)
            if isinstance(fault, DeviceFault) and fault.nth == 1 and not fault.on:
                clock = self.engine.clock
                armed.call = clock.call_at(max(fault.at_s, clock.now), partial(self._by_time, armed))

    def clear(self) -> None:
        """Disarm all faults; what has happened is not undone."""
        for armed in self._armed:
            if armed.call is not None:
                armed.call.cancel()
        self._armed.clear()

    @property
    def armed(self) -> tuple[Fault, ...]:
        """Faults that can still strike."""
        return tuple(armed.fault for armed in self._armed if not armed.spent)

    def _check(self, fault: Fault) -> None:
        name = self.engine.name
        if isinstance(fault, Happening):
            known = not fault.call.startswith("_") and callable(getattr(self.engine, fault.call, None))
            if not known:
                raise ValueError(f"{name}: the twin has no public method {fault.call!r}")
        if isinstance(fault, SurroundingsShift):
            if fault.port not in self._ports:
                raise ValueError(f"{name}: the twin has no port {fault.port!r}; known: {', '.join(self._ports)}")
            if not hasattr(getattr(self._ports[fault.port], fault.signal, None), "replace_from"):
                raise ValueError(f"{name}: port {fault.port!r} has no signal {fault.signal!r}")

    def _strikes(self, armed: _Armed, message: bytes) -> bool:
        """Count a chance, and tell whether the fault takes it."""
        fault, now = armed.fault, self.engine.clock.now
        if armed.spent or not fault.at_s <= now < fault.until_s:
            return False
        if fault.on and not re.search(fault.on, message.decode("latin-1")):
            return False
        armed.chances += 1
        if armed.chances < fault.nth or (fault.rate < 1.0 and self._rng.random() >= fault.rate):
            return False
        armed.strikes += 1
        struck = armed.struck
        struck.message, struck.now = message, now
        if struck.first_at is None:
            struck.first_at = now
        return True

    def _note(self, armed: _Armed, before: bytes, *after: bytes) -> None:
        self.log.append(Strike(time=self.engine.clock.now, fault=armed.fault, before=before, after=after))

    # -- what links ask -----------------------------------------------------------------------------------------------

    def check(self, link: Link | None) -> None:
        """Refuse a session that is lost, or a new one while the instrument cannot be reached.

        Raises:
            ConnectionLost: it is so.
        """
        if (link is not None and link.lost) or (link is None and (self._unplugged or self._off)):
            raise ConnectionLost(f"{self.engine.name}: the connection is lost")

    def incoming(self, message: bytes) -> tuple[bytes, ...]:
        """Return what arrives of a message."""
        messages: tuple[bytes, ...] = (message,)
        for armed in tuple(self._armed):
            fault = armed.fault
            if isinstance(fault, MessageFault) and messages and self._strikes(armed, messages[0]):
                changed = fault.change(messages[0], self._rng)
                self._note(armed, messages[0], *changed)
                messages = (*changed, *messages[1:])
            elif isinstance(fault, DeviceFault) and armed.call is None and self._strikes(armed, message):
                self._happen(armed)
        return () if self._off else messages

    def outgoing(self, link: Link, reply: bytes, message: bytes) -> None:
        """Pass a reply on: now, later, changed or not at all."""
        delay, data = 0.0, reply
        for armed in tuple(self._armed):
            fault = armed.fault
            if not isinstance(fault, ReplyFault) or not self._strikes(armed, message):
                continue
            changed = fault.change(data, armed.struck, self._rng)
            self._note(armed, data, *(() if changed is None else (changed,)))
            if changed is None:
                return
            data = changed
            delay += fault.delay_s
        if self._off or link.lost:
            return
        if delay > 0:
            link.promise(self.engine.clock.now + delay, data)
        else:
            link.push(data)

    # -- what happens to the instrument -------------------------------------------------------------------------------

    def _by_time(self, armed: _Armed) -> None:
        if self._armed.count(armed) and (armed.fault.rate >= 1.0 or self._rng.random() < armed.fault.rate):
            armed.strikes += 1
            self._happen(armed)

    def _happen(self, armed: _Armed) -> None:
        fault, engine = armed.fault, self.engine
        clock = engine.clock
        self._note(armed, b"")
        if isinstance(fault, QueueFlood):
            for _ in range(fault.count):
                engine.report(fault.code)
        elif isinstance(fault, Happening):
            method = getattr(engine, fault.call)
            method() if fault.value is None else method(fault.value)
        elif isinstance(fault, SurroundingsShift):
            _shift(getattr(self._ports[fault.port], fault.signal), clock.now, fault.shift)
        elif isinstance(fault, Disconnect):
            self._lose_sessions()
            self._unplugged += 1
            clock.call_at(clock.now + fault.for_s, self._plug_in)
        elif isinstance(fault, PowerCycle):
            self._off = True
            if fault.sessions:
                self._lose_sessions()
            engine.power_off()
            clock.call_at(clock.now + fault.off_s, self._power_on)

    def _lose_sessions(self) -> None:
        for link in self.engine.links:
            link.lose()

    def _plug_in(self) -> None:
        self._unplugged -= 1

    def _power_on(self) -> None:
        self._off = False
        self.engine.power_on()


def _shift(signal: Any, now: float, shift: float) -> None:
    """Add a constant to a signal from now on."""
    from instruments import terms as algebra  # only benches with signals need the algebra

    pieces = [(at, algebra.add(terms, algebra.constant(shift))) for at, terms in signal.pieces_from(now)]
    signal.replace_from(now, pieces)
