"""Commands of the twin of a gravimetric water rig's controller: those of no real rig ("generic rig", invented)."""

from __future__ import annotations

from instruments.scpi import Boolean, Command, Event, Fixed, Integer, Listed, Numeric, Query, Setting

FLOW, TEMPERATURE, PRESSURE, SECONDS = Fixed(5), Fixed(3), Fixed(2), Fixed(3)
MOST_RUNS = 100
"""Most runs of the diverter that one start makes."""
MOST_FLOWS = 400
"""Most flows that one question answers."""

COMMANDS: tuple[Command, ...] = (
    Setting(
        "SOURce:FLOW",
        Numeric(low=0.0, high="full_flow", default=0.0, reply=FLOW),
        attribute="flow_setting",
        doc="Flow that is held while the output is on, m³/h.",
    ),
    Setting(
        "OUTPut[:STATe]",
        Boolean(default=False),
        attribute="output",
        doc="Open the line (pump or head valve), or shut it within two seconds.",
    ),
    Query("MEASure:FLOW?", method="flow", reply=FLOW, doc="Flow by the rig's line meter, mean of a second, m³/h."),
    Query(
        "MEASure:FLOW:TRACe?",
        method="flow_trace",
        parameters=(Numeric(low=1, high=MOST_FLOWS, integer=True),),
        reply=Listed(FLOW),
        doc="The last n such means, one per second, the oldest first, m³/h.",
    ),
    Query("MEASure:TEMPerature?", method="temperature", reply=TEMPERATURE, doc="Water at the meter, °C."),
    Query("MEASure:PRESsure?", method="pressure", reply=PRESSURE, doc="Absolute pressure at the meter, kPa."),
    Setting(
        "DIVerter:TIME",
        Numeric(unit="S", low=0.5, high=7200.0, default=60.0, reply=SECONDS),
        attribute="divert_s",
        doc="Time of one run into the tank.",
    ),
    Setting(
        "DIVerter:COUNt",
        Numeric(low=1, high=MOST_RUNS, default=1, integer=True, reply=Integer()),
        attribute="divert_count",
        doc="Runs that one start makes.",
    ),
    Setting(
        "DIVerter:PAUSe",
        Numeric(unit="S", low=0.5, high=600.0, default=2.0, reply=SECONDS),
        attribute="divert_pause_s",
        doc="Time between two of these runs.",
    ),
    Event("DIVerter:STARt", method="divert", doc="Make the runs; overlapped, *OPC? waits for the end."),
    Event("DIVerter:ABORt", method="stop_diverting", doc="Back to the bypass."),
    Query("DIVerter:STATe?", method="diverter_state", doc="TANK or BYP."),
    Event("TANK:DRAin", method="drain", doc="Let the tank run empty; overlapped, *OPC? waits for the end."),
    Setting(
        "WEIGhts:COUNt",
        Numeric(low=0, high="weights_there", default=0, integer=True, reply=Integer()),
        getter="weights_standing",
        setter="lower_weights",
        doc="In-place weights that stand on the tank; overlapped, *OPC? waits until the lift is at rest.",
    ),
)
