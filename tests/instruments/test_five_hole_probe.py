"""Five-hole heads against potential flow, and the probe in its stream."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from instruments import probe_5hole, probe_l_type
from instruments.five_hole import NORMALS, FiveHoleHead, prism_coefficient, turned

from .air_bench import AirBench

STILL = {"unsteadiness": 0.0, "warming_k": 0.0, "static_coefficient": 0.0}


@pytest.mark.parametrize(
    ("pitch", "f1", "f2"),
    [
        (0.0, 0.0, 0.942809),
        (10.0, 0.705308, 0.957353),
        (-10.0, -0.705308, 0.957353),
        (20.0, 1.455881, 1.003316),
        (-20.0, -1.455881, 1.003316),
    ],
)
def test_sphere_in_potential_flow(pitch: float, f1: float, f2: float) -> None:
    """Published closed form: F1 = 4 tan p, F2 = (2 √2/3)/cos p."""
    found = FiveHoleHead().nulled(pitch, 2e4)
    assert found == (pytest.approx(f1, abs=5e-7), pytest.approx(f2, abs=5e-7))
    assert found[0] == pytest.approx(4.0 * math.tan(math.radians(pitch)), abs=1e-12)
    assert found[1] == pytest.approx(2.0 * math.sqrt(2.0) / 3.0 / math.cos(math.radians(pitch)), rel=1e-12)


@pytest.mark.parametrize("pitch", [-15.0, 0.0, 12.0])
@pytest.mark.parametrize("head", ["sphere", "prism"])
def test_the_null_of_a_badly_drilled_head_is_where_its_pressures_are_equal(head: str, pitch: float) -> None:
    normals = (NORMALS[0], turned(NORMALS[1], 0.8, -0.5), *NORMALS[2:])
    probe = FiveHoleHead(head=head, normals=normals)  # type: ignore[arg-type]
    yaw = probe.null_yaw_deg(pitch)
    assert 0.1 < abs(yaw) < 1.5
    c = probe.coefficients(yaw, pitch, 2e4)
    assert c[1] == pytest.approx(c[2], abs=1e-12)


def test_reynolds_number_changes_f2_by_half_of_what_it_changes_the_pressures() -> None:
    probe = FiveHoleHead(reynolds_slope=0.02)
    ratio = probe.nulled(0.0, 2e4 * math.e)[1] / probe.nulled(0.0, 2e4)[1]
    assert ratio == pytest.approx(1.02**-0.5, rel=1e-12)


def test_prism_follows_its_table_and_falls_monotonously() -> None:
    assert prism_coefficient(0.0) == 1.0
    assert prism_coefficient(40.0) == pytest.approx(0.28)
    values = [prism_coefficient(0.5 * i) for i in range(181)]
    assert all(b < a for a, b in pairwise(values))


def bench(**parameters: object) -> AirBench:
    made = AirBench(stream={"turbulence": 0.0}, tunnel=STILL, manometer={"noise_pa": 0.0})
    made.probe = made.add(probe_5hole, **parameters)  # type: ignore[attr-defined]
    made.blow(20.0)
    made.run(60.0)
    return made


def read(made: AirBench) -> list[float]:
    return [float(x) for x in made.manometer.query("READ?").split(",")]


def test_pressures_in_the_hoses_are_those_of_potential_flow() -> None:
    made = bench()
    made.stage.write("POS:PITC 10")
    assert made.stage.query("*OPC?") == "1"
    p12, p23, p45, p14, open_line = read(made)
    q = made.stream.dynamic_pressure(made.environment.now, made.environment.now)
    assert p12 / q == pytest.approx(9.0 / 8.0 * math.cos(math.radians(10.0)) ** 2, rel=1e-5)
    assert p45 / p12 == pytest.approx(0.705308, rel=1e-5)
    assert (p23, open_line) == (pytest.approx(0.0, abs=1e-4), pytest.approx(0.0, abs=1e-4))
    s, c = math.sin(math.radians(10.0)), math.cos(math.radians(10.0))
    assert p14 / q == pytest.approx(2.25 * (1.0 - 0.5 * (c + s) ** 2) - 2.25 * s**2, rel=1e-5)


def test_a_swirl_shows_with_the_other_sign_from_the_opposite_port() -> None:
    made = AirBench(stream={"turbulence": 0.0, "yaw_deg": 2.0}, tunnel=STILL, manometer={"noise_pa": 0.0})
    probe = made.add(probe_5hole, yaw_offset_deg=0.5)
    made.blow(20.0)
    made.run(60.0)
    nulls = []
    for port, yaw in (("UPR", 1.5), ("OPP", -2.5)):
        made.stage.write(f"PROB:ENTR {port};:POS:YAW {yaw}")
        assert made.stage.query("*OPC?") == "1"
        assert read(made)[1] == pytest.approx(0.0, abs=1e-3)
        nulls.append(yaw)
    assert sum(nulls) / 2.0 == pytest.approx(probe.engine.true_error("offset"))


def test_blockage_and_placing_are_seen_but_no_part_of_the_truth() -> None:
    plain, blocked = bench(), bench(blockage=0.01)
    assert read(blocked)[0] / read(plain)[0] == pytest.approx(1.01**2, rel=1e-5)
    assert blocked.probe.engine.true_error("F2") == plain.probe.engine.true_error("F2")  # type: ignore[attr-defined]
    restless = bench(irreproducibility=0.01)
    first = read(restless)[0]
    assert read(restless)[0] == pytest.approx(first, rel=1e-5)
    restless.stage.write("POS:PITC 1;PITC 0")
    assert restless.stage.query("*OPC?") == "1"
    assert read(restless)[0] != pytest.approx(first, rel=1e-4)


def test_two_probes_cannot_share_a_channel() -> None:
    made = bench()
    with pytest.raises(ValueError, match="two probes"):
        made.add(probe_l_type, channel=1)


def test_l_type_gives_v_equals_c_root_two_dp_by_rho() -> None:
    made = AirBench(stream={"turbulence": 0.0}, tunnel=STILL, manometer={"noise_pa": 0.0})
    tube = made.add(probe_l_type, coefficient=0.998)
    made.blow(20.0)
    made.run(120.0)
    dp = float(made.manometer.query("READ?").split(",")[4])
    rho = made.stream.density(made.environment.now)
    assert 0.998 * math.sqrt(2.0 * dp / rho) == pytest.approx(20.0, rel=1e-6)
    assert tube.engine.true_error(speed=20.0) == 0.998
