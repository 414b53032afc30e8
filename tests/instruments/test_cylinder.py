"""A cylinder runs down by what is drawn, tells when it is empty, and gives nothing then."""

import pytest

from instruments.clock import Environment
from instruments.ports_cylinder import Cylinder, Filling


def cylinder(**values: object) -> tuple[Environment, Cylinder]:
    clock = Environment()
    return clock, Cylinder(Filling(**{"pressure_mpa": 10.0, "volume_l": 4.0, **values}), clock)  # type: ignore[arg-type]


def test_balance_fills_up_to_one() -> None:
    _, gas = cylinder(fractions={"NO": 500e-6, "CO2": 0.1})
    assert sum(gas.fractions.values()) == pytest.approx(1.0, abs=1e-15)
    assert gas.true_error(component="NO") == 500e-6
    assert gas.true_value("SO2") == 0.0


def test_content_is_the_ideal_gas() -> None:
    _, gas = cylinder()
    assert gas.content_l == pytest.approx(4.0 * 9.8e3 / 101.325 * 298.15 / 293.15, rel=1e-12)


def test_pressure_falls_with_what_two_users_draw() -> None:
    clock, gas = cylinder()
    gas.draw(1.0, by="a")
    gas.draw(0.5, by="b")
    clock.run(until=600.0)
    assert gas.consumed_l(600.0) == pytest.approx(15.0)
    gas.draw(0.0, by="a")
    clock.run(until=1200.0)
    assert gas.consumed(1200.0)[0].amount == pytest.approx(20.0)
    assert gas.pressure(1200.0) == pytest.approx(10.0 - 9.8 * 20.0 / gas.content_l)


def test_empty_cylinder_gives_nothing_and_says_so_once() -> None:
    clock, gas = cylinder(pressure_mpa=0.3)
    told: list[float] = []
    gas.on_empty(lambda: told.append(clock.now))
    assert gas.draw(2.0) == 2.0
    clock.run(until=7200.0)
    end = gas.content_l / 2.0 * 60.0
    assert told == [pytest.approx(end)]
    assert gas.flow.value(7200.0) == 0.0
    assert gas.consumed_l(7200.0) == pytest.approx(gas.content_l)
    assert gas.draw(2.0) == 0.0
    assert gas.pressure(7200.0) == pytest.approx(0.2)


def test_unwired_port_is_no_cylinder() -> None:
    gas = Cylinder(Filling(), Environment())
    assert not gas.connected
    assert gas.draw(1.0) == 0.0


@pytest.mark.parametrize("values", [{"fractions": {"CO": 1.2}}, {"fractions": {"CO": -0.1}}, {"volume_l": 0.0}])
def test_impossible_fillings_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fractions|volume_l"):
        cylinder(**values)


def test_negative_flow_is_refused() -> None:
    _, gas = cylinder()
    with pytest.raises(ValueError, match="cannot draw"):
        gas.draw(-1.0)
