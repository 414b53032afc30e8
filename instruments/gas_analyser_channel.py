"""One measuring channel of a gas analyser: losses, cross terms, detector, drift, adjustment, display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.gas_sensor import Conditioning, Detector, Noise, Walk, quantised

if TYPE_CHECKING:
    from instruments.gas_analyser_parameters import Parameters

REFERENCE_TEMPERATURE_DEGC = 20.0
REFERENCE_PRESSURE_KPA = 101.325
DISPLAY = (-0.2, 1.2)
"""Least and largest indication, in full scales; beyond it shows overflow."""


class Channel:
    """Be one measuring channel: what it indicates of the fractions before its cell."""

    def __init__(self, component: str, parameters: Parameters, conditioning: Conditioning, rng: Any) -> None:
        p = parameters
        self.component = component
        self.full_scale = p.channels[component]
        self.resolution = p.resolution.get(component, self.full_scale / 1e4)
        self._conditioning = conditioning
        exponent = p.exponent.get(component, 1.0)
        self._detector = Detector(
            full_scale=self.full_scale,
            depth=p.depth.get(component, 0.0),
            exponent=exponent,
            assumed_exponent=exponent * (1.0 + p.exponent_error.get(component, 0.0)),
        )
        self._linear = not p.depth.get(component, 0.0)
        self._cross = {
            key.partition("->")[0]: share
            for key, share in p.interference.items()
            if key.partition("->")[2] == component and share
        }
        self._zero, self._gain = p.zero_error.get(component, 0.0), p.gain_error.get(component, 0.0)
        self._zero_per_k, self._gain_per_k = p.zero_per_k.get(component, 0.0), p.gain_per_k.get(component, 0.0)
        self._gain_per_kpa = p.gain_per_kpa.get(component, 0.0)
        self._zero_per_s = p.zero_drift_per_h.get(component, 0.0) / 3600.0
        self._gain_per_s = p.gain_drift_per_h.get(component, 0.0) / 3600.0
        self._zero_walk = Walk(rng, p.zero_walk.get(component, 0.0))
        self._gain_walk = Walk(rng, p.gain_walk.get(component, 0.0))
        self.noise = Noise(rng, p.noise.get(component, 0.0), p.update_s)
        self.last: tuple[tuple[float, ...], float] | None = None
        """Sample and adjustment of the last indication, and what it was, µmol/mol."""
        self.zero_adjustment = 0.0
        """What an adjustment takes off, amount fraction, 1."""
        self.span_adjustment = 1.0
        """What an adjustment multiplies by, 1."""

    @property
    def gases(self) -> set[str]:
        """Components that the channel needs to know."""
        return {*(("NO", "NO2") if self.component == "NOx" else (self.component,)), *self._cross}

    def without_noise(self, fractions: Any, at: Any, temperature_degc: Any, pressure_kpa: float) -> Any:
        """Return the indication without noise and resolution, amount fraction, 1.

        Args:
            fractions: gives the fraction of a component before the trap, 1; floats or arrays of shape (n,).
            at: bench times, s; a float or shape (n,).
            temperature_degc: of the analyser, °C; likewise.
            pressure_kpa: of the cells, kPa.
        """
        behind = self._conditioning.behind
        x = behind(self.component, fractions, pressure_kpa)
        for gas, share in self._cross.items():
            x = x + share * behind(gas, fractions, pressure_kpa)
        y = x if self._linear else self._detector.linearised(x)
        walks = (
            (self._gain_walk.values(at), self._zero_walk.values(at))
            if isinstance(at, np.ndarray)
            else (self._gain_walk.value(at), self._zero_walk.value(at))
        )
        warmth = temperature_degc - REFERENCE_TEMPERATURE_DEGC
        gain = (
            self._gain
            + self._gain_per_k * warmth
            + self._gain_per_kpa * (pressure_kpa - REFERENCE_PRESSURE_KPA)
            + self._gain_per_s * at
            + walks[0]
        )
        zero = self._zero + self._zero_per_k * warmth + self._zero_per_s * at + walks[1]
        return (y * (1.0 + gain) + zero - self.zero_adjustment) * self.span_adjustment

    def share_before(self, share: float, fraction: float) -> float:
        """Return the share of a step of gas at which the indication has made a given share of its own step, 1.

        Args:
            share: of the indication, above 0 and below 1.
            fraction: height of the step, amount fraction of the component, 1.
        """
        if self._linear:
            return share
        end = float(self._detector.linearised(fraction))
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = float(self._detector.linearised(middle * fraction)) < share * end
            low, high = (middle, high) if below else (low, middle)
        return 0.5 * (low + high)

    def shown(self, value: Any) -> Any:
        """Return what the display makes of a value, amount fraction, 1; infinite beyond its range."""
        low, high = DISPLAY
        shown = quantised(value, self.resolution)
        shown = np.where(shown < low * self.full_scale, -np.inf, shown)
        return np.where(shown > high * self.full_scale, np.inf, shown)
