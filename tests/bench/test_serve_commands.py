"""The commands around served twins: serve, station, replay; and what they refuse, in one line."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
import yaml
from plain_clients import HislipClient, SocketClient
from worlds import world

from bench import cli
from bench.serve import served
from bench.serve_control import control, obey
from bench.served_transcript import ServedRecorder
from bench.station import Station
from instruments.clock import RealtimeEnvironment
from instruments.faults import LateReply
from instruments.transcript import read_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
GPIB, LAN = "GPIB0::5::INSTR", "TCPIP0::192.0.2.5::5025::SOCKET"
TINY = f"""\
spec: "1.1"
seed: 3
devices:
  reader: {{twin: twins_for_tests.tiny, ports: {{input: line}}}}
  plain:
    eom: {{GPIB INSTR: {{q: "\\n", r: "\\n"}}}}
    dialogues: [{{q: "?ID", r: "PLAIN"}}]
resources:
  {GPIB}: {{device: reader}}
  {LAN}: {{device: reader}}
  GPIB0::7::INSTR: {{device: plain}}
ports:
  line: {{start: 2.5}}
roles: {{meter: "GPIB0::9::INSTR"}}
"""


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "station.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line of a command that refuses."""
    assert cli.run(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.startswith("caltwin: ")
    return said


# -- serve, in a process of its own ---------------------------------------------------------------------------------


def started(*arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests/support")])
    return subprocess.Popen(
        [sys.executable, "-m", "bench", "serve", *arguments],
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs with SIGINT ignored, and whoever runs these tests may be one.
        preexec_fn=None if sys.platform == "win32" else _heed_interrupts,
    )


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_a_server_tells_its_addresses_records_and_ends_quietly(station: Path) -> None:
    process = started(str(station), "--json", "--record", "said.jsonl", "--host", "0.0.0.0")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert (told["seed"], told["clock"], told["loopback"]) == (3, "fast", False)
    ports = {endpoint["kind"]: endpoint["port"] for endpoint in told["endpoints"]}
    one, two = SocketClient(ports["socket"]), HislipClient(ports["hislip"])
    assert one.ask(b"*IDN?") == b"CALTWIN,TINY,TINY-1,1.0"
    assert two.ask(b"READ?") == b"2.500000E+00"
    assert two.status() == 0
    one.close()
    two.close()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == ""
    assert "0.0.0.0" in errors and "without a password" in errors
    assert "plain" in errors  # pyvisa-sim's device is not served, and that is said
    assert "Traceback" not in errors
    recorded = read_transcript(station.with_name("said.jsonl"))
    assert [(e.address, e.direction, e.data) for e in recorded.entries] == [
        (LAN, ">", b"*IDN?\n"),
        (LAN, "<", b"CALTWIN,TINY,TINY-1,1.0\n"),
        (GPIB, ">", b"READ?\n"),
        (GPIB, "<", b"2.500000E+00\n"),
        (GPIB, "!", b"poll 0"),
    ]


def test_what_serve_refuses(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(station)
    assert "one of the two" in refused(capsys, "serve")
    assert "one of the two" in refused(capsys, "serve", file, "--system", "dc_energy")
    assert "nowhere.yaml: (file): No such file" in refused(capsys, "serve", "nowhere.yaml")
    assert "dc_energy" in refused(capsys, "serve", "--system", "dc_enrgy")
    assert "--speed: needs --clock realtime" in refused(capsys, "serve", file, "--speed", "10")
    assert "--host: host: '::1'" in refused(capsys, "serve", file, "--host", "::1")
    assert "leaves too few ports" in refused(capsys, "serve", file, "--port-base", "65535")
    assert "--record: No such file" in refused(capsys, "serve", file, "--record", "no/such/folder/x")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(capsys, "serve", file, "--port-base", port)
    station.write_text('spec: "1.1"\ndevices: {}\nresources: {}\n', encoding="utf-8")
    assert "no twin to serve" in refused(capsys, "serve", file)


# -- steering -------------------------------------------------------------------------------------------------------


def test_requests_arm_faults_and_move_time() -> None:
    bench = world()
    assert obey(bench, '{"fault": "reader", "kind": "late_reply", "delay_s": 3}') == {"ok": True, "now": 0.0}
    assert bench.faults("reader").armed == (LateReply(delay_s=3),)
    assert obey(bench, '{"clear": "reader"}')["ok"]
    assert bench.faults("reader").armed == ()
    assert obey(bench, '{"advance": 60}') == {"ok": True, "now": 60.0}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "Expecting value"),
        ("[]", "one of the keys"),
        ("{}", "one of the keys"),
        ('{"advance": 1, "clear": "reader"}', "one of the keys"),
        ('{"advance": -1}', "at least 0 s"),
        ('{"advance": true}', "at least 0 s"),
        ('{"advance": NaN}', "at least 0 s"),
        ('{"clear": "raeder"}', "did you mean 'reader'"),
        ('{"clear": ["reader"]}', "is no device"),
        ('{"fault": "reader"}', "None is no fault"),
        ('{"fault": "reader", "kind": [1]}', "is no fault"),
        ('{"fault": "reader", "kind": "late_repl"}', "did you mean 'late_reply'"),
        ('{"fault": "reader", "kind": "late_reply", "delay": 3}', "delay_s"),
        ('{"fault": "reader", "kind": "no_reply", "rate": 7}', "rate must lie in"),
        ('{"fault": "reader", "kind": "happening", "call": "nothing"}', "no public method"),
    ],
)
def test_requests_that_are_wrong_are_answered(line: str, why: str) -> None:
    answer = obey(world(), line)
    assert answer["ok"] is False
    assert why in answer["why"]


def test_time_is_not_moved_against_the_wall_clock() -> None:
    from worlds import plan

    from instruments.world import World

    bench = World(plan(), 1, RealtimeEnvironment(factor=0.1))
    assert "wall clock" in obey(bench, '{"advance": 1}')["why"]


def test_the_server_ends_with_its_requests(station: Path) -> None:
    from bench.serve import serve

    answers: list[str] = []
    ready: list[Any] = []
    requests = io.StringIO('{"advance": 2}\n\n{"clear": "nobody"}\n')
    bench = Station.from_file(station).build()
    thread = threading.Thread(target=lambda: serve(bench, ready.append, control(requests, answers.append)))
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert ready
    assert [json.loads(answer)["ok"] for answer in answers] == [True, False]


# -- station --------------------------------------------------------------------------------------------------------


def test_a_station_is_checked(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["station", "check", str(station), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert f"reader\ttwins_for_tests.tiny\t{GPIB} {LAN}" in said
    assert "Role meter: GPIB0::9::INSTR is real hardware" in said
    assert "in order, 1 twins, 3 addresses, seed 3" in said
    station.write_text(TINY.replace("{start: 2.5}", "{stat: 2.5}"), encoding="utf-8")
    assert "station.yaml:13: ports.line.stat: unknown parameter; did you mean 'start'?" in refused(
        capsys, "station", "check", str(station)
    )


@pytest.mark.parametrize("form", ["md", "text"])
def test_a_manual_is_printed(station: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert cli.run(["station", "manual", str(station), "--format", form]) == 0
    said = capsys.readouterr().out
    assert "twins_for_tests.tiny (reader)" in said.splitlines()[0]
    assert ("| `READ?` |" in said) is (form == "md")
    assert ("IMMediate | BUS | EXTernal" in said) is (form == "text")
    assert "READ?" in said


def test_an_export_is_opened_by_pyvisa_sim(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--sim" in refused(capsys, "station", "export", str(station))
    assert cli.run(["station", "export", str(station), "--sim", "--out", "sim.yaml"]) == 0
    manager = pyvisa.ResourceManager("sim.yaml@sim")
    meter: Any = manager.open_resource(GPIB, read_termination="\n", write_termination="\n")
    assert meter.query("READ?") == "2.500000E+00"
    manager.close()
    assert "No such file" in refused(capsys, "station", "export", str(station), "--sim", "--out", "no/such/x")


# -- recordings -----------------------------------------------------------------------------------------------------


def record(station: Path, messages: Sequence[bytes]) -> Path:
    """Record a session over a socket."""
    path = station.with_name("said.jsonl")
    stage = Station.from_file(station)
    bench = stage.build()
    with ServedRecorder(path, stage, bench) as note, served(bench, note=note) as endpoints:
        client = SocketClient(endpoints[0].port)
        for message in messages:
            assert client.ask(message)
        client.close()
    return path


def test_a_twin_is_held_against_a_recording(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(record(station, [b"*IDN?", b"READ?"]))
    same = ["replay", path, "--station", str(station), "--lang", "en"]
    assert cli.run(same) == 0
    assert "2 replies: 2 same" in capsys.readouterr().out
    other = TINY.replace("input: line}", "input: line}, parameters: {gain_error: 1.0e-3}")
    station.write_text(other, encoding="utf-8")
    assert cli.run(same) == 1
    assert "1 differ in numbers with no u" in capsys.readouterr().out
    assert cli.run([*same, "--u", "READ=0.005"]) == 0
    assert "1 within 2 u" in capsys.readouterr().out
    assert cli.run([*same, "--u", "READ=0.001", "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["standing"] for row in rows] == ["same", "outside"]
    assert rows[1]["in_u"] == pytest.approx(2.5)
    station.write_text(TINY.replace("input: line}", "input: line}, parameters: {serial: X-TWIN}"), encoding="utf-8")
    assert cli.run(same) == 1
    assert "1 differ in text" in capsys.readouterr().out


def test_a_recording_becomes_a_station(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(station, [b"*IDN?", b"READ?"])
    assert cli.run(["replay", str(path)]) == 0
    fixture = station.with_name("fixture.yaml")
    fixture.write_text(capsys.readouterr().out, encoding="utf-8")
    assert yaml.safe_load(fixture.read_text(encoding="utf-8"))["devices"]["recorded1"]["twin"] == "replay"
    manager = pyvisa.ResourceManager(f"{fixture}@caltwin")
    again: Any = manager.open_resource(LAN, read_termination="\n", write_termination="\n")
    assert (again.query("*IDN?"), again.query("READ?")) == ("CALTWIN,TINY,TINY-1,1.0", "2.500000E+00")
    manager.close()


def test_what_replay_refuses(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(record(station, [b"*IDN?"]))
    assert "No such file" in refused(capsys, "replay", "nowhere.jsonl")
    for u in ("READ", "READ=x", "READ=0", "READ=nan", "=1", "(=1"):
        assert "--u" in refused(capsys, "replay", path, "--station", str(station), "--u", u)
    station.write_text(TINY.replace(f"  {LAN}: {{device: reader}}\n", ""), encoding="utf-8")
    assert f"no twin answers at {LAN}" in refused(capsys, "replay", path, "--station", str(station))
    empty = station.with_name("empty.jsonl")
    empty.write_text('{"transcript": 1, "time": "bench"}\n', encoding="utf-8")
    assert "nothing was said" in refused(capsys, "replay", str(empty))
