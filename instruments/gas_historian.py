"""Twin of a plant's data server: the installed meters of three large ducts and of a gas grid (generic, all invented).

Physics of an installed meter (averaging Pitot tube with its transmitter): its coefficient is not what was set; its taps
get dirty from month to month; condensate in a line adds to the differential pressure, which weighs the more the less
gas flows; pulsation makes the root of a mean larger than the mean of the root. A gas grid is as true as its balances;
each meter and each analyser of it has an error of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from instruments.gas_grid import balance, mixed
from instruments.noise import CountedNoise
from instruments.ports_duct import DUCTS, GasDuct
from instruments.scpi import Choice, Fixed, Identity, Listed, Numeric, Query, Quoted, Scientific, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

MONTH_S = 365.2425 / 12 * 86400.0
"""A month, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of the server's meters."""

    serial: str = "TWIN-DS-0001"
    """Serial number."""
    coefficient: dict[str, float] = field(default_factory=dict)
    """Duct -> relative error of the meter's coefficient, 1."""
    dirt_per_month: dict[str, float] = field(default_factory=dict)
    """Duct -> how much less the meter indicates for each month since its taps were cleaned, relative, 1."""
    months: dict[str, float] = field(default_factory=dict)
    """Duct -> months since they were cleaned, at bench time 0."""
    condensate: dict[str, float] = field(default_factory=dict)
    """Duct -> what condensate adds to the differential pressure, by that at the mean load, 1."""
    pulsation: dict[str, float] = field(default_factory=dict)
    """Duct -> standard deviation of the flow by its mean within the meter's response time, 1."""
    repeatability: float = 0.0
    """Relative standard deviation of a mean over 20 s, 1; it falls with the root of the time."""
    streams: dict[str, str] = field(default_factory=lambda: {"A": "env>M", "B": "M>env"})
    """Stream of the grid -> "from>to"; "env" is what lies beyond."""
    flows: dict[str, float] = field(default_factory=lambda: {"A": 1.0})
    """Stream -> true flow, 1000 m³/h; as many as are free."""
    energy: dict[str, float] = field(default_factory=dict)
    """Node -> true net calorific value of its gas, MJ/m³; mixing nodes follow."""
    carbon: dict[str, float] = field(default_factory=dict)
    """Node -> true carbon content of its gas, kg/m³; mixing nodes follow."""
    analysed: str = ""
    """Nodes whose gas is analysed, separated by blanks."""
    errors: dict[str, float] = field(default_factory=dict)
    """Tag (a stream, "H:<node>" or "C:<node>") -> relative error of its meter, 1."""
    biases: dict[str, float] = field(default_factory=dict)
    """Tag -> a gross error beside it, relative, 1."""

    def __post_init__(self) -> None:
        flows = balance(self.streams, self.flows)
        for node in self.analysed.split():
            mixed(self.streams, flows, self.energy, node)
            mixed(self.streams, flows, self.carbon, node)
        tags = {*self.streams, *(f"{kind}:{node}" for kind in "HC" for node in self.analysed.split())}
        for name in ("errors", "biases"):
            unknown = set(getattr(self, name)) - tags
            if unknown:
                raise ValueError(f"{name}: {', '.join(sorted(unknown))} are no tags of the grid")


class GasHistorian(ScpiInstrument[Parameters]):
    """Be the server; `true_error` is what nobody in the plant knows."""

    identity = Identity(manufacturer="caltwin", model="PDS-10", firmware="4.0")
    commands = (
        Query(
            "DUCT:MEAN?",
            parameters=(Choice(options=DUCTS), Numeric(name="seconds", low=1.0, high=86400.0)),
            method="duct_mean",
            reply=Fixed(1),
            doc="Mean indication of a duct's meter over the last seconds, m³/h of dry gas at 0 °C, 101.325 kPa.",
        ),
        Query("GRID:TAGS?", method="tags", reply=Listed(Quoted()), doc="Tags of the grid, in order."),
        Query(
            "GRID:HOUR?",
            method="hour",
            reply=Listed(Scientific(6)),
            doc="Means of the grid's tags over the last hour: 1000 m³/h, MJ/m³, kg/m³.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch it on."""
        super().__init__(parameters, surroundings)
        self._ducts = {name: surroundings.port(name.lower(), GasDuct) for name in DUCTS}
        self._noise = CountedNoise(surroundings.rng)
        p = parameters
        self.flows = balance(p.streams, p.flows)
        """True flows of the grid, 1000 m³/h."""
        self._true = dict(self.flows)
        for node in p.analysed.split():
            self._true[f"H:{node}"] = mixed(p.streams, self.flows, p.energy, node)
        for node in p.analysed.split():
            self._true[f"C:{node}"] = mixed(p.streams, self.flows, p.carbon, node)

    def reset(self) -> None:
        """Do nothing: there is nothing to set."""

    # -- the meters of the ducts --------------------------------------------------------------------------------------

    def _ratio(self, duct: str, speed_ratio: np.ndarray, at: float) -> np.ndarray:
        """Return indication by true flow, 1, at speeds by the mean speed (n,)."""
        p = self.parameters
        months = p.months.get(duct, 0.0) + at / MONTH_S
        constant = (1.0 + p.coefficient.get(duct, 0.0)) * (1.0 - p.dirt_per_month.get(duct, 0.0) * months)
        pulsing = 1.0 + 0.5 * p.pulsation.get(duct, 0.0) ** 2
        wet = np.sqrt(np.maximum(0.0, 1.0 + p.condensate.get(duct, 0.0) / speed_ratio**2))
        return np.asarray(constant * pulsing * wet)

    def _mean_ratio(self, duct: str, start: float, stop: float) -> float:
        """Return mean indication by mean true flow over [start, stop], 1."""
        port = self._ducts[duct]
        times = np.linspace(start, stop, 65)
        speeds = np.array([port.speed.value(float(t)) for t in times]) / port.parameters.speed_m_per_s
        seen = speeds * self._ratio(duct, speeds, 0.5 * (start + stop))
        return (
            float(np.trapezoid(seen, times) / np.trapezoid(speeds, times))
            if stop > start
            else float((seen / speeds)[0])
        )

    def duct_mean(self, duct: str, seconds: float) -> float:
        """Return the mean indication of a duct's meter over the last seconds, m³/h."""
        stop = self.now
        start = max(0.0, stop - seconds)
        port = self._ducts[duct]
        ratio = port.speed.value(0.5 * (start + stop)) / port.parameters.speed_m_per_s
        mean = port.normal_flow(start, stop) * float(self._ratio(duct, np.array([ratio]), stop)[0])
        noise = self.parameters.repeatability * math.sqrt(20.0 / max(1.0, seconds))
        return mean * (1.0 + noise * self._noise.normal(round(stop * 1e3) * 4 + DUCTS.index(duct)))

    # -- the grid -----------------------------------------------------------------------------------------------------

    def tags(self) -> tuple[str, ...]:
        """Return the grid's tags."""
        return tuple(self._true)

    def hour(self) -> tuple[float, ...]:
        """Return the means over the last hour."""
        p = self.parameters
        return tuple(x * (1.0 + p.errors.get(tag, 0.0) + p.biases.get(tag, 0.0)) for tag, x in self._true.items())

    # -- the truth ----------------------------------------------------------------------------------------------------

    def true_error(self, stage: str, name: str, at: float = 0.0, since: float = 0.0) -> float:
        """Return what is true of a meter.

        Args:
            stage: "traverse" for the relative error of a duct's meter, %; "grid" for the true flow of a stream, m³/h.
            name: the duct, or the stream.
            at: bench time of the last reading, s.
            since: bench time of the first reading, s.
        """
        if stage == "traverse":
            return 100.0 * (self._mean_ratio(name, since, at) - 1.0)
        return 1e3 * self.flows[name]


twin = Kind(parameters=Parameters, ports={"bfg": GasDuct, "cog": GasDuct, "ldg": GasDuct}, build=GasHistorian)
"""What a station builds by `twin: gas_historian`."""
