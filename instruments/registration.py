"""How a DC energy meter registers energy: filter, multiply, decide the direction, accumulate, give pulses.

    u, i ──> first-order low-pass (bandwidth) ──> u'·(i' + i_th)·gain(T, t, i') ──> |i'| below start? ──> accumulate

All of it is exact in time; see docs/dc_energy_twin.md for the equations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import Accumulated, Derived, LowPass, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.noise import CountedNoise
    from instruments.signal import Piece
    from instruments.terms import Terms

JOULES_PER_KWH = 3.6e6
REFERENCE_TEMPERATURE_DEGC = 23.0
"""Temperature at which errors are stated, °C."""
JITTER_LIMIT = 3.0
"""Standard deviations at which the jitter of a pulse is cut off, so that pulses stay in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Hold the properties of the measuring element."""

    gain_error: float
    """Relative error without load dependence, 1."""
    linear_error: float
    """Relative error added at the rated current in proportion to |i|/I_n, 1."""
    quadratic_error: float
    """Relative error added at the rated current in proportion to (i/I_n)² (self-heating of the shunt), 1."""
    offset_current_a: float
    """Offset of the current input (thermal EMF), A; it keeps its sign when the current is reversed."""
    temperature_coefficient_per_k: float
    """Relative change of the gain, 1/K, from 23 °C."""
    drift_per_h: float
    """Relative change of the gain from bench time 0, 1/h."""
    rated_current_a: float
    """I_n, A."""
    time_constant_s: float
    """Time constant of the low-pass of both inputs, s; 0 for none."""
    starting_current_a: float
    """Magnitude of the current below which nothing is registered, A."""
    creep_power_w: float
    """Power registered below the starting current while rated voltage is applied, W; 0 for a sound meter."""
    rated_voltage_v: float
    """U_n, V."""

    def true_error(self, current: float, at: float = 0.0) -> float:
        """Return the relative error of registered power at reference conditions, 1.

        Args:
            current: true current, A; below zero for export.
            at: bench time, s (drift).
        """
        seen = current + self.offset_current_a
        if abs(seen) < self.starting_current_a:
            return -1.0
        load = abs(seen) / self.rated_current_a
        gain = 1.0 + self.gain_error + self.linear_error * load + self.quadratic_error * load**2
        return seen / current * (gain + self.drift_per_h * at / 3600.0) - 1.0


class Flow(Derived):
    """Follow the magnitude of the registered power, W; `sign` tells its direction piece by piece."""

    __slots__ = ("_element", "_function", "sign")

    def __init__(self, element: Registration, voltage: Signal, current: Signal, temperature: Signal) -> None:
        """Wire the measuring element.

        Args:
            element: its properties.
            voltage: voltage at the terminals, V.
            current: current as the input sees it, without the offset, A.
            temperature: of the meter, °C.
        """
        self._element = element
        self.sign = Signal()
        """+1 import, -1 export, 0 below the starting current."""
        gain = Signal()
        drift = element.drift_per_h / 3600.0
        gain.replace_from(0.0, [(0.0, algebra.line(1.0 + element.gain_error, drift))])
        inputs = [voltage, current, gain]
        if element.time_constant_s:
            inputs[:2] = LowPass(voltage, element.time_constant_s), LowPass(current, element.time_constant_s)
        if element.temperature_coefficient_per_k:
            inputs.append(temperature)
        super().__init__(*inputs)

    def derive(self, at: float) -> list[Piece]:
        """Multiply what the filters let through, and cut where the current crosses the starting current."""
        pieces: list[Piece] = []
        signs: list[Piece] = []
        while at < math.inf:
            end, together = math.inf, []
            for source in self._inputs:
                start, stop, terms = source.piece(at)
                together.append(terms if start == at else algebra.shift(terms, at - start))
                if stop < end:
                    end = stop
            u, i, *gains = together
            i = algebra.add(i, algebra.constant(self._element.offset_current_a))
            for begin, sign in self._directions(i, end - at):
                rate = self._rate(u, i, gains, sign)
                pieces.append((at + begin, algebra.shift(rate, begin)))
                signs.append((at + begin, algebra.constant(sign)))
            at = end
        self.sign.replace_from(pieces[0][0], signs)
        return pieces

    def _directions(self, current: Terms, span: float) -> list[tuple[float, int]]:
        """Return where each direction begins within a piece, and which it is."""
        smooth, start = algebra.slow(current), self._element.starting_current_a
        low, high = algebra.bounds(smooth, span)
        if low > start or high < -start:
            return [(0.0, 1 if low > start else -1)]
        cuts = [0.0]
        if not algebra.is_level(smooth):
            cuts += sorted(tau for level in (-start, start) for tau in algebra.crossings(smooth, level, span))
        found: list[tuple[float, int]] = []
        for begin, end in zip(cuts, [*cuts[1:], span], strict=True):
            if end <= begin:
                continue
            middle = algebra.value(smooth, begin + 1.0 if end == math.inf else 0.5 * (begin + end))
            sign = 0 if abs(middle) < start else int(math.copysign(1.0, middle))
            if not found or found[-1][1] != sign:
                found.append((begin, sign))
        return found

    def _rate(self, u: Terms, i: Terms, gains: list[Terms], sign: int) -> Terms:
        element = self._element
        if not sign:
            return algebra.scale(u, element.creep_power_w / element.rated_voltage_v)
        gain, *temperature = gains
        if temperature:
            warmth = algebra.add(temperature[0], algebra.constant(-REFERENCE_TEMPERATURE_DEGC))
            gain = algebra.add(gain, algebra.scale(warmth, element.temperature_coefficient_per_k))
        load = algebra.scale(i, sign / element.rated_current_a)
        if element.linear_error:
            gain = algebra.add(gain, algebra.scale(load, element.linear_error))
        if element.quadratic_error:
            gain = algebra.add(gain, algebra.scale(algebra.multiply(load, load), element.quadratic_error))
        return algebra.multiply(algebra.scale(algebra.multiply(u, i), float(sign)), gain)


class EnergyPulses:
    """Give a pulse for each quantum of energy, import and export alike; the residue is carried on for ever."""

    def __init__(self, flow: Flow, constant_per_kwh: float, residue: float, jitter: float, noise: CountedNoise) -> None:
        """Wire the pulse output.

        Args:
            flow: registered power.
            constant_per_kwh: pulses per kWh.
            residue: share of a pulse that stood in the accumulator at bench time 0, 0 to 1.
            jitter: standard deviation of a pulse's place, in pulses.
            noise: draws by pulse number.
        """
        self.energy = Accumulated(flow)
        """Registered energy since bench time 0, J."""
        self._flow = flow
        self._quantum = JOULES_PER_KWH / constant_per_kwh
        self._residue = residue
        self._jitter = jitter
        self._noise = noise
        self._listened: list[Signal] = []

    def _place(self, index: int) -> float:
        """Return the energy at which a pulse is given, in pulses since the accumulator was empty."""
        place = index + 1.0
        if self._jitter:
            draw = self._noise.normal(index)
            place += self._jitter * min(max(draw, -JITTER_LIMIT), JITTER_LIMIT)
        return place

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time."""
        held = self.energy.value(at) / self._quantum + self._residue
        whole = math.floor(held)
        if whole and self._place(whole - 1) > held:
            return whole - 1
        return whole + 1 if self._place(whole) <= held else whole

    def edge(self, index: int) -> float:
        """Return the bench time of an edge, s; infinite if none is to come as things stand."""
        return self.energy.time_of((self._place(index) - self._residue) * self._quantum)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""
        for signal in self._listened:
            signal.listeners.append(listener)

    def listen_to(self, *signals: Signal) -> None:
        """Name the written signals on which the pulses depend."""
        self._listened.extend(signals)


class Registers:
    """Hold the energies of both directions, J since bench time 0."""

    def __init__(self, flow: Flow, total: Accumulated) -> None:
        self._flow = flow
        self._total = total

    def imported(self, at: float) -> float:
        """Return the imported energy (creep included), J."""
        self._flow.sync()  # which writes the sign
        total = self._total.value
        energy, since = 0.0, None
        for start, sign in self._flow.sign.pieces_from(0.0):
            if start > at:
                break
            exports = algebra.value(sign, 0.0) < 0.0
            if since is None and not exports:
                since = total(start)
            elif since is not None and exports:
                energy += total(start) - since
                since = None
        return energy if since is None else energy + total(at) - since

    def exported(self, at: float) -> float:
        """Return the exported energy as a positive number, J."""
        return max(0.0, self._total.value(at) - self.imported(at))
