"""Unmodified blocking code inside a SimPy process: drivers that read, poll and sleep cost bench time, not wall time.

    def measure(resource):                      # anybody's driver code; knows nothing of SimPy
        resource.write("INIT")
        while not resource.stb & 1:
            time.sleep(0.1)
        return resource.query("FETCH?")

    def procedure():
        value = yield from blocking(environment, measure, resource)

    with bench_time(environment, "their_package"):
        environment.run(until=environment.process(procedure()))

The code runs in a thread of its own, but never beside the environment: a baton goes to and fro, exactly one of the two
runs at any time, and every wait of the thread becomes a `yield` of the process. Runs therefore repeat to the last bit.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from instruments.front import NestedWait

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import ModuleType

    import simpy

    from instruments.clock import Environment, RealtimeEnvironment

P = ParamSpec("P")
T = TypeVar("T")


class _Abandoned(BaseException):
    """End the thread of a process that is gone; not an Exception, so that driver code does not catch it."""


class Baton:
    """Lend the clock to one thread; see `blocking`."""

    def __init__(self, environment: Environment | RealtimeEnvironment, work: Callable[[], Any]) -> None:
        self._environment = environment
        self._work = work
        self._thread_may = threading.Semaphore(0)
        self._process_may = threading.Semaphore(0)
        self._event: simpy.Event | None = None
        self._injected: BaseException | None = None
        self._failure: BaseException | None = None
        self._result: Any = None
        self._done = False
        self._thread = threading.Thread(target=self._run, name="blocking driver", daemon=True)

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._thread_may.acquire()
        try:
            if self._injected is not None:
                raise self._injected
            self._result = self._work()
        except BaseException as problem:  # handed to the process, which raises it
            self._failure = problem
        finally:
            self._done = True
            self._process_may.release()

    def here(self) -> bool:
        """Tell whether the calling thread is the one that was lent the clock."""
        return threading.current_thread() is self._thread

    def wait(self, event: simpy.Event) -> None:
        """Hand the clock back until the event happens; an interrupt of the process is raised here."""
        self._event = event
        self._process_may.release()
        self._thread_may.acquire()
        injected, self._injected = self._injected, None
        if injected is not None:
            raise injected

    # -- in the process -----------------------------------------------------------------------------------------------

    def steps(self) -> Generator[simpy.Event, Any, Any]:
        """Run the work, yielding its waits."""
        self._thread.start()
        while True:
            self._pass()
            if self._done:
                self._thread.join()
                if self._failure is not None:
                    raise self._failure
                return self._result
            event = self._event
            assert event is not None
            try:
                yield event
            except GeneratorExit:
                self._abandon()
                raise
            except BaseException as interrupt:  # simpy.Interrupt, or the failure of the event: the thread's to handle
                self._injected = interrupt

    def _pass(self) -> None:
        """Let the thread run until it waits or ends."""
        outer, self._environment.blocker = self._environment.blocker, self
        try:
            self._thread_may.release()
            self._process_may.acquire()
        finally:
            self._environment.blocker = outer

    def _abandon(self) -> None:
        """End the thread: the process was closed."""
        for _ in range(100):  # code that waits while it cleans up is told again
            if self._done:
                break
            self._injected = _Abandoned()
            self._pass()
        self._thread.join(timeout=1.0)


def blocking(
    environment: Environment | RealtimeEnvironment, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Generator[simpy.Event, Any, T]:
    """Run blocking code from within a process and return what it returns.

    An exception of the code comes out here; an interrupt of the process goes into the code.

    Args:
        environment: the bench's environment, in one of whose processes this is called.
        work: the code; its VISA calls go to sessions of `pyvisa_caltwin` on this environment.
        args: passed on.
        kwargs: passed on.
    """
    return Baton(environment, lambda: work(*args, **kwargs)).steps()


class BenchTime:
    """Be the module `time` for driver code: its sleeps and clocks are those of the bench."""

    def __init__(self, environment: Environment | RealtimeEnvironment) -> None:
        self._environment = environment
        self._thread = threading.current_thread()
        self._origin = time.time() - environment.now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Let bench time pass.

        Raises:
            ValueError: a negative time, as `time.sleep` does.
            NestedWait: in a SimPy process outside of `blocking`.
        """
        environment = self._environment
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if environment.blocking_here():
            environment.block(environment.event_at(environment.now + seconds))
        elif threading.current_thread() is not self._thread:
            time.sleep(seconds)  # a thread that has nothing to do with the bench
        elif environment.active_process is not None or environment.handling:
            raise NestedWait(
                f"time.sleep({seconds!r}) inside a SimPy process: yield an event, or run the code with bench.blocking"
            )
        else:
            environment.run_to(environment.now + seconds)

    def time(self) -> float:
        """Return the wall time of the beginning plus the bench time since, s."""
        return self._origin + self.monotonic()

    def monotonic(self) -> float:
        """Return the bench time, s."""
        if self._environment.active_process is None:
            self._environment.catch_up()
        return float(self._environment.now)

    def perf_counter(self) -> float:
        """Return the bench time, s."""
        return self.monotonic()

    def time_ns(self) -> int:
        """Return `time()` in ns."""
        return round(self.time() * 1e9)

    def monotonic_ns(self) -> int:
        """Return the bench time in ns."""
        return round(self.monotonic() * 1e9)

    def perf_counter_ns(self) -> int:
        """Return the bench time in ns."""
        return self.monotonic_ns()


_FUNCTIONS = ("sleep", "time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")


class Rebinding:
    """Rebind `time` and its functions in the modules of some packages, and undo it."""

    def __init__(self, environment: Environment | RealtimeEnvironment) -> None:
        self.clock = BenchTime(environment)
        self._real = {name: getattr(time, name) for name in _FUNCTIONS}
        self._changed: list[tuple[ModuleType, str, Any]] = []

    def rebind(self, packages: tuple[str, ...]) -> None:
        """Serve the modules of these packages that are imported by now; may be called again later."""
        if not packages:
            return  # the usual case: a bench opens its addresses without looking through all modules
        for module in _modules(packages):
            for name, value in tuple(vars(module).items()):
                replacement = _replacement(value, self.clock, self._real)
                if replacement is not None:
                    self._changed.append((module, name, value))
                    setattr(module, name, replacement)

    def restore(self) -> None:
        """Give everything back."""
        for module, name, value in reversed(self._changed):
            setattr(module, name, value)
        self._changed.clear()


@contextmanager
def bench_time(environment: Environment | RealtimeEnvironment, *packages: str) -> Iterator[BenchTime]:
    """Give the modules of some packages the bench's clock in place of the wall clock, as long as the context lasts.

    Both `import time` and `from time import sleep` are served; the module `time` itself is left alone, so nobody else
    notices. PyVISA's own waits (`query_delay`, `wait_for_srq`) are always included. Import the drivers before.

    Args:
        environment: the bench's environment.
        packages: names of packages or modules whose code shall sleep on the bench, e.g. "pymeasure".

    Raises:
        ValueError: a package is not imported, so nothing of it could be served.
    """
    for package in packages:
        if package not in sys.modules:
            raise ValueError(f"bench_time: {package!r} is not imported; import it first")
    rebinding = Rebinding(environment)
    try:
        rebinding.rebind(("pyvisa", *packages))
        yield rebinding.clock
    finally:
        rebinding.restore()


def _modules(packages: tuple[str, ...]) -> list[ModuleType]:
    inside = tuple(f"{package}." for package in packages)  # a few thousand modules, at every opening: kept quick
    return [
        module
        for name, module in tuple(sys.modules.items())
        if (name.startswith(inside) or name in packages) and module is not None
    ]


def _replacement(value: Any, clock: BenchTime, real: dict[str, Any]) -> Any | None:
    if value is time:
        return clock
    for name, function in real.items():
        if value is function:
            return getattr(clock, name)
    return None
