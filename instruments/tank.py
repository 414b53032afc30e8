"""A weigh tank on a balance: what flows in, evaporates and is drained, as the balance below it sees it.

The pan carries what a balance indicates of the water: its mass less the lift of the air (`instruments.water`), and the
in-place weights that stand on it. The mass is the integral of the inflow, in closed form piece by piece.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import Pointwise, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.ports_mass import Pan
    from instruments.ports_water import WaterPipe
    from instruments.signal import Piece
    from instruments.terms import Terms

GRAMS = 1000.0
"""Grams per kilogram."""


def primitive(terms: Terms, initial: float) -> Terms:
    """Return y with dy/dτ = x and y(0) = initial."""
    y: dict[algebra.Key, complex] = {}

    def put(key: algebra.Key, c: complex) -> None:
        y[key] = y.get(key, 0j) + c

    for (rate, power), c in terms.items():
        if not rate:
            put((0j, power + 1), c / (power + 1))
            continue
        factor = c / rate
        for j in range(power + 1):  # by parts: Σ (-1)^j·k!/(k-j)!·τ^(k-j)/λ^(j+1)
            put((rate, power - j), factor)
            factor *= -(power - j) / rate
    put(algebra.LEVEL, complex(initial - algebra.value(y, 0.0)))
    return y


class Tank:
    """Hold the water; every change is written from now on, the past stays."""

    def __init__(self, pipe: WaterPipe, pan: Pan, indicated: Callable[[], float], evaporation_g_per_s: float) -> None:
        """Put an empty tank on the pan: what already lies there is its wetness.

        Args:
            pipe: where the water comes from.
            pan: what carries the tank.
            indicated: share of a mass of water that a balance indicates now, 1.
            evaporation_g_per_s: loss of water into the air, g/s.
        """
        self.pan = pan
        self.share = Signal()
        """Share of the flow that falls into the tank, 0 to 1."""
        density = Pointwise(pipe.density_course, pipe.temperature)

        def inflow(flow: Terms, share: Terms, rho: Terms) -> Terms:
            return algebra.multiply(algebra.multiply(flow, share), rho) if share else algebra.ZERO

        self._inflow = Pointwise(inflow, pipe.flow, self.share, density)
        self._indicated = indicated
        self._evaporation = evaporation_g_per_s
        self._weights_g = 0.0
        self._drained_at = 0.0
        self.write(0.0)

    def write(self, now: float, jump_g: float = 0.0) -> None:
        """Work out the mass on the pan from `now` (s) on; call it after each change of the flow or the share."""
        if now < self._drained_at and not jump_g:
            return  # nothing flows in while the tank is drained
        state = self.pan.mass.value(now) + jump_g
        scale = GRAMS * self._indicated()
        loss = algebra.constant(-self._evaporation)
        pieces: list[Piece] = []
        inflow = self._inflow.pieces_from(now)
        for index, (start, terms) in enumerate(inflow):
            mass = primitive(algebra.add(algebra.scale(terms, scale), loss), state)
            pieces.append((start, mass))
            if index + 1 < len(inflow):
                state = algebra.value(mass, inflow[index + 1][0] - start)
        self.pan.mass.replace_from(now, pieces)

    def water_g(self, at: float) -> float:
        """Return what a balance would indicate of the water, g."""
        return self.pan.mass.value(at) - self._weights_g

    def divert(self, now: float, pieces: list[Piece]) -> None:
        """Let these shares (1) of the flow fall into the tank from `now` (s) on; the first piece may begin later."""
        lead = [(now, algebra.ZERO)] if pieces and pieces[0][0] > now else []
        self.share.replace_from(now, lead + pieces or [(now, algebra.ZERO)])
        self.write(now)

    def drain(self, now: float, rate_g_per_s: float, residue_g: float) -> float:
        """Let the water out at a rate (g/s) down to a residue (g); returns when that is reached, bench time, s."""
        water = self.water_g(now)
        if water <= residue_g:
            return now
        end = self._drained_at = now + (water - residue_g) / rate_g_per_s
        start = self.pan.mass.value(now)
        self.pan.mass.replace_from(
            now,
            [
                (now, algebra.line(start, -rate_g_per_s)),
                (end, algebra.line(residue_g + self._weights_g, -self._evaporation)),
            ],
        )
        return end

    def stop_draining(self, now: float) -> None:
        """Shut the drain valve now."""
        self._drained_at = now
        self.write(now)

    def load(self, now: float, weights_g: float) -> None:
        """Let in-place weights of this total (g) stand on the tank from now on."""
        jump, self._weights_g = weights_g - self._weights_g, weights_g
        if not math.isclose(jump, 0.0, abs_tol=1e-9):
            self.write(now, jump)
