"""Commands of the Yokogawa WT1800E class of power analysers.

They follow the groups INPut, RATE, MEASure:AVERaging, HOLD, NUMeric, INTEGrate, COMMunicate and STATus of the WT
family's communication manuals (IM WT1801E-17EN for this class), which were not at hand: names of functions, ranges and
reply forms are as known from the family, and not checked one by one. Replies come without header, as after
:COMMunicate:HEADer OFF, which is also the state after power-on here (a real WT begins with headers on). Left out:
display, harmonics, waveforms, store, files, motor and auxiliary inputs, scaling, delta computation, positive and
negative parts of integrals.
"""

from __future__ import annotations

from typing import Any

from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Fields,
    Integer,
    Listed,
    Many,
    Numeric,
    Query,
    Raw,
    Setting,
)
from instruments.scpi_words import NumberOrWord

ELEMENTS = 6
"""Places for input elements."""
ITEMS = 255
"""Places for numeric items."""
FUNCTIONS = (
    "NONE",
    "URMS",
    "UMN",
    "UDC",
    "URMN",
    "UAC",
    "U",
    "IRMS",
    "IMN",
    "IDC",
    "IRMN",
    "IAC",
    "I",
    "P",
    "S",
    "Q",
    "LAMBda",
    "PHI",
    "FU",
    "FI",
    "UPPeak",
    "UMPeak",
    "IPPeak",
    "IMPeak",
    "CFU",
    "CFI",
    "WP",
    "WH",
    "AH",
    "TIME",
    "ITIMe",
    "ETA1",
)
"""Functions of a numeric item; U, I, WH and TIME are the names of smaller models for URMS, IRMS, WP and ITIMe."""
SIGMAS = ("SIGMA", "SIGMB", "SIGMC")
RATES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def engineering(value: Any) -> str:
    """Write a number as the family does: five digits, an exponent that is a multiple of three; NAN and INF in words."""
    number = float(value)
    if number != number:
        return "NAN"
    if number in (float("inf"), float("-inf")):
        return "INF"
    if number == 0.0:
        return "0.0000E+00"
    exponent = int(f"{number:.4e}".split("e")[1])
    group = exponent // 3 * 3
    return f"{number / 10.0**group:.{4 - (exponent - group)}f}E{group:+03d}"


def as_is(value: Any) -> str | bytes:
    """Write a reply that is in its format already."""
    return value if isinstance(value, bytes) else str(value)


_ELEMENT = Choice(
    options=(*(str(n) for n in range(1, ELEMENTS + 1)), *SIGMAS), numbers=True, optional=True, missing="1"
)


def _ranging(word: str, name: str, unit: str) -> tuple[Command, ...]:
    """Declare range and autorange of voltage or current."""
    header = f"[INPut:]{word}"
    number = NumberOrWord(name="range", unit=unit, words=("MINimum", "MAXimum", "EXTernal"))
    return (
        Event(f"{header}:RANGe[:ALL]", method=f"set_all_{name}_ranges", parameters=(number,), doc="Range of all."),
        Event(
            f"{header}:RANGe:ELEMent<1:{ELEMENTS}>",
            method=f"set_{name}_range",
            parameters=(number,),
            doc="Range of one element; switches its autoranging off.",
        ),
        Query(f"{header}:RANGe:ELEMent<1:{ELEMENTS}>?", method=f"get_{name}_range", reply=engineering, doc="Range."),
        Query(f"{header}:RANGe?", method=f"all_{name}_ranges", reply=Listed(engineering, ";"), doc="All ranges."),
        Event(f"{header}:AUTO[:ALL]", method=f"set_all_{name}_auto", parameters=(Boolean(),), doc="Autorange of all."),
        Setting(
            f"{header}:AUTO:ELEMent<1:{ELEMENTS}>",
            Boolean(),
            getter=f"get_{name}_auto",
            setter=f"set_{name}_auto",
            doc="Autorange of one element.",
        ),
    )


COMMANDS: tuple[Command, ...] = (
    Setting("COMMunicate:HEADer", Boolean(), getter="header", setter="set_header", doc="Headers; only OFF."),
    Setting("COMMunicate:VERBose", Boolean(default=True), attribute="verbose", doc="Long words in replies."),
    Setting("COMMunicate:REMote", Boolean(), getter="get_remote", setter="set_remote", doc="Remote state."),
    Setting("COMMunicate:LOCKout", Boolean(default=False), attribute="lockout", doc="Local lockout."),
    Query("STATus:ERRor?", method="next_error", doc="Take the oldest error off the queue."),
    Query(
        "STATus:CONDition?",
        method="condition",
        reply=Integer(),
        doc="Condition register: bit 0 updating, 1 integrating.",
    ),
    Setting(
        "RATE",
        NumberOrWord(name="rate", unit="S", words=("AUTO",), reply=engineering),
        getter="get_rate",
        setter="set_rate",
        doc="Update period.",
    ),
    Setting("HOLD", Boolean(default=False), getter="get_hold", setter="set_hold", doc="Hold the numeric data."),
    Setting(
        "MEASure:AVERaging[:STATe]", Boolean(default=False), attribute="averaging", doc="Exponential averaging off."
    ),
    Setting(
        "MEASure:AVERaging:COUNt",
        Numeric(integer=True, low=2, high=64, default=8, reply=Integer()),
        attribute="average_count",
        doc="Updates that are averaged.",
    ),
    *_ranging("VOLTage", "voltage", "V"),
    *_ranging("CURRent", "current", "A"),
    Setting("[INPut:]CFACtor", Choice(options=("3", "6", "A6"), numbers=True, default="3"), attribute="crest_factor"),
    Event(
        "[INPut:]WIRing",
        method="set_wiring",
        parameters=(Many(each=Choice(options=("P1W2", "P1W3", "P3W3", "P3W4", "V3A3", "NONE")), most=ELEMENTS),),
        doc="Wiring units in order.",
    ),
    Query("[INPut:]WIRing?", method="get_wiring", reply=Listed(Raw()), doc="Wiring units."),
    Query("[INPut:]MODUle?", method="modules", reply=Listed(Raw()), doc="Element types: 5, 50, or 0 for none."),
    Query(
        "[INPut:]POVer?",
        method="peak_over",
        reply=Integer(),
        doc="Peak over-range: bits by element, current then voltage.",
    ),
    Setting(
        "NUMeric:FORMat",
        Choice(options=("ASCii", "FLOat"), default="ASCii"),
        attribute="number_format",
        doc="Format of numeric data.",
    ),
    Setting(
        "NUMeric[:NORMal]:NUMber",
        Numeric(integer=True, low=1, high=ITEMS, default=15, names={"ALL": ITEMS}, reply=Integer()),
        attribute="item_count",
        doc="Items of :VALue?.",
    ),
    Event(
        f"NUMeric[:NORMal]:ITEM<1:{ITEMS}>",
        method="select_item",
        parameters=(Choice(options=FUNCTIONS), _ELEMENT, Numeric(name="order", optional=True)),
        doc="Function and element of an item.",
    ),
    Query(f"NUMeric[:NORMal]:ITEM<1:{ITEMS}>?", method="selected_item", doc="Function and element of an item."),
    Event(
        "NUMeric[:NORMal]:PRESet",
        method="preset_items",
        parameters=(Numeric(integer=True, low=1, high=4, optional=True, missing=1),),
        doc="Preset pattern of items.",
    ),
    Event(
        "NUMeric[:NORMal]:CLEar",
        method="clear_items",
        parameters=(NumberOrWord(words=("ALL",), optional=True), Numeric(integer=True, optional=True)),
        doc="All items NONE.",
    ),
    Query(
        "NUMeric[:NORMal]:VALue?",
        method="numeric_value",
        parameters=(Numeric(integer=True, low=1, high=ITEMS, optional=True),),
        reply=as_is,
        doc="One item, or all.",
    ),
    Setting(
        "INTEGrate:MODE",
        Choice(options=("NORMal", "CONTinuous"), default="NORMal"),
        attribute="integrate_mode",
        doc="Stop at the timer, or go on anew.",
    ),
    Event(
        "INTEGrate:TIMer",
        method="set_timer",
        parameters=(
            Numeric(integer=True, low=0, high=10000),
            Numeric(integer=True, low=0, high=59),
            Numeric(integer=True, low=0, high=59),
        ),
        doc="Hours, minutes, seconds; 0 for none.",
    ),
    Query("INTEGrate:TIMer?", method="get_timer", reply=Fields((Integer(), Integer(), Integer())), doc="Timer."),
    Event("INTEGrate:STARt", method="integrate_start", doc="Start, or go on."),
    Event("INTEGrate:STOP", method="integrate_stop", doc="Stop."),
    Event("INTEGrate:RESet", method="integrate_reset", doc="Clear the result; refused while integrating."),
    Query("INTEGrate:STATe?", method="integrate_state", doc="RESET, START, STOP or TIMEUP."),
)
"""The command table."""
