"""HiSLIP 1.0 in synchronized mode (IVI-6.1): one server per twin, two channels per session.

A reply is sent as soon as it is ready, but stays in the link until the client says that it has read it (RMT-delivered
in its next message or status query). So MAV is right, and a client that sends on without having read is told by -410;
it throws the stale reply away itself, by its message id.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from instruments.front import Front
from instruments.transcript import Direction

HEADER = struct.Struct("!2sBBIQ")
"""Prologue, message type, control code, message parameter, payload length."""
LARGEST_MESSAGE = 1 << 20
"""Payload in bytes that the server takes in one message."""
ABSURD = 1 << 30
"""Announced payload above which a client is not believed."""
VERSION = 0x0100
"""HiSLIP 1.0."""
VENDOR = 0x4354
"""Two letters that name the vendor of the server."""


class Type(IntEnum):
    """Message types of IVI-6.1."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAX_MSG_SIZE = 15
    ASYNC_MAX_MSG_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_SERVICE_REQUEST = 20
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class Transactions(Protocol):
    """What the server needs of whoever runs the world."""

    fronts: set[Front]

    async def transact(self, front: Front, action: Callable[[], None]) -> None:
        """Have a transaction take effect; returns when it has."""

    async def room(self, front: Front) -> None:
        """Wait until the instrument has caught up with what a session has sent."""

    def wake(self) -> None:
        """Say that there is something to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one HiSLIP message."""

    kind: int
    """Message type."""
    control: int
    """Control code."""
    parameter: int
    """Message parameter."""
    payload: bytes
    """Payload; empty if it was too large to take."""
    excess: bool = False
    """Whether the payload was too large, and thrown away."""


class BadHeaderError(ConnectionError):
    """The client does not speak HiSLIP, or lost its place."""


async def receive(reader: asyncio.StreamReader) -> Message:
    """Return the next message.

    Raises:
        BadHeaderError: what comes is no HiSLIP header, or announces an absurd payload.
        asyncio.IncompleteReadError: the client went away.
    """
    prologue, kind, control, parameter, length = HEADER.unpack(await reader.readexactly(HEADER.size))
    if prologue != b"HS" or length > ABSURD:
        raise BadHeaderError("no HiSLIP header")
    if length > LARGEST_MESSAGE:
        left = length
        while left:
            piece = await reader.read(min(left, 1 << 16))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
        return Message(kind, control, parameter, b"", excess=True)
    return Message(kind, control, parameter, await reader.readexactly(length) if length else b"")


def send(writer: asyncio.StreamWriter, kind: Type, control: int = 0, parameter: int = 0, payload: bytes = b"") -> None:
    """Send a message."""
    writer.write(HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)


@dataclass(eq=False, slots=True)
class Session:
    """Hold one client's two channels and what goes over them."""

    number: int
    """Session id."""
    front: Front
    """Access to the twin."""
    sync: asyncio.StreamWriter
    """Synchronous channel."""
    note: Callable[[Direction, bytes], None]
    """Called with all that goes over the session."""
    asynchronous: asyncio.StreamWriter | None = None
    """Asynchronous channel, once it is there."""
    message: int = 0
    """Id of the last message that the client sent."""
    largest: int = LARGEST_MESSAGE
    """Largest message in bytes that the client takes."""
    clearing: bool = False
    """Whether a device clear is under way: data are thrown away."""
    sent: int = 0
    """Replies in the link's output that were sent and not confirmed."""
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What takes the hooks off again."""
    pieces: bytearray = field(default_factory=bytearray)
    """Message whose end has not come yet, for the note of it."""

    def is_clearing(self) -> bool:
        """Tell whether a device clear is under way, which may have begun at any wait."""
        return self.clearing

    def take(self, piece: bytes, *, end: bool) -> None:
        """Note a message once it is whole, or longer than anything that an instrument takes."""
        self.pieces += piece
        if end or len(self.pieces) > LARGEST_MESSAGE:
            self.note(">", bytes(self.pieces))
            self.pieces.clear()

    def confirm(self) -> None:
        """Drop the replies that the client says it has read."""
        while self.sent and self.front.link.unread:
            self.front.link.read(1 << 62)
            self.sent -= 1
        self.sent = 0

    def push_output(self) -> None:
        """Send the replies that are new."""
        if self.front.link.lost:
            self.sync.transport.abort()
            return
        output = self.front.link.output
        room = max(self.largest - HEADER.size, 1)
        for reply in tuple(output)[self.sent :]:
            self.note("<", reply)
            pieces = [reply[i : i + room] for i in range(0, len(reply), room)] or [b""]
            for piece in pieces[:-1]:
                send(self.sync, Type.DATA, 0, self.message, piece)
            send(self.sync, Type.DATA_END, 0, self.message, pieces[-1])
        self.sent = len(output)


class HislipServer:
    """Serve one twin."""

    def __init__(
        self,
        world: Transactions,
        front: Callable[[], Front],
        note: Callable[[Direction, bytes], None],
        *,
        push: bool,
    ) -> None:
        """Prepare.

        Args:
            world: who runs the clock.
            front: opens access to the twin.
            note: called with all that goes over each session.
            push: whether service requests and interruptions are sent on the server's own account.
        """
        self._world = world
        self._front = front
        self._note = note
        self._push = push
        self._sessions: dict[int, Session] = {}
        self._next = 0
        self._owner: Session | None = None
        self._free = asyncio.Condition()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, which its first message makes a synchronous or an asynchronous channel."""
        try:
            first = await receive(reader)
            if first.kind == Type.INITIALIZE:
                await self._synchronous(reader, writer)
            elif first.kind == Type.ASYNC_INITIALIZE and first.parameter in self._sessions:
                await self._asynchronous(self._sessions[first.parameter], reader, writer)
            else:
                send(writer, Type.FATAL_ERROR, 3, 0, b"Invalid Initialization sequence")
        except BadHeaderError:
            send(writer, Type.FATAL_ERROR, 1, 0, b"Poorly formed message header")
        await writer.drain()

    # -- synchronous channel ------------------------------------------------------------------------------------------

    async def _synchronous(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = self._open(writer)
        try:
            send(writer, Type.INITIALIZE_RESPONSE, 0, VERSION << 16 | session.number)
            while True:
                message = await receive(reader)
                if session.asynchronous is None:
                    send(writer, Type.FATAL_ERROR, 2, 0, b"Attempt to use connection without both channels established")
                    return
                await self._data(session, message)
                await writer.drain()
        finally:
            await self._close(session)

    def _open(self, writer: asyncio.StreamWriter) -> Session:
        while True:
            self._next = self._next % 0xFFFF + 1
            if self._next not in self._sessions:
                break
        session = Session(self._next, self._front(), writer, self._note)
        self._sessions[session.number] = session
        self._world.fronts.add(session.front)
        session.undo.append(session.front.link.watch(session.push_output))
        if self._push:
            session.undo.append(session.front.engine.on_service_request(lambda: self._request_service(session)))
        return session

    async def _close(self, session: Session) -> None:
        for undo in session.undo:
            undo()
        self._sessions.pop(session.number, None)
        self._world.fronts.discard(session.front)
        session.front.close()
        if session.asynchronous is not None:
            session.asynchronous.close()
        await self._release(session)

    async def _data(self, session: Session, message: Message) -> None:
        front, writer = session.front, session.sync
        if message.kind == Type.DEVICE_CLEAR_COMPLETE:
            session.clearing = False
            send(writer, Type.DEVICE_CLEAR_ACKNOWLEDGE, 0)  # no feature bit: synchronized mode
            return
        if message.kind not in (Type.DATA, Type.DATA_END, Type.TRIGGER):
            self._refuse(writer, message)
            return
        if message.excess:
            send(writer, Type.ERROR, 4, 0, b"Message too large")
            return
        if session.clearing:
            return
        await self._admitted(session)
        await self._world.room(front)
        if session.is_clearing():
            return  # the clear came while the message waited
        if message.control & 1:
            session.confirm()
        elif session.sent and self._push:
            send(writer, Type.INTERRUPTED, 0, message.parameter)
            if session.asynchronous is not None:
                send(session.asynchronous, Type.ASYNC_INTERRUPTED, 0, message.parameter)
        session.sent = 0  # unread replies are dropped by the link when the message comes, with -410

        if message.kind == Type.TRIGGER:
            session.note("!", b"trigger")
        else:
            session.take(message.payload, end=message.kind == Type.DATA_END)

        def act() -> None:
            session.message = message.parameter
            if message.kind == Type.TRIGGER:
                front.engine.receive_trigger()
            else:
                front.link.deliver(message.payload, end=message.kind == Type.DATA_END)

        await self._world.transact(front, act)

    @staticmethod
    def _refuse(writer: asyncio.StreamWriter, message: Message) -> None:
        send(writer, Type.ERROR, 3 if message.kind >= 128 else 1, 0, b"Unrecognized Message Type")

    # -- asynchronous channel -----------------------------------------------------------------------------------------

    async def _asynchronous(self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if session.asynchronous is not None:
            send(writer, Type.FATAL_ERROR, 3, 0, b"Invalid Initialization sequence")
            return
        session.asynchronous = writer
        send(writer, Type.ASYNC_INITIALIZE_RESPONSE, 0, VENDOR)
        try:
            while True:
                await self._control(session, await receive(reader), writer)
                await writer.drain()
        finally:
            session.sync.close()  # a session lives with both channels or not at all

    async def _control(self, session: Session, message: Message, writer: asyncio.StreamWriter) -> None:
        front = session.front
        if message.kind == Type.ASYNC_STATUS_QUERY:
            if message.control & 1:
                session.confirm()
            status: list[int] = []
            await self._world.transact(front, lambda: status.append(front.engine.status_byte(front.link) or 0))
            session.note("!", b"poll %d" % status[0])
            send(writer, Type.ASYNC_STATUS_RESPONSE, status[0])
        elif message.kind == Type.ASYNC_DEVICE_CLEAR:
            session.clearing = True
            session.sent = 0
            session.pieces.clear()
            session.note("!", b"clear")
            await self._world.transact(front, front.link.clear)
            send(writer, Type.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)
        elif message.kind == Type.ASYNC_MAX_MSG_SIZE and len(message.payload) == 8:
            session.largest = max(int.from_bytes(message.payload, "big"), HEADER.size + 1)
            send(writer, Type.ASYNC_MAX_MSG_SIZE_RESPONSE, 0, 0, LARGEST_MESSAGE.to_bytes(8, "big"))
        elif message.kind == Type.ASYNC_REMOTE_LOCAL_CONTROL:
            if message.control in (1, 3, 4, 5):
                front.engine.go_remote(lockout=message.control in (4, 5))
            else:
                front.engine.go_local()
            send(writer, Type.ASYNC_REMOTE_LOCAL_RESPONSE)
        elif message.kind == Type.ASYNC_LOCK:
            send(writer, Type.ASYNC_LOCK_RESPONSE, await self._lock(session, request=bool(message.control & 1)))
        elif message.kind == Type.ASYNC_LOCK_INFO:
            send(writer, Type.ASYNC_LOCK_INFO_RESPONSE, int(self._owner is not None), int(self._owner is not None))
        else:
            self._refuse(writer, message)

    def _request_service(self, session: Session) -> None:
        if session.asynchronous is not None:
            status = session.front.engine.status_byte(session.front.link) or 0
            send(session.asynchronous, Type.ASYNC_SERVICE_REQUEST, status)

    # -- locks --------------------------------------------------------------------------------------------------------

    async def _lock(self, session: Session, *, request: bool) -> int:
        """Return the lock response: 1 success, 0 failure, 3 error; a lock that is taken is not waited for."""
        if request:
            if self._owner is None:
                self._owner = session
                return 1
            return 0
        if self._owner is not session:
            return 3
        await self._release(session)
        return 1

    async def _release(self, session: Session) -> None:
        if self._owner is session:
            self._owner = None
            async with self._free:
                self._free.notify_all()

    async def _admitted(self, session: Session) -> None:
        """Wait while another session holds the lock."""
        async with self._free:
            await self._free.wait_for(lambda: self._owner in (None, session))
