"""The batch rack and the chromatograph: masses, buoyancy, purity, mixing, drift, each against a closed form."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments import gas_batch, gas_comparator
from instruments.air import density_kg_per_m3
from instruments.clock import Environment
from instruments.gas_batch_cylinder import Contents, apparent_mass_g, molar_mass, parent
from instruments.ports import Ambient
from instruments.ports_mass import Pan
from instruments.ports_sampling import SamplingPoint

from .model_bench import ModelBench, port


def rack(**parameters: Any) -> ModelBench:
    return ModelBench(gas_batch.twin, {"metering": 0.0} | parameters)


def filled(bench: ModelBench, **masses: float) -> ModelBench:
    for name, mass in masses.items():
        bench.write(f"FILL:STAR {name},{mass}")
        assert bench.query("*OPC?") == "1"
    assert bench.errors() == []
    return bench


def test_the_mixture_is_that_of_the_masses_and_purities() -> None:
    minor = {"N2.CO2": 2e-7, "CH4.CH4": 0.05, "C3H8.C3H8": 0.03, "CO2.N2": 1e-5}
    bench = filled(rack(minor=minor), CO2=1.5, CH4=9.4, N2=930.0)
    n_co2 = 1.5 / (1e-5 * 28.014 + (1 - 1e-5) * 44.009)
    m_n2 = 2e-7 * 44.009 + (1 - 2e-7) * 28.014
    n_mix = 9.4 / (0.05 * 16.043 + 0.95 * m_n2)
    n_n2 = 930.0 / m_n2
    total = n_co2 + n_mix + n_n2
    x_co2 = (n_co2 * (1 - 1e-5) + (0.95 * n_mix + n_n2) * 2e-7) / total
    assert bench.engine.true_error("CO2", "cylinder") == pytest.approx(1e6 * x_co2, rel=1e-12)
    assert bench.engine.true_error("CH4", "cylinder") == pytest.approx(1e6 * 0.05 * n_mix / total, rel=1e-12)


def test_a_premix_holds_the_impurities_of_its_diluent() -> None:
    found = parent("CH4", {"CH4.CH4": 0.05, "N2.CO2": 4e-7})
    assert found == pytest.approx({"CH4": 0.05, "CO2": 0.95 * 4e-7, "N2": 0.95 * (1 - 4e-7)})
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-15)
    assert molar_mass({"CO2": 0.5, "N2": 0.5}) == pytest.approx(36.0115)


def test_the_pressure_of_a_full_cylinder() -> None:
    contents = Contents(volume_l=5.0, moles={})
    contents.add(950.0, {"N2": 1.0})
    ideal = 950.0 / 28.014 / 5e-3 * 8.314462618 * 293.15
    assert contents.pressure_pa(20.0) == pytest.approx(ideal, rel=0.05)
    assert contents.pressure_pa(20.0) > ideal  # nitrogen at 17 MPa: repulsion has the upper hand


def test_what_a_cylinder_weighs_in_air() -> None:
    air = {"temperature_degc": 20.0, "pressure_kpa": 101.325, "humidity_percent": 50.0}
    bench = ModelBench(gas_batch.twin, {"metering": 0.0}, {"ambient": air})
    rho = density_kg_per_m3(20.0, 101325.0, 50.0)
    bench.write("CARR:LOAD SAMP")
    assert bench.query("CARR:LOAD?") == "SAMP"
    assert bench.ports["pan"].mass.value(bench.now) == pytest.approx(
        (6230.0 - rho * 6.350) / (1 - 1.2 / 8000), abs=1e-6
    )
    assert apparent_mass_g(8000.0, 1000.0, 1.2) == pytest.approx(8000.0)  # a steel weight in air of 1.2 kg/m³


def test_a_cylinder_swells_by_its_pressure_and_floats_while_it_is_warm() -> None:
    bench = filled(rack(), N2=930.0)
    bench.write("CARR:LOAD SAMP")
    warm = bench.ports["pan"].mass.value(bench.now)
    assert bench.number("GAUG:TEMP?") > 40.0
    bench.write("CARR:LOAD NONE")
    bench.run(20 * 5400.0)
    assert bench.number("GAUG:TEMP?") == pytest.approx(23.0, abs=0.01)
    bench.write("CARR:LOAD SAMP")
    cool = bench.ports["pan"].mass.value(bench.now)
    assert cool - warm == pytest.approx(0.003 * 1.8 * bench.number("GAUG:PRES?"), rel=0.01)
    rho = density_kg_per_m3(23.0, 101325.0, 50.0)
    swollen = 6350.0 + 0.55 * bench.number("GAUG:PRES?")
    assert cool == pytest.approx((6230.0 + 930.0 - rho * 1e-3 * swollen) / (1 - 1.2 / 8000), abs=2e-5)


def test_the_weight_lies_beside_the_tare_cylinder() -> None:
    bench = rack()
    bench.write("CARR:LOAD TARE")
    tare = bench.ports["pan"].mass.value(bench.now)
    bench.write("CARR:LOAD WEIG")
    rho = density_kg_per_m3(23.0, 101325.0, 50.0)
    both = bench.ports["pan"].mass.value(bench.now)
    assert both - tare == pytest.approx(1000.0 * (1 - rho / 8000) / (1 - 1.2 / 8000), abs=1e-6)


def test_bottles_differ_drift_and_travel() -> None:
    bench = filled(
        rack(
            inhomogeneity={"CO2": 0.01},
            instability_per_month={"CO2": -1e-3},
            transport={"CO2": 2e-3},
            adsorbed={"CO2": 0.1},
            minor={},
        ),
        CO2=1.5,
        N2=930.0,
    )
    mixed = bench.engine.true_error("CO2", "cylinder")
    plain = 1e6 * (1.5 / 44.009) / (1.5 / 44.009 + 930.0 / 28.014)
    assert mixed == pytest.approx(0.9 * plain, rel=1e-12)
    bench.write("BATC:FILL")
    assert bench.query("*OPC?;:BATC:BOTT?") == "1;24"
    start = bench.now
    values = [1e6 * bench.engine.bottle(n, start)["CO2"] for n in range(1, 25)]
    assert 0.005 < math.sqrt(sum((v / mixed - 1) ** 2 for v in values) / 24) < 0.016
    after = bench.engine.bottle(24, start + 12 * gas_batch.MONTH_S)["CO2"]
    assert 1e6 * after == pytest.approx(values[-1] * (1 - 0.012), rel=1e-6)
    assert bench.engine.true_error("CO2", "customer") == pytest.approx(values[-1] * (1 - 0.012) * 1.002, rel=1e-6)


def test_the_rack_refuses_what_would_spoil_the_batch() -> None:
    bench = rack()
    for message in ("BATC:FILL", "SAMP:CONN CYL", "SAMP:CONN BOTT,3", "SAMP:CONN REF,1"):
        bench.write(message)
    assert bench.errors() == [-221, -221, -221, -222]
    bench.write("CARR:LOAD SAMP")
    bench.write("FILL:STAR N2,10")
    assert bench.errors() == [-221]
    bench.write("CARR:LOAD NONE")
    bench.write("FILL:STAR N2,10")
    bench.write("FILL:STAR N2,10")
    assert bench.errors() == [-221]
    assert bench.query("FILL:STAT?") == "RUN"
    with pytest.raises(ValueError, match="names no parent gas"):
        gas_batch.Parameters(minor={"SF6.CO2": 0.1})


class Together:
    """The rack and the chromatograph on one sampling point."""

    def __init__(self, **parameters: Any) -> None:
        environment = Environment()
        ports: dict[str, Any] = {
            "sample": port(SamplingPoint, environment),
            "ambient": port(Ambient, environment, pressure_kpa=101.325),
            "pan": port(Pan, environment),
        }
        references = {"R1.CO2": 800e-6, "R2.CO2": 1200e-6}
        own = {"metering": 0.0, "references": references, "minor": {}, "inhomogeneity": {"CO2": 0.0}}
        self.rack = ModelBench(gas_batch.twin, own, ports, environment=environment)
        given = {"response": {"CO2": 1e6}} | parameters
        self.gc = ModelBench(gas_comparator.twin, given, ports, environment=environment)

    def areas(self, stream: str, count: int) -> list[float]:
        self.rack.write(f"SAMP:CONN {stream}")
        self.gc.write(f"SEQ:STAR {count}")
        assert self.gc.query("*OPC?") == "1"
        assert self.gc.query("SEQ:STAT?") == "DONE"
        return [float(v) for v in self.gc.query("FETC?").split(",")]


def test_areas_follow_the_amount_fraction_with_curvature_drift_and_memory() -> None:
    bench = Together(curvature={"CO2": 0.01}, drift_per_h=0.06, carry_over=0.1)
    first = bench.areas("REF,1", 3)
    level = 800.0 * (1 + 0.01 * 0.8)
    assert first == pytest.approx([level * (1 + 0.06 * i / 12) for i in range(3)], rel=1e-5)
    second = bench.areas("REF,2", 2)
    mixed = 1200e-6 - 0.1 * 400e-6
    after = bench.gc.now - 2 * 300.0
    assert second[0] == pytest.approx(1e6 * mixed * (1 + 10 * mixed) * (1 + 0.06 * after / 3600), rel=1e-4)
    assert second[1] == pytest.approx(1200.0 * 1.012 * (1 + 0.06 * (after + 300) / 3600), rel=1e-4)


def test_the_response_is_another_one_after_a_rest() -> None:
    bench = Together(use=0.05)
    before = bench.areas("REF,1", 1)[0]
    assert bench.areas("REF,1", 1)[0] == before
    bench.gc.run(7 * 3600.0)
    assert bench.areas("REF,1", 1)[0] != before


def test_gas_that_was_not_rolled_is_layered() -> None:
    bench = Together()
    filled(bench.rack, CO2=1.5, N2=930.0)
    true = bench.rack.engine.true_error("CO2", "cylinder")
    assert bench.areas("CYL", 1)[0] == pytest.approx(0.98 * true, rel=1e-5)
    bench.rack.write("ROLL:STAR 14400")
    bench.rack.query("*OPC?")
    assert bench.areas("CYL", 1)[0] == pytest.approx(true, rel=1e-5)


def test_nothing_is_measured_where_nothing_is_connected() -> None:
    bench = Together()
    bench.gc.write("SEQ:STAR 2")
    assert bench.gc.errors() == [-221]
    bench.gc.write("FETC?")
    assert bench.gc.errors() == [-230]
    assert bench.gc.query("METH:COMP?") == '"CO2"'
    assert bench.gc.query("SEQ:STAT?") == "IDLE"
