"""A wind tunnel by hand for twin tests: tunnel, LDA, stage and micromanometer on one virtual clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from instruments import lda, micromanometer, rotary_stage, wind_tunnel
from instruments.clock import Environment
from instruments.ports import Air, Ambient
from instruments.ports_air import AirStream, Orientation, PressureLines, Stream
from instruments.twin import NoParameters, Surroundings

from .small_bench import Spoken


class AirBench:
    """Hold the instruments of the air-stream bench; probes are added by `add`."""

    def __init__(
        self,
        *,
        stream: dict[str, Any] | None = None,
        tunnel: dict[str, Any] | None = None,
        anemometer: dict[str, Any] | None = None,
        manometer: dict[str, Any] | None = None,
        stage: dict[str, Any] | None = None,
        room: dict[str, Any] | None = None,
    ) -> None:
        self.environment = Environment()
        self.stream = AirStream(Stream(**(stream or {})), self.environment)
        self.lines = PressureLines(NoParameters(), self.environment)
        self.orientation = Orientation(NoParameters(), self.environment)
        self.ports = {
            "stream": self.stream,
            "ambient": Ambient(Air(**(room or {})), self.environment),
            "lines": self.lines,
            "orientation": self.orientation,
        }
        self._count = 0
        self.tunnel = self.add(wind_tunnel, **(tunnel or {}))
        self.lda = self.add(lda, **(anemometer or {}))
        self.manometer = self.add(micromanometer, **(manometer or {}))
        self.stage = self.add(rotary_stage, **(stage or {}))

    def add(self, module: Any, **parameters: Any) -> Spoken:
        self._count += 1
        surroundings = Surroundings(
            name=module.__name__,
            clock=self.environment,
            rng=np.random.default_rng([7, self._count]),
            ports=self.ports,
        )
        return Spoken(module.twin.build(module.twin.parameters(**parameters), surroundings), self.environment)

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def blow(self, speed: float) -> None:
        self.tunnel.write(f"SPE {speed};:FAN ON")
        assert self.tunnel.query("*OPC?") == "1"
