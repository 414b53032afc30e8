"""Measurement model of a sonic-nozzle rig: from pipe readings and certified nozzles to the volume at the meter.

q_m = Σ A_i C_d,i(Re_i) · C*(p0, T0, x) · p0 / sqrt((R/M) T0)                       (ISO 9300)
V_ref = (q_m + V dρ/dt) t / ρ(p, T, x at the meter)                      E = 100 (V_ind/V_ref - 1)
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import gas_properties as gas
from scenarios.air import air_density
from scenarios.evaluation import input_quantity
from scenarios.gas_properties import KELVIN
from scenarios.references import Reference, find
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scenarios.gas_sonic_nozzle_plan import Bank, Effects, Plan

    Value = float | NDArray[Any]


class NoCombination(ValueError):
    """No combination of nozzles comes near enough to a flow; the message says how near the nearest comes."""


# -- the gas ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fluid:
    """Say what flows: moist air, or a natural gas of known composition."""

    composition: gas.Composition
    """Composition; of air that of dry air."""
    water: float = 0.0
    """Amount fraction of water in air, 1."""

    @property
    def is_air(self) -> bool:
        """Whether it is moist air."""
        return self.composition == gas.AIR

    def density(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the density, kg/m³."""
        if not self.is_air:
            return gas.density(self.composition, pressure_pa, temperature_k)
        humidity = 100.0 * self.water / gas.water_fraction(temperature_k, pressure_pa, 100.0)
        return float(air_density(temperature_k - KELVIN, pressure_pa, humidity))

    def throat(self, pressure_pa: float, temperature_k: float) -> tuple[float, float]:
        """Return C* (1) and R/M (J/(kg K)) from stagnation conditions."""
        if self.is_air:
            return gas.moist_air(pressure_pa, temperature_k, self.water)
        found = gas.throat(self.composition, pressure_pa, temperature_k)
        return found.critical_flow_function, found.gas_constant

    def viscosity(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the dynamic viscosity, Pa s."""
        return gas.viscosity(self.composition, pressure_pa, temperature_k)

    def sound_speed(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the speed of sound, m/s."""
        dry = gas.sound_speed(self.composition, pressure_pa, temperature_k)
        return dry * (1.0 + gas.HUMIDITY_OF_SOUND * self.water)


# -- nozzles ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedNozzle:
    """Hold what a certificate says of one nozzle."""

    area_m2: float
    """Area of the throat, m²."""
    discharge_coefficient: float
    """C_d at `reynolds`, 1."""
    reynolds: float
    """Throat Reynolds number of the calibration, 1."""
    u_percent: float
    """Relative standard uncertainty of A·C_d, %."""

    @property
    def diameter_m(self) -> float:
        """Diameter of the throat, m."""
        return 2.0 * math.sqrt(self.area_m2 / math.pi)


def nozzles(references: Mapping[str, Reference]) -> dict[int, CertifiedNozzle]:
    """Return the bank's nozzles by number.

    Raises:
        SheetError: there is none, or a certified value is missing.
    """
    found: dict[int, CertifiedNozzle] = {}
    for number in itertools.count(1):
        key = f"nozzle_{number}"
        if key not in references and found:
            return found
        reference = find(references, key)
        diameter = reference.value("d").quantity.to("m").value
        coefficient = reference.value("Cd")
        found[number] = CertifiedNozzle(
            area_m2=math.pi / 4.0 * diameter**2,
            discharge_coefficient=coefficient.quantity.value,
            reynolds=reference.value("Re").quantity.value,
            u_percent=100.0 * coefficient.U.value / coefficient.k / coefficient.quantity.value,
        )
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bore:
    """Hold the flow of one open nozzle."""

    number: int
    """Number of the nozzle."""
    mass_flow: float
    """Mass flow, kg/s."""
    reynolds: float
    """Throat Reynolds number, 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """Hold the mass flow of a combination."""

    bores: tuple[Bore, ...]
    """Its nozzles."""
    mass_flow: float
    """Sum of the mass flows, kg/s."""
    stagnation_pressure: float
    """p0, Pa."""
    stagnation_temperature: float
    """T0, K."""


def mach_number(area_ratio: float, exponent: float) -> float:
    """Return the Mach number in a pipe that feeds a choked nozzle of an area ratio throat/pipe (well below 1), 1."""
    k = exponent
    mach = 0.0
    for _ in range(8):
        mach = area_ratio * (2.0 / (k + 1.0) + (k - 1.0) / (k + 1.0) * mach**2) ** ((k + 1.0) / (2.0 * (k - 1.0)))
    return mach


def stagnation(
    bank: Bank, open_area: float, static_pa: float, indicated_k: float, exponent: float
) -> tuple[float, float]:
    """Return p0 (Pa) and T0 (K) from the static pressure and the thermometer before the nozzles.

    Args:
        bank: diameter of the pipe before a nozzle, recovery factor.
        open_area: mean area of the open throats, m².
        static_pa: static pressure, Pa.
        indicated_k: temperature that the thermometer takes, K.
        exponent: isentropic exponent, 1.
    """
    pipe = math.pi / 4.0 * bank.manifold.to("m") ** 2
    swell = 1.0 + 0.5 * (exponent - 1.0) * mach_number(open_area / pipe, exponent) ** 2
    recovered = 1.0 - (1.0 - bank.recovery.value) * (1.0 - 1.0 / swell)
    return static_pa * swell ** (exponent / (exponent - 1.0)), indicated_k / recovered


def standard(
    bank: Bank, known: Mapping[int, CertifiedNozzle], combination: Sequence[int], fluid: Fluid, p0: float, T0: float
) -> Standard:
    """Return the mass flow of a combination from stagnation pressure (Pa) and temperature (K)."""
    function, specific = fluid.throat(p0, T0)
    flux = function * p0 / math.sqrt(specific * T0)
    viscosity = fluid.viscosity(p0, T0)
    bores = []
    for number in combination:
        nozzle = known[number]
        coefficient, reynolds = nozzle.discharge_coefficient, nozzle.reynolds
        for _ in range(4):
            flow = nozzle.area_m2 * coefficient * flux
            reynolds = 4.0 * flow / (math.pi * nozzle.diameter_m * viscosity)
            change = 1.0 / math.sqrt(nozzle.reynolds) - 1.0 / math.sqrt(reynolds)
            coefficient = nozzle.discharge_coefficient + bank.slope.value * change
        bores.append(Bore(number=number, mass_flow=nozzle.area_m2 * coefficient * flux, reynolds=reynolds))
    return Standard(
        bores=tuple(bores),
        mass_flow=sum(bore.mass_flow for bore in bores),
        stagnation_pressure=p0,
        stagnation_temperature=T0,
    )


def choose(capacities: Mapping[int, float], wanted: float, tolerance_percent: float) -> tuple[int, ...]:
    """Return the combination whose flow is nearest to the one wanted; of equally near ones that with fewest nozzles.

    Args:
        capacities: number of the nozzle -> its flow, in the unit of `wanted`.
        wanted: flow.
        tolerance_percent: largest difference, %.

    Raises:
        NoCombination: none comes near enough.
    """
    numbers = sorted(capacities)
    bits = (np.arange(1, 1 << len(numbers))[:, None] >> np.arange(len(numbers))) & 1
    flows = bits @ np.array([capacities[number] for number in numbers])
    distance = np.round(np.abs(flows / wanted - 1.0), 9)
    best = int(np.lexsort((bits.sum(axis=1), distance))[0])
    chosen = tuple(number for number, bit in zip(numbers, bits[best], strict=True) if bit)
    if 100.0 * distance[best] > tolerance_percent:
        raise NoCombination(
            f"no combination of the {len(numbers)} nozzles comes within {tolerance_percent:g} % of {wanted:g} m³/h; "
            f"the nearest gives {flows[best]:g} m³/h; add a nozzle to the bank, or choose another flow"
        )
    return chosen


# -- measurement model ------------------------------------------------------------------------------------------------


def relative_error(
    d_cal: Value = 0.0,
    d_own: Value = 0.0,
    d_curve: Value = 0.0,
    d_settling: Value = 0.0,
    d_transition: Value = 0.0,
    d_cstar: Value = 0.0,
    d_p0: Value = 0.0,
    d_T0: Value = 0.0,
    d_p: Value = 0.0,
    d_T: Value = 0.0,
    d_rho: Value = 0.0,
    d_M: Value = 0.0,
    d_V: Value = 0.0,
    d_pack: Value = 0.0,
    d_leak: Value = 0.0,
    d_count: Value = 0.0,
    d_t: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    E: float,
    q_m: float,
    pack: float,
    T0: float,
    T: float,
    pulses: float,
) -> Value:
    """Return the relative error of indication, %.

    Args:
        d_cal: what all certified discharge coefficients have in common, %.
        d_own: what each nozzle's certificate adds, mean over the flow, %.
        d_curve: carrying C_d to another Reynolds number, %.
        d_settling: slow way of C_d to its inherent value, %.
        d_transition: C_d within the transition, mean over the flow, %.
        d_cstar: critical flow function, %.
        d_p0: pressure before the nozzles, %.
        d_T0: temperature before the nozzles, K.
        d_p: pressure at the meter, %.
        d_T: temperature at the meter, K.
        d_rho: equation of state for the density, %.
        d_M: molar mass, %: it enters mass flow by its root and density in full.
        d_V: volume of the line, %.
        d_pack: change of the line's content over the run, kg/s.
        d_leak: leak out of the line, kg/s.
        d_count: place of the edges that bound the count, pulses.
        d_t: time, %.
        d_rep: mean of the runs, %.
        E: error by the estimates of all inputs, %.
        q_m: mass flow through the nozzles, kg/s.
        pack: mass that the line takes up, kg/s.
        T0: stagnation temperature, K.
        T: temperature at the meter, K.
        pulses: pulses of a run.
    """
    discharge = 1.0 + (d_cal + d_own + d_curve + d_settling + d_transition + d_cstar) / 100.0
    molar = 1.0 + d_M / 100.0
    nozzle = q_m * discharge * (1.0 + d_p0 / 100.0) * (T0 / (T0 + d_T0)) ** 0.5 * molar**0.5
    through = (nozzle + pack * (1.0 + d_V / 100.0) + d_pack + d_leak) / (q_m + pack)
    density = (1.0 + d_p / 100.0) * (T / (T + d_T)) * (1.0 + d_rho / 100.0) * molar
    volume = through * (1.0 + d_t / 100.0) / density
    return 100.0 * ((1.0 + E / 100.0) * (1.0 + d_count / pulses) / volume - 1.0) + d_rep


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Hold what one run (or the mean of some) found."""

    error: float
    """Relative error of indication, %."""
    pulses: float
    """Counted pulses."""
    duration: float
    """Time between the edges, s."""
    standard: Standard
    """Mass flow of the nozzles."""
    pack: float
    """Mass that the line took up, kg/s."""
    density: float
    """Density at the meter, kg/m³."""
    temperature: float
    """Temperature at the meter, K."""
    volume: float
    """Reference volume at the meter, m³."""
    indicated: float
    """Indicated volume, m³."""
    reynolds: float
    """Reynolds number of the meter's tube, 1."""


def budget(
    plan: Plan, known: Mapping[int, CertifiedNozzle], run: Run, *, repeats: int, observed: float = 0.0
) -> Budget:
    """Return the budget of a flow.

    Args:
        plan: effects and the bank.
        known: certified nozzles.
        run: means over the runs.
        repeats: number of runs.
        observed: experimental standard deviation of the runs, %. Few runs say little about it, so the pooled value of
            the sheet stands, unless the runs contradict it (more than three times as large).
    """
    e: Effects = plan.budget
    bank = plan.bank
    text = catalogue("scenarios")
    flows = {bore.number: bore.mass_flow / run.standard.mass_flow for bore in run.standard.bores}
    share = bank.common_share.value
    common = sum(weight * known[number].u_percent for number, weight in flows.items()) * math.sqrt(share)
    own = math.sqrt((1.0 - share) * sum((weight * known[number].u_percent) ** 2 for number, weight in flows.items()))
    low, high = bank.transition_low.value, bank.transition_high.value
    turning = sum(flows[bore.number] for bore in run.standard.bores if low <= bore.reynolds <= high)
    inputs: list[InputQuantity] = [
        _normal("d_cal", common, "%", text["gas_sonic_nozzle.cd_common"]),
        _normal("d_own", own, "%", text["gas_sonic_nozzle.cd_own"]),
        input_quantity("d_curve", e.curve, unit="%"),
        input_quantity("d_settling", e.settling, unit="%"),
        input_quantity("d_cstar", e.critical_flow_function, unit="%"),
        input_quantity("d_p0", e.inlet_pressure, unit="%"),
        input_quantity("d_T0", e.inlet_temperature, unit="K"),
        input_quantity("d_p", e.meter_pressure, unit="%"),
        input_quantity("d_T", e.meter_temperature, unit="K"),
        input_quantity("d_rho", e.density, unit="%"),
        input_quantity("d_M", e.composition, unit="%"),
        input_quantity("d_leak", e.leak, unit="kg/s"),
        input_quantity("d_count", e.count, unit="1", factor=1.0 / math.sqrt(repeats)),
        input_quantity("d_t", e.time, unit="%"),
    ]
    if turning:
        inputs.append(input_quantity("d_transition", e.transition, unit="%", factor=turning))
    if run.pack:
        inputs.append(input_quantity("d_V", e.volume, unit="%"))
    pressure = input_quantity("d_pack", e.pack_pressure, unit="%").distribution.u / 100.0
    temperature = input_quantity("d_pack", e.pack_temperature, unit="K").distribution.u / run.temperature
    content = bank.line_volume.to("m**3") * run.density / run.duration / math.sqrt(repeats)
    u_pack = content * math.hypot(pressure, temperature)
    inputs.append(_normal("d_pack", u_pack, "kg/s", text["gas_sonic_nozzle.line_pack"]))
    pooled = input_quantity("d_rep", e.repeatability, unit="%").distribution.u
    contradiction = observed / pooled if pooled and observed > 3.0 * pooled else 1.0
    inputs.append(input_quantity("d_rep", e.repeatability, unit="%", factor=contradiction / math.sqrt(repeats)))
    model = partial(
        relative_error,
        E=run.error,
        q_m=run.standard.mass_flow,
        pack=run.pack,
        T0=run.standard.stagnation_temperature,
        T=run.temperature,
        pulses=run.pulses,
    )
    return Budget(model=model, inputs=tuple(inputs), unit="%", name="E")


def _normal(name: str, u: float, unit: str, label: Any) -> InputQuantity:
    return InputQuantity(name=name, distribution=Normal(mean=0.0, u=u), unit=unit, label=label)
