"""Units: their symbols, their D-SI forms, and a clear word about an unknown one."""

from __future__ import annotations

import warnings

import pytest

from reports.errors import UnknownUnit
from reports.units import unit


@pytest.mark.parametrize(
    ("name", "symbol", "dsi"),
    [
        ("V", "V", r"\volt"),
        ("mV", "mV", r"\milli\volt"),
        ("uV", "µV", r"\micro\volt"),
        ("A", "A", r"\ampere"),
        ("%", "%", r"\percent"),
        ("1", "1", r"\one"),
        ("kWh", "kW⋅h", r"\kilo\watt\hour"),
        ("degC", "°C", r"\degreecelsius"),
        ("hPa", "hPa", r"\hecto\pascal"),
        ("min", "min", r"\minute"),
        ("imp/kWh", "imp/(kW⋅h)", r"\kilo\watt\tothe{-1}\hour\tothe{-1}"),
        ("m**3/h", "m³/h", r"\metre\tothe{3}\hour\tothe{-1}"),
        ("kW*h", "kW⋅h", r"\kilo\watt\hour"),
        ("rpm", "r/min", r"\minute\tothe{-1}"),
        ("1/s", "1/s", r"\second\tothe{-1}"),
        ("ohm", "Ω", r"\ohm"),
    ],
)
def test_a_unit_has_a_symbol_and_a_form(name: str, symbol: str, dsi: str) -> None:
    assert (unit(name).symbol, unit(name).dsi) == (symbol, dsi)


@pytest.mark.parametrize("name", ["", "furlong", "kmin", "V/", "V**x", "m%", "degF"])
def test_an_unknown_unit_is_named_with_its_remedy(name: str) -> None:
    with pytest.raises(UnknownUnit, match=f"unit '{name}'".replace("*", r"\*")):
        unit(name)


def test_every_form_is_a_unit_to_another_reader_of_dsi() -> None:
    dsi_unit = pytest.importorskip("dsi_unit")
    names = [
        "V",
        "uV",
        "kWh",
        "imp/kWh",
        "m**3/h",
        "degC",
        "%",
        "1",
        "rpm",
        "L/min",
        "mol/mol",
        "Pa",
        "ppm",
        "deg",
        "kg",
    ]
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own deprecations; an invalid unit is told by `valid`
            assert dsi_unit.DsiUnit(unit(name).dsi).valid, name
