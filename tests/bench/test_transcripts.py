"""Recordings: what was said comes back, and a twin is held against it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
from worlds import GPIB, SOCKET, ask, world

from bench.errors import ConfigurationError
from bench.station import Station
from bench.transcripts import recording, residuals
from instruments.replay import ReplayMismatch
from instruments.transcript import Transcript, TranscriptError, read_transcript
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    from pathlib import Path


def session(gain_error: float = 0.0) -> Transcript:
    """Record a session with an instrument of a certain gain error."""
    bench = world(gain_error=gain_error)
    bench.ports["line"].set(10.0)  # type: ignore[attr-defined]
    manager = pyvisa.ResourceManager(TwinVisaLibrary.of(bench))
    resource: Any = manager.open_resource(GPIB, read_termination="\n", write_termination="\n")
    with recording(resource.visalib, bench.environment) as recorder:
        resource.query("*IDN?")
        resource.write("APER 0.5")
        resource.query("READ?")
        bench.environment.run_to(5.0)
        resource.query("BOTH?")
        assert resource.stb == 0
        resource.timeout = 100
        with pytest.raises(pyvisa.VisaIOError):
            resource.query("READ?")
        resource.clear()
        resource.chunk_size = 5
        resource.query("DATA?")
    resource.query("LEV?")  # not recorded any more
    manager.close()
    return recorder.transcript


def test_a_recording_holds_what_went_and_when(tmp_path: Path) -> None:
    transcript = session()
    lines = [(entry.direction, entry.data) for entry in transcript.entries]
    assert lines[:5] == [
        (">", b"*IDN?\n"),
        ("<", b"CALTWIN,TINY,TINY-1,1.0\n"),
        (">", b"APER 0.5\n"),
        (">", b"READ?\n"),
        ("<", b"1.000000E+01\n"),
    ]
    assert [data for direction, data in lines if direction == "!"] == [b"poll 0", b"read VI_ERROR_TMO", b"clear"]
    assert [entry.time for entry in transcript.entries[:4]] == [0.0, 0.001, 0.001, 0.002]
    assert transcript.entries[4].time == pytest.approx(0.503)
    path = tmp_path / "t.jsonl"
    transcript.write(path)
    assert read_transcript(path) == transcript
    assert transcript.addresses == (GPIB,)
    exchanges = transcript.exchanges(GPIB)
    assert [exchange.sent for exchange in exchanges][:3] == [b"*IDN?\n", b"APER 0.5\n", b"READ?\n"]
    assert exchanges[2].delay_s == pytest.approx(0.501)
    assert exchanges[-1].reply == b"#10\n"


def replayed(tmp_path: Path, **parameters: Any) -> Station:
    session().write(tmp_path / "t.jsonl")
    return Station.from_dict(
        {
            "devices": {
                "old": {"twin": "replay", "parameters": {"transcript": str(tmp_path / "t.jsonl"), **parameters}}
            },
            "resources": {GPIB: {"device": "old"}, SOCKET: {"device": "old"}},
        },
        "test",
    )


def test_a_replay_says_it_again_in_the_same_time(tmp_path: Path) -> None:
    bench = replayed(tmp_path).build()
    front = bench.front(GPIB)
    assert ask(front, "*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
    front.write(b"APER 0.5\n")
    before = bench.environment.now
    assert ask(front, "READ?") == "1.000000E+01"
    assert bench.environment.now - before == pytest.approx(0.501, abs=0.002)
    assert bench.twin("old").remaining == 3


def test_a_replay_names_what_does_not_match(tmp_path: Path) -> None:
    front = replayed(tmp_path).build().front(GPIB)
    assert ask(front, "*IDN?") is not None
    with pytest.raises(ReplayMismatch, match=r"old: message 2 was b'APER 0.5', but b'APER 0.6' was sent"):
        front.write(b"APER 0.6\n")


def test_a_replay_ends(tmp_path: Path) -> None:
    front = replayed(tmp_path, timing=False).build().front(SOCKET)
    for message in ("*IDN?", "APER 0.5", "READ?", "BOTH?", "READ?", "DATA?"):
        front.write(message.encode() + b"\n")
    with pytest.raises(ReplayMismatch, match="after the end"):
        front.write(b"*IDN?\n")


def test_a_replay_in_any_order(tmp_path: Path) -> None:
    front = replayed(tmp_path, order="any").build().front(GPIB)
    assert ask(front, "BOTH?") == "1.500E+00,2.2"
    for _ in range(3):
        assert ask(front, "*IDN?") == "CALTWIN,TINY,TINY-1,1.0"
    with pytest.raises(ReplayMismatch, match="never sent"):
        front.write(b"LEV?\n")


def test_a_twin_that_is_right_has_no_residuals() -> None:
    bench = world()
    bench.ports["line"].set(10.0)  # type: ignore[attr-defined]
    found = residuals(session(), GPIB, bench.front(GPIB))
    assert [residual.message for residual in found] == ["*IDN?", "READ?", "BOTH?", "DATA?"]
    assert all(residual.same for residual in found)


def test_residuals_are_given_in_standard_uncertainties() -> None:
    bench = world()
    bench.ports["line"].set(10.0)  # type: ignore[attr-defined]
    identity, reading, both, _ = residuals(session(gain_error=1e-3), GPIB, bench.front(GPIB), u={"READ": 0.005})
    assert identity.same
    assert not reading.same
    assert reading.same_form
    assert reading.differences == pytest.approx((-0.01,))
    assert reading.in_u == pytest.approx(2.0)
    assert "(2 u)" in str(reading)
    assert both.same
    assert both.in_u is None
    with pytest.raises(ValueError, match="must be above 0"):
        residuals(session(), GPIB, bench.front(GPIB), u={"READ": 0.0})


def test_another_text_is_no_number() -> None:
    bench = world(serial="OTHER")
    bench.ports["line"].set(10.0)  # type: ignore[attr-defined]
    identity = residuals(session(), GPIB, bench.front(GPIB))[0]
    assert not identity.same_form
    assert identity.differences == ()
    assert "'CALTWIN,TINY,OTHER,1.0'" in str(identity)
    with pytest.raises(ValueError, match="GPIB0::9::INSTR is not in the transcript"):
        residuals(session(), "GPIB0::9::INSTR", bench.front(GPIB))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("{}", "1: no line"),
        ('{"transcript": 9}', "version 9"),
        ("nonsense", "1: no line"),
        ('{"transcript": 1}\n{"t": 0, "a": "x", "d": "?", "b": ""}', "2: d: '\\?'"),
        ('{"transcript": 1}\n{"t": "x", "a": "x", "d": ">", "b": ""}', "2: no line"),
        ('{"transcript": 1}\n{"a": "x", "d": ">", "b": ""}', "2: no line"),
    ],
)
def test_what_is_no_transcript(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises(TranscriptError, match=why):
        read_transcript(path)
    with pytest.raises(TranscriptError, match=r"none\.jsonl"):
        read_transcript(tmp_path / "none.jsonl")


def test_any_byte_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    entries = session().entries
    odd = Transcript(entries=(*entries, type(entries[0])(time=9.0, address="x", direction="<", data=bytes(range(256)))))
    odd.write(path)
    assert read_transcript(path).entries[-1].data == bytes(range(256))
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def test_a_station_with_a_wrong_transcript_is_named(tmp_path: Path) -> None:
    for parameters, why in (({}, "transcript must name a file"), ({"order": "some"}, "order")):
        with pytest.raises(ConfigurationError, match=why):
            Station.from_dict(
                {"devices": {"old": {"twin": "replay", "parameters": parameters}}, "resources": {}}, "test"
            )
    station = replayed(tmp_path, address="GPIB0::9::INSTR")
    with pytest.raises(ConfigurationError, match=r"GPIB0::9::INSTR.* is not in it; there are: GPIB0::5::INSTR"):
        station.build()
