"""A server in a thread of its own, as long as a context lasts; for tests and notebooks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Serving(Protocol[T_co]):
    """Be a server."""

    async def start(self) -> T_co:
        """Open it; return what clients need to know."""

    async def wait(self) -> None:
        """Wait until it ends by itself; what it fails of comes out."""

    async def close(self) -> None:
        """Close it."""


@contextlib.contextmanager
def in_thread(make: Callable[[], Serving[T]], name: str) -> Iterator[T]:
    """Run a server in a thread as long as the context lasts; what it fails of comes out at the end.

    Args:
        make: makes the server, in its thread.
        name: of the thread.
    """
    started = threading.Event()
    found: list[T] = []
    failure: list[BaseException] = []
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        server = make()
        ended = asyncio.Event()
        stop.append(partial(asyncio.get_running_loop().call_soon_threadsafe, ended.set))
        try:
            found.append(await server.start())
            started.set()
            await until_first(server.wait(), ended.wait())
        finally:
            await server.close()

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as problem:  # handed to the thread that asked for the server
            failure.append(problem)
        finally:
            started.set()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    started.wait()
    try:
        if not found:
            raise failure[0]
        yield found[0]
    finally:
        if thread.is_alive() and stop:
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                stop[0]()
        thread.join(timeout=10)
    if failure:
        raise failure[0]


async def until_first(*waits: Awaitable[Any]) -> None:
    """Wait until one ends, end the others; its exception comes out."""
    waiting = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    for task in done:
        task.result()
