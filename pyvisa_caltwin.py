"""PyVISA backend of caltwin: `ResourceManager("station.yaml@caltwin")`, or `PYVISA_LIBRARY=station.yaml@caltwin`.

PyVISA finds a backend by the name of its module, so this one stands outside of the six rooms. Twins are reached through
`instruments.front`; devices without a `twin:` key are spoken for by an inner pyvisa-sim. Timeouts are measured on the
bench clock. An exception in twin code comes out of the VISA call unchanged.

Inside a SimPy process a VISA call cannot run the clock; wait with `yield from`:

    resource.write("READ?")
    yield from library.until_readable(resource.session, timeout_s=5)
    reply = resource.read()
"""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError, version
from itertools import count as counter
from typing import TYPE_CHECKING, Any

from pyvisa import constants, errors, rname
from pyvisa.constants import EventMechanism, EventType, ResourceAttribute, StatusCode
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.util import LibraryPath

from bench.blocking import Rebinding
from bench.errors import ConfigurationError
from bench.station import Station
from bench.visa_plain import PlainLibrary
from bench.visa_session import TwinSession
from instruments.link import ConnectionLost, Ending

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Self

    import simpy

    from instruments.world import World

_SUCCESS = StatusCode.success
_STATUS = {
    Ending.END: StatusCode.success,
    Ending.TERMINATOR: StatusCode.success_termination_character_read,
    Ending.COUNT: StatusCode.success_max_count_read,
    Ending.NOTHING_MORE: StatusCode.success,
}
_RECEIVED = int(
    constants.BufferOperation.discard_read_buffer
    | constants.BufferOperation.discard_read_buffer_no_io
    | constants.BufferOperation.discard_receive_buffer
    | constants.BufferOperation.discard_receive_buffer2
)
"""Operations of viFlush that forget received bytes."""
_REFUSAL = (
    "the backend caltwin needs a station file: ResourceManager('station.yaml@caltwin') "
    "or PYVISA_LIBRARY=station.yaml@caltwin"
)


class _Ignored:
    """Ignore some warnings of a session as long as the context lasts; PyVISA enters one at each read."""

    __slots__ = ("_codes", "_ignored")

    def __init__(self, ignored: set[StatusCode], codes: tuple[StatusCode, ...]) -> None:
        self._ignored = ignored
        self._codes = codes

    def __enter__(self) -> None:
        self._ignored.update(self._codes)

    def __exit__(self, *reason: object) -> None:
        self._ignored.difference_update(self._codes)


class _Ready(LibraryPath):
    """Carry a world that is built already through PyVISA's constructor, which passes on nothing but a path."""

    world: World
    plain: Mapping[str, Mapping[str, Any]]


class TwinVisaLibrary(VisaLibraryBase):
    """Speak VISA to the twins of one world; every opening has a world of its own."""

    world: World
    """The twins and their clock."""

    def __new__(cls, library_path: str | LibraryPath = "") -> Self:
        """Build a library; unlike PyVISA's own, never one that another bench uses already.

        Raises:
            OSError: no station file is named.
            ConfigurationError: the station file is wrong.
        """
        if not library_path:
            raise OSError(_REFUSAL)
        path = library_path if isinstance(library_path, LibraryPath) else LibraryPath(library_path, "user specified")
        cls._registry.pop((cls, path), None)  # PyVISA would hand out the library of another bench
        library = super().__new__(cls, path)
        assert isinstance(library, cls)
        return library

    @classmethod
    def of(cls, world: World, plain: Mapping[str, Mapping[str, Any]] | None = None) -> Self:
        """Return a library of its own around a world that is built already.

        Args:
            world: twins and clock.
            plain: `Station.plain`, for devices that pyvisa-sim speaks for.
        """
        path = _Ready("(world)", "caltwin")
        path.world = world
        path.plain = plain or {}
        return cls(path)

    @staticmethod
    def get_library_paths() -> tuple[LibraryPath, ...]:
        """Return no path: there is no station to use unasked."""
        return ()

    @staticmethod
    def get_debug_info() -> dict[str, str | list[str] | dict[str, str]]:
        """Return what `pyvisa-info` shows."""
        try:
            installed = version("caltwin")
        except PackageNotFoundError:
            installed = "not installed"
        return {"Version": installed}

    def _init(self) -> None:
        path = self.library_path
        if isinstance(path, _Ready):
            self.world, plain = path.world, path.plain
            self._sleeps: tuple[str, ...] = ()
        else:
            station = Station.from_file(str(path))
            self.world, plain = station.build(), station.plain
            self._sleeps = ("pyvisa", *station.sleeps) if station.sleeps else ()
        self._rebinding = Rebinding(self.world.environment)
        self._plain = PlainLibrary.of(plain)
        self._handles = counter(1)
        self._sessions: dict[int, TwinSession] = {}
        self._managers: set[int] = set()
        self._delegated: set[int] = set()
        self._contexts: dict[int, EventType] = {}
        self._locks: dict[str, TwinSession] = {}

    # -- for SimPy processes ------------------------------------------------------------------------------------------

    def until_readable(self, session: int, timeout_s: float) -> Generator[simpy.Event, Any, Any]:
        """Wait in a process until a reply is ready or `timeout_s` (s, bench time) passes.

        A `read` that follows returns at once, or raises VI_ERROR_TMO.
        """
        if session in self._delegated:
            return _at_once()  # pyvisa-sim
        return self._session(session).front.until_readable(timeout_s)

    def until_idle(self, session: int) -> Generator[simpy.Event, Any, None]:
        """Wait in a process until what was sent has taken effect."""
        if session not in self._delegated:
            yield from self._session(session).front.until_idle()

    def until_service_request(self, session: int, timeout_s: float) -> Generator[simpy.Event, Any, None]:
        """Wait in a process until the instrument has requested service or `timeout_s` (s, bench time) passes.

        The event must be enabled (queue); a `wait_on_event` that follows returns at once, or raises VI_ERROR_TMO.
        """
        yield from self._session(session).until_service_request(timeout_s)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def _session(self, session: int) -> TwinSession:
        try:
            return self._sessions[session]
        except KeyError:
            raise errors.InvalidSession from None

    def _fail(self, session: int | None, status: StatusCode) -> StatusCode:
        """Raise the VISA error of a status code, through the one place that PyVISA provides for it."""
        return self.handle_return_value(session, status)  # type: ignore[arg-type]

    def open_default_resource_manager(self) -> tuple[Any, StatusCode]:
        """Open the resource manager (viOpenDefaultRM)."""
        session = next(self._handles)
        self._managers.add(session)
        return session, self._fail(session, _SUCCESS)

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        """Return the addresses that match a VISA expression (viFindRsrc)."""
        return rname.filter((*self.world.resources, *self._plain.addresses), query)

    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: constants.AccessModes = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[Any, StatusCode]:
        """Open a session at an address (viOpen)."""
        try:
            parsed = rname.parse_resource_name(resource_name)
        except rname.InvalidResourceName:
            return 0, self._fail(session, StatusCode.error_invalid_resource_name)
        address = str(parsed)
        self._rebinding.rebind(self._sleeps)  # drivers that were imported by now
        if address in self._plain.addresses:
            handle, status = self._plain.open(session, address, access_mode, open_timeout)
            self._delegated.add(int(handle))
            return handle, self._fail(int(handle), status)
        if address not in self.world.resources:
            return 0, self._fail(session, StatusCode.error_resource_not_found)
        number = next(self._handles)
        try:
            opened = TwinSession(number, parsed, self.world.front(address))
        except ConnectionLost:
            return 0, self._fail(session, StatusCode.error_resource_not_found)
        if access_mode == constants.AccessModes.exclusive_lock and not self._take_lock(opened):
            opened.close()
            return 0, self._fail(session, StatusCode.error_resource_locked)
        self._sessions[number] = opened
        return number, self._fail(number, _SUCCESS)

    def close(self, session: Any) -> StatusCode:
        """Close a session, the resource manager or an event context (viClose)."""
        if session in self._contexts:
            del self._contexts[session]
            return _SUCCESS
        if session in self._managers:
            self._managers.discard(session)
            self._rebinding.restore()
            return _SUCCESS
        if session in self._delegated:
            self._delegated.discard(session)
            status: StatusCode = self._plain.close(session)
            return status
        opened = self._sessions.pop(session, None)
        if opened is None:
            raise errors.InvalidSession
        if self._locks.get(opened.address) is opened:
            del self._locks[opened.address]
        opened.close()
        return _SUCCESS

    # -- messages -----------------------------------------------------------------------------------------------------

    def ignore_warning(self, session: Any, *warnings_constants: StatusCode) -> Any:
        """Return a context in which these warnings of a session are ignored; as PyVISA's own, without a generator."""
        return _Ignored(self._ignore_warning_in_session[session], warnings_constants)

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes (viWrite)."""
        opened = self._sessions.get(session)
        if opened is None:
            if session in self._delegated:
                sent, status = self._plain.write(session, data)
                return sent, self._fail(session, status)
            raise errors.InvalidSession
        if self._locks:
            self._check_lock(opened)
        try:
            opened.front.write(data, opened.send_end)
        except ConnectionLost:
            return 0, self._fail(session, StatusCode.error_connection_lost)
        self._last_status = self._last_status_in_session[session] = _SUCCESS
        return len(data), _SUCCESS

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        """Receive up to `count` bytes, letting bench time run on to the reply (viRead)."""
        opened = self._sessions.get(session)
        if opened is None:
            if session in self._delegated:
                data, status = self._plain.read(session, count)
                return data, self._fail(session, status)
            raise errors.InvalidSession
        if self._locks:
            self._check_lock(opened)
        try:
            found = opened.front.read(count, opened.terminator, opened.timeout_s)
        except ConnectionLost:
            return b"", self._fail(session, StatusCode.error_connection_lost)
        if found is None:
            return b"", self._fail(session, StatusCode.error_timeout)
        data, ending = found
        if ending is Ending.END:
            self._last_status = self._last_status_in_session[session] = _SUCCESS
            return data, _SUCCESS
        return data, self._fail(session, _STATUS[ending])

    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        """Do a serial poll (viReadSTB)."""
        opened = self._polled(session)
        byte = opened.front.poll()
        if byte is None:
            return 0, self._fail(session, StatusCode.error_nonsupported_operation)
        return byte, self._fail(session, _SUCCESS)

    def clear(self, session: Any) -> StatusCode:
        """Clear the device, or on a stream forget what it sent (viClear)."""
        if session in self._delegated:
            return self._fail(session, StatusCode.error_nonsupported_operation)
        opened = self._session(session)
        self._check_lock(opened)
        if opened.front.link.lost:
            return self._fail(session, StatusCode.error_connection_lost)
        if opened.front.link.instr:
            opened.front.clear()
        else:
            opened.front.link.discard_output()
        return self._fail(session, _SUCCESS)

    def flush(self, session: Any, mask: constants.BufferOperation) -> StatusCode:
        """Forget received bytes if `mask` says so; sent bytes are never kept back (viFlush)."""
        if session in self._delegated:
            return self._fail(session, StatusCode.error_nonsupported_operation)
        link = self._session(session).front.link
        if int(mask) & _RECEIVED and not link.instr:
            link.discard_output()
        return self._fail(session, _SUCCESS)

    def assert_trigger(self, session: Any, protocol: constants.TriggerProtocol) -> StatusCode:
        """Trigger the instrument (viAssertTrigger)."""
        opened = self._polled(session)
        if protocol != constants.TriggerProtocol.default:
            return self._fail(session, StatusCode.error_invalid_protocol)
        opened.front.trigger()
        return self._fail(session, _SUCCESS)

    def gpib_control_ren(self, session: Any, mode: constants.RENLineOperation) -> StatusCode:
        """Put the instrument into remote or local state (viGpibControlREN)."""
        opened = self._polled(session)
        operation = constants.RENLineOperation
        engine = opened.front.engine
        if mode in (operation.asrt_address, operation.asrt_llo, operation.asrt_address_llo):
            engine.go_remote(lockout=mode != operation.asrt_address)
        elif mode in (operation.deassert, operation.address_gtl, operation.deassert_gtl):
            engine.go_local()
        return self._fail(session, _SUCCESS)

    def _polled(self, session: Any) -> TwinSession:
        """Return a session of a transport that has more than bytes.

        Raises:
            VisaIOError: VI_ERROR_NSUP_OPER on a stream or a pyvisa-sim device.
        """
        if session in self._delegated:
            self._fail(session, StatusCode.error_nonsupported_operation)
        opened = self._session(session)
        if not opened.front.link.instr:
            self._fail(session, StatusCode.error_nonsupported_operation)
        if opened.front.link.lost:
            self._fail(session, StatusCode.error_connection_lost)
        self._check_lock(opened)
        return opened

    # -- attributes ---------------------------------------------------------------------------------------------------

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        """Return an attribute of a session or an event (viGetAttribute)."""
        if session in self._contexts:
            if attribute == constants.EventAttribute.event_type:
                return self._contexts[session], _SUCCESS
            return None, self._fail(None, StatusCode.error_nonsupported_attribute)
        if session in self._delegated:
            value, status = self._plain.get_attribute(session, attribute)
            return value, self._fail(session, status)
        opened = self._session(session)
        value = opened.get_attribute(int(attribute))
        if value is None:
            return None, self._fail(session, StatusCode.error_nonsupported_attribute)
        if attribute == ResourceAttribute.resource_lock_state:
            value = self._lock_state(opened)
        return value, self._fail(session, _SUCCESS)

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        """Set an attribute of a session (viSetAttribute)."""
        if session in self._delegated:
            status = self._plain.set_attribute(session, attribute, attribute_state)
        else:
            status = self._session(session).set_attribute(int(attribute), attribute_state)
        return self._fail(session, status)

    # -- locks --------------------------------------------------------------------------------------------------------

    def lock(
        self, session: Any, lock_type: constants.Lock, timeout: int, requested_key: str | None = None
    ) -> tuple[str, StatusCode]:
        """Lock a resource for this session (viLock); a shared lock is held like an exclusive one."""
        opened = self._session(session)
        if not self._take_lock(opened):
            return "", self._fail(session, StatusCode.error_resource_locked)
        return requested_key or f"caltwin-{opened.number}", self._fail(session, _SUCCESS)

    def unlock(self, session: Any) -> StatusCode:
        """Give up a lock (viUnlock)."""
        opened = self._session(session)
        if self._locks.get(opened.address) is not opened:
            return self._fail(session, StatusCode.error_session_not_locked)
        del self._locks[opened.address]
        return self._fail(session, _SUCCESS)

    def _take_lock(self, opened: TwinSession) -> bool:
        return self._locks.setdefault(opened.address, opened) is opened

    def _check_lock(self, opened: TwinSession) -> None:
        if self._locks.get(opened.address, opened) is not opened:
            self._fail(opened.number, StatusCode.error_resource_locked)

    def _lock_state(self, opened: TwinSession) -> constants.AccessModes:
        locked = opened.address in self._locks
        return constants.AccessModes.exclusive_lock if locked else constants.AccessModes.no_lock

    # -- events -------------------------------------------------------------------------------------------------------

    def enable_event(
        self, session: Any, event_type: EventType, mechanism: EventMechanism, context: None = None
    ) -> StatusCode:
        """Have service requests queued or handled (viEnableEvent)."""
        opened = self._polled(session)
        if event_type != EventType.service_request:
            return self._fail(session, StatusCode.error_invalid_event)
        opened.enable_events(mechanism, lambda: self._handle(opened))
        return self._fail(session, _SUCCESS)

    def disable_event(self, session: Any, event_type: EventType, mechanism: EventMechanism) -> StatusCode:
        """Let service requests pass unseen (viDisableEvent)."""
        if session not in self._delegated:
            self._session(session).disable_events(mechanism)
        return _SUCCESS

    def discard_events(self, session: Any, event_type: EventType, mechanism: EventMechanism) -> StatusCode:
        """Forget queued service requests (viDiscardEvents)."""
        if session not in self._delegated:
            self._session(session).events = 0
        return _SUCCESS

    def wait_on_event(self, session: Any, in_event_type: EventType, timeout: int) -> tuple[EventType, Any, StatusCode]:
        """Let bench time run on to the next service request (viWaitOnEvent)."""
        opened = self._polled(session)
        if not opened.queueing:
            self._fail(session, StatusCode.error_not_enabled)
        if not opened.wait_for_service_request(math.inf if timeout == constants.VI_TMO_INFINITE else timeout / 1000):
            self._fail(session, StatusCode.error_timeout)
        context = next(self._handles)
        self._contexts[context] = EventType.service_request
        return EventType.service_request, context, self._fail(session, _SUCCESS)

    def install_handler(
        self, session: Any, event_type: EventType, handler: Any, user_handle: Any
    ) -> tuple[Any, Any, Any, StatusCode]:
        """Have a function called at each service request (viInstallHandler)."""
        self._polled(session).handlers.append((event_type, handler, user_handle))
        return handler, user_handle, handler, self._fail(session, _SUCCESS)

    def uninstall_handler(
        self, session: Any, event_type: EventType, handler: Any, user_handle: Any = None
    ) -> StatusCode:
        """Have the function called no more (viUninstallHandler)."""
        handlers = self._session(session).handlers
        if (event_type, handler, user_handle) not in handlers:
            return self._fail(session, StatusCode.error_handler_not_installed)
        handlers.remove((event_type, handler, user_handle))
        return self._fail(session, _SUCCESS)

    def _handle(self, opened: TwinSession) -> None:
        """Call the handlers of a session; the last installed comes first, as VISA has it."""
        for event_type, handler, user_handle in reversed(opened.handlers):
            context = next(self._handles)
            self._contexts[context] = event_type
            environment, outer = self.world.environment, self.world.environment.handling
            environment.handling = True
            try:
                handler(opened.number, event_type, context, user_handle)
            finally:
                environment.handling = outer
                self._contexts.pop(context, None)


def _at_once() -> Generator[simpy.Event, Any, None]:
    """Wait for nothing."""
    yield from ()


WRAPPER_CLASS = TwinVisaLibrary
"""What PyVISA looks for."""

__all__ = ["WRAPPER_CLASS", "ConfigurationError", "TwinVisaLibrary"]
