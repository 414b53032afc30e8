"""Catalogue, wiring, runs, journal, campaign and command line: knows every room, is known by none.

The rooms' names are generic, so caltwin lives in an environment of its own: importing `bench` refuses to go on when
another distribution answers to one of them.
"""

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("bench", "instruments", "drivers", "scenarios", "uncertainty", "reports")
"""Import names of the six rooms."""


def _own_rooms() -> None:
    home = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        spec = find_spec(room)
        found = None if spec is None or spec.origin is None else Path(spec.origin).resolve().parent.parent
        if found != home:
            where = "nothing" if found is None else f"another distribution in {found}"
            raise ImportError(
                f"caltwin: the import name {room!r} resolves to {where}, not to caltwin in {home}; "
                "install caltwin in an environment of its own"
            )


_own_rooms()
