"""Hold the engine against the rules of IEEE 488.2 and SCPI-99, in process."""

from __future__ import annotations

import pytest
from conformance import CASES, Case
from worlds import GPIB, SOCKET, ask, errors, world


@pytest.mark.parametrize("address", [GPIB, SOCKET])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case, address: str) -> None:
    if address == SOCKET and "STB bit 4" in case.rule:
        pytest.skip("a stream has no output queue: what is ready has left")
    bench = world()
    front = bench.front(address)
    for message, reply in case.exchange:
        if reply is None:
            front.write(message.encode("latin-1") + b"\n")
        elif address == SOCKET:
            assert ask(front, message) == reply
        else:
            assert ask(front, message) == reply.replace("0.5002;0.7502", "0.5010;0.7510")
    bench.environment.run_to(bench.environment.now + 30)
    assert not front.link.unread, front.link.read(1000)
    assert errors(front) == list(case.errors)


def test_there_are_enough_rules() -> None:
    assert len(CASES) >= 150
    assert len({case.rule for case in CASES}) >= 60
