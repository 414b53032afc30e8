"""One VISA session on a twin: its attributes, its events, and the front that carries its bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pyvisa import constants
from pyvisa.attributes import AttributesByID
from pyvisa.constants import EventMechanism, EventType, ResourceAttribute, StatusCode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import simpy
    from pyvisa.rname import ResourceName

    from instruments.front import Front

_TERMCHAR = int(ResourceAttribute.termchar)
_TERMCHAR_ENABLED = int(ResourceAttribute.termchar_enabled)
_TIMEOUT = int(ResourceAttribute.timeout_value)
_SEND_END = int(ResourceAttribute.send_end_enabled)
_SUPPRESS_END = int(ResourceAttribute.suppress_end_enabled)
_END_IN = int(ResourceAttribute.asrl_end_in)
_AVAILABLE = int(ResourceAttribute.asrl_avalaible_number)


class TwinSession:
    """Hold one open session on a twin."""

    def __init__(self, number: int, name: ResourceName, front: Front) -> None:
        """Open with the attributes' defaults of the VISA specification.

        Args:
            number: VISA session handle.
            name: parsed resource name.
            front: access to the twin.
        """
        self.number = number
        self.address = str(name)
        self.front = front
        self.kind = (name.interface_type_const, name.resource_class)
        self.events = 0
        """Service requests that are queued."""
        self.queueing = False
        """Whether service requests are queued."""
        self.handlers: list[tuple[EventType, Any, Any]] = []
        """Event type, function and user handle of each installed handler."""
        self._undo: list[Callable[[], None]] = []
        self._handling = False
        self._attributes: dict[int, Any] = {
            int(ResourceAttribute.resource_name): self.address,
            int(ResourceAttribute.resource_class): name.resource_class,
            int(ResourceAttribute.interface_type): int(name.interface_type_const),
            int(ResourceAttribute.interface_number): int(getattr(name, "board", "0") or 0),
            int(ResourceAttribute.resource_manufacturer_name): "caltwin",
            int(ResourceAttribute.resource_lock_state): int(constants.AccessModes.no_lock),
            _TIMEOUT: 2000,
            _TERMCHAR: 0x0A,
            _TERMCHAR_ENABLED: constants.VI_FALSE,
            _SEND_END: constants.VI_TRUE,
            _SUPPRESS_END: constants.VI_FALSE,
        }
        for attribute, field in (
            (ResourceAttribute.tcpip_address, "host_address"),
            (ResourceAttribute.tcpip_hostname, "host_address"),
            (ResourceAttribute.tcpip_device_name, "lan_device_name"),
        ):
            if hasattr(name, field):
                self._attributes[int(attribute)] = getattr(name, field)
        for attribute, field in (
            (ResourceAttribute.tcpip_port, "port"),
            (ResourceAttribute.gpib_primary_address, "primary_address"),
        ):
            if hasattr(name, field):
                self._attributes[int(attribute)] = int(getattr(name, field))
        self._refresh()

    def close(self) -> None:
        """Close."""
        self.disable_events(EventMechanism.all)
        self.front.close()

    # -- attributes ---------------------------------------------------------------------------------------------------

    def get_attribute(self, attribute: int) -> Any | None:
        """Return an attribute's value, by default the specification's; None if there is no such attribute."""
        if attribute == _AVAILABLE:
            return self.front.link.unread_size
        if attribute in self._attributes:
            return self._attributes[attribute]
        known = AttributesByID.get(attribute)
        if known is None or not known.in_resource(self.kind) or known.default == "N/A":
            return None
        return known.default

    def set_attribute(self, attribute: int, value: Any) -> StatusCode:
        """Set an attribute; return the status that VISA gives for it."""
        known = AttributesByID.get(attribute)
        if known is None or not known.in_resource(self.kind):
            return StatusCode.error_nonsupported_attribute
        if not known.write:
            return StatusCode.error_attribute_read_only
        self._attributes[attribute] = value
        self._refresh()
        return StatusCode.success

    def _refresh(self) -> None:
        """Work out what every write and read needs."""
        attributes = self._attributes
        milliseconds = int(attributes[_TIMEOUT])
        self.timeout_s = math.inf if milliseconds == constants.VI_TMO_INFINITE else milliseconds / 1000
        self.send_end = bool(attributes[_SEND_END])
        self.terminator: int | None = None
        serial = self.kind[0] == constants.InterfaceType.asrl
        ends = self.get_attribute(_END_IN) == constants.SerialTermination.termination_char
        if attributes[_TERMCHAR_ENABLED] or (serial and ends):
            self.terminator = int(attributes[_TERMCHAR])

    # -- events -------------------------------------------------------------------------------------------------------

    def enable_events(self, mechanism: EventMechanism, handle: Callable[[], None]) -> None:
        """Queue service requests, or call `handle()` at each."""
        engine = self.front.engine
        if mechanism & EventMechanism.queue and not self.queueing:
            self.queueing = True
            self._undo.append(engine.on_service_request(self._queue))
        if mechanism & EventMechanism.handler and not self._handling:
            self._handling = True
            self._undo.append(engine.on_service_request(handle))

    def disable_events(self, mechanism: EventMechanism) -> None:
        """Let service requests pass unseen."""
        if mechanism & (EventMechanism.queue | EventMechanism.handler):
            for undo in self._undo:
                undo()
            self._undo.clear()
            self.queueing = self._handling = False

    def _queue(self) -> None:
        self.events += 1

    def wait_for_service_request(self, timeout_s: float) -> bool:
        """Run the bench until a service request is queued; take it; tell whether there was one."""
        if not self.front.wait_for(lambda: self.events > 0, timeout_s):
            return False
        self.events -= 1
        return True

    def until_service_request(self, timeout_s: float) -> Generator[simpy.Event, Any, None]:
        """Wait in a process until a service request is queued or the time is over."""
        yield from self.front.until_service_request(lambda: self.events > 0, timeout_s)
