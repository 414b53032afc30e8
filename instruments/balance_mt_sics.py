"""Twin of a Mettler-Toledo balance that speaks MT-SICS levels 0 and 1, over a socket or a serial line.

Command set: METTLER TOLEDO Standard Interface Command Set, reference manual for Excellence balances (11780711), levels
0 and 1, with I10 and I11 of level 2, as remembered and as a public driver (InstrumentKit) uses it. Left out: internal
adjustment (C), application and configuration commands.

Physics: the weighing cell follows the load by a first-order lag, creeps after it, drifts, and is noisy; hidden are the
errors of sensitivity and linearity. A weight is stable when it has not moved by more than the stability criterion over
the stability time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.dialects.lines import LineInstrument
from instruments.noise import CountedNoise
from instruments.ports_mass import Pan
from instruments.signal import LowPass
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.link import Link
    from instruments.twin import Surroundings

LEVELS = '"01" "2.30" "2.22" "" ""'
"""Levels that are complete, and their versions, as I1 answers."""
COMMANDS = {
    0: ("@", "I0", "I1", "I2", "I3", "I4", "I5", "S", "SI", "SIR", "Z", "ZI"),
    1: ("D", "DW", "K", "SR", "T", "TA", "TAC", "TI"),
    2: ("I10", "I11"),
}
"""Commands by level, as I0 answers."""
STEP_S = 0.1
"""Period in which the balance looks whether the weight is stable, and repeats values, s."""
PATIENCE_S = 40.0
"""Time after which it gives up waiting for a stable weight, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a balance."""

    serial: str = "TWIN000001"
    """Serial number (I4)."""
    model: str = "XP205"
    """Model (I2, I11)."""
    capacity_g: float = 220.0
    """Maximum capacity, g."""
    readability_g: float = 1e-4
    """Scale interval d, g."""
    sensitivity_error: float = 0.0
    """Relative error of the sensitivity, 1."""
    linearity_g: float = 0.0
    """Largest error of linearity, at half of the capacity, g."""
    zero_drift_g_per_h: float = 0.0
    """Drift of the zero, g/h."""
    creep: float = 0.0
    """Share of a load by which the indication creeps after it, 1."""
    creep_time_s: float = 600.0
    """Time constant of the creep, s."""
    settling_time_s: float = 0.4
    """Time constant of the weighing cell and its filter, s."""
    noise_g: float = 0.0
    """Standard deviation of an indication, g."""
    stability_g: float = 1e-4
    """Largest change within the stability time that counts as stable, g."""
    stability_time_s: float = 1.0
    """Stability time, s."""

    def __post_init__(self) -> None:
        for name in (
            "capacity_g",
            "readability_g",
            "creep_time_s",
            "settling_time_s",
            "stability_g",
            "stability_time_s",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not self.noise_g >= 0.0:
            raise ValueError(f"noise_g must not be below 0, got {self.noise_g}")
        if len(self.serial) > 20 or '"' in self.serial:
            raise ValueError(f"serial must have at most 20 characters and no quote, got {self.serial!r}")


class Refused(Exception):
    """Answer a command with an error code of its own: `XX L`."""


class BalanceMtSics(LineInstrument[Parameters]):
    """Be the balance."""

    ends = b"\n"
    terminator = b"\r\n"

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the balance on: the zero is what lies on the pan, if that is within 10 % of the capacity."""
        super().__init__(parameters, surroundings)
        self._pan = surroundings.port("pan", Pan)
        self._cell = LowPass(self._pan.mass, parameters.settling_time_s)
        self._creep = LowPass(self._cell, parameters.creep_time_s)
        self._noise = CountedNoise(surroundings.rng)
        self.device_name = ""
        self.display = ""
        self._repeats: dict[Link, Call] = {}
        self._zero = 0.0
        self._tare = 0.0
        first = self._gross(self.now)
        self._zero = first if abs(first) <= 0.1 * parameters.capacity_g else 0.0

    # -- physics ------------------------------------------------------------------------------------------------------

    def _gross(self, at: float) -> float:
        """Return what the cell makes of the load at a bench time, before rounding and noise, g."""
        p = self.parameters
        settled = self._cell.value(at)
        creeping = settled - p.creep * (settled - self._creep.value(at))
        share = creeping / p.capacity_g
        bend = 4.0 * p.linearity_g * share * (1.0 - share)
        return creeping * (1.0 + p.sensitivity_error) + bend + p.zero_drift_g_per_h * at / 3600.0 - self._zero

    def _indication(self) -> float:
        """Return the gross indication now, with noise, g."""
        value = self._gross(self.now)
        if self.parameters.noise_g:
            value += self.parameters.noise_g * self._noise.normal(round(self.now / STEP_S))
        return value

    def stable(self) -> bool:
        """Tell whether the weight is stable now."""
        p = self.parameters
        before = max(0.0, self.now - p.stability_time_s)
        middle = 0.5 * (before + self.now)
        values = [self._gross(at) for at in (before, middle, self.now)]
        return max(values) - min(values) <= p.stability_g and p.noise_g <= p.stability_g

    def out_of_range(self) -> str:
        """Return "+" for an overload, "-" for an underload, nothing otherwise."""
        gross = self._gross(self.now)
        if gross > self.parameters.capacity_g + 9.0 * self.parameters.readability_g:
            return "+"
        return "-" if gross < -0.05 * self.parameters.capacity_g else ""

    def _written(self, grams: float) -> str:
        """Write a weight as the balance does: right-aligned in ten places, and the unit."""
        step = self.parameters.readability_g
        decimals = max(0, -_exponent(step))
        rounded = round(grams / step) * step
        return f"{rounded + 0.0:10.{decimals}f} g"

    def _net(self) -> str:
        return self._written(self._indication() - self._tare)

    # -- commands -----------------------------------------------------------------------------------------------------

    def urgent(self, message: str) -> bool:
        """See `LineInstrument.urgent`: @ breaks everything off."""
        return message.strip() == "@"

    def handle(self, message: str) -> None:
        """See `LineInstrument.handle`."""
        text = message.strip("\r\x00 ")
        command, _, rest = text.partition(" ")
        actions: dict[str, Callable[[str, str], None]] = {
            "@": self._reset,
            "S": self._stable_value,
            "SI": self._value_now,
            "SIR": self._repeat,
            "SR": self._repeat_stable,
            "Z": self._zero_stable,
            "ZI": self._zero_now,
            "T": self._tare_stable,
            "TI": self._tare_now,
            "TA": self._tare_value,
            "TAC": self._clear_tare,
            "D": self._show,
            "DW": self._show_weight,
            "K": self._keys,
            **dict.fromkeys(("I0", "I1", "I2", "I3", "I4", "I5", "I10", "I11"), self._inform),
        }
        action = actions.get(command)
        if action is None:
            self.answer("ES")
            return
        if self.asker is not None and command in ("S", "SI", "SIR", "SR"):
            self._stop_repeating(self.asker)
        if rest and command not in ("SR", "TA", "D", "K", "I10"):
            self.answer("ES")
            return
        try:
            action(command, rest.strip())
        except Refused:
            self.answer(f"{command} L")

    def reset(self) -> None:
        """Go to the state after @: nothing is repeated, the tare is forgotten, the zero is kept."""
        for link in tuple(self._repeats):
            self._stop_repeating(link)
        self._tare = 0.0
        self.display = ""

    def _reset(self, _command: str, _rest: str) -> None:
        self.reset()
        self.answer(f'I4 A "{self.parameters.serial}"')

    def _await_stable(self, command: str, then: Callable[[], str]) -> None:
        """Answer with what `then()` says once the weight is stable; `XX I` when that takes too long."""
        deadline = self.now + PATIENCE_S

        def look() -> None:
            sign = self.out_of_range()
            if sign:
                self.answer(f"{command} {sign}")
            elif self.stable():
                self.answer(then())
            elif self.now >= deadline:
                self.answer(f"{command} I")
            else:
                self.wait(self.now + STEP_S, look)

        look()

    def _stable_value(self, _command: str, _rest: str) -> None:
        self._await_stable("S", lambda: f"S S {self._net()}")

    def _present(self) -> str:
        sign = self.out_of_range()
        return f"S {sign}" if sign else f"S {'S' if self.stable() else 'D'} {self._net()}"

    def _value_now(self, _command: str, _rest: str) -> None:
        self.later(self.now + self.turnaround_s, self._present)

    def _stop_repeating(self, link: Link) -> None:
        call = self._repeats.pop(link, None)
        if call is not None:
            call.cancel()

    def _repeat(self, _command: str, _rest: str) -> None:
        link = self.asker
        assert link is not None

        def send() -> None:
            if link in self.links:
                link.respond(self._present().encode("ascii") + self.terminator)
                self._repeats[link] = self.clock.call_at(self.now + STEP_S, send)

        self._repeats[link] = self.clock.call_at(self.now + self.turnaround_s, send)
        self.silence()

    def _repeat_stable(self, _command: str, rest: str) -> None:
        """Send a stable value now; after each change a dynamic one when it begins, and a stable one when it ends."""
        link = self.asker
        assert link is not None
        threshold = self._grams(rest) if rest else max(0.125 * 10 * self.parameters.readability_g, 0.0)
        last: list[float | None] = [None]
        moving = [True]

        def look() -> None:
            if link not in self.links:
                return
            value = self._indication() - self._tare
            if moving[0] and self.stable():
                moving[0] = False
                last[0] = value
                link.respond(f"S S {self._written(value)}".encode("ascii") + self.terminator)
            elif not moving[0] and last[0] is not None and abs(value - last[0]) > threshold:
                moving[0] = True
                link.respond(f"S D {self._written(value)}".encode("ascii") + self.terminator)
            self._repeats[link] = self.clock.call_at(self.now + STEP_S, look)

        self._repeats[link] = self.clock.call_at(self.now + self.turnaround_s, look)
        self.silence()

    def _set_zero(self) -> bool:
        """Take what lies on the pan as zero, if it is within 2 % of the capacity; the tare is cleared."""
        gross = self._gross(self.now)
        if abs(gross) > 0.02 * self.parameters.capacity_g:
            return False
        self._zero += gross
        self._tare = 0.0
        return True

    def _zero_stable(self, _command: str, _rest: str) -> None:
        def then() -> str:
            sign = "+" if self._gross(self.now) > 0 else "-"
            return "Z A" if self._set_zero() else f"Z {sign}"

        self._await_stable("Z", then)

    def _zero_now(self, _command: str, _rest: str) -> None:
        state = "S" if self.stable() else "D"
        sign = "+" if self._gross(self.now) > 0 else "-"
        self.answer(f"ZI {state}" if self._set_zero() else f"ZI {sign}")

    def _take_tare(self) -> str:
        self._tare = self._gross(self.now)
        return self._written(self._tare)

    def _tare_stable(self, _command: str, _rest: str) -> None:
        def then() -> str:
            return f"T S {self._take_tare()}" if self._gross(self.now) > -self.parameters.readability_g else "T -"

        self._await_stable("T", then)

    def _tare_now(self, _command: str, _rest: str) -> None:
        sign = self.out_of_range()
        if sign:
            self.answer(f"TI {sign}")
            return
        self.answer(f"TI {'S' if self.stable() else 'D'} {self._take_tare()}")

    def _grams(self, text: str) -> float:
        """Return the weight that a command carries, g.

        Raises:
            Refused: it is no weight in grams.
        """
        number, _, unit = text.partition(" ")
        try:
            value = float(number)
        except ValueError:
            raise Refused from None
        if unit.strip() != "g" or not 0.0 <= value <= self.parameters.capacity_g:
            raise Refused
        return value

    def _tare_value(self, _command: str, rest: str) -> None:
        if rest:
            self._tare = self._grams(rest)
        self.answer(f"TA A {self._written(self._tare)}")

    def _clear_tare(self, _command: str, _rest: str) -> None:
        self._tare = 0.0
        self.answer("TAC A")

    def _text(self, rest: str) -> str:
        if len(rest) < 2 or rest[0] != '"' or rest[-1] != '"':
            raise Refused
        return rest[1:-1]

    def _show(self, _command: str, rest: str) -> None:
        self.display = self._text(rest)
        self.answer("D A")

    def _show_weight(self, _command: str, _rest: str) -> None:
        self.display = ""
        self.answer("DW A")

    def _keys(self, _command: str, rest: str) -> None:
        if rest not in ("1", "2", "3", "4"):
            raise Refused
        self.answer("K A")

    def _inform(self, command: str, rest: str) -> None:
        p = self.parameters
        if command == "I0":
            entries = [(level, name) for level, names in COMMANDS.items() for name in names]
            for level, name in entries[:-1]:
                self.say(f'I0 B {level} "{name}"')
            level, name = entries[-1]
            self.answer(f'I0 A {level} "{name}"')
            return
        if command == "I10" and rest:
            name = self._text(rest)
            if len(name) > 20:
                raise Refused
            self.device_name = name
            self.answer("I10 A")
            return
        decimals = max(0, -_exponent(p.readability_g))
        answers = {
            "I1": LEVELS,
            "I2": f'"{p.model} Excellence {p.capacity_g:.{decimals}f} g"',
            "I3": '"2.10 10.28.0.493.142"',
            "I4": f'"{p.serial}"',
            "I5": '"12121306C"',
            "I10": f'"{self.device_name}"',
            "I11": f'"{p.model}"',
        }
        self.answer(f"{command} A {answers[command]}")

    def overrun(self) -> None:
        """Take note of a line that is too long: nothing is answered before its end, so it is lost."""

    def disconnect(self, link: Link) -> None:
        """See `Engine.disconnect`; values are repeated no more."""
        self._stop_repeating(link)
        super().disconnect(link)


def _exponent(step: float) -> int:
    """Return the power of ten of the leading digit of a scale interval."""
    return int(f"{step:e}".split("e")[1])


twin = Kind(parameters=Parameters, ports={"pan": Pan}, optional_ports=frozenset({"pan"}), build=BalanceMtSics)
"""What a station builds by `twin: balance_mt_sics`."""
