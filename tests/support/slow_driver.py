"""Somebody's driver: it blocks, polls and sleeps, and knows nothing of the bench."""

from __future__ import annotations

import time
from time import perf_counter, sleep
from typing import Any


class SlowDriver:
    def __init__(self, resource: Any) -> None:
        self.resource = resource
        self.polls = 0

    def measure(self, aperture: float) -> float:
        self.resource.write(f"*CLS;*ESE 1;:APER {aperture};:INIT;*OPC")
        begin = time.monotonic()
        while not self.resource.stb & 32:
            self.polls += 1
            sleep(0.1)
            if time.time() > 4e9 or time.monotonic() - begin > 100:
                raise TimeoutError
        return float(self.resource.query("FETC?"))

    def elapsed(self, seconds: float) -> float:
        begin = perf_counter()
        time.sleep(seconds)
        return perf_counter() - begin

    def careful(self) -> str:
        try:
            sleep(1000)
        except Exception as problem:
            self.resource.write("*RST")
            return f"stopped: {type(problem).__name__}"
        return "slept"
