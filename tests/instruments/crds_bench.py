"""A bench by hand: humidifier and analyser on one dry gas line, without a station."""

from __future__ import annotations

from typing import Any

import numpy as np

from instruments import analyser_crds, sample_humidifier
from instruments.clock import Environment
from instruments.ports import Air, Ambient
from instruments.ports_gas import GasLine, Line
from instruments.ports_scale import Realisation, Scale
from instruments.twin import Surroundings

GAS = "CO2=4e-4, CH4=1.9e-6, N2O=3.35e-7"
QUIET: dict[str, Any] = {
    "fit_noise": 0.0,
    "water_noise_percent": 0.0,
    "flicker": {"CO2": 0.0, "CH4": 0.0, "N2O": 0.0},
    "walk_per_sqrt_h": {"CO2": 0.0, "CH4": 0.0, "N2O": 0.0},
}
"""An analyser without any noise."""


class Bench:
    """Hold the lines, the conditioner and the analyser."""

    def __init__(
        self,
        *,
        analyser: dict[str, Any] | None = None,
        humidifier: dict[str, Any] | None = None,
        air: dict[str, Any] | None = None,
        scale: dict[str, float] | None = None,
        seed: int = 1,
    ) -> None:
        self.environment = Environment()
        self.dry = GasLine(Line(composition=GAS), self.environment)
        self.wet = GasLine(Line(composition=GAS), self.environment)
        room = Ambient(Air(**(air or {})), self.environment)
        scales = Scale(Realisation(errors=scale or {}), self.environment)
        ports = {"inlet": self.dry, "outlet": self.wet}
        self.humidifier = sample_humidifier.SampleHumidifier(
            sample_humidifier.Parameters(**(humidifier or {})), self._surroundings("humidifier", ports, seed)
        )
        self.analyser = analyser_crds.AnalyserCrds(
            analyser_crds.Parameters(**(analyser or {})),
            self._surroundings("analyser", {"inlet": self.wet, "ambient": room, "scale": scales}, seed),
        )

    def _surroundings(self, name: str, ports: dict[str, Any], seed: int) -> Surroundings:
        rng = np.random.default_rng([seed, len(name)])
        return Surroundings(name=name, clock=self.environment, rng=rng, ports=ports)

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def mean(self, seconds: int = 60) -> np.ndarray:
        return np.asarray(self.analyser.records(seconds).mean(axis=0))
