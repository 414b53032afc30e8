"""Which faults are planted where, how often and when: the plan of a fault campaign, as data."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.faults import DeviceFault, Fault, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Say how a fault class is planted, where its defaults say too little."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Field of the fault -> value."""
    roles: tuple[str, ...] = ()
    """Roles to which it applies; empty for all."""


VARIANTS: dict[str, tuple[Variant, ...]] = {
    "happening": (
        Variant(values={"call": "set_interlock", "value": False}, roles=("source",)),
        Variant(values={"call": "reset"}),
    ),
    "surroundings_shift": (
        # The room is one, whoever's port it is shifted at; the logger is there to notice.
        Variant(values={"port": "ambient", "signal": "temperature", "shift": 6.0}, roles=("environment",)),
    ),
    "late_reply": (Variant(values={"delay_s": 0.5}), Variant(values={"delay_s": 5.0})),
    "disconnect": (Variant(values={"for_s": 5.0}), Variant(values={"for_s": 1e6})),
    "gain_step": tuple(Variant(values={"factor": factor}) for factor in (1.001, 1.01, 0.98, -1.0)),
    "slow_drift": tuple(Variant(values={"per_h": per_h}) for per_h in (1e-3, 0.01, -0.05)),
    "noise_burst": (Variant(values={"u": 0.01}), Variant(values={"u": 0.1})),
}
"""Fault class -> how it is planted; a class that is not named is planted with its defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Plan one run with one fault."""

    kind: str
    """Fault class."""
    role: str
    """Role of the instrument that has it."""
    fault: Fault
    """The fault, with its schedule."""
    seed: int
    """Seed of the run."""

    @property
    def label(self) -> str:
        """What tells it from the other cases of its cell, e.g. "once at 3600 s, delay_s = 5"."""
        fault = self.fault
        often = "always" if fault.times is None else "once"
        own = {k: getattr(fault, k) for k in type(fault).__dataclass_fields__ if k not in Fault.__dataclass_fields__}
        values = ", ".join(f"{name} = {value!r}" for name, value in own.items())
        return f"{often} from {fault.at_s:.0f} s" + (f", {values}" if values else "")


def plan(
    roles: Sequence[str], *, seed: int, duration_s: float, moments: int, only: str | None = None
) -> Iterator[Case]:
    """Yield the cases: class x role x variant x from the start and at seeded moments x once and always.

    Args:
        roles: roles of the system.
        seed: seed of the moments.
        duration_s: bench time of a run without fault, s.
        moments: seeded moments beside the start of the run.
        only: the one class to plant; None for all.
    """
    for kind, fault_class in catalogue().items():
        if only is not None and kind != only:
            continue
        for role in roles:
            sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(f"{kind}/{role}".encode()),))
            rng = np.random.Generator(np.random.PCG64(sequence))
            times = (0.0, *sorted(float(at) for at in rng.uniform(0.0, duration_s, moments)))
            for variant in VARIANTS.get(kind, (Variant(),)):
                if variant.roles and role not in variant.roles:
                    continue
                for at in times:
                    for often in (1,) if issubclass(fault_class, DeviceFault) else (1, None):
                        yield Case(
                            kind=kind,
                            role=role,
                            fault=fault_class(at_s=at, times=often, **variant.values),
                            seed=seed,
                        )
