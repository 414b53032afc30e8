"""SCPI-99 and IEEE 488.2 for twins: declare the commands as data, write methods for what they do.

```python
class Thermometer(ScpiInstrument[Parameters]):
    identity = Identity(manufacturer="Example", model="T1", firmware="1.0")
    commands = (
        Setting("SENSe:APERture", Numeric(unit="S", low=0.01, high=10, default=0.1), attribute="aperture",
                doc="Time over which a reading is averaged."),
        Query("READ?", method="read", reply=Fixed(3), doc="Take a reading."),
        Event("INITiate", method="initiate", doc="Start an overlapped measurement; *OPC reports its end."),
    )

    def read(self) -> Later:
        start, end = self.now, self.now + self.aperture
        return Later(end, lambda: self.air.mean_temperature(start, end) + self.parameters.error)

    def initiate(self) -> None:
        self.begin("measurement", until=self.now + self.aperture, done=self.store)

twin = Kind(parameters=Parameters, ports={"air": Ambient}, build=Thermometer)
```
"""

from instruments.scpi.commands import Command, Event, Identity, Later, Operation, Query, Setting, WhenComplete
from instruments.scpi.errors import ScpiError
from instruments.scpi.instrument import ScpiInstrument
from instruments.scpi.parameters import (
    Boolean,
    ChannelList,
    Choice,
    Data,
    Expression,
    Many,
    Numeric,
    Parameter,
    String,
)
from instruments.scpi.reply import (
    INFINITY,
    NOT_A_NUMBER,
    Block,
    Fields,
    Fixed,
    Flag,
    General,
    Integer,
    Listed,
    Quoted,
    Raw,
    Reply,
    Scientific,
    WithUnit,
)

__all__ = [
    "INFINITY",
    "NOT_A_NUMBER",
    "Block",
    "Boolean",
    "ChannelList",
    "Choice",
    "Command",
    "Data",
    "Event",
    "Expression",
    "Fields",
    "Fixed",
    "Flag",
    "General",
    "Identity",
    "Integer",
    "Later",
    "Listed",
    "Many",
    "Numeric",
    "Operation",
    "Parameter",
    "Query",
    "Quoted",
    "Raw",
    "Reply",
    "Scientific",
    "ScpiError",
    "ScpiInstrument",
    "Setting",
    "String",
    "WhenComplete",
    "WithUnit",
]
