"""Stand the twins of a world up on TCP: a raw SCPI socket and a HiSLIP server each, for any VISA client.

One thread, one event loop, one clock. In virtual time ("fast") the world runs on to each reply and then stands still; a
client's own sleeps do not move it. With a `RealtimeEnvironment` it follows the wall clock. Servers bind to loopback
unless told otherwise. An exception in twin code ends the server and comes out of it.

    with served(station.build()) as endpoints:
        resource = pyvisa.ResourceManager("@py").open_resource(endpoints[0].address)
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.hislip import HislipServer
from bench.serve_thread import in_thread, until_first
from instruments.engine import Exchange
from instruments.front import Front

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from instruments.link import Link
    from instruments.transcript import Direction
    from instruments.world import World

    Note = Callable[[str, Exchange, Direction, bytes], None]

LATENCY_S = 2e-4
"""Bench time of a transaction over the network, s."""
CHUNK = 1 << 16
"""Bytes taken from a connection at a time."""
MOST_CONNECTIONS = 256
"""Connections at a time; further ones are closed at once."""
MOST_UNSENT = 1 << 26
"""Bytes that may wait for a client that does not read; then it is cut off."""
MOST_WAITING = 1000
"""Messages of a session that may wait for the instrument; beyond that nothing more is read from the client."""
PATIENCE_S = 5e-3
"""Wall time between two looks at whether there is room again, s."""
STEPS_AT_A_TIME = 500
"""Events of the world between two looks at the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Say where a twin can be reached."""

    device: str
    """Name of the device in the station."""
    address: str
    """VISA resource name for a client on the same machine, or on the network if bound to it."""
    host: str
    """Host that the server is bound to."""
    port: int
    """TCP port."""


class Pump:
    """Run the world as far as the sessions need, or the wall clock demands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fronts: set[Front] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    async def transact(self, front: Front, action: Callable[[], None]) -> None:
        """Have a transaction take effect; returns when it has."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def act() -> None:
            action()
            if not done.done():
                done.set_result(None)

        front.post(act)
        self.wake()
        await done

    async def room(self, front: Front) -> None:
        """Wait until the instrument has caught up with what a session has sent; meanwhile TCP holds the client back."""
        while front.engine.backlog(front.link) > MOST_WAITING:
            await asyncio.sleep(PATIENCE_S)

    async def run(self) -> None:
        """Run for ever; an exception in twin code comes out."""
        environment = self.world.environment
        while True:
            delay: float | None = None
            if environment.realtime:
                environment.catch_up()
                delay = (environment.peek() - environment.now) * getattr(environment, "factor", 1.0)
                delay = None if delay == float("inf") else max(delay, 1e-4)
            else:
                for _ in range(STEPS_AT_A_TIME):
                    if not self._wanted() or environment.peek() == float("inf"):
                        break
                    environment.step()
                else:
                    await asyncio.sleep(0)
                    continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), delay)

    def _wanted(self) -> bool:
        return any(front.underway or front.link.expecting for front in self.fronts)


class Server:
    """Serve every twin of a world."""

    def __init__(
        self,
        world: World,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        *,
        push: bool = False,
        note: Note | None = None,
    ) -> None:
        """Prepare; nothing is bound yet.

        Args:
            world: the twins.
            host: address to bind to; anything but loopback lets others in.
            ports: device -> port of its socket server; HiSLIP takes the next one. Free ports are found for the others.
            push: whether HiSLIP sends service requests and interruptions on its own account. Off by default, since
                pyvisa-py up to 0.8 takes such a message for the answer to its next status query.
            note: called with all that goes over each session; for recordings.

        Raises:
            ValueError: `ports` names no device, or a VISA resource name cannot hold the host.
        """
        if ":" in host:
            raise ValueError(f"host: {host!r} does not fit into a VISA resource name; use an IPv4 address or a name")
        self.world = world
        self.host = host
        self.loopback = _is_loopback(host)
        """Whether only this machine can reach the twins."""
        self.endpoints: tuple[Endpoint, ...] = ()
        """Where the twins are, once started."""
        self._ports = dict(ports or {})
        unknown = set(self._ports) - set(world.twins)
        if unknown:
            raise ValueError(f"ports: {min(unknown)!r} is no device; there are {', '.join(sorted(world.twins))}")
        self._push = push
        self._note = note or _forget
        self._pump = Pump(world)
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failed: asyncio.Future[None] | None = None

    async def start(self) -> tuple[Endpoint, ...]:
        """Bind and serve.

        Raises:
            OSError: a port is taken.
        """
        self._failed = asyncio.get_running_loop().create_future()
        endpoints = []
        reachable = socket.gethostname() if self.host in ("", "0.0.0.0") else self.host
        for device in self.world.twins:
            first = self._ports.get(device, 0)
            note = partial(self._note, device, Exchange.INSTR)
            hislip = HislipServer(self._pump, partial(self._front, device, Exchange.INSTR), note, push=self._push)
            for handler, port, form in (
                (partial(self._raw, device), first, "TCPIP0::{}::{}::SOCKET"),
                (hislip.connected, first + 1 if first else 0, "TCPIP0::{}::hislip0,{}::INSTR"),
            ):
                server = await asyncio.start_server(
                    self._guarded(handler), self.host, port, limit=CHUNK, family=socket.AF_INET
                )
                self._servers.append(server)
                number = server.sockets[0].getsockname()[1]
                endpoints.append(
                    Endpoint(device=device, address=form.format(reachable, number), host=self.host, port=number)
                )
        self.endpoints = tuple(endpoints)
        pump = asyncio.create_task(self._pump.run())
        pump.add_done_callback(self._ended)
        self._tasks.add(pump)
        return self.endpoints

    async def wait(self) -> None:
        """Serve until cancelled; an exception in twin code comes out."""
        assert self._failed is not None, "start() first"
        await self._failed

    def wake(self) -> None:
        """Say that the world was changed from outside of the sessions."""
        self._pump.wake()

    async def close(self) -> None:
        """Close all connections and servers."""
        for server in self._servers:
            server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failed is not None and not self._failed.done():
            self._failed.cancel()

    # -- connections --------------------------------------------------------------------------------------------------

    def _front(self, device: str, exchange: Exchange) -> Front:
        return Front(self.world.twins[device], exchange, self.world.environment, LATENCY_S)

    def _guarded(
        self, handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            if len(self._tasks) > MOST_CONNECTIONS:
                writer.close()
                return
            self._tasks.add(task)
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                pass  # the client went away, which is its right
            except asyncio.CancelledError:
                pass  # the server is closing
            except Exception as problem:
                self._fail(problem)
            finally:
                self._tasks.discard(task)
                writer.close()

        return connected

    async def _raw(self, device: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        front = self._front(device, Exchange.STREAM)
        self._pump.fronts.add(front)
        note = partial(self._note, device, Exchange.STREAM)
        undo = front.link.watch(lambda: send_output(front.link, writer, note))
        try:
            while data := await reader.read(CHUNK):
                note(">", data)
                await self._pump.room(front)
                await self._pump.transact(front, partial(front.link.deliver, data, False))
                await writer.drain()
        finally:
            undo()
            self._pump.fronts.discard(front)
            front.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            self._fail(problem)

    def _fail(self, problem: BaseException) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(problem)
        for task in tuple(self._tasks):
            task.cancel()


def send_output(link: Link, writer: asyncio.StreamWriter, note: Callable[[Direction, bytes], None]) -> None:
    """Push what a stream has to send, and note it; cut off a client that never reads."""
    if link.lost:
        writer.transport.abort()
        return
    data, _ = link.read(1 << 62)
    note("<", data)
    writer.write(data)
    if writer.transport.get_write_buffer_size() > MOST_UNSENT:
        writer.transport.abort()


def _forget(device: str, exchange: Exchange, direction: Direction, data: bytes) -> None:
    """Note nothing."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    world: World,
    announce: Callable[[Server], None],
    beside: Callable[[Server], Awaitable[None]] | None = None,
    **options: Any,
) -> None:
    """Serve until interrupted from the keyboard, or told to terminate.

    Args:
        world: the twins.
        announce: called once everything is bound.
        beside: what else runs in the same loop; the server ends with it.
        options: see `Server`.

    Raises:
        OSError: a port is taken.
    """

    async def run() -> None:
        server = Server(world, **options)
        ended = asyncio.Event()
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        try:
            await server.start()
            announce(server)
            await until_first(server.wait(), ended.wait(), *(() if beside is None else (beside(server),)))
        finally:
            await server.close()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


@contextlib.contextmanager
def served(world: World, **options: Any) -> Iterator[tuple[Endpoint, ...]]:
    """Serve in a thread as long as the context lasts; for tests.

    The world belongs to that thread meanwhile. An exception in twin code comes out at the end of the context.

    Args:
        world: the twins.
        options: see `Server`.
    """
    with in_thread(lambda: Server(world, **options), "caltwin server") as endpoints:
        yield endpoints
