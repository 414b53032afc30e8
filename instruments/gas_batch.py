"""Twin of a rack in which a batch of gas mixtures is made, weighed, divided into bottles and sampled.

The rack is generic and its commands are invented; on a real bench people or a robot do the same. It stands for the
batch: its identity is the batch's label, and it knows what no laboratory can know: the true composition of the mixture
and of every bottle, at any time.

Physics: parent gases with true impurities flow in, as roughly as a valve can meter; the gas heats the wall, which cools
to the room and meanwhile floats in its own updraught; the cylinder swells under pressure; part of a component stays on
the wall; gas that has not been rolled is layered; bottles differ a little from each other, and their content drifts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments.air import density_kg_per_m3
from instruments.gas_batch_commands import BOTTLES, COMMANDS, REFERENCES
from instruments.gas_batch_cylinder import PARENTS, Contents, apparent_mass_g, parent
from instruments.noise import CountedNoise
from instruments.ports import Ambient
from instruments.ports_mass import Pan
from instruments.ports_sampling import SamplingPoint
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.twin import Consumed, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instruments.twin import Surroundings

MONTH_S = 365.2425 / 12 * 86400.0
"""A month, s."""
WARMING_K_PER_MPA = 1.8
"""How much warmer the wall gets per pressure that flows in quickly, K/MPa."""
CUSTOMER = BOTTLES
"""The bottle that a customer gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a batch and its rack."""

    serial: str = "TWIN-GB-0001"
    """Number of the batch."""
    mixture: str = "CO2-CH4-C3H8/N2"
    """What is marked on the batch's label."""
    minor: dict[str, float] = field(default_factory=lambda: {"CH4.CH4": 0.05, "C3H8.C3H8": 0.03})
    """"<parent>.<gas>" -> true amount fraction of what is not the parent's main gas, 1."""
    references: dict[str, float] = field(default_factory=dict)
    """"R<n>.<gas>" -> true amount fraction in a reference cylinder, 1; what is missing to 1 is N2."""
    adsorbed: dict[str, float] = field(default_factory=dict)
    """Component -> share that stays on the wall of the cylinder, 1."""
    inhomogeneity: dict[str, float] = field(default_factory=dict)
    """Component -> standard deviation between bottles, relative, 1."""
    instability_per_month: dict[str, float] = field(default_factory=dict)
    """Component -> relative change of its amount fraction per month, 1."""
    transport: dict[str, float] = field(default_factory=dict)
    """Component -> relative change of its amount fraction by transport to the customer, 1."""
    expiry_months: float = 12.0
    """Months after preparation for which the batch is certified."""
    volume_l: float = 5.0
    """Inner volume of the cylinder, l."""
    cylinder_mass_g: float = 6230.0
    """Mass of the evacuated cylinder, g."""
    cylinder_volume_cm3: float = 6350.0
    """Outer volume of the cylinder without pressure, cm³."""
    expansion_cm3_per_mpa: float = 0.55
    """How much the cylinder swells, cm³/MPa."""
    tare_mass_g: float = 6700.0
    """Mass of the tare cylinder, g."""
    tare_volume_cm3: float = 6340.0
    """Outer volume of the tare cylinder, cm³."""
    weight_mass_g: float = 1000.0
    """True mass of the weight, g; its density is 8000 kg/m³."""
    metering: float = 0.003
    """Relative standard deviation of the mass that is let in, 1."""
    handling_g: float = 0.0
    """Standard deviation of what a filling's handling adds to or takes from the cylinder, g."""
    placing_g: float = 0.0
    """Standard deviation of an indication from how a load is placed on the pan, g."""
    updraught_g_per_k: float = 0.003
    """Apparent loss of mass of a cylinder that is warmer than the room, g/K."""
    cooling_s: float = 5400.0
    """Time constant with which the wall comes to the room's temperature, s."""
    layering: float = -0.02
    """Relative deviation of what is drawn from a cylinder that was never rolled, 1."""
    mixing_s: float = 1200.0
    """Time constant of mixing by rolling, s."""
    gauge_error: float = 0.0
    """Relative error of the pressure gauge, 1."""
    wall_error_k: float = 0.0
    """Error of the wall's thermometer, K."""
    fill_g_per_s: float = 0.5
    """Rate at which gas is let in, g/s."""

    def __post_init__(self) -> None:
        for name in ("volume_l", "cooling_s", "mixing_s", "fill_g_per_s", "expiry_months"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for key in self.minor:
            if key.partition(".")[0] not in PARENTS:
                raise ValueError(f"minor: {key!r} names no parent gas; they are {', '.join(PARENTS)}")
        for key in self.references:
            if key.partition(".")[0] not in {f"R{n}" for n in range(1, REFERENCES + 1)}:
                raise ValueError(f"references: {key!r} is not of the form R1.CO2 ... R{REFERENCES}.CO2")


class GasBatch(ScpiInstrument[Parameters]):
    """Be the rack and its batch."""

    identity = Identity(manufacturer="caltwin", model="", firmware="2.0")
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Stand there with an evacuated cylinder."""
        super().__init__(parameters, surroundings)
        p = parameters
        self.identity = Identity(manufacturer="caltwin", model=p.mixture, firmware="2.0")  # type: ignore[misc]
        self._pan = surroundings.port("pan", Pan)
        self._point = surroundings.port("sample", SamplingPoint)
        self._air = surroundings.port("ambient", Ambient)
        rng = surroundings.rng
        self._placing, self._handling, self._metering = (CountedNoise(rng) for _ in range(3))
        self._between = {gas: CountedNoise(rng) for gas in sorted(p.inhomogeneity)}
        self._parents = {name: parent(name, p.minor) for name in PARENTS}
        self._contents = Contents(volume_l=p.volume_l, moles={})
        self._extra_g = 0.0  # what handling left on the cylinder
        self._warm_since, self._warmth_k = 0.0, 0.0
        self._rolled_s = 0.0
        self._loads = self._fillings = 0
        self._drawn_g: dict[str, float] = {}
        self._divided: float | None = None
        self._load, self._stream = "NONE", "NONE"

    def reset(self) -> None:
        """Go to the state of *RST: nothing on the pan, nothing connected, no gas flows."""
        for operation in tuple(self.operations):
            operation.cancel(go_on=False)
        self.load("NONE")
        self.connect_stream("NONE", 1)

    # -- weighing -----------------------------------------------------------------------------------------------------

    def load(self, what: str) -> None:
        """Put something on the pan."""
        p = self.parameters
        self._load = what
        self._loads += 1
        if what == "NONE":
            self._pan.put(0.0)
            return
        air = density_kg_per_m3(
            self._air.temperature.value(self.now),
            1e3 * self._air.pressure.value(self.now),
            self._air.humidity.value(self.now),
        )
        placed = p.placing_g * self._placing.normal(self._loads)
        if what == "SAMPle":
            volume = p.cylinder_volume_cm3 + p.expansion_cm3_per_mpa * self._pressure_mpa()
            mass = p.cylinder_mass_g + self._extra_g + self._contents.mass_g
            placed -= p.updraught_g_per_k * self._excess_k()
        else:
            volume, mass = p.tare_volume_cm3, p.tare_mass_g
            if what == "WEIGht":
                volume, mass = volume + p.weight_mass_g / 8.0, mass + p.weight_mass_g
        self._pan.put(apparent_mass_g(mass, volume, air) + placed)

    def loaded(self) -> str:
        """Return what lies on the pan."""
        return "".join(letter for letter in self._load if letter.isupper())

    # -- filling ------------------------------------------------------------------------------------------------------

    def idle(self) -> None:
        """Refuse while the cylinder is on the pan, or while something is going on."""
        if self.operations:
            raise ScpiError(-221, info=f"{self.operations[0].name} is running")
        if self._load == "SAMPle":
            raise ScpiError(-221, info="the cylinder is on the pan")

    def fill(self, name: str, mass_g: float) -> None:
        """Let a parent gas in."""
        if self._divided is not None:
            raise ScpiError(-221, info="the batch has been divided")
        p = self.parameters
        index = self._fillings
        self._fillings += 1
        true = mass_g * (1.0 + p.metering * self._metering.normal(index))

        def end() -> None:
            before = self._pressure_mpa()
            excess = self._excess_k()
            self._contents.add(true, self._parents[name])
            self._extra_g += p.handling_g * self._handling.normal(index)
            self._drawn_g[name] = self._drawn_g.get(name, 0.0) + true
            self._warmth_k = excess + WARMING_K_PER_MPA * (self._pressure_mpa() - before)
            self._warm_since = self.now
            self._rolled_s = 0.0

        self.begin("filling", until=self.now + true / p.fill_g_per_s, done=end)

    def filling(self) -> str:
        """Return whether something is going on."""
        return "RUN" if self.operations else "IDLE"

    def roll(self, duration_s: float) -> None:
        """Roll the cylinder."""

        def end() -> None:
            self._rolled_s += duration_s

        self.begin("rolling", until=self.now + duration_s, done=end)

    def divide(self) -> None:
        """Divide the gas into the bottles; what was layered is layered no more, each bottle got of all of it."""
        if not self._contents.moles or self._divided is not None:
            raise ScpiError(-221, info="there is nothing to divide")

        def end() -> None:
            self._divided = self.now

        self.begin("dividing", until=self.now + 3600.0, done=end)

    def bottles(self) -> int:
        """Return how many bottles there are."""
        return 0 if self._divided is None else BOTTLES

    def _excess_k(self) -> float:
        return self._warmth_k * math.exp(-(self.now - self._warm_since) / self.parameters.cooling_s)

    def _pressure_mpa(self) -> float:
        return self._contents.pressure_pa(self._air.temperature.value(self.now)) * 1e-6

    def pressure(self) -> float:
        """Return what the gauge shows, MPa."""
        return self._pressure_mpa() * (1.0 + self.parameters.gauge_error)

    def temperature(self) -> float:
        """Return what the wall's thermometer shows, °C."""
        return self._air.temperature.value(self.now) + self._excess_k() + self.parameters.wall_error_k

    # -- sampling -----------------------------------------------------------------------------------------------------

    def connect_stream(self, kind: str, number: int) -> None:
        """Connect a stream to the sampling point."""
        source: Callable[[float], Mapping[str, float]] | None
        if kind == "NONE":
            source, name = None, "NONE"
        elif kind == "CYLinder":
            if not self._contents.moles:
                raise ScpiError(-221, info="the cylinder is empty")
            source, name = self._from_cylinder, "CYL,1"
        elif kind == "BOTTle":
            if self._divided is None:
                raise ScpiError(-221, info="there are no bottles yet")
            source, name = (lambda at: self.bottle(number, at)), f"BOTT,{number}"
        else:
            mixture = self._reference(number)
            source, name = (lambda at: mixture), f"REF,{number}"
        self._stream = name
        self._point.connect("" if source is None else name, source)

    def stream(self) -> str:
        """Return which stream is connected."""
        return self._stream

    def _reference(self, number: int) -> dict[str, float]:
        gases = {
            key.partition(".")[2]: x
            for key, x in self.parameters.references.items()
            if key.partition(".")[0] == f"R{number}"
        }
        if not gases:
            raise ScpiError(-222, info=f"no reference cylinder at place {number}")
        return gases | {"N2": 1.0 - sum(gases.values())}

    def _from_cylinder(self, _at: float) -> dict[str, float]:
        layered = 1.0 + self.parameters.layering * math.exp(-self._rolled_s / self.parameters.mixing_s)
        return {gas: x * layered if gas in self._minor_gases else x for gas, x in self.mixture().items()}

    @property
    def _minor_gases(self) -> set[str]:
        return set(self.parameters.inhomogeneity) | set(self.parameters.adsorbed)

    # -- the truth ----------------------------------------------------------------------------------------------------

    def mixture(self) -> dict[str, float]:
        """Return the true amount fractions of the gas in the cylinder, without what stays on the wall, 1."""
        adsorbed = self.parameters.adsorbed
        return {gas: x * (1.0 - adsorbed.get(gas, 0.0)) for gas, x in self._contents.fractions().items()}

    def bottle(self, number: int, at: float) -> dict[str, float]:
        """Return the true amount fractions in a bottle at a bench time, 1."""
        p = self.parameters
        months = 0.0 if self._divided is None else max(0.0, at - self._divided) / MONTH_S
        found = self.mixture()
        for gas, noise in self._between.items():
            differs = 1.0 + p.inhomogeneity[gas] * noise.normal(number)
            found[gas] = found.get(gas, 0.0) * differs * (1.0 + p.instability_per_month.get(gas, 0.0) * months)
        return found

    def true_error(self, component: str, stage: str, at: float = 0.0, since: float = 0.0) -> float:
        """Return a true amount fraction, µmol/mol.

        Args:
            component: e.g. "CO2".
            stage: "cylinder" for the mixture as prepared, "customer" for the customer's bottle after transport, at the
                end of the time for which it is certified.
            at: bench time of the last reading, s; not needed, since neither depends on it.
            since: bench time of the first reading, s; likewise.
        """
        if stage == "cylinder":
            return 1e6 * self.mixture()[component]
        end = (self._divided or 0.0) + self.parameters.expiry_months * MONTH_S
        moved = 1.0 + self.parameters.transport.get(component, 0.0)
        return 1e6 * self.bottle(CUSTOMER, end)[component] * moved

    def consumed(self, at: float) -> tuple[Consumed, ...]:
        """Return the masses of parent gases that were let in."""
        return tuple(Consumed(what=name, amount=mass, unit="g") for name, mass in self._drawn_g.items())


twin = Kind(
    parameters=Parameters,
    ports={"pan": Pan, "sample": SamplingPoint, "ambient": Ambient},
    build=GasBatch,
)
"""What a station builds by `twin: gas_batch`."""
