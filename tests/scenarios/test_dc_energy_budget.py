"""The budget of the DC energy procedure against worked budgets, and the plan that is refused before anything is on."""

from __future__ import annotations

import copy
import dataclasses
import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from scenarios import dc_energy
from scenarios.dc_energy import Nameplate, Plan, budget, forecast, relative_error
from scenarios.procedure import PlanRefused
from scenarios.sheet import Sheet, SheetError, decode, load
from uncertainty.quantity import Quantity


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(files("bench").joinpath("systems/dc_energy.toml").read_text(encoding="utf-8")))


def opened(table: dict[str, Any]) -> tuple[Sheet, Plan]:
    sheet = load(table)
    return sheet, decode(sheet.procedure, Plan, "procedure")


@pytest.fixture
def device() -> Nameplate:
    return Nameplate(
        manufacturer="any",
        model="any",
        serial="1",
        accuracy_class="0.5",
        voltage=Quantity(value=500, unit="V"),
        current=Quantity(value=100, unit="A"),
        maximum_current=Quantity(value=120, unit="A"),
        constant=1000,
    )


def test_the_budget_of_a_class_05_meter_at_500_v_and_100_a(table: dict[str, Any]) -> None:
    """Six inputs, u = 0.0320 %, U = 0.064 % (k = 2) with 10 000 counts and two readings."""
    _, plan = opened(table)
    gum = budget(plan, method="pulse", E_x=0.01, E_s=0.01, current=100, duration=10, repeats=2).gum(p=0.95, k=2)
    contributions = {line.name: round(line.contribution, 4) for line in gum.lines}
    assert contributions == {
        "d_class": 0.0289,
        "d_cal": 0.0100,
        "d_T": 0.0023,
        "e_th": 0.0008,
        "d_count": 0.0058,
        "d_rep": 0.0071,
    }
    assert round(gum.u, 4) == 0.0320
    assert round(gum.U, 3) == 0.064


def charger(table: dict[str, Any], energy: float) -> dict[str, Any]:
    """Return the sheet with the budget of a class 1 charger, three repeats, by its display."""
    procedure = table["procedure"]
    procedure["basic_error"] |= {"method": "display"}
    procedure["basic_error"]["energy"]["value"] = energy
    procedure["basic_error"]["repeats"]["value"] = 3
    effects = procedure["budget"]
    effects["calibration"]["U"] = 0.0
    effects["temperature"]["half_width"] = 0.01
    effects["thermal_emf"]["half_width"] = 0.0
    effects["lead"] = {
        "label": {"zh": "线损修正", "en": "Lead correction"},
        "distribution": "rectangular",
        "half_width": 0.02,
        "unit": "%",
        "source": "test",
    }
    effects["repeatability"]["u"] = 0.02
    effects["synchronisation"]["half_width"] = 0.1
    return table


@pytest.mark.parametrize(
    ("energy", "U", "resolution"), [(0.2, 0.414, 0.2041), (1.0, 0.108, 0.0408), (5.0, 0.072, 0.0082)]
)
def test_the_budget_by_the_display(table: dict[str, Any], energy: float, U: float, resolution: float) -> None:
    """Class 1 at 500 V, 100 A: U = 0.414 % at 0.2 kWh, 0.108 % at 1 kWh, 0.072 % at 5 kWh; 0.1 s in 600 s."""
    _, plan = opened(charger(table, energy))
    planned = budget(plan, method="display", E_x=energy, E_s=energy, current=100, duration=600, repeats=3)
    gum = planned.gum(p=0.95, k=2)
    lines = {line.name: line.contribution for line in gum.lines}
    assert round(lines["d_class"], 4) == 0.0289
    assert round(lines["d_T"], 4) == 0.0058
    assert round(lines["d_lead"], 4) == 0.0115
    assert round(lines["d_res"], 4) == resolution
    assert round(lines["d_sync"], 4) == 0.0096
    assert round(lines["d_rep"], 4) == 0.0115
    assert round(gum.U, 3) == U


def slow(device: Nameplate) -> Nameplate:
    """Return the device as class 1 with a current at which 0.2 kWh take 600 s."""
    return dataclasses.replace(
        device,
        accuracy_class="1",
        current=Quantity(value=2.4, unit="A"),
        maximum_current=Quantity(value=2.4, unit="A"),
    )


def test_a_plan_whose_u_exceeds_a_third_of_the_mpe_is_refused_with_an_energy_that_would_do(
    table: dict[str, Any], device: Nameplate
) -> None:
    table = charger(table, 0.2)
    sheet, plan = opened(table)
    with pytest.raises(PlanRefused) as refused:
        forecast(sheet, plan, slow(device))
    message = str(refused.value)
    assert "basic_error/import/Imax: expected U = 0.414 % exceeds 0.333 %" in message
    proposed = float(message.split("at least ")[1].split(" kWh")[0])
    table["procedure"]["basic_error"]["energy"]["value"] = proposed
    _, enough = opened(table)
    first = dc_energy.windows(enough, slow(device))[0]
    assert dc_energy._expected(enough, sheet, first, proposed) <= 1 / 3 + 1e-9
    assert dc_energy._expected(enough, sheet, first, proposed - 0.02) > 1 / 3


def test_one_kilowatt_hour_is_enough_for_class_1(table: dict[str, Any], device: Nameplate) -> None:
    table = charger(table, 1.0)
    sheet, plan = opened(table)
    assert max(point.U for point in forecast(sheet, plan, slow(device)) if "Imax" in point.point.key) < 1 / 3


def test_a_standard_that_can_never_do_is_called_so(table: dict[str, Any], device: Nameplate) -> None:
    table["procedure"]["budget"]["reference_class"]["half_width"] = 0.5
    sheet, plan = opened(table)
    with pytest.raises(PlanRefused, match="a better reference standard is needed"):
        forecast(sheet, plan, device)


def test_too_few_turns_are_refused_with_a_number_that_would_do(table: dict[str, Any], device: Nameplate) -> None:
    table["procedure"]["basic_error"]["counts"]["value"] = 500
    table["procedure"]["basic_error"]["window"]["value"] = 0.01
    sheet, plan = opened(table)
    with pytest.raises(PlanRefused, match=r"with \d+ turns; at least \d+ turns would do"):
        forecast(sheet, plan, dataclasses.replace(device, constant=10000.0))


def test_an_unknown_class_is_named(table: dict[str, Any], device: Nameplate) -> None:
    sheet, plan = opened(table)
    with pytest.raises(SheetError, match=r"procedure\.mpe: no class '3'; the sheet knows 0\.5, 1, 2"):
        forecast(sheet, plan, dataclasses.replace(device, accuracy_class="3"))


def test_readings_that_contradict_the_stated_repeatability_raise_the_uncertainty(table: dict[str, Any]) -> None:
    _, plan = opened(table)
    common: dict[str, Any] = {"method": "pulse", "E_x": 0.01, "E_s": 0.01, "current": 100, "duration": 10, "repeats": 4}
    calm = budget(plan, **common, observed=0.02).gum(p=0.95, k=2)
    wild = budget(plan, **common, observed=0.2).gum(p=0.95, k=2)
    assert {line.name: line.u for line in calm.lines}["d_rep"] == pytest.approx(0.01 / 2)
    assert {line.name: line.u for line in wild.lines}["d_rep"] == pytest.approx(0.2 / 2)


def test_the_model_takes_arrays_and_numbers_alike() -> None:
    constants = {"E_x": 1.002, "E_s": 1.0, "V_sh": 75e3, "counts": 1e4, "duration": 10.0}
    assert relative_error(**constants) == pytest.approx(0.2)
    draws = relative_error(d_class=np.array([0.0, 0.05]), **constants)
    assert draws == pytest.approx([0.2, 100 * (1.002 / 1.0005 - 1)])
