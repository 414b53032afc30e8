"""Time of the bench: SimPy environments that hit a time exactly, and the narrow clock that a twin sees.

`simpy.Environment` schedules by delay, and `now + (t - now)` lands one unit in the last place early in about 2 % of
waits; `run(until=t)` stops before the events at exactly `t`. A reading that is due at `t` bears neither, so these
environments also schedule by absolute time and run up to and including it.

At one instant the order is: plant and procedures (SimPy's own priorities), then instruments (`INSTRUMENT`), then those
who wait for a reply (`WAITER`). A source that steps at `t` is therefore seen by a reading that ends at `t` only through
an integral over zero time, whoever was scheduled first.
"""

from __future__ import annotations

from heapq import heappop, heappush
from operator import attrgetter
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import simpy
import simpy.rt

if TYPE_CHECKING:
    from collections.abc import Callable

_INFINITY = float("inf")

INSTRUMENT = 2
"""Priority of what an instrument does at an instant: after plant and procedures (SimPy's NORMAL is 1)."""
WAITER = 3
"""Priority of those who wait for a reply: after the instruments."""


class Call:
    """Stand in SimPy's queue for one function call at a time; `cancel` makes it do nothing."""

    __slots__ = ("_action", "callbacks")

    _ok = True  # what Environment.step asks of an event

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action
        self.callbacks: Any = _FIRE

    def cancel(self) -> None:
        """Forget the call; doing so twice, or after it was made, is harmless."""
        self._action = None

    @property
    def pending(self) -> bool:
        """Whether the call is still to be made."""
        return self._action is not None


def _fire(call: Call) -> None:
    action, call._action = call._action, None
    if action is not None:
        action()


_FIRE = (_fire,)  # what SimPy calls with the "event", here the call itself


class Clock(Protocol):
    """What a twin may know of time."""

    @property
    def now(self) -> float:
        """Bench time in s."""

    def call_at(self, time: float, action: Callable[[], None], priority: int = INSTRUMENT) -> Call:
        """Call `action()` at exactly bench time `time` (s).

        Raises:
            ValueError: `time` lies in the past or is not finite.
        """


class Blocker(Protocol):
    """Lend the clock to a thread that runs blocking code on behalf of a process (see `bench.blocking`)."""

    def here(self) -> bool:
        """Tell whether the calling thread is the one that was lent the clock."""

    def wait(self, event: simpy.Event) -> None:
        """Hand the clock back until the event happens."""


class Environment(simpy.Environment):
    """Run in virtual time: an hour costs as much as the events in it."""

    realtime = False
    if not TYPE_CHECKING:
        now = property(attrgetter("_now"))  # SimPy's own, without a Python frame for each of many thousand looks
    _open_ended = False  # run() goes on until an event, so no time is set that must not be passed
    _shared = False  # the event being processed has several callbacks, which must all see its time

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(float(initial_time))
        self.blocker: Blocker | None = None
        self.handling = False
        """Whether a handler of a service request is being called: nothing may run the clock then."""

    def run(self, until: float | simpy.Event | None = None) -> Any:
        """Run until an event, a bench time (s) or, without either, until nothing is scheduled; see SimPy."""
        outer = self._open_ended
        self._open_ended = until is None or isinstance(until, simpy.Event)
        try:
            return super().run(until)
        finally:
            self._open_ended = outer

    def step(self) -> None:
        """Process the next event; see SimPy."""
        if self._queue:
            self._shared = len(self._queue[0][3].callbacks) > 1
        super().step()

    def act(self) -> None:
        """Process the next thing, like `step`, but shorter where it is a call and nobody else's event.

        For virtual time only: it does not wait until the thing is due.
        """
        entry: Any = self._queue[0]  # SimPy's type for its queue knows nothing of calls
        call = entry[3]
        if call.__class__ is not Call:
            self.step()
            return
        heappop(self._queue)
        self._now = entry[0]
        action, call._action = call._action, None
        if action is not None:
            action()

    def advance(self, time: float, stop: Callable[[], bool] | None = None) -> bool:
        """Move bench time on to `time` (s) from within a process, if nobody but instruments acts until then.

        A process that gets True goes on at once, exactly as if it had yielded `event_at(time)`: what instruments do
        until then has been done, in the same order. It saves the event and the way out of the process and back, which
        cost more than most of what an instrument does. One that gets False yields an event as ever; time may have
        moved on a part of the way.

        Args:
            time: bench time, finite and not in the past.
            stop: looked at after each thing that an instrument did; once it is true, time goes no further.
        """
        if not self._open_ended or self._shared or self._active_proc is None or self.handling:
            return False
        queue = self._queue
        while queue:
            at, priority, _, entry = queue[0]
            event: Any = entry  # SimPy's type for its queue knows nothing of calls
            if at > time or (at == time and priority > WAITER):
                break
            if event.__class__ is not Call:
                return False
            heappop(queue)
            self._now = at
            action, event._action = event._action, None
            if action is None:
                continue
            active, self._active_proc = self._active_proc, None  # instruments act outside of every process
            try:
                action()
            finally:
                self._active_proc = active
            if stop is not None and stop():
                return True
        self._now = time
        return True

    def call_at(self, time: float, action: Callable[[], None], priority: int = INSTRUMENT) -> Call:
        """Call `action()` at exactly bench time `time` (s); see `Clock.call_at`."""
        if not self._now <= time < _INFINITY:
            raise self._unfit(time)
        call = Call(action)
        heappush(self._queue, (time, priority, next(self._eid), call))  # type: ignore[misc]
        return call

    def event_at(self, time: float, priority: int = WAITER) -> simpy.Event:
        """Return an event that a process can yield and that happens at exactly bench time `time` (s)."""
        event = simpy.Event(self)
        event._ok = True
        event._value = None
        if not self._now <= time < _INFINITY:
            raise self._unfit(time)
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]
        return event

    def _unfit(self, time: float) -> ValueError:
        return ValueError(f"cannot schedule at {time!r} s: bench time is already {self._now!r} s")

    def blocking_here(self) -> bool:
        """Tell whether the calling thread may wait although a process is active; see `Blocker`."""
        return self.blocker is not None and self.blocker.here()

    def block(self, event: simpy.Event) -> None:
        """Let the calling thread wait for an event while the environment goes on; only where `blocking_here`.

        Raises:
            RuntimeError: the calling thread has no such right.
        """
        if self.blocker is None or not self.blocker.here():
            raise RuntimeError("only a thread that was handed the clock may wait inside a process")
        self.blocker.wait(event)

    def run_to(self, time: float) -> None:
        """Run every event up to and including bench time `time` (s); `now` is exactly `time` afterwards.

        An exception in twin or process code comes out of here unchanged.
        """
        queue = self._queue
        while queue and queue[0][0] <= time:
            self.step()
        self._now = max(self._now, time)

    def catch_up(self) -> None:
        """Bring the bench up to the wall clock; in virtual time there is nothing to do."""


class RealtimeEnvironment(simpy.rt.RealtimeEnvironment, Environment):
    """Run at the pace of the wall clock, `factor` wall seconds per bench second.

    SimPy's own real-time environment does not advance between calls, so `catch_up` is due before each transaction.
    """

    realtime = True

    def __init__(self, initial_time: float = 0.0, factor: float = 1.0) -> None:
        simpy.rt.RealtimeEnvironment.__init__(self, float(initial_time), factor, strict=False)
        self.blocker = None
        self.handling = False
        self.paced = True
        """Whether time follows the wall clock now; an interrupted run catches up with its journal unpaced."""

    def advance(self, time: float, stop: Callable[[], bool] | None = None) -> bool:
        """Refuse: only the wall clock moves real time on."""
        return False

    def pace(self) -> None:
        """Follow the wall clock from here on."""
        self.env_start = self._now
        self.real_start = monotonic()
        self.paced = True

    def step(self) -> None:
        """Process the next event, sleeping until it is due."""
        if self.paced:
            simpy.rt.RealtimeEnvironment.step(self)
        else:
            Environment.step(self)

    def run_to(self, time: float) -> None:
        """Run every event up to and including bench time `time` (s), sleeping until each is due."""
        if time > self._now:
            self.call_at(time, _nothing, WAITER + 1)  # step() sleeps until this is due
        Environment.run_to(self, time)

    def catch_up(self) -> None:
        """Bring the bench up to the wall clock."""
        if not self.paced:
            return
        wall = self.env_start + (monotonic() - self.real_start) / self.factor
        if wall > self._now:
            Environment.run_to(self, wall)


def _nothing() -> None:
    """Do nothing: only the time of the call matters."""
