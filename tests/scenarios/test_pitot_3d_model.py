"""Models of the five-hole probe's calibration against closed forms, and Method 2F's constant."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from bench.catalogue import find
from bench.station import Station
from scenarios import method_2f
from scenarios.evaluation import expected
from scenarios.pitot_3d_model import Sample, f2_budget, least_squares, pooled, repeatability, terms
from scenarios.procedure import PlanRefused
from scenarios.references import Reference
from scenarios.sheet import decode

SYSTEM = find("pitot_3d")


def sphere(pitch: float, yaw: float = 0.0, speed: float = 20.0) -> Sample:
    """Return what a sphere in potential flow shows: holes at 45°, c = 1 - 9/4 sin²θ."""
    p, y = math.radians(pitch), math.radians(yaw)
    u = np.array([math.cos(p) * math.cos(y), math.cos(p) * math.sin(y), math.sin(p)])
    r = math.sqrt(0.5)
    holes = np.array([[1, 0, 0], [r, r, 0], [r, -r, 0], [r, 0, r], [r, 0, -r]])
    c = 1 - 2.25 * (1 - (holes @ u) ** 2)
    seen: dict[str, Any] = {"temperature": 20.0, "pressure": 101325.0, "humidity": 50.0}
    density = Sample(readings=(), speed=1, p12=1, p23=0, p45=0, p14=0, yaw=0, pitch=0, **seen).density
    q = 0.5 * density * speed**2
    return Sample(
        readings=(),
        speed=speed,
        p12=q * (c[0] - c[1]),
        p23=q * (c[1] - c[2]),
        p45=q * (c[3] - c[4]),
        p14=q * (c[0] - c[3]),
        yaw=yaw,
        pitch=pitch,
        **seen,
    )


@pytest.mark.parametrize(
    ("pitch", "f1", "f2"),
    [(0.0, 0.0, 0.942809), (10.0, 0.705308, 0.957353), (-10.0, -0.705308, 0.957353), (20.0, 1.455881, 1.003316)],
)
def test_coefficients_of_a_sphere_in_potential_flow(pitch: float, f1: float, f2: float) -> None:
    sample = sphere(pitch)
    assert sample.f1 == pytest.approx(f1, abs=5e-7)
    assert sample.f2 == pytest.approx(f2, abs=5e-7)


@pytest.mark.parametrize("pitch", [0.0, 12.0])
def test_what_is_left_of_the_null_is_corrected_to_second_order(pitch: float) -> None:
    """F2 changes by 1.7 % per degree of yaw; with half of P2 - P3 a third of a degree leaves next to none."""
    plain, off = sphere(pitch), sphere(pitch, yaw=0.3)
    assert off.f2 == pytest.approx(plain.f2, rel=1e-4)
    assert off.speed * math.sqrt(off.density / (2 * off.p12)) != pytest.approx(plain.f2, rel=3e-3)


def test_the_constant_of_method_2f_in_its_own_units() -> None:
    assert pytest.approx(34.974, abs=5e-4) == method_2f.KP
    # The same speed by the method's formula and by the SI form: 12 mmH2O, 423.15 K, 755 mmHg, 29.2 g/mol.
    own = method_2f.KP * 0.95 * math.sqrt(12.0 * 423.15 / (755.0 * 29.2)) * math.cos(math.radians(8.0))
    density = method_2f.gas_density(29.2e-3, 755.0 * method_2f.PASCAL_PER_MMHG, 423.15)
    si = method_2f.axial_speed(0.95, 12.0 * method_2f.PASCAL_PER_MMH2O, density, yaw_deg=8.0, pitch_deg=0.0)
    assert si == pytest.approx(own, rel=1e-12)


def test_stack_flow_at_normal_conditions() -> None:
    """Published: 7 m, 15 m/s, 323.15 K, 101.0 kPa, 12 % water, 11.5 % CO2 in dry gas."""
    flow = method_2f.normal_dry_flow(math.pi / 4 * 7.0**2 * 15.0, 101.0e3, 323.15, 0.12)
    assert flow == pytest.approx(428.0177, abs=5e-5)
    mass = method_2f.co2_mass_flow(flow, 0.115)
    assert mass == pytest.approx(96.6466, abs=2e-4)
    assert 3.6 * mass == pytest.approx(347.928, abs=1e-3)


def test_pooled_standard_deviation() -> None:
    s, dof = pooled([[1.0, 3.0], [10.0, 10.0, 13.0]])
    assert (s, dof) == (pytest.approx(math.sqrt((2.0 + 6.0) / 3.0)), 3.0)


def test_least_squares_gives_parameters_and_the_covariance_that_v_implies() -> None:
    rng = np.random.default_rng(3)
    design = terms(rng.normal(size=12), rng.normal(size=12), 2)
    root = rng.normal(size=(12, 12))
    V = root @ root.T + 12 * np.eye(12)
    y = rng.normal(size=12)
    b, cov = least_squares(design, y, V)
    assert b == pytest.approx(np.linalg.lstsq(design, y)[0], rel=1e-8)
    draws = rng.multivariate_normal(np.zeros(12), V, size=40000)
    assert cov == pytest.approx(np.cov(np.linalg.pinv(design) @ draws.T), rel=0.1, abs=0.05 * np.abs(cov).max())


def plan() -> Any:
    """Return the sheet's plan with the references of its own station."""
    tables = SYSTEM.sheet.station["laboratory"]["references"]
    references = {key: decode(table, Reference) for key, table in tables.items()}
    return dataclasses.replace(SYSTEM.plan, references=references)


def test_the_budget_has_the_published_size_and_its_leading_terms() -> None:
    """Published for such probes: U about 1 %, most of it irreproducibility and LDA."""
    rep = repeatability(0.6, math.inf, 3, unit="%")
    budget = f2_budget(plan(), rep, f2=0.9573, slope=0.003, fall=200.0, air=(20.0, 101325.0, 50.0))
    result = expected(budget, SYSTEM.sheet.evaluation)
    assert 100 * result.U / result.value == pytest.approx(0.9, abs=0.1)
    leading = sorted(result.lines, key=lambda line: -line.share)[:2]
    assert {line.name for line in leading} == {"d_rep", "c_lda"}


def test_a_better_target_than_can_be_reached_is_refused() -> None:
    tight = dataclasses.replace(plan(), target=dataclasses.replace(SYSTEM.plan.target, value=0.5))
    nameplate = SYSTEM.nameplate(SYSTEM.sheet.station["laboratory"]["device"], "test")
    with pytest.raises(PlanRefused, match=r"F2/18\.3/-15: expected U = .* exceeds the target of 0\.5 %"):
        SYSTEM.procedure.forecast(SYSTEM.sheet, tight, nameplate)
    assert len(SYSTEM.procedure.forecast(SYSTEM.sheet, plan(), nameplate)) == 14


def test_station_of_the_sheet_is_complete() -> None:
    Station.from_dict(SYSTEM.sheet.station, source="test").build()
