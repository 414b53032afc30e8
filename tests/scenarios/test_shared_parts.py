"""What the scenarios share: limits, references, forecasts held against limits, the density of air."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import record
from scenarios.air import air_density
from scenarios.evaluation import input_quantity
from scenarios.limits import Limit
from scenarios.planning import check, forecast_point
from scenarios.procedure import PlanRefused
from scenarios.record import CertificateReference
from scenarios.references import Certified, Reference, find
from scenarios.sheet import Effect, Prescribed, Sheet, SheetError, load
from uncertainty.budget import Budget
from uncertainty.quantity import Quantity, UnitMismatch
from uncertainty.text import Text

HERE = Text(zh="此处", en="here")


def prescribed(value: float, unit: str) -> Prescribed:
    return Prescribed(value=value, unit=unit, source="OIML R 144:2013", verified=True, clause="4.3.1")


R144 = Limit(absolute=prescribed(2, "ppm"), relative=prescribed(5, "%"))


@pytest.mark.parametrize(("value", "mpe"), [(0.0, 2.0), (39.0, 2.0), (41.0, 2.05), (1000.0, 50.0), (-1000.0, 50.0)])
def test_of_the_parts_of_a_limit_the_larger_counts(value: float, mpe: float) -> None:
    assert R144.at(value, "ppm") == pytest.approx(mpe, rel=1e-12)


def test_a_limit_converts_its_absolute_part_and_refers_its_fiducial_part_to_the_span() -> None:
    assert R144.at(10.0, "umol/mol") == pytest.approx(2.0)
    assert Limit(fiducial=prescribed(2, "%")).at(1.0, "ppm", span=500.0) == pytest.approx(10.0)
    with pytest.raises(SheetError, match="span"):
        Limit(fiducial=prescribed(2, "%")).at(1.0, "ppm")
    with pytest.raises(SheetError, match="the largest counts"):
        Limit().at(1.0, "ppm")
    with pytest.raises(UnitMismatch):
        Limit(absolute=prescribed(2, "s")).at(1.0, "ppm")


CYLINDER = Reference(
    name=HERE,
    serial="TWIN-CRM-1",
    certificate=CertificateReference(number="SIM-1", issuer="Simulated laboratory", due="2099-12-31"),
    values={"CO": Certified(quantity=Quantity(value=0.1, unit="%"), U=Quantity(value=10, unit="ppm"))},
)


def test_a_certified_value_becomes_an_input_in_the_unit_of_the_model() -> None:
    entry = CYLINDER.value("CO").input("x_s", HERE, unit="ppm")
    assert entry.distribution.mean == pytest.approx(1000.0)
    assert entry.distribution.u == pytest.approx(5.0)
    assert entry.unit == "ppm"


def test_what_a_laboratory_does_not_have_is_named() -> None:
    with pytest.raises(SheetError, match=r"laboratory\.references\.zero: missing.*it has span"):
        find({"span": CYLINDER}, "zero")
    with pytest.raises(SheetError, match="no certified 'NO'; it states CO"):
        CYLINDER.value("NO")


def sheet() -> Sheet:
    return load(
        {
            "schema": 1,
            "system": "toy",
            "title": {"zh": "玩", "en": "toy"},
            "measurand": {"name": {"zh": "误差", "en": "error"}, "symbol": "e", "unit": "ppm"},
            "basis": [],
            "roles": {name: {"name": {"zh": "器", "en": "it"}, "driver": "x"} for name in ("device", "environment")},
            "conditions": {},
            "decision": {
                "rule": "simple",
                "statement": {"zh": "简单", "en": "simple"},
                "maximum_ratio": {"value": 0.5, "unit": "1", "source": "laboratory", "verified": True},
            },
            "procedure": {},
            "station": {},
        }
    )


def test_a_plan_whose_U_exceeds_its_share_of_the_limit_is_refused() -> None:
    point = record.TestPoint(key="p", label=HERE, settings={}, repeats=1, mpe=Quantity(value=3.0, unit="ppm"))
    effect = Effect(label=HERE, distribution="normal", u=1.0, unit="ppm", source="laboratory")
    planned = Budget(model=lambda d: d, inputs=(input_quantity("d", effect),), unit="ppm", name="e")
    forecast = forecast_point(sheet(), point, planned, 10.0)
    assert forecast.U == pytest.approx(2.0)
    with pytest.raises(PlanRefused, match=r"p: expected U = 2 ppm exceeds 1\.5 ppm"):
        check(sheet(), [forecast])
    smaller = forecast_point(
        sheet(), point, Budget(model=lambda d: d / 2, inputs=planned.inputs, unit="ppm", name="e"), 1
    )
    assert check(sheet(), [smaller]) == (smaller,)


def test_the_density_of_air_is_that_of_the_published_point() -> None:
    assert float(air_density(20.0, 101325.0, 50.0)) == pytest.approx(1.199314, abs=5e-7)
    assert air_density(np.array([15.0, 25.0]), 101325.0, 50.0).shape == (2,)
