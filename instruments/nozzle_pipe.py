"""The pipe of a nozzle rig around a settled state: flows as Taylor series of second order in pressure and temperature.

What is left out is of the order of the deviations' cubes: 1e-9 in steady operation, 1e-6 in the wildest transient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.gas_properties import Gas
    from instruments.nozzle_bank import NozzleBank
    from instruments.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Hold a settled state of the pipe."""

    p_meter: float
    """Pressure at the meter, Pa."""
    p_inlet: float
    """Stagnation pressure before the nozzles, Pa."""
    share: float
    """Flow by the critical one, 1; 0 with all nozzles shut."""
    p_back: float = 0.0
    """Pressure behind the nozzles, Pa; 0: that of the supply."""


class Writer:
    """Turn deviations of pressure and temperature from a settled state into courses of all signals of the pipe."""

    def __init__(self, bank: NozzleBank, gas: Gas, settled: Settled, T_meter: float, density: float) -> None:
        """Work out the coefficients.

        Args:
            bank: whose nozzles are open.
            gas: what flows.
            settled: the settled state.
            T_meter: temperature at the meter in it, K.
            density: density at the meter in it, kg/m³.
        """
        self._settled, self._T_meter = settled, T_meter
        self._flows = settled.share > 0.0
        p, rig = bank.parameters, bank.rig
        self._T0 = T_meter + p.nozzle_warmer_k
        self._static, self._recovered = 1.0, 1.0
        self.flow = 0.0
        """Volume flow at the meter in the settled state, m³/s."""
        if not self._flows:
            return
        self._static, self._recovered = bank.manifold(gas, settled.p_inlet, self._T0)
        self._settling = bank.settling()

        def mass(dp: float, dT: float) -> float:
            return settled.share * bank.mass(gas, settled.p_inlet + dp, self._T0 + dT)

        def density_at(dp: float, dT: float) -> float:
            return gas.density(settled.p_meter + dp, T_meter + dT)

        hp, hT = 1e-3 * settled.p_meter, 1.0
        masses, densities = _six(mass, hp, hT), _six(density_at, hp, hT)
        self._mass = _taylor(masses, hp, hT)
        volumes = [m / d for m, d in zip(masses, densities, strict=True)]
        self._volume = _taylor(volumes, hp, hT)
        self.flow = volumes[0]
        line = _taylor(densities, hp, hT)
        # Line pack: what the line takes up goes through the meter, and not through the nozzles; so does what leaks out.
        self._pack_p = rig.parameters.volume_m3 * line[1] / density
        self._pack_T = rig.parameters.volume_m3 * line[2] / density
        excess = (settled.p_meter - 1e3 * bank.room.pressure.value(bank.now)) / 1e3
        self._leak = p.leak_kg_per_s_kpa * excess / density

    def courses(self, dp: Terms, dT: Terms, after: float) -> tuple[Terms, ...]:
        """Return the courses of the pipe's signals, in the order in which the bank writes them."""
        add, constant, scale = algebra.add, algebra.constant, algebra.scale
        settled = self._settled
        mass = volume = algebra.ZERO
        if self._flows:
            products = algebra.multiply(dp, dp), algebra.multiply(dp, dT), algebra.multiply(dT, dT)
            settling = algebra.shift(self._settling, after)
            mass = algebra.multiply(_series(self._mass, dp, dT, products), settling)
            volume = algebra.multiply(_series(self._volume, dp, dT, products), settling)
            volume = add(volume, scale(algebra.derivative(dp), self._pack_p))
            volume = add(volume, scale(algebra.derivative(dT), self._pack_T))
            volume = _pruned(add(volume, constant(self._leak)))
        inlet = scale(add(constant(settled.p_inlet), dp), self._static)
        return (
            add(constant(settled.p_meter), dp),
            add(constant(self._T_meter), dT),
            inlet,
            scale(add(constant(self._T0), dT), self._recovered),
            constant(settled.p_back) if settled.p_back else add(constant(settled.p_meter), dp),
            _pruned(mass),
            volume,
        )


def _six(function: Callable[[float, float], float], hp: float, hT: float) -> list[float]:
    """Return a function at the six places that a Taylor series of second order needs."""
    return [
        function(0.0, 0.0),
        function(hp, 0.0),
        function(-hp, 0.0),
        function(0.0, hT),
        function(0.0, -hT),
        function(hp, hT),
    ]


def _taylor(f: list[float], hp: float, hT: float) -> tuple[float, ...]:
    """Return value, first derivatives, and the coefficients of the squares p², pT and T²."""
    zero, right, left, up, down, corner = f
    by_p, by_T = (right - left) / (2.0 * hp), (up - down) / (2.0 * hT)
    square_p, square_T = (right - 2.0 * zero + left) / (2.0 * hp**2), (up - 2.0 * zero + down) / (2.0 * hT**2)
    mixed = (corner - right - up + zero) / (hp * hT)
    return zero, by_p, by_T, square_p, mixed, square_T


def _series(c: tuple[float, ...], dp: Terms, dT: Terms, products: tuple[Terms, Terms, Terms]) -> Terms:
    total = algebra.constant(c[0])
    for factor, terms in zip(c[1:], (dp, dT, *products), strict=True):
        total = algebra.add(total, algebra.scale(terms, factor))
    return total


def _pruned(terms: Terms) -> Terms:
    """Drop what would not change a flow by 1e-9 within ten hours."""
    largest = max((abs(c) for c in terms.values()), default=0.0)
    return {key: c for key, c in terms.items() if abs(c) * 36000.0 ** key[1] > 1e-9 * largest}
