"""The ring-down system's models, water fits and plans, against closed forms and the values of the domain card."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from scenarios import crds_ghg
from scenarios.crds_ghg import Nameplate, Plan, forecast
from scenarios.crds_ghg_model import adjusted_budget, calibrate, calibration_budget, seen, water_budget
from scenarios.crds_ghg_points import tanks, target
from scenarios.crds_ghg_water import corrected, parabola, with_pressure
from scenarios.procedure import PlanRefused
from scenarios.references import Reference
from scenarios.sheet import Sheet, SheetError, decode, load
from uncertainty.curves import Polynomial
from uncertainty.fits import fit

VPDB, NATURAL = 0.0111802, -0.0085
DEVICE = Nameplate(manufacturer="any", model="any", serial="1", accuracy_class="station")


@pytest.fixture(params=["crds_ghg", "crds_ghg_mobile"])
def table(request: pytest.FixtureRequest) -> dict[str, Any]:
    text = files("bench").joinpath(f"systems/{request.param}.toml").read_text(encoding="utf-8")
    return copy.deepcopy(tomllib.loads(text))


@pytest.fixture
def station() -> dict[str, Any]:
    return tomllib.loads(files("bench").joinpath("systems/crds_ghg.toml").read_text(encoding="utf-8"))


def opened(table: dict[str, Any]) -> tuple[Sheet, Plan]:
    sheet = load(table)
    plan = decode(sheet.procedure, Plan, "procedure")
    references = {key: decode(data, Reference, key) for key, data in sheet.station["laboratory"]["references"].items()}
    return sheet, Plan(**{name: getattr(plan, name) for name in Plan.__dataclass_fields__} | {"references": references})


# -- isotopologues ------------------------------------------------------------------------------------------------


def test_a_fossil_tank_is_seen_a_tenth_of_a_ppm_high() -> None:
    assert seen(400.0, -0.035, NATURAL, VPDB) - 400.0 == pytest.approx(0.117, abs=0.001)
    assert seen(400.0, NATURAL, NATURAL, VPDB) == 400.0


# -- water --------------------------------------------------------------------------------------------------------

LEVELS = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5])
TRUE = {"CO2": (-0.0120, -2.67e-4, -1.2e-4), "CH4": (-0.00982, -2.39e-4, -4.0e-4)}


def ratios(humidity: np.ndarray) -> dict[str, np.ndarray]:
    return {
        name: 1 + a * humidity + b * humidity**2 + d * (1 - np.exp(-humidity / 0.15))
        for name, (a, b, d) in TRUE.items()
    }


def test_two_percent_of_water_make_400_read_389_97() -> None:
    fitted = parabola(LEVELS, {"CO2": 1 - 0.0120 * LEVELS - 2.67e-4 * LEVELS**2}, 0.15)
    assert round(400 * float(corrected(np.array([2.0]), fitted, "CO2")[0]), 2) == 389.97


def test_steps_find_the_pressure_term() -> None:
    fitted = with_pressure(LEVELS, ratios(LEVELS), {"CO2": 1e-5, "CH4": 3e-5})
    assert fitted.scale_percent == pytest.approx(0.15, rel=0.01)
    for name, coefficients in TRUE.items():
        assert fitted.coefficients[name] == pytest.approx(coefficients, rel=0.02)
        assert np.abs(fitted.residuals[name]).max() < 1e-6


def test_a_parabola_leaves_a_fifth_of_the_goal_between_005_and_05_percent() -> None:
    fitted = parabola(LEVELS, ratios(LEVELS), 0.15)
    left = 400 * np.array(fitted.residuals["CO2"])
    assert np.abs(left[(LEVELS >= 0.05) & (LEVELS <= 0.5)]).max() > 0.02
    assert fitted.coefficients["CO2"][2] == 0.0


# -- calibration --------------------------------------------------------------------------------------------------


def test_the_budget_of_the_line_agrees_with_the_covariance_of_generalised_least_squares(
    station: dict[str, Any],
) -> None:
    """Without a bow, propagation through the refitted line must give the fit's own covariance."""
    _, plan = opened(station)
    for key in plan.components:
        own = tanks(plan, key)
        x = [float(seen(t.value, t.d13c, NATURAL, VPDB)) for t in own]
        readings = [0.3 + 1.001 * value for value in x]
        found = calibrate(plan, key, own, readings)
        at = 0.5 * (own[0].value + own[1].value)
        gum = calibration_budget(plan, key, at, own, readings, found).gum(p=0.95, k=2.0)
        assert gum.value == pytest.approx(0.3 + 0.001 * at, abs=1e-6)
        without_bow = np.sqrt(sum(line.contribution**2 for line in gum.lines if line.name != "d_bow"))
        value, covariance = found.predict(at)
        assert value[0] - at == pytest.approx(gum.value, abs=1e-9)
        assert without_bow == pytest.approx(np.sqrt(covariance[0, 0]), rel=2e-3)


def test_the_scale_goes_through_to_every_point_undiminished(station: dict[str, Any]) -> None:
    _, plan = opened(station)
    own = tanks(plan, "CO2")
    readings = [float(seen(t.value, t.d13c, NATURAL, VPDB)) for t in own]
    found = calibrate(plan, "CO2", own, readings)
    budget = calibration_budget(plan, "CO2", 400.0, own, readings, found)
    (scale,) = (line for line in budget.gum(p=0.95, k=2.0).lines if line.name == "d_scale")
    assert scale.sensitivity == pytest.approx(-1.0, abs=1e-3)


def test_iso_6143_example_1_by_the_fit_that_is_used() -> None:
    """Annex B.2.1 by the numbers of the domain card (B_LEAST)."""
    x, y = [4.5, 18.75, 50.0], [0.1969, 0.7874, 2.0228]
    found = fit(Polynomial(1), y, x, ux=[0.003938, 0.015748, 0.040456], uy=[0.045, 0.1875, 0.5])
    assert found.b == pytest.approx([-0.35747, 24.6115], rel=1e-5)
    assert found.u == pytest.approx([0.15713, 0.48036], rel=1e-4)


def test_expanded_uncertainties_are_those_of_the_card(station: dict[str, Any]) -> None:
    """The card: U of about 0.1 to 0.15 µmol/mol with tanks of 0.02 to 0.05; ours with 0.03, and half the goal dry."""
    sheet, plan = opened(station)
    by_key = {f.point.key: f.U for f in forecast(sheet, plan, DEVICE)}
    assert 0.06 < by_key["calibration/CO2/tank1"] < 0.1
    assert 0.044 < by_key["verification/CO2/0"] < by_key["verification/CO2/2"] < 0.05
    assert by_key["water/CO2/0.2"] < 0.02


def test_every_sheet_forecasts_all_points_within_their_share(table: dict[str, Any]) -> None:
    sheet, plan = opened(table)
    found = forecast(sheet, plan, DEVICE)
    assert len(found) == 3 * (4 + len(plan.water.check) + 4)
    assert all(f.point.mpe is None or 0.5 * f.point.mpe.value >= f.U for f in found)


def test_budget_of_the_verdict_adds_the_water_only_in_humid_air(station: dict[str, Any]) -> None:
    _, plan = opened(station)
    gas = target(plan, "CO2")
    dry = adjusted_budget(plan, "CO2", gas, reading=417.4, wet=0.0, dry=0.0, humidity=0.0)
    humid = adjusted_budget(plan, "CO2", gas, reading=417.4, wet=417.37, dry=417.36, humidity=1.0)
    assert {q.name for q in humid.inputs} - {q.name for q in dry.inputs} == {"d_wet", "d_set", "k_up"}
    assert humid.gum(p=0.95, k=2.0).value - dry.gum(p=0.95, k=2.0).value == pytest.approx(0.01)
    water = water_budget(plan.components["CO2"], wet=417.37, dry=417.36, humidity=1.0).gum(p=0.95, k=2.0)
    assert humid.gum(p=0.95, k=2.0).u ** 2 == pytest.approx(dry.gum(p=0.95, k=2.0).u ** 2 + water.u**2)


# -- refusals -----------------------------------------------------------------------------------------------------


def test_a_goal_that_cannot_be_proved_is_refused(station: dict[str, Any]) -> None:
    station["procedure"]["components"]["CO2"]["goal"]["value"] = 0.08
    with pytest.raises(PlanRefused, match=r"verification/CO2/0: expected U = 0\.0\d+ umol/mol exceeds 0\.04"):
        forecast(*opened(station), DEVICE)


def test_a_humidity_that_is_not_checked_cannot_be_judged(station: dict[str, Any]) -> None:
    station["procedure"]["verification"]["humidities"][1]["value"] = 0.3
    with pytest.raises(SheetError, match=r"humidities\[1\]: 0\.3 % is not checked"):
        forecast(*opened(station), DEVICE)


def test_a_certificate_without_isotopes_is_refused(station: dict[str, Any]) -> None:
    del station["station"]["laboratory"]["references"]["tank2"]["values"]["d13C"]
    with pytest.raises(SheetError, match="no certified 'd13C'"):
        forecast(*opened(station), DEVICE)


def test_a_certificate_better_than_its_scale_is_refused(station: dict[str, Any]) -> None:
    station["station"]["laboratory"]["references"]["tank2"]["values"]["CH4"]["U"]["value"] = 0.5
    with pytest.raises(SheetError, match="not larger than that of the scale alone"):
        forecast(*opened(station), DEVICE)


def test_the_module_is_a_procedure() -> None:
    assert {"Plan", "Nameplate", "forecast", "verify"} <= set(crds_ghg.__all__)
