"""Whatever is sent, in whatever order and pieces: the engine raises nothing, hangs nowhere, and goes on answering."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import GPIB, SOCKET, ask, world

HEADERS = [
    "LEV",
    "SOUR:LEV:AMPL",
    "FREQ",
    "RES",
    "APER",
    "COUN",
    "OUTP",
    "SYST:LOCK",
    "TRIG:SOUR",
    "TRIG:COUN",
    "FUNC",
    "DISP:TEXT",
    "ROUT:SCAN",
    "CHAN2:GAIN",
    "CALC:EXPR",
    "DATA",
    "TRAC",
    "FORM:ELEM",
    "READ",
    "BOTH",
    "INIT",
    "FETC",
    "ABOR",
    "SLOW",
    "OVER",
    "FAIL",
    "COND",
    "SCAL",
    "*RST",
    "*CLS",
    "*ESE",
    "*SRE",
    "*OPC",
    "*WAI",
    "*TRG",
    "*SAV",
    "*RCL",
    "*IDN",
    "*STB",
    "*ESR",
    "*TST",
    "SYST:ERR",
    "SYST:ERR:ALL",
    "STAT:OPER",
    "STAT:OPER:ENAB",
    "STAT:QUES:NTR",
    "STAT:PRES",
    "NOPE",
    "A:B:C",
]
VALUES = [
    "5",
    "-1",
    "1E3",
    "1E400",
    "MIN",
    "MAX",
    "DEF",
    "ON",
    "OFF",
    "BUS",
    '"a;b"',
    "'x",
    '"open',
    "#H1F",
    "#15abcde",
    "#9",
    "(@1,3:4)",
    "(1",
    "5V",
    "5MV",
    "VOLT,TIME",
    ",",
    "@",
    '""',
]

header = st.sampled_from(HEADERS)
value = st.sampled_from(VALUES) | st.text(st.characters(max_codepoint=255), max_size=6)
unit = st.builds(
    lambda colon, word, query, values: ("" if word.startswith("*") else colon) + word + query + " " + ",".join(values),
    st.sampled_from(["", ":"]),
    header,
    st.sampled_from(["", "?"]),
    st.lists(value, max_size=2),
)
message = st.lists(unit, min_size=1, max_size=4).map(lambda units: (";".join(units) + "\n").encode("latin-1"))
step = st.one_of(
    st.tuples(st.just("write"), message | st.binary(max_size=30)),
    st.tuples(st.just("piece"), st.binary(max_size=8)),
    st.tuples(st.just("read"), st.integers(1, 200)),
    st.tuples(st.just("poll"), st.just(0)),
    st.tuples(st.just("trigger"), st.just(0)),
    st.tuples(st.just("clear"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(0, 3)),
)


@given(st.sampled_from([GPIB, SOCKET]), st.lists(step, max_size=12))
@settings(max_examples=150, deadline=None)
def test_nothing_that_is_sent_breaks_the_engine(address: str, steps: list[tuple[str, Any]]) -> None:
    bench = world()
    front = bench.front(address)
    other = bench.front(GPIB)
    before = bench.environment.now
    for what, argument in steps:
        if what == "write":
            front.write(argument, end=True)
        elif what == "piece":
            front.write(argument, end=False)
        elif what == "read":
            front.read(argument, 10, 0.05)
        elif what == "poll":
            assert 0 <= (front.poll() or 0) <= 255
        elif what == "wait":
            bench.environment.run_to(bench.environment.now + argument)
        else:
            getattr(front, what)()
        assert bench.environment.now >= before
        before = bench.environment.now
    # A controller that comes in anew finds its way: clear both sessions, abort, reset.
    front.clear()
    other.clear()
    other.write(b"ABOR\n")
    bench.environment.run_to(bench.environment.now + 60)
    other.write(b"*RST;*CLS\n")
    assert ask(other, "*IDN?;:SYST:ERR:COUN?", 30.0) == "CALTWIN,TINY,TINY-1,1.0"
    assert ask(other, "SYST:ERR?") == '-440,"Query UNTERMINATED after indefinite response"'
    assert ask(other, "LEV?;:SYST:ERR?", 30.0) == '0;0,"No error"'
    engine: Any = front.engine
    assert engine.operations == []
