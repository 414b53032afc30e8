"""The stack: means over its plane, what probes of three kinds make of a swirl, the plant's walk, the meter's memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments import stack_meter, stack_plant, stack_team
from instruments.clock import Environment
from instruments.ports_stack import Stack, StackGas
from instruments.stack_team import plane
from instruments.twin import Surroundings

from .small_bench import Spoken


class Site:
    """Hold a stack with a plant, a meter and any teams."""

    def __init__(self, plant: dict[str, Any] | None = None, meter: dict[str, Any] | None = None, **gas: Any) -> None:
        self.environment = Environment()
        self.stack = Stack(StackGas(**gas), self.environment)
        self._count = 0
        self.plant = self.add(stack_plant, **(plant or {"unsteadiness": 0.0}))
        self.meter = self.add(stack_meter, **({"noise": 0.0} | (meter or {})))

    def add(self, module: Any, **parameters: Any) -> Spoken:
        self._count += 1
        surroundings = Surroundings(
            name=module.__name__,
            clock=self.environment,
            rng=np.random.default_rng([3, self._count]),
            ports={"stack": self.stack},
        )
        return Spoken(module.twin.build(module.twin.parameters(**parameters), surroundings), self.environment)

    def traverse(self, team: Spoken) -> np.ndarray[Any, Any]:
        team.write("TRAV:STAR")
        numbers = [float(x) for x in team.query("TRAV:DATA?").split(",")]
        return np.array(numbers[1:]).reshape(-1, 4)


def test_mean_over_the_plane_is_one() -> None:
    """By quadrature with other nodes than the twin's own: with skew and jet, whatever the exponent."""
    for exponent in (5.0, 9.0):
        gas = StackGas(exponent=exponent, skew=0.12, skew_deg=40, bump=0.15, bump_radius=0.5, bump_deg=200)
        stack = Stack(gas, Environment())
        t, w = np.polynomial.legendre.leggauss(24)
        t, w = 0.5 * (t + 1), 0.5 * w
        total = 0.0
        for ti, wi in zip(t, w, strict=True):
            r = 1 - ti**5
            ring = np.mean([stack.relative_speed(r, 360 * (j + 0.5) / 40) for j in range(40)])
            total += wi * 5 * ti**4 * 2 * r * ring
        assert total == pytest.approx(1.0, abs=2e-5)


def test_power_law_has_its_closed_mean() -> None:
    stack = Stack(StackGas(exponent=7.0), Environment())
    assert stack.relative_speed(0.0, 0.0) == pytest.approx(120.0 / 98.0, rel=1e-12)


def test_points_of_equal_area() -> None:
    places = plane(8)
    assert len(places) == 16
    assert sorted({round(r**2 * 8) for r, _ in places}) == [1, 3, 5, 7]


def test_normal_flow_of_the_published_stack() -> None:
    site = Site(plant={"full_speed_m_per_s": 15.0, "unsteadiness": 0.0})
    assert site.stack.normal_flow(0.0, 100.0) == pytest.approx(428.0177, rel=1e-6)


def test_five_holes_resolve_the_swirl_and_tubes_take_it_for_flow() -> None:
    site = Site(swirl_deg=25.0, pitch_deg=3.0)
    stack = site.stack
    rho = stack.density
    truth = np.array([18.0 * stack.relative_speed(r, phi) for r, phi in plane(8)])
    outfit = {"unrest": 0.0, "coefficient": 0.95}
    p12, p45, yaw, _ = site.traverse(site.add(stack_team, kind="3d", **outfit)).T
    pitch = np.arctan(p45 / p12 / 4.0)
    axial = 0.95 / np.cos(pitch) * np.sqrt(2 * p12 / rho) * np.cos(np.radians(yaw)) * np.cos(pitch)
    assert axial.mean() == pytest.approx(truth.mean(), rel=1e-3)
    s_type = site.traverse(site.add(stack_team, kind="s_type", unrest=0.0, coefficient=0.84)).T
    by_s = 0.84 * np.sqrt(2 * s_type[0] / rho)
    assert by_s.mean() / truth.mean() == pytest.approx(1.065, abs=0.015)
    l_type = site.traverse(site.add(stack_team, kind="l_type", unrest=0.0, coefficient=1.0, yaw_loss=0.0)).T
    cosines = np.array([math.cos(math.radians(25 * r)) * math.cos(math.radians(3 * r)) for r, _ in plane(8)])
    assert np.sqrt(2 * l_type[0] / rho) * cosines == pytest.approx(truth, rel=1e-4)


def test_no_swirl_no_difference() -> None:
    site = Site()
    rho = site.stack.density
    means = []
    for kind, c in (("3d", 0.95), ("s_type", 0.84), ("l_type", 1.0)):
        data = site.traverse(site.add(stack_team, kind=kind, unrest=0.0, coefficient=c))
        means.append((c * np.sqrt(2 * data[:, 0] / rho)).mean())
    assert means[1] == pytest.approx(means[0], rel=1e-3)
    assert means[2] == pytest.approx(means[0], rel=1e-3)


def test_the_plant_ramps_and_walks() -> None:
    site = Site(plant={"unsteadiness": 0.02, "ramp_percent_per_min": 5.0})
    site.plant.write("LOAD 50")
    assert site.plant.query("*OPC?;:LOAD?") == "1;50.0"
    now = site.environment.now
    assert now == pytest.approx(600.0)
    assert site.stack.speed.value(now) == pytest.approx(9.0)
    later = [site.stack.speed.value(now + 3000 + 120.0 * i) / 9.0 for i in range(100)]
    assert 0.01 < np.std(later) < 0.035


def test_meter_remembers_and_errs() -> None:
    site = Site(meter={"gain_error": 0.04, "load_slope": 0.1})
    site.environment.run_to(100.0)
    assert [float(x) for x in site.meter.query("DATA:MEAN? 10,70,3").split(",")] == pytest.approx([18 * 1.065] * 3)
    assert site.meter.engine.true_error("error", load=100.0) == pytest.approx(6.5)
    assert site.meter.engine.true_error("K_v", load=50.0) == pytest.approx(1 / 1.015)
    site.meter.write("DATA:MEAN? 90,200,2")
    assert site.meter.error().startswith("-222,")


def test_a_traverse_that_was_never_started_is_empty() -> None:
    site = Site()
    assert site.add(stack_team).query("TRAV:DATA?") == "0.0000"


@pytest.mark.parametrize("wrong", [{"water": 1.2}, {"diameter_m": 0.0}, {"co2": 0.7, "o2": 0.5}], ids=str)
def test_an_impossible_stack_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Site(**wrong)
