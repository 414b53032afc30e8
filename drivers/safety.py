"""The way to the safe state, the same for every source: send, see that it came about, try again, say if it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import InstrumentError, InstrumentTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.instrument import Instrument
    from drivers.session import Steps

ATTEMPTS = 3
"""How often the way to the safe state is tried before it counts as failed."""
UNREACHABLE_WAITS = 60
"""How often, a second apart, an instrument that cannot be reached is tried again: a cable put back, a restart."""


def switch_off(
    instrument: Instrument,
    messages: Sequence[str],
    see: Callable[[], Steps[None]],
    *,
    what: str,
    remedy: str,
    pause_s: float = 0.0,
) -> Steps[None]:
    """Bring an instrument into its safe state from any state, and see that it is there.

    Works with a reply still unread, with errors in the queue and over a connection that comes back within a minute; a
    message that fails does not keep the others from being sent.

    Args:
        instrument: the source.
        messages: what is sent, in order.
        see: looks whether the state came about; raises InstrumentError if not. It may send what must be answered.
        what: what is to be confirmed, for the alarm, e.g. "output not confirmed off".
        remedy: what a person must do otherwise, e.g. "switch it off by hand".
        pause_s: wait before the next attempt, s.

    Raises:
        InstrumentError: "NOT SAFE": it did not come about; someone must go and look.
    """
    problem: InstrumentError | None = None
    waits = UNREACHABLE_WAITS
    for _ in range(ATTEMPTS):
        for message in messages:
            while True:
                try:
                    yield from instrument.send(message)
                except InstrumentError as failure:
                    problem = problem or failure
                    if waits and not isinstance(failure, InstrumentTimeout):
                        waits -= 1
                        yield from instrument.session.wait(1.0)
                        continue
                break
        try:
            yield from see()
        except InstrumentError as failure:
            problem = failure
            instrument.mistrust()
            if pause_s:
                yield from instrument.session.wait(pause_s)
            continue
        return
    raise InstrumentError(f"{instrument.role}: NOT SAFE: {what} after {ATTEMPTS} attempts; {remedy} ({problem})")
