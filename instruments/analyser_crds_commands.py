"""Commands of the twin of a cavity ring-down analyser for CO2, CH4 and N2O: lines of text over TCP.

The command set is invented ("generic analyser"); none of a real maker is claimed. Real analysers of this kind answer
lines of text on a TCP port too (one known set begins with _Meas_GetConc, _Meas_GetBuffer, _Instr_GetStatus), but
have no command for identity, calibration data or blocks with a check sum, which a bench needs.

MEMory:DATA? answers one line of text: count, number of the last record, CRC-32 of the data, the data. These are count
records of nine big-endian IEEE 754 singles, coded in base64; the order of the columns is `COLUMNS`.
"""

from __future__ import annotations

from instruments.scpi import Boolean, Command, Event, Fixed, Flag, General, Integer, Numeric, Query, Setting

COMPONENTS = ("CO2", "CH4", "N2O")
"""Components by their numeric suffix, 1 to 3; CO2 in µmol/mol, the others in nmol/mol."""
COLUMNS = ("CO2", "CH4", "N2O", "CO2_raw", "CH4_raw", "N2O_raw", "H2O", "cavity_pressure", "cavity_temperature")
"""Columns of a record: calibrated dry amount fractions, those as measured, water in %, kPa, °C."""
MOST_RECORDS = 86_400
"""Records that the memory holds, one a second."""
_COEFFICIENT = General(12)

COMMANDS: tuple[Command, ...] = (
    Query(
        f"MEASure:CHANnel<1:{len(COLUMNS)}>?",
        method="last",
        reply=Fixed(4),
        doc="One column of the last record, in the order of the columns.",
    ),
    Query("MEMory:COUNt?", method="record_count", reply=Integer(), doc="Number of the last record since power-on."),
    Query(
        "MEMory:DATA?",
        method="block",
        parameters=(Numeric(name="records", low=1, high=MOST_RECORDS, integer=True),),
        doc="The last so many records: count, last, CRC-32, base64.",
    ),
    Query("CAVity:DECay?", method="decay_time_us", reply=Fixed(4), doc="Ring-down time of the empty cavity, µs."),
    Query("INLet:PRESsure?", method="inlet_pressure", reply=Fixed(2), doc="Absolute pressure at the inlet, kPa."),
    Query("SYSTem:READy?", method="ready", reply=Flag(), doc="1 when cavity temperature and pressure are locked."),
    Setting(
        "CALibration<1:3>:COEFficient<1:2>",
        Numeric(low=-1e3, high=1e3, reply=_COEFFICIENT),
        getter="calibration",
        setter="set_calibration",
        doc="Calibration function of a component, raw = c1 + c2 · calibrated: offset in its unit, slope.",
    ),
    Setting(
        "WATer<1:3>:COEFficient<1:3>",
        Numeric(low=-0.1, high=0.1, reply=_COEFFICIENT),
        getter="water",
        setter="set_water",
        doc="a (1/%), b (1/%²), d of wet/dry = 1 + a H + b H² + d (1 - exp(-H/h)) of a component.",
    ),
    Setting(
        "HUMidity:SCALe",
        Numeric(low=0.001, high=10.0, reply=_COEFFICIENT),
        attribute="water_scale",
        doc="h, %; common to all components, since they share the cavity.",
    ),
    Setting("HUMidity:CORRection", Boolean(default=True), attribute="corrected", doc="Whether water is corrected for."),
    Event("SYSTem:FACTory", method="factory", doc="Forget calibration functions and water corrections."),
)
