"""The PyVISA backend: PyVISA's own resources work on twins unchanged, errors are VISA errors, time is bench time."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
import slow_driver
from pyvisa.constants import BufferOperation, EventMechanism, EventType, ResourceAttribute, StatusCode
from twins_for_tests.tiny import twin
from worlds import GPIB, LAN, OTHER, SOCKET, errors, plan, world

from bench.errors import ConfigurationError
from instruments.clock import RealtimeEnvironment
from instruments.engine import Exchange
from instruments.faults import Disconnect
from instruments.front import Deadlock, NestedWait
from instruments.world import DevicePlan, ResourcePlan, World, WorldPlan
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

STATION = """\
spec: "1.1"
devices:
  reader: {twin: twins_for_tests.tiny, parameters: {serial: A1-TWIN}}
  plain:
    eom: {GPIB INSTR: {q: "\\n", r: "\\n"}}
    error: ERROR
    dialogues: [{q: "?ID", r: "PLAIN"}]
resources:
  GPIB::5::INSTR: {device: reader}
  GPIB::7::INSTR: {device: plain}
"""


@pytest.fixture
def bench() -> World:
    return world()


@pytest.fixture
def manager(bench: World) -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    yield manager
    manager.close()


def opened(manager: pyvisa.ResourceManager, address: str = GPIB, **more: Any) -> Any:
    return manager.open_resource(address, read_termination="\n", write_termination="\n", **more)


def status_of(caught: pytest.ExceptionInfo[pyvisa.VisaIOError]) -> StatusCode:
    return StatusCode(caught.value.error_code)


# -- opening --------------------------------------------------------------------------------------------------------


def test_a_station_file_opens_by_name(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(STATION)
    manager = pyvisa.ResourceManager(f"{path}@caltwin")
    assert manager.list_resources() == ("GPIB0::5::INSTR", "GPIB0::7::INSTR")
    assert opened(manager, "GPIB::5::INSTR").query("*IDN?") == "CALTWIN,TINY,A1-TWIN,1.0"
    manager.close()


def test_the_environment_variable_serves_drivers_that_nobody_may_edit(tmp_path: Path) -> None:
    (tmp_path / "station.yaml").write_text(STATION)
    code = (
        "import pyvisa; r = pyvisa.ResourceManager().open_resource('GPIB::5::INSTR', read_termination='\\n');"
        "print(r.query('*IDN?'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYVISA_LIBRARY": f"{tmp_path / 'station.yaml'}@caltwin",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "CALTWIN,TINY,A1-TWIN,1.0\n", result.stderr


def test_a_station_says_whose_sleeps_cost_bench_time(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(STATION + "sleeps: [slow_driver]\n")
    manager = pyvisa.ResourceManager(f"{path}@caltwin")
    device = slow_driver.SlowDriver(opened(manager, "GPIB::5::INSTR"))
    begin = time.monotonic()
    assert device.measure(10.0) == 0.0
    assert device.elapsed(100.0) == pytest.approx(100.0)
    assert time.monotonic() - begin < 30.0
    manager.close()
    assert slow_driver.sleep is time.sleep


def test_every_opening_has_a_world_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(STATION)
    one, two = pyvisa.ResourceManager(f"{path}@caltwin"), pyvisa.ResourceManager(f"{path}@caltwin")
    assert one.visalib is not two.visalib
    opened(one, "GPIB::5::INSTR").write("LEV 5")
    assert opened(two, "GPIB::5::INSTR").query("LEV?") == "0"
    one.close()
    two.close()


def test_no_station_is_a_clear_error() -> None:
    with pytest.raises(OSError, match=r"station.yaml@caltwin"):
        pyvisa.ResourceManager("@caltwin")


def test_a_wrong_station_is_named(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(STATION.replace("serial", "seriel"))
    with pytest.raises(ConfigurationError, match=r"station.yaml:3: devices.reader.parameters.seriel: .*'serial'"):
        pyvisa.ResourceManager(f"{path}@caltwin")
    with pytest.raises(ConfigurationError, match="No such file"):
        pyvisa.ResourceManager("none.yaml@caltwin")


def test_an_unknown_address_is_not_found(manager: pyvisa.ResourceManager) -> None:
    with pytest.raises(pyvisa.VisaIOError) as caught:
        manager.open_resource("GPIB0::30::INSTR")
    assert status_of(caught) is StatusCode.error_resource_not_found


def test_listing(manager: pyvisa.ResourceManager) -> None:
    assert manager.list_resources() == (GPIB, LAN, OTHER)
    assert manager.list_resources("TCPIP?*::SOCKET") == (SOCKET,)


def test_devices_without_a_twin_are_spoken_for_by_pyvisa_sim(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(STATION)
    manager = pyvisa.ResourceManager(f"{path}@caltwin")
    plain = opened(manager, "GPIB0::7::INSTR", timeout=50)
    assert plain.query("?ID") == "PLAIN"
    assert plain.query("what") == "ERROR"
    plain.timeout = 20
    assert plain.timeout == 20
    with pytest.raises(pyvisa.VisaIOError) as caught:
        plain.read()
    assert status_of(caught) is StatusCode.error_timeout
    with pytest.raises(pyvisa.VisaIOError):
        plain.read_stb()
    manager.close()


def test_sessions_end(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    session = resource.session
    resource.close()
    assert bench.twins["reader"].links == ()
    for call in (lambda: manager.visalib.write(session, b"x"), lambda: manager.visalib.read(session, 1)):
        with pytest.raises(pyvisa.errors.InvalidSession):
            call()


def test_nothing_is_left_when_a_manager_is_dropped(bench: World) -> None:
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    opened(manager)
    del manager
    gc.collect()
    assert bench.twins["reader"].links == ()


# -- messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [GPIB, LAN, SOCKET])
def test_queries(manager: pyvisa.ResourceManager, address: str) -> None:
    resource = opened(manager, address)
    assert resource.query("*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
    resource.write("LEV 5")
    assert resource.query_ascii_values("LEV?;:FREQ?", separator=";") == [5.0, 1000.0]
    assert resource.last_status == StatusCode.success or address == SOCKET


@pytest.mark.parametrize("address", [GPIB, SOCKET])
@pytest.mark.parametrize("chunk", [1, 3, 7, 20480])
def test_chunks_and_blocks(manager: pyvisa.ResourceManager, address: str, chunk: int) -> None:
    resource = opened(manager, address)
    resource.chunk_size = chunk
    assert resource.query("*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
    resource.read_termination = None if address == GPIB else "\n"
    values = resource.query_binary_values("TRAC? 50", datatype="d", is_big_endian=True)
    assert values == [0.5 * i for i in range(50)]
    resource.write_binary_values("DATA ", [1, 2, 3], datatype="h", is_big_endian=True)
    assert resource.query_binary_values("DATA?", datatype="h", is_big_endian=True) == [1, 2, 3]


def test_read_bytes(manager: pyvisa.ResourceManager) -> None:
    resource = opened(manager)
    resource.write("LEV?")
    assert resource.read_bytes(1) == b"0"
    assert resource.read_bytes(1) == b"\n"


def test_serial_lines_read_to_the_line_feed() -> None:
    bench = World(
        WorldPlan(
            devices=(DevicePlan(name="a", kind=twin),),
            resources=(ResourcePlan(address="ASRL1::INSTR", device="a", exchange=Exchange.STREAM, latency_s=1e-3),),
        ),
        1,
    )
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    resource: Any = manager.open_resource("ASRL1::INSTR")
    resource.write("LEV?")
    resource.write("*IDN?")
    assert resource.bytes_in_buffer == 26
    assert resource.read() == "0\n"
    assert resource.read() == "CALTWIN,TINY,TINY-1,1.0\n"
    resource.baud_rate = 19200
    assert resource.baud_rate == 19200
    resource.write("LEV?")
    resource.flush(BufferOperation.discard_read_buffer)
    assert resource.bytes_in_buffer == 0
    manager.close()


# -- time -----------------------------------------------------------------------------------------------------------


def test_timeouts_are_bench_time(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager, timeout=60_000)
    resource.write("TRIG:SOUR BUS;:INIT;*OPC?")
    sent = bench.environment.now
    begin = time.monotonic()
    with pytest.raises(pyvisa.VisaIOError) as caught:
        resource.read()
    assert status_of(caught) is StatusCode.error_timeout
    assert bench.environment.now == sent + 60.0
    assert time.monotonic() - begin < 30.0


def test_a_slow_reading_does_not_beat_a_short_timeout(manager: pyvisa.ResourceManager) -> None:
    resource = opened(manager, timeout=500)
    resource.write("APER 2")
    with pytest.raises(pyvisa.VisaIOError):
        resource.query("READ?")
    resource.timeout = 5000
    assert resource.read() == "0.000000E+00"


def test_timeouts_none_and_zero(manager: pyvisa.ResourceManager) -> None:
    resource = opened(manager, timeout=None)
    assert resource.timeout == float("+inf")
    resource.write("APER 10;:READ?")
    assert resource.read() == "0.000000E+00"
    with pytest.raises(Deadlock, match="reader"):
        resource.read()
    resource.timeout = 0
    with pytest.raises(pyvisa.VisaIOError):
        resource.query("READ?")


def test_an_unterminated_query_is_reported(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    with pytest.raises(pyvisa.VisaIOError):
        resource.read()
    assert resource.query("SYST:ERR?") == '-420,"Query UNTERMINATED"'


def test_real_time(tmp_path: Path) -> None:
    bench = World(plan(), 1, RealtimeEnvironment(factor=0.01))
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    resource = opened(manager, timeout=20_000)
    begin = time.monotonic()
    resource.query("APER 10;:READ?")
    assert 0.1 <= time.monotonic() - begin < 5.0
    manager.close()


# -- processes ------------------------------------------------------------------------------------------------------


def test_in_a_process(manager: pyvisa.ResourceManager, bench: World) -> None:
    library: Any = manager.visalib
    resource = opened(manager)
    seen: list[Any] = []

    def process() -> Generator[Any, Any, None]:
        resource.write("READ?")
        with pytest.raises(NestedWait, match=r"until_readable\(session, timeout_s\)"):
            resource.read()
        yield from library.until_readable(resource.session, 5.0)
        seen.append((bench.environment.now, resource.read()))
        resource.write("APER 5;:READ?")
        yield from library.until_readable(resource.session, 1.0)
        with pytest.raises(pyvisa.VisaIOError) as caught:
            resource.read()
        seen.append((bench.environment.now, status_of(caught)))
        resource.clear()
        resource.write("*CLS;*ESE 1;*SRE 32;:INIT;*OPC")
        resource.enable_event(EventType.service_request, EventMechanism.queue)
        yield from library.until_service_request(resource.session, 10.0)
        resource.wait_on_event(EventType.service_request, 10_000)
        seen.append(resource.stb)

    bench.environment.run(until=bench.environment.process(process()))
    assert seen == [(0.021, "0.000000E+00"), (1.021, StatusCode.error_timeout), 96]


# -- status ---------------------------------------------------------------------------------------------------------


def test_status_byte_clear_and_trigger(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    resource.write("*CLS")
    assert resource.stb == 0
    resource.write("LEV?")
    assert resource.stb == 16
    resource.clear()
    assert resource.stb == 0
    resource.write("TRIG:SOUR BUS;:INIT")
    resource.assert_trigger()
    assert resource.query("*OPC?") == "1"
    resource.control_ren(pyvisa.constants.RENLineOperation.asrt_address)
    assert bench.twin("reader").remote
    resource.control_ren(pyvisa.constants.RENLineOperation.address_gtl)
    assert not bench.twin("reader").remote


@pytest.mark.parametrize("call", ["read_stb", "assert_trigger"])
def test_a_socket_has_no_status_byte_and_no_trigger(manager: pyvisa.ResourceManager, call: str) -> None:
    resource = opened(manager, SOCKET)
    with pytest.raises(pyvisa.VisaIOError) as caught:
        getattr(resource, call)()
    assert status_of(caught) is StatusCode.error_nonsupported_operation


def test_clearing_a_socket_forgets_what_came(manager: pyvisa.ResourceManager) -> None:
    resource = opened(manager, SOCKET)
    resource.write("LEV?")
    resource.clear()
    assert resource.query("FREQ?") == "1000"


def test_service_requests_are_queued(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    resource.write("*CLS;*ESE 1;*SRE 32;:APER 3;:INIT;*OPC")
    begin = time.monotonic()
    resource.wait_for_srq(timeout=10_000)
    assert bench.environment.now == pytest.approx(3.002)
    assert time.monotonic() - begin < 30.0
    resource.enable_event(EventType.service_request, EventMechanism.queue)
    with pytest.raises(pyvisa.VisaIOError) as caught:
        resource.wait_on_event(EventType.service_request, 100)
    assert status_of(caught) is StatusCode.error_timeout
    assert resource.wait_on_event(EventType.service_request, 100, capture_timeout=True).timed_out
    resource.disable_event(EventType.service_request, EventMechanism.queue)
    with pytest.raises(pyvisa.VisaIOError) as caught:
        resource.wait_on_event(EventType.service_request, 100)
    assert status_of(caught) is StatusCode.error_not_enabled


def test_service_requests_are_handled(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    seen: list[Any] = []

    def handler(who: Any, event: Any, handle: Any) -> None:
        seen.append((who.stb, event.event_type, handle, bench.environment.now))
        with pytest.raises(NestedWait):
            who.query("READ?")

    wrapped = resource.wrap_handler(handler)
    handle = resource.install_handler(EventType.service_request, wrapped, 42)
    resource.enable_event(EventType.service_request, EventMechanism.handler)
    resource.write("*CLS;*ESE 1;*SRE 32;:INIT;*OPC")
    bench.environment.run_to(1.0)
    assert seen == [(96, EventType.service_request, 42, 0.021)]
    resource.disable_event(EventType.service_request, EventMechanism.handler)
    resource.uninstall_handler(EventType.service_request, wrapped, handle)
    resource.clear()
    resource.write("*CLS;*OPC")
    assert len(seen) == 1


# -- attributes and locks -------------------------------------------------------------------------------------------


def test_attributes(manager: pyvisa.ResourceManager) -> None:
    gpib, lan, socket = opened(manager), opened(manager, LAN), opened(manager, SOCKET)
    assert gpib.resource_name == GPIB
    assert gpib.resource_class == "INSTR"
    assert gpib.interface_type == pyvisa.constants.InterfaceType.gpib
    assert gpib.primary_address == 5
    assert gpib.resource_manufacturer_name == "caltwin"
    assert gpib.resource_info.resource_name == GPIB
    assert lan.get_visa_attribute(pyvisa.constants.ResourceAttribute.tcpip_device_name) == "inst0"
    assert socket.get_visa_attribute(pyvisa.constants.ResourceAttribute.tcpip_port) == 5025
    assert gpib.send_end
    with pytest.raises(pyvisa.VisaIOError) as caught:
        gpib.get_visa_attribute(ResourceAttribute.usb_serial_number)
    assert status_of(caught) is StatusCode.error_nonsupported_attribute
    with pytest.raises(pyvisa.VisaIOError) as caught:
        gpib.set_visa_attribute(pyvisa.constants.ResourceAttribute.resource_class, "X")
    assert status_of(caught) is StatusCode.error_attribute_read_only


def test_locks(manager: pyvisa.ResourceManager) -> None:
    one, two = opened(manager), opened(manager)
    with one.lock_context():
        assert one.lock_state == pyvisa.constants.AccessModes.exclusive_lock
        for call in (lambda: two.query("LEV?"), two.lock_excl, two.clear):
            with pytest.raises(pyvisa.VisaIOError) as caught:
                call()
            assert status_of(caught) is StatusCode.error_resource_locked
        assert one.query("LEV?") == "0"
    assert two.query("LEV?") == "0"
    with pytest.raises(pyvisa.VisaIOError):
        two.unlock()


# -- what must never happen -----------------------------------------------------------------------------------------


def test_a_defect_of_a_twin_is_never_a_status_or_an_empty_reply(manager: pyvisa.ResourceManager, bench: World) -> None:
    resource = opened(manager)
    with pytest.raises(AttributeError, match="no_such_attribute"):
        resource.write("BREAK")
    assert resource.query("LEV?") == "0"
    assert errors(bench.front(GPIB)) == []


def test_the_stale_reply_after_a_timeout_comes_first_on_a_socket_only(manager: pyvisa.ResourceManager) -> None:
    for address, next_reply in ((SOCKET, "0.000000E+00"), (LAN, "1000")):
        resource = opened(manager, address, timeout=500)
        resource.write("APER 1")
        with pytest.raises(pyvisa.VisaIOError):
            resource.query("READ?")
        resource.timeout = 5000
        assert resource.query("FREQ?") == next_reply
        resource.clear()


# -- faults ---------------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_a_visa_error_until_it_is_opened_again(
    manager: pyvisa.ResourceManager, bench: World
) -> None:
    bench.faults("reader").add(Disconnect(at_s=1.0, for_s=2.0))
    resource = opened(manager, LAN)
    resource.write("LEV 5")
    bench.environment.run_to(2.0)
    for call in (lambda: resource.query("LEV?"), resource.read, resource.read_stb, resource.clear):
        with pytest.raises(pyvisa.VisaIOError) as caught:
            call()
        assert status_of(caught) is StatusCode.error_connection_lost
    with pytest.raises(pyvisa.VisaIOError) as caught:
        opened(manager, LAN)
    assert status_of(caught) is StatusCode.error_resource_not_found
    resource.close()
    bench.environment.run_to(3.0)
    assert opened(manager, LAN).query("LEV?") == "5"
