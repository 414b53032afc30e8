"""Twin of a stack analyser with its sampling system: a CEMS, or the portable analyser of a reference method.

Generic; the commands are invented, those of the analyser are `instruments.gas_analyser`'s. Gas is taken from the stack,
or from the calibration line by an overflow at the probe ("whole-system" calibration), and comes to the analyser dry:

    x_analyser = x · (1 - loss(t)) · (1 + e(t)) · [1 + e_M for stack gas]
    e(t) = k_p·(p_static(t) - p_0) + drift·t

loss: in line and cooler, growing slowly as probe filter and line age. e: relative change of a dilution orifice's ratio
with the static pressure of the stack, and its steady drift; 0 for an analyser that does not dilute. e_M: what another
molar mass than that of the calibration gas does to the orifice. The probe filter adds to the first lag of the analyser
(`filter_ml`). Data carry the status flag of HJ 212 (N normal, C calibration; letters recalled, not seen).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments import terms as algebra
from instruments.gas_analyser import MICRO, GasAnalyser
from instruments.gas_analyser_commands import COMMANDS
from instruments.gas_analyser_parameters import Parameters as AnalyserParameters
from instruments.gas_sample import values
from instruments.ports import Ambient
from instruments.ports_flue import FlueGas
from instruments.ports_gas import GasLine
from instruments.ports_mains import MainsLine
from instruments.scpi import Choice, Identity, Query, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from instruments.signal import Piece
    from instruments.terms import Terms
    from instruments.twin import Surroundings

STACK, CALIBRATION = "STACk", "CALibration"
DAY_S = 86400.0
NODES = 481
"""Times at which a true mean over a span is taken."""
O2_AIR = 21.0
"""Oxygen of air in the formula for a reference oxygen, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(AnalyserParameters):
    """Hold what is marked on a stack analyser, and its hidden truth; the analyser's fields come first."""

    loss: dict[str, float] = field(default_factory=dict)
    """Component -> share that is lost between probe and analyser at bench time 0, 1."""
    loss_per_day: dict[str, float] = field(default_factory=dict)
    """Component -> growth of that share, 1/d."""
    dilution_per_kpa: float = 0.0
    """Relative change of the dilution ratio per change of the stack's static pressure, 1/kPa."""
    dilution_drift_per_day: float = 0.0
    """Steady relative change of the dilution ratio, 1/d."""
    dilution_molar_mass: float = 0.0
    """Relative excess of what stack gas shows over calibration gas of the same fraction, 1."""
    model: str = "CEMS-3"
    """Model in the identity."""

    def __post_init__(self) -> None:
        AnalyserParameters.__post_init__(self)
        if any(not 0.0 <= share < 1.0 for share in self.loss.values()):
            raise ValueError(f"loss must lie in 0..1, got {self.loss}")


class StackAnalyser(GasAnalyser):
    """Be the analyser with its sampling system; `true_error` is what no laboratory can know."""

    commands = (
        *COMMANDS,
        Setting(
            "SAMPle:SOURce", Choice(options=(STACK, CALIBRATION), default=STACK), attribute="source", doc="Gas taken."
        ),
        Query("STATus:FLAG?", method="flag", doc="Status flag of the data: N normal, C calibration."),
    )
    parameters: Parameters

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build it, drawing from the stack."""
        inner = GasLine(
            GasLine.parameters_type(flow_l_per_min=3.0 * parameters.sample_flow_l_per_min), surroundings.clock
        )
        super().__init__(parameters, replace(surroundings, ports={**surroundings.ports, "inlet": inner}))
        # One twin, several models: the class variable is the default of a table, the instance knows better.
        self.identity = Identity(manufacturer="caltwin", model=parameters.model, firmware="3.1")  # type: ignore[misc]
        self._inner = inner
        self._stack = surroundings.port("stack", FlueGas)
        self._calibration = surroundings.port("calibration", GasLine)
        self._source = STACK
        self._gases = sorted({gas for channel in self.channels for gas in channel.gases})
        for gas in self._gases:
            self._calibration.fraction(gas).listeners.append(partial(self._write, gas))
        self._calibration.flow.listeners.append(self._write_flow)
        self._write_all()

    # -- sampling -----------------------------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """Gas that is taken."""
        return self._source

    @source.setter
    def source(self, which: str) -> None:
        self._source = which
        self._write_all()

    def flag(self) -> str:
        """Return the status flag of the data."""
        return "N" if self._source == STACK else "C"

    def _write_all(self) -> None:
        self._write_flow()
        for gas in self._gases:
            self._write(gas)

    def _write_flow(self) -> None:
        now, inner = self.clock.now, self._inner
        if self._source == STACK:
            pieces: list[Piece] = [(now, algebra.constant(3.0 * self.parameters.sample_flow_l_per_min))]
        else:
            pieces = self._calibration.flow.pieces_from(now)
        inner.flow.replace_from(now, pieces)

    def _write(self, gas: str) -> None:
        """Let a component at the analyser follow its source from now on."""
        now = self.clock.now
        factor = self._factor(gas, now)
        if self._source == STACK:
            signal = self._stack.dry.get(gas)
            found = [(now, algebra.ZERO)] if signal is None else signal.pieces_from(now)
        else:
            found = self._calibration.fraction(gas).pieces_from(now)
        pieces = [(at, algebra.multiply(terms, algebra.shift(factor, at - now))) for at, terms in found]
        self._inner.fraction(gas).replace_from(now, pieces)

    def _factor(self, gas: str, now: float) -> Terms:
        """Return what sampling makes of a fraction, from a bench time on."""
        p = self.parameters
        start, _, static = self._stack.static.piece(now)
        orifice = algebra.scale(algebra.shift(static, now - start), p.dilution_per_kpa)
        mean = p.dilution_per_kpa * self._stack.parameters.static_kpa
        orifice = algebra.add(
            orifice, algebra.line(1.0 - mean + p.dilution_drift_per_day * now / DAY_S, p.dilution_drift_per_day / DAY_S)
        )
        if self._source == STACK:
            orifice = algebra.scale(orifice, 1.0 + p.dilution_molar_mass)
        growth = p.loss_per_day.get(gas, 0.0) / DAY_S
        return algebra.multiply(orifice, algebra.line(1.0 - p.loss.get(gas, 0.0) - growth * now, -growth))

    # -- what no laboratory knows -------------------------------------------------------------------------------------

    def _shares(self, gas: str, times: NDArray[np.float64], stack: bool) -> NDArray[np.float64]:
        """Return what sampling makes of a fraction at many bench times, (n,)."""
        p = self.parameters
        static = values(self._stack.static, times) - self._stack.parameters.static_kpa
        orifice = 1.0 + p.dilution_per_kpa * static + p.dilution_drift_per_day * times / DAY_S
        if stack:
            orifice = orifice * (1.0 + p.dilution_molar_mass)
        lost = p.loss.get(gas, 0.0) + p.loss_per_day.get(gas, 0.0) * times / DAY_S
        return np.asarray(orifice * (1.0 - lost))

    def _true(self, component: str, gases: Mapping[str, Any], times: NDArray[np.float64], stack: bool) -> Any:
        """Return the indications (1) of a channel for fractions at the probe at many bench times, (n,)."""
        (channel,) = (c for c in self.channels if c.component == component)
        air = self._air
        return channel.without_noise(
            lambda gas: gases.get(gas, 0.0) * self._shares(gas, times, stack),
            times,
            np.array([air.temperature.value(float(t)) for t in times]),
            air.pressure.value(float(times[0])),
        )

    def true_stack(self, component: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true dry fraction in the stack (1) at many bench times, (n,); "NOx" is NO and NO2."""
        gases = ("NO", "NO2") if component == "NOx" else (component,)
        return sum(
            (values(self._stack.dry[gas], times) for gas in gases if gas in self._stack.dry), np.zeros_like(times)
        )

    def true_error(  # type: ignore[override]
        self,
        component: str,
        kind: str = "indication",
        fraction: float = 0.0,
        at: float = 0.0,
        since: float = 0.0,
        **settings: float,
    ) -> float:
        """Return what a laboratory estimates, %.

        Args:
            component: channel.
            kind: "indication": relative error of calibration gas; "drift": change between the times, of full scale;
                "difference": relative difference of the means on stack gas; "corrected": likewise, both related to a
                reference oxygen; "calibrated": likewise, of readings behind a calibration function.
            fraction: certified fraction of calibration gas, µmol/mol.
            at: bench time of the last reading, s.
            since: bench time of the first one, s.
            settings: what else the point states: "intercept" (µmol/mol) and "slope" of a calibration function; on
                nothing else does the truth depend.
        """
        if kind == "indication":
            seen = self._calibrated(component, fraction, np.array([since, 0.5 * (since + at), at]))
            return 100.0 * (float(seen.mean()) / fraction - 1.0)
        if kind == "drift":
            first, last = self._calibrated(component, fraction, np.array([since, at]))
            (channel,) = (c for c in self.channels if c.component == component)
            return 100.0 * float(last - first) / (channel.full_scale * MICRO)
        times = np.linspace(since, at, NODES)
        if kind == "calibrated":
            read, there = (float(of(component, times).mean()) * MICRO for of in (self._on_stack, self.true_stack))
            return 100.0 * ((settings["intercept"] + settings["slope"] * read) / there - 1.0)
        seen, true = self._on_stack(component, times), self.true_stack(component, times)
        if kind == "corrected":
            # Means are corrected, as a laboratory does it: the mean of a quotient is another thing.
            factor = (O2_AIR - 100.0 * float(self._on_stack("O2", times).mean())) / (
                O2_AIR - 100.0 * float(self.true_stack("O2", times).mean())
            )
            return 100.0 * (float(seen.mean() / true.mean()) / factor - 1.0)
        return 100.0 * float(seen.mean() / true.mean() - 1.0)

    def _calibrated(self, component: str, fraction: float, times: NDArray[np.float64]) -> NDArray[np.float64]:
        gas = "NO" if component == "NOx" else component
        return np.asarray(self._true(component, {gas: fraction / MICRO}, times, stack=False)) * MICRO

    def _on_stack(self, component: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
        gases = {gas: values(signal, times) for gas, signal in self._stack.dry.items()}
        return np.asarray(self._true(component, gases, times, stack=True))


twin = Kind(
    parameters=Parameters,
    ports={"stack": FlueGas, "calibration": GasLine, "ambient": Ambient, "supply": MainsLine},
    optional_ports=frozenset({"ambient", "supply", "calibration"}),
    build=StackAnalyser,
)
"""What a station builds by `twin: stack_analyser`."""
