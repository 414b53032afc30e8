"""Commands of the Keithley 2400 SourceMeter.

They are those of the Series 2400 User's Manual (2400S-900-01), sections 17 and 18, of which the tables of FORMat,
OUTPut and SENSe, the status word and the status registers were seen; the rest is as remembered and as public drivers
use it. Left out: source memory sweeps, limits 3 to 12 and binning (CALCulate2:CLIMits), SOURce2 (digital output), user
math expressions, contact check, and the DISPlay texts beyond what is kept for its own sake.
"""

from __future__ import annotations

from instruments.keithley import SHARED, SHORT, as_is
from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Integer,
    Listed,
    Many,
    Numeric,
    Query,
    Quoted,
    Scientific,
    Setting,
    String,
)
from instruments.scpi_words import FunctionName, RangeOf, SwitchOrOnce

NUMBER = Scientific(6, sign=True)
ENDLESS = 9.9e37
MOST_POINTS = 2500

NAMES = {
    "VOLTage": "volt",
    "VOLTage:DC": "volt",
    "CURRent": "curr",
    "CURRent:DC": "curr",
    "RESistance": "res",
}
"""Name of a measuring function as sent -> key."""
WORDS = {"volt": "VOLT:DC", "curr": "CURR:DC", "res": "RES"}
"""Key -> name in replies."""
ELEMENTS = ("VOLTage", "CURRent", "RESistance", "TIME", "STATus")
"""Data elements in the order in which they are sent."""
NODES = {"volt": "VOLTage[:DC]", "curr": "CURRent[:DC]", "res": "RESistance"}
UNITS = {"volt": "V", "curr": "A", "res": "OHM"}
HIGHEST = {"volt": 210.0, "curr": 1.05, "res": 2.1e8}
RESET_RANGE = {"volt": 21.0, "curr": 1.05e-4, "res": 2.1e5}
RESET_LIMIT = {"volt": 21.0, "curr": 1.05e-4}

_FUNCTIONS = Many(each=FunctionName(names=NAMES, answers=WORDS, bare=False), most=3)


def _of(key: str, header: str, parameter: Numeric, name: str, doc: str) -> Setting:
    return Setting(header, parameter, getter=f"get_{name}_{key}", setter=f"set_{name}_{key}", doc=doc)


def _source(key: str, word: str) -> tuple[Command, ...]:
    """Declare the source commands of voltage or current."""
    unit, high = UNITS[key], HIGHEST[key]
    level = Numeric(unit=unit, low=-high, high=high, default=0.0, reply=NUMBER)
    header = f"SOURce:{word}"
    return (
        _of(key, f"{header}[:LEVel][:IMMediate][:AMPLitude]", level, "level", "Amplitude."),
        _of(key, f"{header}[:LEVel]:TRIGgered[:AMPLitude]", level, "triggered", "Amplitude when triggered."),
        _of(
            key,
            f"{header}:RANGe",
            RangeOf(unit=unit, low=0.0, high=high, default=RESET_RANGE[key], reply=NUMBER),
            "source_range",
            "Source range.",
        ),
        Setting(
            f"{header}:RANGe:AUTO",
            Boolean(),
            getter=f"get_source_auto_{key}",
            setter=f"set_source_auto_{key}",
            doc="Source autoranging.",
        ),
        Setting(
            f"{header}:MODE",
            Choice(options=("FIXed", "LIST", "SWEep"), default="FIXed"),
            getter=f"get_mode_{key}",
            setter=f"set_mode_{key}",
            doc="Fixed, list or sweep.",
        ),
        _of(key, f"{header}:STARt", level, "begin", "Sweep start."),
        _of(key, f"{header}:STOP", level, "end", "Sweep stop."),
        _of(key, f"{header}:STEP", level, "step", "Sweep step."),
        Event(
            f"SOURce:LIST:{word}",
            method=f"set_list_{key}",
            parameters=(Many(each=Numeric(unit=unit, low=-high, high=high), most=100),),
            doc="List of amplitudes.",
        ),
        Query(f"SOURce:LIST:{word}?", method=f"get_list_{key}", reply=Listed(NUMBER), doc="List of amplitudes."),
        Query(f"SOURce:LIST:{word}:POINts?", method=f"list_points_{key}", reply=Integer(), doc="Its length."),
    )


def _sense(key: str) -> tuple[Command, ...]:
    """Declare the measuring commands of one function."""
    node, unit = f"[SENSe:]{NODES[key]}", UNITS[key]
    commands: list[Command] = [
        _of(
            key,
            f"{node}:RANGe[:UPPer]",
            RangeOf(unit=unit, low=0.0, high=HIGHEST[key], default=RESET_RANGE[key], reply=NUMBER),
            "range",
            "Measuring range; switches autoranging off.",
        ),
        Setting(
            f"{node}:RANGe:AUTO", Boolean(), getter=f"get_auto_{key}", setter=f"set_auto_{key}", doc="Autoranging."
        ),
        Setting(
            f"{node}:NPLCycles",
            Numeric(low=0.01, high=10.0, default=1.0, reply=NUMBER),
            attribute="plc",
            doc="Integration time of all functions, PLC.",
        ),
        Event(
            f"CONFigure:{NODES[key]}", method=f"configure_{key}", doc="Preset for one function; the output turns on."
        ),
        Query(f"MEASure:{NODES[key]}?", method=f"measure_{key}", reply=as_is, doc="CONFigure and READ?."),
    ]
    if key != "res":
        commands += [
            _of(
                key,
                f"{node}:PROTection[:LEVel]",
                RangeOf(unit=unit, low=0.0, high=HIGHEST[key], default=RESET_LIMIT[key], reply=NUMBER),
                "limit",
                "Compliance of the other source.",
            ),
            Query(f"{node}:PROTection:TRIPped?", method=f"tripped_{key}", reply=Integer(), doc="1: in compliance."),
            Setting(
                f"{node}:PROTection:RSYNchronize",
                Boolean(default=False),
                getter=f"get_synchronous_{key}",
                setter=f"set_synchronous_{key}",
                doc="Range follows compliance.",
            ),
        ]
    return tuple(commands)


def _counted(header: str, attribute: str) -> Setting:
    return Setting(
        header,
        Numeric(low=1, high=ENDLESS, default=1, names={"INFinity": ENDLESS}, reply=NUMBER),
        getter=f"get_{attribute}",
        setter=f"set_{attribute}",
        doc="Count; the product of both is at most 2500.",
    )


COMMANDS: tuple[Command, ...] = (
    *_source("volt", "VOLTage"),
    *_source("curr", "CURRent"),
    *_sense("volt"),
    *_sense("curr"),
    *_sense("res"),
    *SHARED,
    Setting(
        "SOURce:FUNCtion[:MODE]",
        Choice(options=("VOLTage", "CURRent"), default="VOLTage"),
        getter="get_source",
        setter="set_source",
        doc="Source of voltage or current.",
    ),
    Setting(
        "SOURce:VOLTage:PROTection[:LEVel]",
        Numeric(unit="V", low=-210.0, high=210.0, default=210.0, names={"NONE": 210.0}, reply=NUMBER),
        getter="get_overvoltage",
        setter="set_overvoltage",
        doc="Overvoltage protection of the V-source.",
    ),
    Query("SOURce:VOLTage:PROTection:TRIPped?", method="overvoltage_tripped", reply=Integer(), doc="1: limiting."),
    Setting(
        "SOURce:DELay",
        Numeric(unit="S", low=0.0, high=999.9999, default=0.0, reply=NUMBER),
        getter="get_source_delay",
        setter="set_source_delay",
        doc="Delay between source and measurement.",
    ),
    Setting("SOURce:DELay:AUTO", Boolean(default=True), attribute="delay_auto", doc="Automatic delay."),
    Setting("SOURce:CLEar:AUTO", Boolean(default=False), attribute="auto_off", doc="Output off after a measurement."),
    Event("SOURce:CLEar[:IMMediate]", method="output_off", doc="Output off."),
    Setting(
        "SOURce:SWEep:POINts",
        Numeric(integer=True, low=2, high=MOST_POINTS, default=2500, reply=Integer()),
        attribute="points",
    ),
    Setting("SOURce:SWEep:SPACing", Choice(options=("LINear", "LOGarithmic"), default="LINear"), attribute="spacing"),
    Setting("SOURce:SWEep:DIRection", Choice(options=("UP", "DOWN"), default="UP"), attribute="direction"),
    Setting("SOURce:SWEep:RANGing", Choice(options=("BEST", "AUTO", "FIXed"), default="BEST"), attribute="ranging"),
    Setting("OUTPut[:STATe]", Boolean(default=False), getter="get_output", setter="set_output", doc="Output."),
    Setting(
        "OUTPut:SMODe",
        Choice(options=("HIMPedance", "NORMal", "ZERO", "GUARd"), default="NORMal"),
        getter="get_off_state",
        setter="set_off_state",
        doc="State of the output while it is off.",
    ),
    Setting("OUTPut:ENABle[:STATe]", Boolean(default=False), attribute="output_enable", doc="Output enable line."),
    Query("OUTPut:ENABle:TRIPped?", method="enable_tripped", reply=Integer(), doc="1: the line is asserted."),
    Event("[SENSe:]FUNCtion[:ON]", method="functions_on", parameters=(_FUNCTIONS,), doc="Switch functions on."),
    Query("[SENSe:]FUNCtion[:ON]?", method="get_functions", reply=Listed(Quoted()), doc="Functions that are on."),
    Event("[SENSe:]FUNCtion[:ON]:ALL", method="all_functions_on", doc="Switch all functions on."),
    Query("[SENSe:]FUNCtion[:ON]:COUNt?", method="function_count", reply=Integer(), doc="How many are on."),
    Event("[SENSe:]FUNCtion:OFF", method="functions_off", parameters=(_FUNCTIONS,), doc="Switch functions off."),
    Query("[SENSe:]FUNCtion:OFF?", method="get_functions_off", reply=Listed(Quoted()), doc="Functions that are off."),
    Event("[SENSe:]FUNCtion:OFF:ALL", method="all_functions_off", doc="Switch all functions off."),
    Query(
        "[SENSe:]FUNCtion:STATe?",
        method="function_state",
        parameters=(FunctionName(names=NAMES, answers=WORDS, bare=False),),
        reply=Integer(),
        doc="1: this function is on.",
    ),
    Setting(
        "[SENSe:]FUNCtion:CONCurrent",
        Boolean(default=True),
        getter="get_concurrent",
        setter="set_concurrent",
        doc="Several functions at once.",
    ),
    Setting(
        "[SENSe:]RESistance:MODE",
        Choice(options=("MANual", "AUTO"), default="AUTO"),
        getter="get_ohms",
        setter="set_ohms",
    ),
    Setting(
        "[SENSe:]RESistance:OCOMpensated", Boolean(default=False), attribute="compensated", doc="Offset compensation."
    ),
    Setting("[SENSe:]AVERage[:STATe]", Boolean(default=False), attribute="averaging", doc="Filter."),
    Setting(
        "[SENSe:]AVERage:COUNt",
        Numeric(integer=True, low=1, high=100, default=10, reply=Integer()),
        attribute="average_count",
    ),
    Setting("[SENSe:]AVERage:TCONtrol", Choice(options=("REPeat", "MOVing"), default="REPeat"), attribute="filter"),
    Query("[SENSe:]DATA[:LATest]?", method="latest", reply=as_is, doc="Last reading."),
    Query("CONFigure?", method="get_functions", reply=Listed(Quoted()), doc="Functions that are on."),
    Query("MEASure?", method="measure_present", reply=as_is, doc="Turn the output on and READ?."),
    Query("READ?", method="read", reply=as_is, doc="INITiate and FETCh?; the output must be on."),
    Query("FETCh?", method="fetch", reply=as_is, doc="Readings of the last cycle."),
    Event("INITiate[:IMMediate]", method="initiate", doc="Leave the idle state; the output must be on."),
    Event("ABORt", method="abort", doc="Go to the idle state."),
    _counted("ARM[:SEQuence][:LAYer]:COUNt", "arm_count"),
    _counted("TRIGger[:SEQuence]:COUNt", "trigger_count"),
    Setting(
        "ARM[:SEQuence][:LAYer]:SOURce",
        Choice(
            options=("IMMediate", "TIMer", "MANual", "BUS", "TLINk", "NSTest", "PSTest", "BSTest"), default="IMMediate"
        ),
        attribute="arm_source",
    ),
    Setting(
        "ARM[:SEQuence][:LAYer]:TIMer",
        Numeric(unit="S", low=0.001, high=99999.99, default=0.1, reply=NUMBER),
        attribute="arm_timer",
    ),
    Setting(
        "ARM[:SEQuence][:LAYer]:DIRection",
        Choice(options=("ACCeptor", "SOURce"), default="ACCeptor"),
        attribute="arm_direction",
    ),
    Setting(
        "ARM[:SEQuence][:LAYer]:ILINe",
        Numeric(integer=True, low=1, high=4, default=1, reply=Integer()),
        attribute="arm_in",
    ),
    Setting(
        "ARM[:SEQuence][:LAYer]:OLINe",
        Numeric(integer=True, low=1, high=4, default=2, reply=Integer()),
        attribute="arm_out",
    ),
    Setting(
        "ARM[:SEQuence][:LAYer]:OUTPut",
        Choice(options=("NONE", "TENTer", "TEXit"), default="NONE"),
        attribute="arm_event",
    ),
    Setting(
        "TRIGger[:SEQuence]:SOURce",
        Choice(options=("IMMediate", "TLINk"), default="IMMediate"),
        attribute="trigger_source",
    ),
    Setting(
        "TRIGger[:SEQuence]:DELay",
        Numeric(unit="S", low=0.0, high=999.9999, default=0.0, reply=NUMBER),
        attribute="trigger_delay",
    ),
    Setting(
        "TRIGger[:SEQuence]:DIRection",
        Choice(options=("ACCeptor", "SOURce"), default="ACCeptor"),
        attribute="trigger_direction",
    ),
    Setting(
        "TRIGger[:SEQuence]:ILINe",
        Numeric(integer=True, low=1, high=4, default=1, reply=Integer()),
        attribute="trigger_in",
    ),
    Setting(
        "TRIGger[:SEQuence]:OLINe",
        Numeric(integer=True, low=1, high=4, default=2, reply=Integer()),
        attribute="trigger_out",
    ),
    Setting(
        "TRIGger[:SEQuence]:OUTPut",
        Choice(options=("NONE", "SOURce", "DELay", "SENSe"), default="NONE"),
        attribute="trigger_event",
    ),
    Event("TRIGger[:SEQuence]:CLEar", method="clear_triggers", doc="Forget pending input triggers."),
    Query("TRACe:DATA?", method="buffer_data", reply=as_is, doc="Readings in the buffer."),
    Query("DATA:DATA?", method="buffer_data", reply=as_is, doc="Readings in the buffer."),
    Setting(
        "TRACe:POINts",
        Numeric(integer=True, low=1, high=MOST_POINTS, reply=Integer()),
        getter="buffer_size",
        setter="resize_buffer",
        doc="Size of the buffer.",
    ),
    Query("TRACe:POINts:ACTual?", method="buffer_count", reply=Integer(), doc="Readings in the buffer."),
    Query("TRACe:FREE?", method="buffer_free", doc="Bytes free and in use."),
    Setting("TRACe:FEED", Choice(options=("SENSe", "CALCulate1", "CALCulate2"), default="SENSe"), attribute="feed"),
    Setting("TRACe:TSTamp:FORMat", Choice(options=("ABSolute", "DELTa"), default="ABSolute"), attribute="stamp"),
    Event("FORMat:ELEMents[:SENSe]", method="set_elements", parameters=(Many(each=Choice(options=ELEMENTS), most=5),)),
    Query("FORMat:ELEMents[:SENSe]?", method="get_elements", reply=SHORT, doc="Data elements."),
    Setting(
        "CALCulate3:FORMat",
        Choice(options=("MEAN", "SDEViation", "MAXimum", "MINimum", "PKPK"), default="MEAN"),
        attribute="statistic",
        doc="Statistic of the buffer.",
    ),
    Query("CALCulate3:DATA?", method="statistics", reply=as_is, doc="The statistic of each element."),
    Setting(
        "CALCulate2:NULL:OFFSet", Numeric(low=-ENDLESS, high=ENDLESS, default=0, reply=NUMBER), attribute="null_offset"
    ),
    Setting("CALCulate2:NULL:STATe", Boolean(default=False), attribute="null_on", doc="Subtract the offset."),
    Event("CALCulate2:NULL:ACQuire", method="acquire_null", doc="Take the last reading as offset."),
    Setting("SYSTem:AZERo[:STATe]", SwitchOrOnce(default=True), getter="get_auto_zero", setter="set_auto_zero"),
    Setting("SYSTem:RSENse", Boolean(default=False), attribute="four_wire", doc="Remote sensing."),
    Setting(
        "SYSTem:LFRequency",
        Numeric(unit="HZ", integer=True, low=50, high=60, reply=Integer()),
        attribute="mains_hz",
        doc="Frequency of the mains; kept over *RST.",
    ),
    Setting("SYSTem:LFRequency:AUTO", Boolean(), attribute="mains_auto", doc="Find it at power-on."),
    Event("SYSTem:PRESet", method="preset", doc="Go to the state of power-on."),
    Query("SYSTem:TIME?", method="elapsed", reply=NUMBER, doc="Time stamp now."),
    Event("SYSTem:TIME:RESet", method="reset_time", doc="Let the time stamp begin anew."),
    Setting(
        "SYSTem:TIME:RESet:AUTO", Boolean(default=False), attribute="time_auto", doc="Begin anew at each INITiate."
    ),
    Setting("SYSTem:GUARd", Choice(options=("CABLe", "OHMS"), default="CABLe"), attribute="guard"),
    Event("SYSTem:MEMory:INITialize", method="clear_buffer", doc="Initialise memory."),
    Setting("ROUTe:TERMinals", Choice(options=("FRONt", "REAR"), default="FRONt"), attribute="terminal"),
    Setting("DISPlay:DIGits", Numeric(integer=True, low=4, high=7, reply=Integer()), attribute="digits"),
    Event("DISPlay:CNDisplay", method="clear_triggers", doc="Show source and measurement."),
    Setting("DISPlay[:WINDow<1:2>]:TEXT[:DATA]", String(longest=32), getter="get_text", setter="set_text"),
    Setting("DISPlay[:WINDow<1:2>]:TEXT:STATe", Boolean(), getter="get_text_on", setter="set_text_on"),
)
"""The command table."""
