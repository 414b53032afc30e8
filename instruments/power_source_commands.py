"""Commands of the twin of a DC phantom-load source.

They are those of the EA Elektro-Automatik PSB/PSI 10000 family (manual "Programming ModBus & SCPI", sections
5.1 to 5.4: set values with units, remote control by SYSTem:LOCK, measured values with units, OVP and OCP, alarm bits
of STATus:QUEStionable). That family has one output; what a phantom load needs beyond it (two circuits, direction,
ripple, shunt output) is in the subsystem PHANtom, which is ours. Power and resistance set values, sink mode, function
generator and master-slave are left out.
"""

from __future__ import annotations

from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    Fields,
    Fixed,
    Flag,
    Numeric,
    Query,
    Setting,
    WithUnit,
)

VOLTS, AMPERES = WithUnit("V", 2), WithUnit("A", 3)
RATIO = Fixed(3)
ON_OFF = Flag("ON", "OFF")

COMMANDS: tuple[Command, ...] = (
    Event(
        "SYSTem:LOCK",
        parameters=(Boolean(),),
        method="lock",
        doc="Take (ON) or give back (OFF) remote control; without it settings are refused with -221.",
    ),
    Query("SYSTem:LOCK:OWNer?", method="owner", doc="Answer REMOTE or NONE."),
    Setting(
        "[SOURce:]VOLTage",
        Numeric(unit="V", low=0.0, high="voltage_limit", default=0.0, reply=VOLTS),
        attribute="voltage",
        guard="remote_only",
        doc="Voltage of the voltage circuit, up to 102 % of nominal.",
    ),
    Setting(
        "[SOURce:]CURRent",
        Numeric(unit="A", low=0.0, high="current_limit", default=0.0, reply=AMPERES),
        attribute="current",
        guard="remote_only",
        doc="Current of the current circuit, up to 102 % of nominal; the sign is PHANtom:DIRection.",
    ),
    Setting(
        "[SOURce:]VOLTage:PROTection[:LEVel]",
        Numeric(unit="V", low=0.0, high="voltage_protection_limit", reply=VOLTS),
        attribute="voltage_protection",
        guard="remote_only",
        doc="OVP threshold, up to 110 % of nominal: beyond it the output goes off.",
    ),
    Setting(
        "[SOURce:]CURRent:PROTection[:LEVel]",
        Numeric(unit="A", low=0.0, high="current_protection_limit", reply=AMPERES),
        attribute="current_protection",
        guard="remote_only",
        doc="OCP threshold, up to 110 % of nominal: beyond it the output goes off.",
    ),
    Setting(
        "OUTPut",
        Boolean(reply=ON_OFF),
        attribute="output",
        guard="remote_only",
        doc="Switch both circuits; refused while the interlock is open.",
    ),
    Query("MEASure[:SCALar]:VOLTage[:DC]?", method="measured_voltage", reply=VOLTS, doc="Last measured voltage."),
    Query("MEASure[:SCALar]:CURRent[:DC]?", method="measured_current", reply=AMPERES, doc="Last measured current."),
    Query("MEASure[:SCALar]:POWer[:DC]?", method="measured_power", reply=WithUnit("W", 0), doc="Their product."),
    Query(
        "MEASure[:SCALar]:ARRay?",
        method="measured_array",
        reply=Fields((VOLTS, AMPERES, WithUnit("W", 0)), separator=", "),
        doc="Voltage, current and power.",
    ),
    Query("SYSTem:NOMinal:VOLTage?", method="nominal_voltage", reply=VOLTS, doc="Nominal voltage."),
    Query("SYSTem:NOMinal:CURRent?", method="nominal_current", reply=AMPERES, doc="Nominal current."),
    # Ours: what a phantom load needs beyond the family's commands.
    Setting(
        "PHANtom:DIRection",
        Choice(options=("IMPort", "EXPort"), default="IMPort"),
        attribute="direction",
        guard="remote_only",
        doc="Direction of energy as the meter sees it: the sign of the current.",
    ),
    Setting(
        "PHANtom:RIPPle:VOLTage",
        Numeric(unit="PCT", low=0.0, high=20.0, default=0.0, reply=RATIO),
        attribute="voltage_ripple",
        guard="remote_only",
        doc="Ripple of the voltage, RMS over DC, %.",
    ),
    Setting(
        "PHANtom:RIPPle:CURRent",
        Numeric(unit="PCT", low=0.0, high=20.0, default=0.0, reply=RATIO),
        attribute="current_ripple",
        guard="remote_only",
        doc="Ripple of the current, RMS over DC, %.",
    ),
    Setting(
        "PHANtom:RIPPle:VOLTage:PHASe",
        Numeric(unit="DEG", low=-360.0, high=360.0, default=0.0, reply=RATIO),
        attribute="voltage_phase",
        guard="remote_only",
        doc="Phase of the voltage ripple, degrees.",
    ),
    Setting(
        "PHANtom:RIPPle:CURRent:PHASe",
        Numeric(unit="DEG", low=-360.0, high=360.0, default=0.0, reply=RATIO),
        attribute="current_phase",
        guard="remote_only",
        doc="Phase of the current ripple, degrees.",
    ),
    Setting(
        "PHANtom:RIPPle:FREQuency",
        Numeric(unit="HZ", low=10.0, high=10000.0, default=300.0, reply=RATIO),
        attribute="ripple_frequency",
        guard="remote_only",
        doc="Frequency of both ripples.",
    ),
    Setting(
        "PHANtom:CURRent:OUTPut",
        Choice(options=("DIRect", "SHUNt"), default="DIRect"),
        attribute="current_output",
        guard="output_off_only",
        doc="Give the current itself, or the 75 mV signal of a shunt that would carry it.",
    ),
    Setting(
        "PHANtom:SHUNt:CURRent",
        Numeric(unit="A", low=1.0, high=10000.0, default=100.0, reply=AMPERES),
        attribute="shunt_current",
        guard="output_off_only",
        doc="Rated current of that shunt, at 75 mV.",
    ),
    Query("PHANtom:INTerlock?", method="interlock", doc="Answer CLOSED or OPEN."),
)
