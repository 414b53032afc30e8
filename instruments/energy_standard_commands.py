"""Commands of the twin of a reference DC power and energy meter.

They follow the Yokogawa WT family: the groups NUMeric, INTEGrate, STATus:ERRor? and COMMunicate:HEADer, with items
U, I, P, WH and TIME of one element. Replies come without header, as after :COMMunicate:HEADer OFF, which is also the
state after power-on here (a real WT begins with headers on). The subsystem PULSe is ours: it compares energy over true
pulse edges of a meter under test, which the family leaves to other instruments.
"""

from __future__ import annotations

from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Fixed,
    General,
    Integer,
    Numeric,
    Query,
    Scientific,
    Setting,
)

ITEMS = 8
"""Places for numeric items."""
PULSE_INPUTS = 6
"""Pulse inputs, one for each position of a bench."""
INDICATION, ENERGY = Scientific(6), Scientific(8)

COMMANDS: tuple[Command, ...] = (
    Setting(
        "COMMunicate:HEADer",
        Boolean(default=False),
        getter="header",
        setter="set_header",
        doc="Headers in replies; only OFF is supported, ON is refused.",
    ),
    Query("STATus:ERRor?", method="next_error", doc="Take the oldest error off the queue."),
    Setting(
        "NUMeric:FORMat",
        Choice(options=("ASCii",), default="ASCii"),
        attribute="number_format",
        doc="Format of numeric data; only ASCii is supported.",
    ),
    Setting(
        "NUMeric[:NORMal]:NUMber",
        Numeric(low=1, high=ITEMS, default=3, integer=True, reply=Integer()),
        attribute="item_count",
        doc="How many items :NUMeric:VALue? gives.",
    ),
    Event(
        f"NUMeric[:NORMal]:ITEM<1:{ITEMS}>",
        parameters=(
            Choice(options=("NONE", "U", "I", "P", "WH", "TIME")),
            Numeric(low=1, high=1, integer=True, optional=True, missing=1),
        ),
        method="select_item",
        doc="Choose an item: function and element (there is one).",
    ),
    Query(f"NUMeric[:NORMal]:ITEM<1:{ITEMS}>?", method="selected_item", doc="Answer function and element."),
    Query(
        "NUMeric[:NORMal]:VALue?",
        parameters=(Numeric(low=1, high=ITEMS, integer=True, optional=True, missing=None),),
        method="numeric_value",
        doc="Answer one item, or all; V, A, W, Wh, s; NAN where there is no value.",
    ),
    Event("INTEGrate:STARt", method="integrate_start", doc="Start or go on with the integration."),
    Event("INTEGrate:STOP", method="integrate_stop", doc="Stop the integration and hold its result."),
    Event("INTEGrate:RESet", method="integrate_reset", doc="Clear the result; refused while integrating."),
    Query("INTEGrate:STATe?", method="integrate_state", doc="Answer RES, STAR or STOP."),
    # Ours: comparison with the pulses of a meter under test.
    Setting(
        "PULSe:COUNt",
        Numeric(low=1, high=1e9, default=10, integer=True, reply=Integer()),
        attribute="pulse_count",
        guard="not_comparing",
        doc="Pulses of the meter under test per comparison.",
    ),
    Setting(
        "PULSe:INPut",
        Numeric(low=1, high=PULSE_INPUTS, default=1, integer=True, reply=Integer()),
        attribute="pulse_input",
        guard="not_comparing",
        doc="Pulse input in use; choosing one counts its edges from 0 again.",
    ),
    Event("PULSe:STARt", method="compare_start", doc="Begin a comparison at the next edge; overlapped (*OPC)."),
    Event("PULSe:ABORt", method="compare_abort", doc="Give up a comparison."),
    Query(
        "PULSe:STATe?",
        method="compare_state",
        doc="Answer IDLE, WAIT (for the first edge), RUN or DONE.",
    ),
    Query("PULSe:ENERgy?", method="compared_energy", reply=ENERGY, doc="Reference energy between the edges, Wh."),
    Query("PULSe:TIME?", method="compared_time", reply=Fixed(6), doc="Time between the edges, s."),
    Query(
        "PULSe:REFerence?", method="compared_counts", reply=Integer(), doc="The standard's own count between the edges."
    ),
    Query("PULSe:CONStant?", method="constant", reply=General(), doc="Constant C_0 of that count, imp/kWh."),
    Query("PULSe:TOTal?", method="pulse_total", reply=Integer(), doc="Edges seen since power-on or TOTal:CLEar."),
    Event("PULSe:TOTal:CLEar", method="clear_total", doc="Count edges from 0 again."),
)
