"""One controller's access to one twin: transactions that cost bench time, and reads that wait on the bench clock.

Every front (VISA session, socket, HiSLIP) goes through here, so time means the same everywhere:

* a transaction (message, serial poll, trigger, clear) takes `latency_s` of bench time, and takes effect at its end;
  the transactions of one front follow each other;
* at top level a transaction or a read runs the environment, exactly to the time in question;
* in a SimPy process nothing may run the environment: a transaction takes effect on its own when the process next
  yields, and one waits with `yield from front.until_readable(...)` or `front.until_idle()`.

Both give the same times to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.clock import INSTRUMENT, WAITER
from instruments.link import ConnectionLost, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import simpy

    from instruments.clock import Environment, RealtimeEnvironment
    from instruments.engine import Engine, Exchange


class Deadlock(RuntimeError):
    """A read without a timeout waits for a reply that nothing will ever make."""


class NestedWait(RuntimeError):
    """A blocking call that would have to run the clock was made inside a SimPy process."""


class Front:
    """Give one controller access to one twin."""

    def __init__(
        self, engine: Engine, exchange: Exchange, environment: Environment | RealtimeEnvironment, latency_s: float
    ) -> None:
        """Open a session on a twin.

        Args:
            engine: the twin.
            exchange: message exchange of the transport.
            environment: bench time.
            latency_s: bench time that a transaction takes, > 0 or a polling loop would never end.
        """
        if not 0 < latency_s < math.inf:
            raise ValueError(f"{engine.name}: a transaction must take some time, not {latency_s!r} s")
        self.engine = engine
        self.environment = environment
        self.link = engine.connect(exchange)
        self.latency_s = latency_s
        self._free_at = 0.0
        self._underway = 0  # transactions that are scheduled and did not take effect yet
        self._lapsed = False  # until_readable gave up: the next read may say so
        self._queue = environment._queue

    def close(self) -> None:
        """Close the session."""
        self.engine.disconnect(self.link)

    # -- transactions -------------------------------------------------------------------------------------------------

    def write(self, data: bytes, end: bool = True) -> None:
        """Send bytes; `end` is the transport's END flag.

        Raises:
            ConnectionLost: the session is gone (a fault).
        """
        environment = self.environment
        if self.link.lost:
            raise self._lost()
        if environment._active_proc is None and not (environment.realtime or environment.handling or self._underway):
            # The common case, kept short: nothing else happens before the message arrives.
            at = max(environment._now, self._free_at) + self.latency_s
            queue = self._queue
            if not queue or queue[0][0] > at:
                environment._now = self._free_at = at
                self.link.deliver(data, end)
                return
        elif environment._active_proc is not None and environment.blocker is None:
            self.post(lambda: self._arrive(data, end))  # in a process, which runs no clock
            return
        self._transact(lambda: self._arrive(data, end))

    def _arrive(self, data: bytes, end: bool) -> None:
        """Deliver bytes, unless the cable was pulled while they were on their way."""
        if not self.link.lost:
            self.link.deliver(data, end)

    def trigger(self) -> None:
        """Send a group execute trigger."""
        self._transact(self.engine.receive_trigger)

    def clear(self) -> None:
        """Send a device clear."""
        self._transact(self.link.clear)

    def poll(self) -> int | None:
        """Do a serial poll; return the status byte with RQS in bit 6, None if the instrument has none.

        In a handler of a service request a poll takes no time, since nothing may run the clock there.

        Raises:
            NestedWait: in a SimPy process, while a message is still on its way.
        """
        if self.link.lost:
            raise self._lost()
        if self._may_run():
            self._transact(_nothing)
        elif self._underway and not self.environment.handling:
            raise NestedWait(
                f"{self.engine.name}: a serial poll in a SimPy process while a message is on its way: "
                "'yield from library.until_idle(session)' first"
            )
        return self.engine.status_byte(self.link)

    def post(self, action: Callable[[], None]) -> None:
        """Have a transaction take effect at its time without waiting for it; whoever runs the clock makes it happen."""
        environment = self.environment
        self._free_at = at = max(environment._now, self._free_at) + self.latency_s
        self._underway += 1

        def arrive() -> None:
            self._underway -= 1
            action()

        environment.call_at(at, arrive, INSTRUMENT)

    @property
    def underway(self) -> bool:
        """Whether a transaction has not taken effect yet."""
        return self._underway > 0

    def _transact(self, action: Callable[[], None]) -> None:
        top = self._may_run()
        if top:
            self.environment.catch_up()
        self.post(action)
        if top:
            self._wait_to(self._free_at)

    # -- reads --------------------------------------------------------------------------------------------------------

    def readable(self) -> bool:
        """Tell whether output waits to be read."""
        return self.link.unread

    def read(self, count: int, terminator: int | None, timeout_s: float) -> tuple[bytes, Ending] | None:
        """Take output, waiting for it up to `timeout_s` of bench time; None when the time is over.

        On a stream with a terminator a read goes on until it has come; what came before a timeout is lost, as in life.

        Raises:
            Deadlock: `timeout_s` is infinite and nothing that is scheduled can make a reply.
            NestedWait: in a SimPy process, and the reply is not there yet.
            ConnectionLost: the session is gone (a fault).
        """
        link, environment = self.link, self.environment
        deadline = environment._now + timeout_s
        if link.lost:
            raise self._lost()
        if not link.output:
            if environment._active_proc is None and not (environment.realtime or environment.handling):
                # The common case, kept short: one thing after another until the reply is there.
                queue, act, engine = self._queue, environment.act, self.engine
                while queue and queue[0][0] <= deadline and (engine.busy(link) or link.promised):
                    act()
                    if link.output:
                        break
            if not link.output and not self.wait_for(self.readable, timeout_s, deadline):
                return None
        data, ending = link.read(count, terminator)
        if ending is not Ending.NOTHING_MORE or terminator is None:
            return data, ending
        while ending is Ending.NOTHING_MORE:
            # In a process what is there is all there will be: until_readable has waited already.
            if not link.unread and not (self._may_run() and self.wait_for(self.readable, timeout_s, deadline)):
                return None
            more, ending = link.read(count - len(data), terminator)
            data += more
        return data, ending

    def wait_for(self, condition: Callable[[], bool], timeout_s: float, deadline: float | None = None) -> bool:
        """Run the bench until `condition()` holds, at most `timeout_s` of bench time; tell whether it does.

        Args:
            condition: what is waited for.
            timeout_s: bench time in s from now.
            deadline: bench time in s that counts instead, where the wait began earlier.

        Raises:
            Deadlock: see `read`.
            NestedWait: see `read`.
        """
        environment = self.environment
        top = self._may_run()
        if top:
            environment.catch_up()
        if condition():
            return True
        if not top:
            lapsed, self._lapsed = self._lapsed, False
            if lapsed or timeout_s <= 0:
                return False
            raise NestedWait(
                f"{self.engine.name}: the reply is not ready, and a blocking call cannot run the clock inside a SimPy "
                "process: 'yield from library.until_readable(session, timeout_s)' first, or run blocking code with "
                "bench.blocking"
            )
        if deadline is None:
            deadline = environment.now + timeout_s
        while not condition():
            if self.link.lost:
                raise self._lost()
            if condition == self.readable:
                self._complain_if_idle()
            if environment.active_process is not None:  # in a thread that was lent the clock
                if environment.now >= deadline:
                    return False
                environment.block(self._next_change(deadline))
                continue
            time = environment.peek()
            if time > deadline:
                environment.run_to(deadline)
                return condition()
            if time == math.inf:
                raise Deadlock(f"{self.engine.name}: no reply is scheduled, and the read has no timeout")
            environment.step()
        return True

    def until_readable(self, timeout_s: float) -> Generator[simpy.Event, Any, bool]:
        """Wait in a SimPy process until output can be read, at most `timeout_s`; return whether it can be.

        Raises:
            Deadlock: `timeout_s` is infinite and nothing that is scheduled can make a reply.
        """
        environment, link = self.environment, self.link
        deadline = environment._now + timeout_s
        self._lapsed = False
        # With message exchange a message that is still on its way will discard the reply that is there now.
        while not (link.lost or (link.output and not (link.instr and self._underway))):
            if environment._now >= deadline:
                self._lapsed = True
                return False
            if self._underway:
                time: float | None = min(self._free_at, deadline)
            else:
                self._complain_if_idle()
                time = self._next_time(deadline)
            if time is not None:
                if not environment.advance(time):
                    yield environment.event_at(time)
            elif (deadline == math.inf or not environment.advance(deadline, self._answered)) and not self._answered():
                yield self._notice(link.watch, deadline)
        return True

    def _answered(self) -> bool:
        """Tell whether a wait for a reply is over."""
        return bool(self.link.output) or self.link.lost

    def until_service_request(self, arrived: Callable[[], bool], timeout_s: float) -> Generator[simpy.Event, Any, bool]:
        """Wait in a SimPy process until a service request makes `arrived()` true; return whether it is."""
        environment = self.environment
        deadline = environment.now + timeout_s
        self._lapsed = False
        while not arrived():
            if environment.now >= deadline:
                self._lapsed = True
                return False
            yield self._notice(self.engine.on_service_request, deadline)
        return True

    def until_idle(self) -> Generator[simpy.Event, Any, None]:
        """Wait in a SimPy process until what was sent has taken effect."""
        environment = self.environment
        while self._underway:
            time = max(self._free_at, environment.now)
            if not environment.advance(time):
                yield environment.event_at(time)

    def _next_change(self, deadline: float) -> simpy.Event:
        """Return an event for the next time at which the wait for a reply may be over."""
        time = self._next_time(deadline)
        return self._notice(self.link.watch, deadline) if time is None else self.environment.event_at(time)

    def _next_time(self, deadline: float) -> float | None:
        """Return the bench time (s) before which the wait for a reply is not over; None if it is not known."""
        if self._underway:
            return min(self._free_at, deadline)
        due = self.link.due
        return due if due is not None and self.environment._now <= due <= deadline else None

    def _notice(self, subscribe: Callable[[Callable[[], None]], Callable[[], None]], deadline: float) -> simpy.Event:
        """Return an event for the next call of a subscription, or the deadline.

        Raises:
            Deadlock: there is no deadline and nothing is scheduled.
        """
        environment = self.environment
        event = environment.event()

        def happen() -> None:
            if not event.triggered:
                event.succeed()

        if deadline == math.inf and not environment._queue:
            raise Deadlock(f"{self.engine.name}: no reply is scheduled, and the read has no timeout")
        undo = subscribe(happen)
        lapse = environment.call_at(deadline, happen, WAITER) if deadline < math.inf else None

        def tidy(_event: object) -> None:
            undo()
            if lapse is not None:
                lapse.cancel()

        event.callbacks.append(tidy)
        return event

    # -- running the clock --------------------------------------------------------------------------------------------

    def _lost(self) -> ConnectionLost:
        return ConnectionLost(f"{self.engine.name}: the connection is lost")

    def _may_run(self) -> bool:
        """Tell whether this call may run the environment: at top level, or in a thread that was lent the clock."""
        environment = self.environment
        if environment.active_process is None:
            return not environment.handling
        return environment.blocking_here()

    def _complain_if_idle(self) -> None:
        """Report a read without a query as soon as it is sure that no reply is on its way."""
        if not self._underway and not self.link.asked and not self.link.expecting:
            self.link.complain()

    def _wait_to(self, time: float) -> None:
        environment = self.environment
        if environment.active_process is not None:
            environment.block(environment.event_at(time))
        else:
            environment.run_to(time)


def _nothing() -> None:
    """Do nothing: a poll only takes time."""
