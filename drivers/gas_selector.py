"""Driver of a gas selector: valve with a closed position, flow and pressure control (generic SCPI, commands invented).

Every setting is read back, and `confirm` sees position, flow and pressures together: a message that got lost, a restart
of the selector and an empty cylinder all show there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading, InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Setting, Switch, fixed
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

INLETS = 16
NO_FLOW_L_PER_MIN = 0.005
"""Measured flow up to which the valve counts as shut, l/min: a choice of this bench, of no standard."""

_SET = re.compile(r"\d+;\d+\.\d{4};(ON|OFF)")
_ALL = re.compile(r"(\d+),(-?\d+\.\d{4}),(-?\d+\.\d{3}),(-?\d+\.\d{3})")


class GasSelector(Instrument):
    """Drive the selector. Flows are standard flows (25 °C, 101.325 kPa)."""

    joins_check = True

    position = Setting("VALV:POS {:.0f}", "VALV:POS?", unit="1", reply=r"\d+", low=0, high=INLETS)
    flow = Setting("SOUR:FLOW {:.4f}", "SOUR:FLOW?", unit="l/min", reply=fixed(4), low=0.0, high=20.0)
    pressure = Setting("SOUR:PRES {:.3f}", "SOUR:PRES?", unit="kPa", reply=fixed(3), low=20.0, high=300.0)
    vent = Switch("OUTP:VENT {}", "OUTP:VENT?")

    measured_flow = Measurement("MEAS:FLOW?", unit="l/min", reply=fixed(4), low=-1.0, high=30.0)
    outlet_pressure = Measurement("MEAS:PRES:OUTL?", unit="kPa", reply=fixed(3), low=0.0, high=400.0)
    cylinder_pressure = Measurement("MEAS:PRES:CYL?", unit="MPa", reply=fixed(3), low=0.0, high=40.0)

    close = Command("VALV:CLOS")

    def prepare(self) -> Steps[None]:
        """Close the valve and forget old errors."""
        yield from self.clear_status()
        yield from self.make_safe()

    def select(self, inlet: int, flow_l_per_min: float) -> Steps[None]:
        """Let the gas of an inlet flow, the overflow open, and see that the selector took it.

        Args:
            inlet: 1 to 16; 0 to close.
            flow_l_per_min: standard flow, l/min.

        Raises:
            ImplausibleReading: it says something else than was set.
            ReportedError: it refused.
        """
        flow, _ = self.flow.message(flow_l_per_min)
        position, meaning = self.position.message(inlet)
        yield from self.tell(f"OUTP:VENT ON;:{flow};:{position}", f"{meaning} at {flow_l_per_min:g} l/min")
        yield from self._set_to(f"{inlet:d};{flow_l_per_min:.4f};ON")

    def stop(self) -> Steps[None]:
        """Close the valve and shut the overflow: a dead end, e.g. for a test of tightness.

        Raises:
            ImplausibleReading: it says something else.
        """
        yield from self.tell("VALV:CLOS;:OUTP:VENT OFF", "valve and vent shut")
        yield from self.sealed()

    def sealed(self) -> Steps[None]:
        """See that valve and overflow are still shut.

        Raises:
            ImplausibleReading: they are not.
        """
        flow = yield from self.flow.read()
        yield from self._set_to(f"0;{flow.indication.value:.4f};OFF")

    def _set_to(self, wanted: str) -> Steps[None]:
        """See what position, flow and vent are set to, in one message."""
        raw = yield from self.ask("VALV:POS?;:SOUR:FLOW?;:OUTP:VENT?")
        if _SET.fullmatch(raw) is None:
            raise self.doubt(f"VALV:POS?;:SOUR:FLOW?;:OUTP:VENT?: reply {raw!r} is not position;flow;vent")
        if raw != wanted:
            self.mistrust()
            raise ImplausibleReading(
                f"{self.role}: is set to {raw!r} instead of {wanted!r} (position;flow in l/min;vent); check its supply "
                "and who else commands it"
            )

    def confirm(self, inlet: int, flow_l_per_min: float, share: float = 0.1) -> Steps[tuple[Reading, Reading, Reading]]:
        """See that the gas still flows: position as set, flow within a share of the setting, the cylinder not empty.

        Returns:
            Flow (l/min), outlet pressure (kPa), cylinder pressure (MPa).

        Raises:
            ImplausibleReading: something else than was set.
        """
        yield from self.ready()
        raw = yield from self.ask("MEAS:ALL?")
        match = _ALL.fullmatch(raw)
        if match is None:
            raise self.doubt(f"MEAS:ALL?: reply {raw!r} is not position,flow,outlet pressure,cylinder pressure")
        if int(match[1]) != inlet:
            raise ImplausibleReading(
                f"{self.role}: stands at inlet {match[1]} instead of {inlet}; check its supply and who else commands it"
            )
        slack = share * flow_l_per_min
        try:
            flow = self.measured_flow.reading(match[2], (flow_l_per_min - slack, flow_l_per_min + slack))
        except ImplausibleReading:
            raise ImplausibleReading(
                f"{self.role}: inlet {inlet} gives {match[2]} l/min instead of {flow_l_per_min:g} l/min at a cylinder "
                f"pressure of {match[4]} MPa; check the cylinder and its valve"
            ) from None
        return flow, self.outlet_pressure.reading(match[3]), self.cylinder_pressure.reading(match[4])

    def pressure_of(self, inlet: int) -> Steps[Reading]:
        """Read the pressure of the cylinder at an inlet, MPa; 0 where there is none.

        Raises:
            ProtocolError: the two replies to one message differ.
        """
        yield from self.ready()
        raw = yield from self.ask(f"MEAS:PRES:CYL? {inlet};CYL? {inlet}")
        first, _, second = raw.partition(";")
        if first != second:
            raise self.doubt(f"MEAS:PRES:CYL? {inlet}: reply {raw!r} is not twice the same")
        return self.cylinder_pressure.reading(first)

    def make_safe(self) -> Steps[None]:
        """Close the valve from any state, and see that no gas flows.

        Works with a reply still unread, with errors in the queue and over a connection that comes back within a minute.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("VALV:CLOS",),
            self._shut,
            what="valve not confirmed closed",
            remedy="close the cylinders by hand",
        )
        yield from self.clear_status()

    def _shut(self) -> Steps[None]:
        raw = yield from self.ask("MEAS:ALL?")
        match = _ALL.fullmatch(raw)
        if match is None:
            raise self.doubt(f"MEAS:ALL?: reply {raw!r} is not position,flow,outlet pressure,cylinder pressure")
        if int(match[1]) or abs(float(match[2])) > NO_FLOW_L_PER_MIN:
            raise InstrumentError(f"{self.role}: still at inlet {match[1]} with {match[2]} l/min after VALV:CLOS")


driver = GasSelector
"""What a data sheet builds by `driver = "gas_selector"`."""
