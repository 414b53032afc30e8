"""Commands of the twin of a gas analyser: generic, invented; concentrations are amount fractions in µmol/mol."""

from __future__ import annotations

from instruments.scpi import Command, Event, Fields, Fixed, Listed, Numeric, Query, Raw, Scientific, Setting

CHANNELS = 4
"""Most channels that an analyser has."""
MEMORY = 4000
"""Places of the trace memory."""
VALUE, FLOW, SECONDS = Scientific(6, sign=True), Fixed(3), Fixed(1)
CHANNEL = Numeric(low=1, high="channel_count", integer=True, optional=True, missing=1)

COMMANDS: tuple[Command, ...] = (
    Query("CONFigure:CHANnels?", method="channel_names", reply=Listed(Raw()), doc="Components, in order."),
    Query("CONFigure:RANGe?", method="full_scale", parameters=(CHANNEL,), reply=VALUE, doc="Full scale."),
    Query("CONFigure:RESolution?", method="resolution", parameters=(CHANNEL,), reply=VALUE, doc="Resolution."),
    Setting(
        "SENSe:AVERage:TIME",
        Numeric(unit="S", low=0.0, high=120.0, default="default_averaging", reply=SECONDS),
        attribute="averaging_s",
        doc="Averaging time, s.",
    ),
    Query("SYSTem:STATe?", method="state", doc="WARMing, FLOW (too little) or MEASuring, in short form."),
    Query("SYSTem:WARMup?", method="warm_up_left", reply=SECONDS, doc="Time until the end of the warm-up, s."),
    Query("MEASure:CONCentration?", method="indication", parameters=(CHANNEL,), reply=VALUE, doc="One channel."),
    Query("MEASure:FLOW?", method="measured_flow", reply=FLOW, doc="Sample flow, l/min."),
    Query(
        "MEASure:ALL?",
        method="everything",
        reply=Fields((Raw(), FLOW, Listed(VALUE))),
        doc="State, sample flow, all channels.",
    ),
    Event("CALibration:ZERO", method="adjust_zero", doc="Take the present indications for zero (zero gas flows)."),
    Event(
        "CALibration:SPAN",
        parameters=(CHANNEL, Numeric(low=0.0, high=1e6)),
        method="adjust_span",
        doc="Take the present indication of a channel for a given value (span gas flows).",
    ),
    Event("CALibration:FACTory", method="forget_adjustments", doc="Forget all adjustments."),
    Event(
        "TRACe:STARt",
        parameters=(Numeric(unit="S", low=1.0, high=3600.0),),
        method="start_trace",
        doc="Clear the memory and store all channels now and then in this period, s.",
    ),
    Event("TRACe:STOP", method="stop_trace", doc="Store no more."),
    Query("TRACe:PERiod?", method="trace_period", reply=SECONDS, doc="Period, s; 0 where nothing was stored."),
    Query("TRACe:POINts?", method="trace_points", doc="How many readings are stored."),
    Query(
        "TRACe:DATA?",
        method="trace_data",
        parameters=(CHANNEL,),
        reply=Listed(VALUE),
        doc="The stored readings of a channel, oldest first.",
    ),
    Query(
        "TRACe:CHECk?",
        method="trace_check",
        parameters=(CHANNEL,),
        doc="Sum of the stored readings' mantissas, for seeing damage on the line: seven digits each, as written.",
    ),
)
