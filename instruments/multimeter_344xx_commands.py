"""Commands that the multimeters of the 344xx line share; sources as in `instruments.multimeter_344xx`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.multimeter_344xx import ENDLESS, FIXED, GATED, INTEGRATING
from instruments.scpi import Choice, Command, Event, Integer, Listed, Numeric, Query, Scientific, Setting
from instruments.scpi_words import FunctionName, NumberOrWord, RangeOf, ResolutionOf, SwitchOrOnce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instruments.multimeter import Function

NUMBER = Scientific(8, sign=True)
COUNT = Integer(sign=True)
READINGS = Listed(NUMBER)

NODES = {
    "volt": "VOLTage[:DC]",
    "volt_rat": "VOLTage[:DC]:RATio",
    "volt_ac": "VOLTage:AC",
    "curr": "CURRent[:DC]",
    "curr_ac": "CURRent:AC",
    "res": "RESistance",
    "fres": "FRESistance",
    "freq": "FREQuency",
    "per": "PERiod",
    "cont": "CONTinuity",
    "diod": "DIODe",
}
"""Key -> header of a function, as CONFigure and MEASure have it."""
UNITS = {
    "volt": "V",
    "volt_rat": "V",
    "volt_ac": "V",
    "curr": "A",
    "curr_ac": "A",
    "res": "OHM",
    "fres": "OHM",
    "freq": "HZ",
    "per": "S",
    "cont": "OHM",
    "diod": "V",
}
"""Key -> unit of a range or resolution."""
WORDS = {
    "volt": "VOLT",
    "volt_rat": "VOLT:RAT",
    "volt_ac": "VOLT:AC",
    "curr": "CURR",
    "curr_ac": "CURR:AC",
    "res": "RES",
    "fres": "FRES",
    "freq": "FREQ",
    "per": "PER",
    "cont": "CONT",
    "diod": "DIOD",
}
"""Key -> name in replies."""
NAMES = {
    "VOLTage": "volt",
    "VOLTage:DC": "volt",
    "VOLTage:RATio": "volt_rat",
    "VOLTage:DC:RATio": "volt_rat",
    "VOLTage:AC": "volt_ac",
    "CURRent": "curr",
    "CURRent:DC": "curr",
    "CURRent:AC": "curr_ac",
    "RESistance": "res",
    "FRESistance": "fres",
    "FREQuency": "freq",
    "PERiod": "per",
    "CONTinuity": "cont",
    "DIODe": "diod",
}
"""Name as sent -> key."""

SENSED = {"freq": "FREQuency", "per": "PERiod"}
"""Key -> header of a function below SENSe where it differs."""


def measuring(functions: Mapping[str, Function], words: tuple[str, ...]) -> tuple[Command, ...]:
    """Declare CONFigure and MEASure of every function; `words` may stand for a range."""
    commands: list[Command] = []
    for key in functions:
        header = NODES[key]
        parameters = (
            NumberOrWord(name="range", unit=UNITS[key], optional=True, words=words),
            NumberOrWord(name="resolution", unit=UNITS[key], optional=True),
        )
        commands += [
            Event(
                f"CONFigure[:SCALar]:{header}",
                method=f"configure_{key}",
                parameters=parameters,
                doc="Preset everything for one function.",
            ),
            Query(
                f"MEASure[:SCALar]:{header}?",
                method=f"measure_now_{key}",
                parameters=parameters,
                reply=READINGS,
                doc="Preset everything for one function and take a reading.",
            ),
        ]
    return tuple(commands)


def sensing(
    functions: Mapping[str, Function], plc: tuple[float, float, float], gate: tuple[float, float, float]
) -> tuple[Command, ...]:
    """Declare range, resolution, integration and gate time of every function that has them.

    Args:
        functions: those of the model.
        plc: smallest, largest and default integration time, PLC.
        gate: smallest, largest and default gate time, s.
    """
    commands: list[Command] = []
    for key, function in functions.items():
        if key in FIXED or key == "volt_rat":
            continue
        header = f"[SENSe:]{SENSED.get(key, NODES[key])}"
        ranged = f"{header}:VOLTage" if key in GATED else header
        unit = "V" if key in GATED else UNITS[key]
        reset = 10.0 if key == "volt" else 1000.0 if key in ("res", "fres") else function.ranges[0]
        commands += [
            Setting(
                f"{ranged}:RANGe[:UPPer]",
                RangeOf(unit=unit, low=function.ranges[0], high=function.ranges[-1], default=reset, reply=NUMBER),
                getter=f"get_range_{key}",
                setter=f"set_range_{key}",
                doc="Range; setting it switches autoranging off.",
            ),
            Setting(
                f"{ranged}:RANGe:AUTO",
                SwitchOrOnce(),
                getter=f"get_auto_{key}",
                setter=f"set_auto_{key}",
                doc="Autoranging.",
            ),
        ]
        if key in GATED:
            commands.append(
                Setting(
                    f"{header}:APERture",
                    Numeric(unit="S", low=gate[0], high=gate[1], default=gate[2], reply=NUMBER),
                    getter=f"get_aperture_{key}",
                    setter=f"set_aperture_{key}",
                    doc="Gate time.",
                )
            )
            continue
        if key in INTEGRATING:
            low, high, default = plc
            commands.append(
                Setting(
                    f"{header}:NPLCycles",
                    Numeric(low=low, high=high, default=default, reply=NUMBER),
                    getter=f"get_plc_{key}",
                    setter=f"set_plc_{key}",
                    doc="Integration time in power line cycles.",
                )
            )
        commands.append(
            Setting(
                f"{header}:RESolution",
                ResolutionOf(unit=unit, key=key, reply=NUMBER),
                getter=f"get_resolution_{key}",
                setter=f"set_resolution_{key}",
                doc="Resolution in the unit of the function; sets the integration time.",
            )
        )
    return tuple(commands)


def triggering(most: float, sources: tuple[str, ...]) -> tuple[Command, ...]:
    """Declare the trigger system; `most` is the largest count."""
    return (
        Query("READ?", method="read", reply=READINGS, doc="Take the readings of one cycle and answer them."),
        Event("INITiate[:IMMediate]", method="initiate", doc="Take the readings of one cycle into memory."),
        Query("FETCh?", method="fetch", reply=READINGS, doc="Answer the readings in memory once they are complete."),
        Query("DATA:POINts?", method="stored", reply=COUNT, doc="Number of readings in memory."),
        Setting("TRIGger:SOURce", Choice(options=sources, default="IMMediate"), attribute="trigger_source"),
        Setting(
            "TRIGger:DELay",
            Numeric(unit="S", low=0.0, high=3600.0, default=0.0, reply=NUMBER),
            getter="delay_s",
            setter="set_delay",
            doc="Delay before each reading; setting it switches the automatic delay off.",
        ),
        Setting("TRIGger:DELay:AUTO", SwitchOrOnce(), attribute="delay_auto", doc="Automatic delay."),
        Setting(
            "TRIGger:COUNt",
            Numeric(low=1, high=ENDLESS, default=1, names={"INFinity": ENDLESS}, reply=NUMBER),
            getter="get_trigger_count",
            setter="set_trigger_count",
            doc="Triggers before the idle state.",
        ),
        Setting(
            "SAMPle:COUNt",
            Numeric(integer=True, low=1, high=most, default=1, reply=COUNT),
            attribute="sample_count",
            doc="Readings per trigger.",
        ),
    )


def choosing(functions: Mapping[str, Function]) -> tuple[Command, ...]:
    """Declare the choice of the function."""
    return (
        Setting(
            "[SENSe:]FUNCtion[:ON]",
            FunctionName(
                names={name: key for name, key in NAMES.items() if key in functions},
                answers={key: word for key, word in WORDS.items() if key in functions},
                default="volt",
            ),
            getter="chosen",
            setter="choose",
            doc="Measuring function.",
        ),
        Query("CONFigure?", method="configuration", doc="Function, range and resolution."),
    )
