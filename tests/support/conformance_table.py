"""Print how many cases of the conformance suite each front passes, by group of rules.

    python -m tests.support.conformance_table

Every case runs on a twin of its own over every front: in process with the message exchange of IEEE 488.2 and as a
stream, and over real sockets and HiSLIP. A case that a front cannot show (a stream has no output queue) is
not counted for it. Exit code: 0 all pass, 1 some case does not.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import conformance
from conformance import CASES, Case
from plain_clients import HislipClient, SocketClient, codes
from twins_for_tests.tiny import twin
from worlds import GPIB, SOCKET, ask, errors, world

from bench.serve import served
from instruments.world import DevicePlan, World, WorldPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRONTS = ("in process", "stream", "socket", "hislip")
"""Ways to the twin, in the order of the columns."""
GROUPS = ("HEADERS", "COMPOUND", "NUMBERS", "PARAMETERS", "STATUS", "COMMON")
"""Groups of rules in `conformance`, in the order of the rows."""


def shown(case: Case, front: str) -> bool:
    """Tell whether a front can show the case at all."""
    return front in ("in process", "hislip") or "STB bit 4" not in case.rule


def in_process(case: Case, address: str) -> bool:
    """Tell whether a case passes in process."""
    bench = world()
    front = bench.front(address)
    for message, reply in case.exchange:
        if reply is None:
            front.write(message.encode("latin-1") + b"\n")
            continue
        wanted = reply if address == SOCKET else reply.replace("0.5002;0.7502", "0.5010;0.7510")  # latency of GPIB
        if ask(front, message) != wanted:
            return False
    bench.environment.run_to(bench.environment.now + 30)
    return not front.link.unread and errors(front) == list(case.errors)


def over_network(case: Case, client: SocketClient | HislipClient) -> bool:
    """Tell whether a case passes for a client of its own."""
    for message, reply in case.exchange:
        sent = message.encode("latin-1")
        if reply is None:
            client.send(sent + b"\n"[: isinstance(client, HislipClient)])
        elif client.ask(sent).decode("latin-1") != reply:
            return False
    return codes(client.ask(b":SYST:ERR:ALL?")) == list(case.errors)


def results(cases: list[Case], front: str) -> Iterator[tuple[Case, bool]]:
    """Run cases over one front, yielding each with whether it passes."""
    if front in ("in process", "stream"):
        for case in cases:
            yield case, in_process(case, GPIB if front == "in process" else SOCKET)
        return
    opened: Callable[[int], SocketClient | HislipClient] = SocketClient if front == "socket" else HislipClient
    ending = "SOCKET" if front == "socket" else "INSTR"
    for rule in dict.fromkeys(case.rule for case in cases):  # a world for each rule: some replies tell the bench time
        batch = [case for case in cases if case.rule == rule]
        plan = WorldPlan(devices=tuple(DevicePlan(name=f"device {n}", kind=twin) for n in range(len(batch))))
        with served(World(plan, 1)) as endpoints:
            ports = [endpoint.port for endpoint in endpoints if endpoint.address.endswith(ending)]
            for case, port in zip(batch, ports, strict=True):
                client = opened(port)
                yield case, over_network(case, client)
                client.close()


def main() -> int:
    """Print the table."""
    out = sys.stdout
    out.write(f"{'group':12}{'rules':>7}{'cases':>7}" + "".join(f"{front:>14}" for front in FRONTS) + "\n")
    total: Counter[str] = Counter()
    failed: list[str] = []
    for name in GROUPS:
        cases: list[Case] = getattr(conformance, name)
        row = f"{name.lower():12}{len({case.rule for case in cases}):7}{len(cases):7}"
        for front in FRONTS:
            fit = [case for case in cases if shown(case, front)]
            found = list(results(fit, front))
            failed += [f"{front}: {case}" for case, passed in found if not passed]
            passed_here = sum(passed for _, passed in found)
            total[front] += passed_here
            total[f"{front} of"] += len(fit)
            row += f"{passed_here:>9}/{len(fit):<4}"
        out.write(row + "\n")
    rules = len({case.rule for case in CASES})
    sums = "".join(f"{total[front]:>9}/{total[f'{front} of']:<4}" for front in FRONTS)
    out.write(f"{'all':12}{rules:7}{len(CASES):7}{sums}\n")
    for line in failed:
        out.write(f"does not pass: {line}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
