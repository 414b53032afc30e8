"""Worlds: hidden truth is drawn by name, and building one is cheap."""

from __future__ import annotations

import math

import pytest
from twins_for_tests.tiny import Level, OtherPort, Parameters, Tiny, twin
from worlds import GPIB, plan, world

from instruments.draw import Arcsine, Distribution, Normal, OneOf, Rectangular, Triangular, distribution
from instruments.ports_cylinder import Cylinder
from instruments.twin import Kind
from instruments.world import DevicePlan, PortPlan, World, WorldPlan, generator


def drawn(seed: int, *names: str) -> dict[str, float]:
    devices = tuple(
        DevicePlan(name=name, kind=twin, parameters={"gain_error": Rectangular(-1e-3, 1e-3)}) for name in names
    )
    bench = World(WorldPlan(devices=devices), seed)
    return {name: bench.twin(name).parameters.gain_error for name in names}


def test_the_same_seed_plants_the_same_truth() -> None:
    assert drawn(7, "a", "b") == drawn(7, "a", "b")
    assert drawn(7, "a")["a"] != drawn(8, "a")["a"]


def test_adding_a_device_changes_nothing_for_the_others() -> None:
    assert drawn(7, "a", "b")["a"] == drawn(7, "c", "a")["a"] == drawn(7, "a")["a"]
    assert drawn(7, "a", "b")["a"] != drawn(7, "a", "b")["b"]


def test_what_a_device_is_does_not_share_draws_with_what_it_does() -> None:
    assert generator(1, "a", 0).random() != generator(1, "a", 1).random()


@pytest.mark.parametrize(
    ("spread", "mean", "u"),
    [
        (Rectangular(-1.0, 3.0), 1.0, 4 / math.sqrt(12)),
        (Triangular(-1.0, 3.0), 1.0, 4 / math.sqrt(24)),
        (Arcsine(-1.0, 3.0), 1.0, 2 / math.sqrt(2)),
        (Normal(1.0, 0.5), 1.0, 0.5),
        (OneOf((0.0, 2.0)), 1.0, 1.0),
    ],
)
def test_distributions_have_their_moments(spread: Distribution, mean: float, u: float) -> None:
    rng = generator(3, "moments", 0)
    draws = [spread.draw(rng) for _ in range(20_000)]
    m = sum(draws) / len(draws)
    s = math.sqrt(sum((d - m) ** 2 for d in draws) / len(draws))
    assert m == pytest.approx(mean, abs=4 * u / math.sqrt(len(draws)))
    assert s == pytest.approx(u, rel=0.03)


@pytest.mark.parametrize(
    ("table", "made"),
    [
        ({"rectangular": [-1, 1]}, Rectangular(-1, 1)),
        ({"triangular": [-1, 1]}, Triangular(-1, 1)),
        ({"arcsine": [-1, 1]}, Arcsine(-1, 1)),
        ({"normal": [0, 2]}, Normal(0, 2)),
        ({"choice": ["a", "b"]}, OneOf(("a", "b"))),
        ({"something": [0, 2]}, None),
        ({"normal": [0, 2], "x": 1}, None),
    ],
)
def test_tables_name_distributions(table: dict[str, object], made: Distribution | None) -> None:
    assert distribution(table) == made


@pytest.mark.parametrize(
    "table",
    [
        {"normal": [0, -1]},
        {"rectangular": [1, 0]},
        {"normal": [1]},
        {"choice": []},
        {"normal": "x"},
        {"normal": [0, True]},
        {"arcsine": [0, math.inf]},
    ],
)
def test_wrong_distributions_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(table))):
        distribution(table)


def test_ports_join_twins_and_an_open_port_is_private() -> None:
    bench = world()
    assert bench.twin("reader").inlet is bench.twin("writer").outlet is bench.ports["line"]
    assert bench.twin("reader").outlet is not bench.twin("writer").inlet


def test_the_keys_of_a_table_are_drawn_each_for_itself_and_the_same_again() -> None:
    tank = PortPlan(
        name="tank",
        kind=Cylinder,
        parameters={"fractions": {"CO2": Rectangular(3e-4, 5e-4), "CH4": Rectangular(1e-6, 3e-6), "N2O": 3e-7}},
    )

    def fractions(seed: int) -> dict[str, float]:
        return World(WorldPlan(devices=(), ports=(tank,)), seed).ports["tank"].parameters.fractions

    assert fractions(1) == fractions(1)
    assert fractions(1)["N2O"] == 3e-7
    assert 3e-4 < fractions(1)["CO2"] < 5e-4
    shares = [((f := fractions(seed))["CO2"] - 3e-4) / 2e-4 - (f["CH4"] - 1e-6) / 2e-6 for seed in range(8)]
    assert all(abs(share) > 1e-6 for share in shares)


def test_a_world_tells_what_was_used_up_and_who_knows_the_truth() -> None:
    tank = PortPlan(name="tank", kind=Cylinder, parameters={"pressure_mpa": 10.0})
    bench = World(WorldPlan(devices=(DevicePlan(name="a", kind=twin),), ports=(tank,)), 1)
    assert set(bench.consumed()) == {"tank"}
    assert bench.knower("tank") is bench.ports["tank"]
    assert bench.knower("a") is bench.twins["a"]


def test_a_wrong_port_class_is_named() -> None:
    kind = Kind(parameters=Parameters, ports={"input": OtherPort, "output": Level}, build=Tiny)
    with pytest.raises(TypeError, match="x: port 'input' is a OtherPort, not a Level"):
        World(WorldPlan(devices=(DevicePlan(name="x", kind=kind),)), 1)


def test_parameters_that_do_not_fit_are_refused_at_build() -> None:
    with pytest.raises(ValueError, match="low must lie below high"):
        world(low=5.0, high=1.0)


def test_a_twin_can_be_wrapped() -> None:
    seen: list[str] = []

    def wrap(engine: Tiny) -> Tiny:
        seen.append(engine.name)
        return engine

    World(plan(), 1, wrap=wrap)  # type: ignore[arg-type]
    assert seen == ["reader", "writer"]


def test_two_worlds_share_nothing() -> None:
    one, two = world(), world()
    one.front(GPIB).write(b"LEV 5\n")
    assert two.twin("reader").level() == 0
