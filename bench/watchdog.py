"""The watchdog: a process of its own that switches the sources off when the bench dies.

The bench starts it before anything is energised and holds a pipe to it. When the pipe ends without a farewell (a kill,
a crash of the interpreter), the watchdog opens the sources itself and brings them to a safe state. It needs nothing of
the bench but the addresses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

FAREWELL = "farewell"
"""What the bench says when it ends in order."""
PATIENCE_S = 30.0
"""How long a source that does not answer is tried again, s."""
TIMEOUT_MS = 1000
"""How long one reply is waited for, ms."""


class Watchdog:
    """Watch over some sources as long as a context lasts."""

    def __init__(self, sources: Mapping[str, tuple[str, str]]) -> None:
        """Say what to watch; with nothing to watch, nothing is started.

        Args:
            sources: role -> (module in `drivers/`, VISA address).
        """
        self._sources = dict(sources)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if not self._sources:
            return self
        home = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        # A group of its own: Ctrl-C at the terminal is for the bench, not for its watchdog.
        group: dict[str, Any] = {"process_group": 0}
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
            **group,
        )
        self._say(json.dumps(self._sources))
        if self._process.stdout is None or self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("the watchdog did not start; nothing was energised")
        return self

    def __exit__(self, *reason: object) -> None:
        if self._process is None:
            return
        self._say(FAREWELL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def watch(lines: TextIO, said: TextIO) -> int:
    """Watch: read the sources, say that all is ready, and act when the lines end without a farewell.

    Returns:
        How many sources could not be brought to a safe state.
    """
    sources: dict[str, tuple[str, str]] = json.loads(lines.readline())
    for module, _ in sources.values():
        import_module(f"drivers.{module}")  # what takes time is done before it matters
    import_module("pyvisa")
    said.write("ready\n")
    said.flush()
    if any(line.strip() == FAREWELL for line in lines):
        return 0
    # Whatever a VISA library does with a dead line, this process does not outlive its patience.
    end = threading.Timer(2 * PATIENCE_S, os._exit, (1,))
    end.daemon = True
    end.start()
    return sum(not make_safe(role, module, address) for role, (module, address) in sources.items())


def make_safe(role: str, module: str, address: str) -> bool:
    """Bring one source to a safe state; returns whether it confirmed that."""
    import pyvisa

    from drivers.session import BlockingSession, run

    deadline = time.monotonic() + PATIENCE_S
    problem: Exception | None = None
    while time.monotonic() < deadline:
        try:
            manager = pyvisa.ResourceManager()
            try:
                resource: Any = manager.open_resource(address)
                resource.timeout = TIMEOUT_MS
                driver = import_module(f"drivers.{module}").driver
                resource.read_termination = resource.write_termination = driver.terminator
                run(driver(BlockingSession(resource), role).make_safe())
            finally:
                manager.close()
        except Exception as failure:  # whatever it was: try again, the source may still be on
            problem = failure
            time.sleep(0.2)
        else:
            return True
    sys.stderr.write(f"caltwin watchdog: {role}: NOT SAFE: {problem}\n")
    return False


if __name__ == "__main__":
    sys.exit(watch(sys.stdin, sys.stdout))
