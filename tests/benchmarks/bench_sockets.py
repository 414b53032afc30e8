"""How fast served twins answer on loopback, beside other Python simulators in the same run; only ratios count.

    python tests/benchmarks/bench_sockets.py --peers PYTHON

PYTHON is the interpreter of an environment of its own with `sinstruments` and `scpipy`; each server runs in a process
of its own, and nothing of theirs is imported here (sinstruments is under the GPL). One plain client asks all of them,
in interleaved rounds. The peers answer `*IDN?` from memory; the twin executes SCPI with status and error queue.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from plain_clients import HislipClient, SocketClient

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = """\
import sys
sys.path[:0] = [{support!r}, {root!r}]
from worlds import world
from bench.serve import serve
serve(world(), lambda server: print(*(e.port for e in server.endpoints[:2]), flush=True))
"""
SINSTRUMENTS = """\
from gevent import monkey
monkey.patch_all()
from sinstruments.simulator import BaseDevice, Server
class Plain(BaseDevice):
    def handle_message(self, message):
        return b"CALTWIN,TINY,TINY-1,1.0\\n"
class Entry:
    load = staticmethod(lambda: Plain)
port = {port}
server = Server([{{"class": "Plain", "name": "plain", "transports": [{{"type": "tcp", "url": ("127.0.0.1", port)}}]}}],
                registry={{"Plain": Entry}})
server.start()
print(port, flush=True)
server.serve_forever()
"""
SCPIPY = """\
import threading, time, socket
from scpipy.server import Router, Server
router = Router()
@router.register("*IDN?")
def identity(context):
    return "CALTWIN,TINY,TINY-1,1.0"
port = {port}
server = Server("127.0.0.1", port)
server.include_router(router)
threading.Timer(1.0, lambda: print(port, flush=True)).start()
server.run()
"""


def free_port() -> int:
    """Return a port that was free a moment ago, for servers that cannot say which one they got."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def start(stack: ExitStack, python: str, code: str) -> list[int] | None:
    """Start a server and return its ports; None if it does not start."""
    process = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True)
    stack.enter_context(process)
    stack.callback(process.terminate)
    assert process.stdout is not None
    words = process.stdout.readline().split()
    return [int(word) for word in words] or None


def patient(port: int) -> SocketClient:
    """Connect to a server that says its port before it listens there."""
    until = time.monotonic() + 10.0
    while True:
        try:
            return SocketClient(port)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def main(rounds: int = 15, queries: int = 1000) -> None:
    """Print best rates and the ratios of medians."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peers", help="Python with sinstruments and scpipy")
    chosen = arguments.parse_args()
    here = Path(__file__)
    ours = OURS.format(support=str(here.parents[1] / "support"), root=str(here.parents[2]))
    with ExitStack() as stack:
        asked: dict[str, Callable[[], object]] = {}
        ports = start(stack, sys.executable, ours)
        assert ports is not None, "our own server did not start"
        line, hislip = SocketClient(ports[0]), HislipClient(ports[1])
        stack.callback(line.close)
        stack.callback(hislip.close)
        asked["twin socket *IDN?"] = lambda: line.ask(b"*IDN?")
        asked["twin socket READ?"] = lambda: line.ask(b"READ?")
        asked["twin HiSLIP *IDN?"] = lambda: hislip.ask(b"*IDN?")
        for name, code in (("sinstruments", SINSTRUMENTS), ("scpipy", SCPIPY)) if chosen.peers else ():
            found = start(stack, chosen.peers, code.format(port=free_port()))
            if found is None:
                sys.stdout.write(f"{name}: does not start\n")
                continue
            peer = patient(found[0])
            stack.callback(peer.close)
            assert peer.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0", name
            asked[f"{name} *IDN?"] = lambda peer=peer: peer.ask(b"*IDN?")
        times: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(rounds):
            for name, ask in asked.items():
                begin = time.perf_counter()
                for _ in range(queries):
                    ask()
                times[name].append((time.perf_counter() - begin) / queries * 1e6)
    names = [name for name in times if not name.startswith("twin")]
    sys.stdout.write(
        f"{'':22}{'best µs':>9}{'median':>9}{'per s':>9}" + "".join(f"{'x ' + n:>24}" for n in names) + "\n"
    )
    for name, values in times.items():
        ratios = [statistics.median(b / a for a, b in zip(values, times[n], strict=True)) for n in names]
        row = f"{name:22}{min(values):9.1f}{statistics.median(values):9.1f}{1e6 / min(values):9.0f}"
        sys.stdout.write(row + "".join(f"{ratio:24.2f}" for ratio in ratios) + "\n")


if __name__ == "__main__":
    main()
