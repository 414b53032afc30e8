"""Gas properties of twin and evaluation against published vectors, the card's numbers and each other."""

from __future__ import annotations

import pyaga8
import pytest

from instruments import gas_properties as twin
from scenarios import gas_properties as evaluation
from scenarios.air import air_density

NATURAL_GAS = {
    "CH4": 0.9352,
    "N2": 0.0113,
    "CO2": 0.0062,
    "C2H6": 0.0364,
    "C3H8": 0.0074,
    "iC4H10": 0.0018,
    "nC4H10": 0.0017,
}
T = 293.15
ATMOSPHERE = 101325.0


def twin_gas(shares: dict[str, float]) -> twin.Gas:
    return twin.gas(twin.composition(", ".join(f"{name}={share}" for name, share in shares.items())))


@pytest.mark.parametrize(
    ("shares", "pressure", "golden"),
    [
        (None, ATMOSPHERE, 0.685134),
        (None, 5e5, 0.686275),
        ({"N2": 1.0}, ATMOSPHERE, 0.684952),
        ({"N2": 1.0}, 5e6, 0.697576),
        ({"CH4": 1.0}, ATMOSPHERE, 0.670386),
        ({"CH4": 1.0}, 5e6, 0.706377),
        ({"CO2": 1.0}, ATMOSPHERE, 0.669187),
        ({"Ar": 1.0}, ATMOSPHERE, 0.726640),
        (NATURAL_GAS, ATMOSPHERE, 0.668530),
        (NATURAL_GAS, 5e6, 0.708492),
    ],
)
def test_critical_flow_functions_of_the_card_to_all_digits(
    shares: dict[str, float] | None, pressure: float, golden: float
) -> None:
    gas = evaluation.AIR if shares is None else evaluation.composition(shares)
    throat = evaluation.throat(gas, pressure, T)
    assert round(throat.critical_flow_function, 6) == golden
    # The twin's equation of state is another one: it agrees to less than 0.01 %, and not exactly.
    other = twin.gas(twin.composition("air")) if shares is None else twin_gas(shares)
    assert other.critical_flow_function(pressure, T) == pytest.approx(golden, rel=1e-4)


def test_throat_pressure_ratio_of_air() -> None:
    assert round(evaluation.throat(evaluation.AIR, ATMOSPHERE, T).pressure_ratio, 5) == 0.52800


def test_ideal_gas_of_exponent_1_4() -> None:
    k = 1.4
    assert round(k**0.5 * (2.0 / (k + 1.0)) ** ((k + 1.0) / (2.0 * (k - 1.0))), 6) == 0.684731


def test_natural_gas_by_gerg_2008() -> None:
    gas = twin_gas(NATURAL_GAS)
    low, high = gas.state(ATMOSPHERE, T), gas.state(5e6, T)
    assert (round(low.compressibility, 6), round(low.density, 6)) == (0.997907, 0.717213)
    assert (round(high.compressibility, 6), round(high.density, 4), round(high.sound_speed, 3)) == (
        0.899298,
        39.2725,
        412.729,
    )


def test_the_published_vector_of_aga8_part_1_and_2() -> None:
    """The 21-component check case of AGA Report No. 8 (2017) at 400 K and 50 MPa."""
    names = (
        ("methane", 0.77824),
        ("nitrogen", 0.02),
        ("carbon_dioxide", 0.06),
        ("ethane", 0.08),
        ("propane", 0.03),
        ("isobutane", 0.0015),
        ("n_butane", 0.003),
        ("isopentane", 0.0005),
        ("n_pentane", 0.00165),
        ("hexane", 0.00215),
        ("heptane", 0.00088),
        ("octane", 0.00024),
        ("nonane", 0.00015),
        ("decane", 0.00009),
        ("hydrogen", 0.004),
        ("oxygen", 0.005),
        ("carbon_monoxide", 0.002),
        ("water", 0.0001),
        ("hydrogen_sulfide", 0.0025),
        ("helium", 0.007),
        ("argon", 0.001),
    )
    gas = twin.Gas(names)
    state = gas.state(50e6, 400.0)
    assert round(1e3 * state.molar_mass, 7) == 20.5427445
    assert round(state.density / state.molar_mass / 1e3, 8) == 12.79828626
    assert round(state.compressibility, 9) == 1.174690666
    assert round(state.sound_speed, 6) == 714.424884
    mixture = pyaga8.Composition()
    for name, share in names:
        setattr(mixture, name, share)
    detail = pyaga8.Detail()
    detail.set_composition(mixture)
    detail.pressure, detail.temperature = 50e3, 400.0
    detail.calc_density()
    detail.calc_properties()
    assert round(detail.d, 8) == 12.80792404
    assert round(detail.z, 9) == 1.173801364
    assert round(detail.w, 6) == 712.639368


@pytest.mark.parametrize("humidity", [0.0, 50.0, 90.0])
def test_moist_air_of_twin_and_evaluation_agree(humidity: float) -> None:
    water = twin.water_fraction(T, ATMOSPHERE, humidity)
    assert evaluation.water_fraction(T, ATMOSPHERE, humidity) == pytest.approx(water, rel=2e-3)
    moist = twin.gas(twin.moist(twin.composition("air"), water))
    function, specific = evaluation.moist_air(ATMOSPHERE, T, water)
    assert moist.critical_flow_function(ATMOSPHERE, T) == pytest.approx(function, rel=2e-5)
    assert twin.GAS_CONSTANT / moist.molar_mass == pytest.approx(specific, rel=2e-5)
    assert moist.density(ATMOSPHERE, T) == pytest.approx(float(air_density(20.0, ATMOSPHERE, humidity)), rel=1e-4)


def test_density_by_detail_agrees_with_the_twins_gerg() -> None:
    gas = evaluation.composition(NATURAL_GAS)
    for pressure in (ATMOSPHERE, 1e6, 5e6):
        assert evaluation.density(gas, pressure, T) == pytest.approx(
            twin_gas(NATURAL_GAS).density(pressure, T), rel=3e-4
        )


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(evaluation.GasError, match="'XX' is unknown"):
        evaluation.composition({"XX": 1.0})
    with pytest.raises(evaluation.GasError, match=r"add up to 0\.9"):
        evaluation.composition({"CH4": 0.9})
    with pytest.raises(evaluation.GasError, match="no sonic throat"):
        evaluation.throat(evaluation.composition({"CO2": 1.0}), 5e6, T)  # a liquid
    with pytest.raises(ValueError, match="add up to 1"):
        twin.composition("CH4=0.5")
