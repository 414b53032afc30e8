"""What a mass flow controller does beside its span error: bend, hysteresis, and a new small error at each setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instruments.noise import CountedNoise

_SETTINGS = 1 << 40
"""First index of the draws for settings, beyond those for readings."""


class FlowErrors:
    """Hold what separates the flow from what the controller believes, in l/min; all of it is 0 at zero flow.

    With u the share of full scale Q, a setting gives Q·(4·u·(1 - u)·(bend ± hysteresis) + resetting·N), N normal and
    drawn anew at each setting. Shares of full scale weigh the more the smaller the flow: that is what limits turndown.
    """

    def __init__(
        self, noise: CountedNoise, *, full_scale: float, bend: float, hysteresis: float, resetting: float
    ) -> None:
        """Begin at zero flow.

        Args:
            noise: chance.
            full_scale: Q, l/min.
            bend: non-linearity at mid-scale, share of full scale.
            hysteresis: half of the difference between rising and falling settings at mid-scale, share of full scale.
            resetting: standard deviation of a setting that is made again, share of full scale.
        """
        self._noise = noise
        self._full_scale = full_scale
        self._bend, self._hysteresis, self._resetting = bend, hysteresis, resetting
        self._setting, self._count, self._draw, self._rising = 0.0, 0, 0.0, True

    def set(self, flow: float) -> None:
        """Take a new setting, l/min; the same setting again changes nothing."""
        if flow == self._setting:
            return
        self._rising, self._setting = flow > self._setting, flow
        self._count += 1
        self._draw = self._noise.normal(_SETTINGS + self._count) if self._resetting else 0.0

    def error(self) -> float:
        """Return the error of the flow at the present setting, l/min."""
        u = self._setting / self._full_scale
        if u <= 0.0:
            return 0.0
        bend = self._bend + (self._hysteresis if self._rising else -self._hysteresis)
        return self._full_scale * (4.0 * u * (1.0 - u) * bend + self._resetting * self._draw)
