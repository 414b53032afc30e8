"""Twin of a dynamic diluter's valves and mixing chamber (ISO 6145-7): two lines, each with its controller, are joined.

Generic; the commands are invented. The controllers are instruments of their own on the lines `parent` and `diluent`;
this one says where each line goes (mixing chamber, prover, nowhere), which gas enters the parent line (the parent gas,
or diluent to purge it), and what leaves the outlet (nothing, the blend, a check gas, or diluent as zero gas).

Physics: the share w of parent flow in the chamber follows that of the two flows by two lags, the controllers' and the
chamber's V/q; the outlet line adds a third. The parent line is purged by its dead volume over its flow. The blend is
x = w·x_parent + (1 - w)·x_diluent. Cylinders give what is drawn, and run empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_cylinder import Cylinder
from instruments.ports_gas import GasLine, approach
from instruments.scpi import Choice, Fixed, Identity, Query, ScpiInstrument, Setting
from instruments.signal import Signal, low_passed
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instruments.signal import Piece
    from instruments.terms import Terms
    from instruments.twin import Surroundings

LATER_S = 1e5
"""Time after which every transient is over, s."""
LEAST_FLOW = 1e-6
"""Flow below which a volume is not flushed, l/min."""
DEAD, MIX, PROVER = "OFF", "MIXer", "PROVer"
GAS, PURGE = "GAS", "PURGe"
BLEND, CHECK, ZERO = "BLENd", "CHECk", "ZERO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a diluter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    component: str = "CO2"
    """Component whose fraction is produced."""
    regulator_kpa: float = 300.0
    """Absolute pressure that the regulators give to the controllers, kPa."""
    parent_volume_ml: float = 20.0
    """Dead volume of the parent line between inlet valve and chamber, ml."""
    mixing_volume_ml: float = 150.0
    """Volume of the mixing chamber, ml."""
    outlet_volume_ml: float = 15.0
    """Volume of the outlet line, ml."""
    control_time_s: float = 0.5
    """Time constant with which the ratio of the flows arrives at the chamber, s."""
    bypass_l_per_min: float = 0.5
    """Flow of check and zero gas at the outlet, standard l/min."""
    leak_l_per_min: float = 0.0
    """Diluent that enters the chamber past its controller while it is routed there, standard l/min; 0 if tight."""

    def __post_init__(self) -> None:
        for name in ("parent_volume_ml", "mixing_volume_ml", "outlet_volume_ml", "control_time_s", "bypass_l_per_min"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class GasDiluter(ScpiInstrument[Parameters]):
    """Be the diluter; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="GD-2", firmware="1.0")
    commands = (
        Setting(
            "ROUTe:PARent",
            Choice(options=(DEAD, MIX, PROVER), default=DEAD),
            attribute="parent_to",
            doc="Where the parent goes.",
        ),
        Setting(
            "ROUTe:DILuent",
            Choice(options=(DEAD, MIX, PROVER), default=DEAD),
            attribute="diluent_to",
            doc="Where diluent goes.",
        ),
        Setting(
            "INLet:PARent",
            Choice(options=(GAS, PURGE), default=PURGE),
            attribute="inlet",
            doc="What enters the parent line.",
        ),
        Setting(
            "OUTLet:SELect",
            Choice(options=(DEAD, BLEND, CHECK, ZERO), default=DEAD),
            attribute="outlet_of",
            doc="What leaves.",
        ),
        Query("MIXer:PRESsure?", method="pressure", reply=Fixed(3), doc="Absolute pressure of the chamber, kPa."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch on with all valves shut."""
        super().__init__(parameters, surroundings)
        self._parent = surroundings.port("parent", GasLine)
        self._diluent = surroundings.port("diluent", GasLine)
        self._prover = surroundings.port("prover", GasLine)
        self._outlet = surroundings.port("outlet", GasLine)
        self._cylinders = {name: surroundings.port(name, Cylinder) for name in ("parent_gas", "diluent_gas", "check")}
        self._routes = {"parent": DEAD, "diluent": DEAD}
        self._inlet, self._outlet_of = PURGE, DEAD
        self._arriving, self._share = Signal(), Signal()
        self._purged_at = 0.0
        gases = {gas for cylinder in self._cylinders.values() for gas in cylinder.fractions}
        diluent = self._cylinders["diluent_gas"].fractions
        for line in (self._parent, self._diluent, self._prover, self._outlet):
            for gas in {*gases, *line.gases}:
                line.fraction(gas).replace_from(0.0, [(0.0, algebra.constant(diluent.get(gas, 0.0)))])
        self._blend = {gas: Signal(diluent.get(gas, 0.0)) for gas in self._parent.gases}
        for line in (self._parent, self._diluent):
            line.flow.listeners.append(self._follow)
        for cylinder in self._cylinders.values():
            cylinder.on_empty(self._supply)
        self._supply()
        self._follow()

    # -- commands -----------------------------------------------------------------------------------------------------

    @property
    def parent_to(self) -> str:
        """Where the parent line goes."""
        return self._routes["parent"]

    @parent_to.setter
    def parent_to(self, where: str) -> None:
        self._routes["parent"] = where
        self._supply()
        self._follow()

    @property
    def diluent_to(self) -> str:
        """Where the diluent line goes."""
        return self._routes["diluent"]

    @diluent_to.setter
    def diluent_to(self, where: str) -> None:
        self._routes["diluent"] = where
        self._supply()
        self._follow()

    @property
    def inlet(self) -> str:
        """What enters the parent line."""
        return self._inlet

    @inlet.setter
    def inlet(self, what: str) -> None:
        if what != self._inlet:
            self._inlet = what
            self._supply()
            self._follow()

    @property
    def outlet_of(self) -> str:
        """What leaves the outlet."""
        return self._outlet_of

    @outlet_of.setter
    def outlet_of(self, what: str) -> None:
        self._outlet_of = what
        self._follow()

    def pressure(self) -> float:
        """Return the absolute pressure of the chamber, kPa."""
        return self._outlet.pressure.value(self.now)

    # -- physics ------------------------------------------------------------------------------------------------------

    def _inflow(self) -> Mapping[str, float]:
        """Return the composition of what enters the parent line."""
        return self._cylinders["parent_gas" if self._inlet == GAS else "diluent_gas"].fractions

    def _purge(self) -> None:
        """Let the gas in the parent line go over to what enters, by its dead volume over its flow."""
        now, line = self.now, self._parent
        flow, target = line.flow.value(now + LATER_S), self._inflow()
        before = {gas: signal.value(now + LATER_S) for gas, signal in line.gases.items()}
        for gas, signal in line.gases.items():
            value, wanted = signal.value(now), target.get(gas, 0.0)
            if flow > LEAST_FLOW:
                pieces = approach(now, value, wanted, self.parameters.parent_volume_ml / 1e3 / flow * 60.0)
            else:
                pieces = [(now, algebra.constant(value))]
            signal.replace_from(now, pieces)
        if any(signal.value(now + LATER_S) != before[gas] for gas, signal in line.gases.items()):
            self._supply()  # the controller passes another amount of another gas: it looks at its line again

    def _supply(self) -> None:
        """Give the controllers the pressure of their cylinders; none where the line is shut, so that nothing flows."""
        now = self.now
        for line, key in ((self._parent, "parent_gas"), (self._diluent, "diluent_gas")):
            cylinder = self._cylinders["diluent_gas" if line is self._parent and self._inlet == PURGE else key]
            routed = self._routes["parent" if line is self._parent else "diluent"] != DEAD
            there = routed and cylinder.connected and not cylinder.empty(now)
            level = self.parameters.regulator_kpa if there else line.pressure.value(now)
            line.inlet_pressure.replace_from(now, [(now, algebra.constant(level))])

    def _follow(self) -> None:
        """Work out from now on what goes where."""
        now = self.now
        self._purge()
        flows = {"parent": self._parent.flow.value(now + LATER_S), "diluent": self._diluent.flow.value(now + LATER_S)}
        self._draw(flows)
        self._fill_prover()
        mixed = {name: flow if self._routes[name] == MIX else 0.0 for name, flow in flows.items()}
        if self._routes["diluent"] == MIX:
            mixed["diluent"] += self.parameters.leak_l_per_min
        total = mixed["parent"] + mixed["diluent"]
        self._mix(mixed["parent"] / total if total > LEAST_FLOW else None, total)
        self._leave(total)

    def _draw(self, flows: Mapping[str, float]) -> None:
        parent = flows["parent"]
        by_parent = parent if self._inlet == GAS else 0.0
        self._cylinders["parent_gas"].draw(by_parent, self.name)
        bypass = self.parameters.bypass_l_per_min
        zero = bypass if self._outlet_of == ZERO else 0.0
        self._cylinders["diluent_gas"].draw(flows["diluent"] + parent - by_parent + zero, self.name)
        self._cylinders["check"].draw(bypass if self._outlet_of == CHECK else 0.0, self.name)

    def _fill_prover(self) -> None:
        now, lines = self.now, {"parent": self._parent, "diluent": self._diluent}
        there = [line for name, line in lines.items() if self._routes[name] == PROVER]
        flow = self._prover.flow
        if not there:
            flow.replace_from(now, [(now, algebra.ZERO)])
            return
        flows = [line.flow for line in there]
        flow.replace_from(now, flows[0].pieces_from(now) if len(flows) == 1 else _from(now, algebra.add, *flows))
        for gas, signal in there[0].gases.items():
            self._prover.fraction(gas).replace_from(now, signal.pieces_from(now))

    def _mix(self, share: float | None, total: float) -> None:
        """Let the chamber go towards a share of parent flow; None while nothing flows."""
        now, p = self.now, self.parameters
        if share is None:
            for signal in (self._arriving, self._share):
                signal.replace_from(now, [(now, algebra.constant(signal.value(now)))])
        else:
            arriving = low_passed(Signal(share), now, p.control_time_s, self._arriving.value(now))
            self._arriving.replace_from(now, arriving)
            lag = p.mixing_volume_ml / 1e3 / total * 60.0
            self._share.replace_from(now, low_passed(self._arriving, now, lag, self._share.value(now)))
        for gas, signal in self._blend.items():
            course = _from(now, _blended, self._share, self._parent.fraction(gas), self._diluent.fraction(gas))
            signal.replace_from(now, course)

    def _leave(self, total: float) -> None:
        """Let the outlet line follow what is selected."""
        now, p = self.now, self.parameters
        flow = {DEAD: 0.0, BLEND: total}.get(self._outlet_of, p.bypass_l_per_min)
        key = {CHECK: "check", ZERO: "diluent_gas"}.get(self._outlet_of)
        if key is not None and (not self._cylinders[key].connected or self._cylinders[key].empty(now)):
            flow = 0.0
        self._outlet.flow.replace_from(now, [(now, algebra.constant(flow))])
        for gas, signal in self._outlet.gases.items():
            value = signal.value(now)
            if flow <= LEAST_FLOW:
                pieces: list[Piece] = [(now, algebra.constant(value))]
            else:
                source = Signal(self._cylinders[key].fractions.get(gas, 0.0)) if key else self._blend[gas]
                pieces = low_passed(source, now, p.outlet_volume_ml / 1e3 / flow * 60.0, value)
            signal.replace_from(now, pieces)

    def true_fraction(self, since: float, at: float) -> float:
        """Return the mean amount fraction of the component in the blend over a span of bench time, s."""
        return self._blend[self.parameters.component].mean(since, at)

    def true_error(self, fraction: float, dilution: float = 0.0, at: float = 0.0, since: float = 0.0) -> float:
        """Return the relative error of a set fraction, set over true less 1, while it was produced.

        Args:
            fraction: set amount fraction, mmol/mol.
            dilution: share of parent flow, %; the set fraction says all.
            at: end of the time in which it was produced, bench time, s.
            since: its begin, s.
        """
        return fraction / 1000.0 / self.true_fraction(since, at) - 1.0


def _from(now: float, function: Callable[..., Terms], *signals: Signal) -> list[Piece]:
    """Return the pieces of a function of signals from a bench time (s) on, without following them any further."""
    pieces: list[Piece] = []
    while now < math.inf:
        found = [signal.piece(now) for signal in signals]
        pieces.append((now, function(*(algebra.shift(terms, now - start) for start, _, terms in found))))
        now = min(end for _, end, _ in found)
    return pieces


def _blended(share: Terms, parent: Terms, diluent: Terms) -> Terms:
    """Return w·x_1 + (1 - w)·x_2."""
    return algebra.add(diluent, algebra.multiply(share, algebra.add(parent, algebra.scale(diluent, -1.0))))


twin = Kind(
    parameters=Parameters,
    ports={
        "parent": GasLine,
        "diluent": GasLine,
        "prover": GasLine,
        "outlet": GasLine,
        "parent_gas": Cylinder,
        "diluent_gas": Cylinder,
        "check": Cylinder,
    },
    optional_ports=frozenset({"prover", "outlet", "check"}),
    build=GasDiluter,
)
"""What a station builds by `twin: gas_diluter`."""
