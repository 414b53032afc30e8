"""Steer served twins from the program that started them: requests on standard input, one JSON object a line.

    {"fault": "meter", "kind": "late_reply", "delay_s": 3}      arm a fault of the catalogue
    {"clear": "meter"}                                          disarm all faults of a device
    {"advance": 60}                                             let bench time pass (virtual time only), s

Each is answered by one line on standard output: `{"ok": true, "now": ...}` or `{"ok": false, "why": "..."}`. When
standard input ends, so does the server: twins do not outlive whoever needed them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
from typing import TYPE_CHECKING, Any

from bench.station_values import WrongValue, advice, check_values
from instruments.faults import catalogue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TextIO

    from bench.serve import Server
    from instruments.world import World

KEYS = ("fault", "clear", "advance")
"""What a request may begin with."""


def obey(world: World, line: str) -> dict[str, Any]:
    """Carry out one request and return the answer.

    Args:
        world: the twins.
        line: the request.
    """
    try:
        request = json.loads(line)
        if not isinstance(request, dict) or len(found := [key for key in KEYS if key in request]) != 1:
            raise ValueError(f"a request is a JSON object with one of the keys {', '.join(KEYS)}")
        value = request.pop(found[0])
        if found[0] == "advance":
            _advance(world, value)
        elif not isinstance(value, str) or value not in world.twins:
            raise ValueError(f"{value!r} is no device; {advice(str(value), world.twins)}")
        elif found[0] == "clear":
            world.faults(value).clear()
        else:
            _arm(world, value, request)
    except ValueError as problem:  # what the requester got wrong is the requester's to read
        return {"ok": False, "why": " ".join(str(problem).split())}
    return {"ok": True, "now": world.environment.now}


def _advance(world: World, seconds: Any) -> None:
    environment = world.environment
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise ValueError(f"advance: must be a time of at least 0 s, not {seconds!r}")
    if environment.realtime:
        raise ValueError("advance: the bench follows the wall clock")
    environment.run_to(environment.now + seconds)


def _arm(world: World, device: str, values: dict[str, Any]) -> None:
    known = catalogue()
    kind = values.pop("kind", None)
    if not isinstance(kind, str) or kind not in known:
        raise ValueError(f"kind: {kind!r} is no fault; {advice(str(kind), known)}")
    try:
        fault = known[kind](**check_values(known[kind], values))
    except WrongValue as problem:
        raise ValueError(f"{kind}: {problem}") from None
    world.faults(device).add(fault)


def control(requests: TextIO, answer: Callable[[str], None]) -> Callable[[Server], Awaitable[None]]:
    """Return what to run beside a server (see `bench.serve.serve`) so that it obeys requests; it ends with them.

    Args:
        requests: where requests come from, line by line.
        answer: called with each answer, one line without its end.
    """

    async def beside(server: Server) -> None:
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[str | None] = asyncio.Queue()

        def read() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before the input
                for line in requests:
                    loop.call_soon_threadsafe(lines.put_nowait, line)
                loop.call_soon_threadsafe(lines.put_nowait, None)

        threading.Thread(target=read, name="caltwin control", daemon=True).start()
        while (line := await lines.get()) is not None:
            if line.strip():
                answer(json.dumps(obey(server.world, line)))
                server.wake()

    return beside
