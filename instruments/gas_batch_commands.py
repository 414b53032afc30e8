"""Commands of the rack in which a batch of gas mixtures is made: generic, all invented."""

from __future__ import annotations

from instruments.gas_batch_cylinder import PARENTS
from instruments.scpi import Choice, Command, Event, Fixed, Numeric, Query, Raw

BOTTLES, REFERENCES = 24, 4
"""Bottles of a batch, and places for reference cylinders."""

COMMANDS: tuple[Command, ...] = (
    Event(
        "CARRier:LOAD",
        parameters=(Choice(options=("NONE", "SAMPle", "TARE", "WEIGht")),),
        method="load",
        doc="Put on the pan: nothing, the cylinder, the tare cylinder, or the tare cylinder with the weight.",
    ),
    Query("CARRier:LOAD?", method="loaded", reply=Raw(), doc="Answer what lies on the pan."),
    Event(
        "FILL:STARt",
        parameters=(Choice(options=PARENTS), Numeric(name="mass/g", low=0.1, high=2000.0)),
        method="fill",
        guard="idle",
        doc="Let a parent gas into the cylinder until about this mass has flown; overlapped (*OPC).",
    ),
    Query("FILL:STATe?", method="filling", reply=Raw(), doc="Answer RUN, or IDLE."),
    Event(
        "ROLL:STARt",
        parameters=(Numeric(name="duration/s", low=1.0, high=86400.0),),
        method="roll",
        guard="idle",
        doc="Roll the cylinder so that its gas mixes; overlapped (*OPC).",
    ),
    Event("BATCh:FILL", method="divide", guard="idle", doc="Divide the cylinder's gas into the bottles; overlapped."),
    Query("BATCh:BOTTles?", method="bottles", reply=Raw(), doc="Answer how many bottles there are; 0 before division."),
    Event(
        "SAMPle:CONNect",
        parameters=(
            Choice(options=("NONE", "CYLinder", "BOTTle", "REFerence")),
            Numeric(name="number", low=1, high=BOTTLES, integer=True, optional=True, missing=1),
        ),
        method="connect_stream",
        doc="Connect a stream to the sampling point.",
    ),
    Query("SAMPle:CONNect?", method="stream", reply=Raw(), doc="Answer which stream is connected, e.g. BOTT,3."),
    Query("GAUGe:PRESsure?", method="pressure", reply=Fixed(3), doc="Absolute pressure in the cylinder, MPa."),
    Query("GAUGe:TEMPerature?", method="temperature", reply=Fixed(2), doc="Temperature of the cylinder's wall, °C."),
)
