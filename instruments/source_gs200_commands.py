"""Commands of the Yokogawa GS200 (GS210) DC voltage and current source.

They are those of its user's manual (IM GS210-01EN), chapter 13, as far as public drivers use them, from which the
reply forms are taken too. Left out: TRACe (measurement store), files, and SYSTem settings
of the panel and the network.
"""

from __future__ import annotations

from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Integer,
    Numeric,
    Query,
    Quoted,
    Scientific,
    Setting,
    String,
)
from instruments.scpi_words import NumberOrWord

NUMBER = Scientific(5, sign=True)
COUNT = Integer()

COMMANDS: tuple[Command, ...] = (
    Setting("OUTPut[:STATe]", Boolean(default=False), getter="get_output", setter="set_output", doc="Output."),
    Setting(
        "SOURce:FUNCtion",
        Choice(options=("VOLTage", "CURRent"), default="VOLTage"),
        getter="get_function",
        setter="set_function",
        doc="Voltage or current; the output must be off.",
    ),
    Event(
        "SOURce:RANGe",
        method="set_range",
        parameters=(NumberOrWord(name="range", unit="", words=("MINimum", "MAXimum", "UP", "DOWN")),),
        doc="Range: the smallest that holds the number.",
    ),
    Query("SOURce:RANGe?", method="get_range", reply=NUMBER, doc="Range."),
    Event(
        "SOURce:LEVel[:FIXed]",
        method="set_level",
        parameters=(NumberOrWord(name="level", words=("MINimum", "MAXimum")),),
        doc="Level, within 120 % of the range.",
    ),
    Query("SOURce:LEVel[:FIXed]?", method="get_level", reply=NUMBER, doc="Level."),
    Event(
        "SOURce:LEVel:AUTO",
        method="set_level_auto",
        parameters=(NumberOrWord(name="level", words=("MINimum", "MAXimum")),),
        doc="Level on the best range.",
    ),
    Setting(
        "SOURce:PROTection:VOLTage",
        Numeric(unit="V", low=1.0, high=30.0, default=30.0, step=1.0, reply=NUMBER),
        getter="get_voltage_limit",
        setter="set_voltage_limit",
        doc="Voltage limit of the current source.",
    ),
    Setting(
        "SOURce:PROTection:CURRent",
        Numeric(unit="A", low=1e-3, high=0.2, default=0.2, step=1e-3, reply=NUMBER),
        getter="get_current_limit",
        setter="set_current_limit",
        doc="Current limit of the voltage source.",
    ),
    Event("PROGram:EDIT:STARt", method="begin_program", doc="Forget the program; levels that follow are its steps."),
    Event("PROGram:EDIT:END", method="end_program", doc="End the program's editing."),
    Event("PROGram:RUN", method="run_program", doc="Run the program."),
    Event("PROGram:HOLD", method="hold_program", doc="Stop where it is."),
    Event("PROGram:PAUSe", method="hold_program", doc="Stop where it is."),
    Event("PROGram:CONTinue", method="continue_program", doc="Go on."),
    Event("PROGram:STEP", method="step_program", doc="Run one step."),
    Setting("PROGram:REPeat", Boolean(default=False), attribute="program_repeat", doc="Repeat without end."),
    Setting(
        "PROGram:INTerval",
        Numeric(unit="S", low=0.1, high=3600.0, default=1.0, reply=NUMBER),
        attribute="program_interval",
        doc="Time of a step.",
    ),
    Setting(
        "PROGram:SLOPe",
        Numeric(unit="S", low=0.0, high=3600.0, default=0.0, reply=NUMBER),
        attribute="program_slope",
        doc="Time of the ramp to each step.",
    ),
    Setting("PROGram:TRIGger", Choice(options=("NORMal", "MEND"), default="NORMal"), attribute="program_trigger"),
    Query("PROGram:COUNt?", method="program_count", reply=COUNT, doc="Number of steps."),
    Event("PROGram:COUNt", method="set_program_count", parameters=(Numeric(integer=True, low=1, high=10000),)),
    Event("PROGram:SAVE", method="save_program", parameters=(String(name="file"),), doc="Keep the program."),
    Event("PROGram:LOAD", method="load_program", parameters=(String(name="file"),), doc="Restore a program."),
    Query("PROGram:LOAD?", method="loaded_program", reply=Quoted(), doc="Program that is loaded."),
    Setting("SENSe[:STATe]", Boolean(default=False), getter="get_monitor", setter="set_monitor", doc="Measurement."),
    Setting(
        "SENSe:NPLC",
        Numeric(integer=True, low=1, high=25, default=1, reply=COUNT),
        attribute="plc",
        doc="Integration time, PLC.",
    ),
    Setting(
        "SENSe:DELay",
        Numeric(integer=True, low=0, high=999999, default=0, reply=COUNT),
        attribute="monitor_delay_ms",
        doc="Delay before a measurement, ms.",
    ),
    Setting(
        "SENSe:TRIGger",
        Choice(options=("READy", "TIMer", "COMMunicate", "IMMediate"), default="READy"),
        attribute="monitor_trigger",
    ),
    Setting(
        "SENSe:INTerval",
        Numeric(unit="S", low=0.1, high=3600.0, default=0.1, reply=NUMBER),
        attribute="monitor_interval",
    ),
    Setting("SENSe:ZERO:AUTO", Boolean(default=True), attribute="auto_zero", doc="Automatic zero."),
    Event("SENSe:ZERO:EXECute", method="take_zero", doc="Take the zero now."),
    Setting("SENSe:REMote", Boolean(default=False), attribute="four_wire", doc="Four-wire connection."),
    Setting("SENSe:GUARd", Boolean(default=False), attribute="guard", doc="Guard terminal."),
    Event("INITiate", method="initiate", doc="Start a measurement."),
    Query("FETCh?", method="fetch", reply=NUMBER, doc="Last measurement."),
    Query("READ?", method="measure", reply=NUMBER, doc="INITiate and FETCh?."),
    Query("MEASure?", method="measure", reply=NUMBER, doc="Measure now."),
    Setting("ROUTe:BNCI", Choice(options=("TRIGger", "OUTPut"), default="TRIGger"), attribute="bnc_in"),
    Setting("ROUTe:BNCO", Choice(options=("TRIGger", "OUTPut", "READy"), default="TRIGger"), attribute="bnc_out"),
    Query("SYSTem:LFRequency?", method="line_frequency", reply=COUNT, doc="Frequency of the mains, Hz."),
    Setting("SYSTem:DISPlay[:NORMal]", Boolean(), attribute="display", doc="Display."),
    Event("SYSTem:LOCal", method="go_local", doc="Local state."),
    Event("SYSTem:REMote", method="go_remote", doc="Remote state."),
    Query("STATus:CONDition?", method="extended_condition", reply=COUNT, doc="Condition register."),
    Query("STATus:EVENt?", method="extended_event", reply=COUNT, doc="Read and clear the extended event register."),
    Setting(
        "STATus:ENABle",
        Numeric(integer=True, low=0, high=65535, reply=COUNT),
        getter="extended_enable",
        setter="set_extended_enable",
        doc="Which of its bits raise bit 1 of the status byte.",
    ),
    Query("STATus:ERRor?", method="next_error", doc="Take the oldest error off the queue."),
)
"""The command table."""
