"""What is believed of an instrument of the DC energy bench: readings are held against others that must agree.

The standard's energy is held against its own power and against what the source is set to, an instrument apart; the
display of the meter against itself, read twice; times against the bench's clock. What differs by less than two sound
instruments may differ is believed: nobody can tell which of them is wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import spread
from scenarios.procedure import ProcedureAborted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from drivers.reading import Reading
    from scenarios.dc_energy import Measured, Window
    from scenarios.dc_energy_plan import Plan
    from scenarios.procedure import Desk
    from scenarios.record import TestPoint

DISPLAY_COUNT = 0.001
"""One count of the display of a meter, kWh."""


def believable(plan: Plan, current: float) -> float:
    """Return by how much the standard's power may differ from the setting of the source, %; `current` in A, not 0."""
    emf = plan.budget.thermal_emf
    shunt = plan.shunt.voltage.to(emf.unit).value * abs(current) / plan.shunt.current.to("A").value
    return float(plan.plausibility.power.to("%")) + 100 * (emf.half_width or 0.0) / shunt


def believe(plan: Plan, point: TestPoint, measured: Sequence[Measured]) -> None:
    """Hold the standard's energies at a point against its own power, and against what the source is set to.

    Means may differ by twice their scatter more: a scatter counts in the uncertainty, it is no lie.

    Raises:
        ProcedureAborted: they differ by more than they may.
    """
    set_to = point.settings["voltage"].value * abs(point.settings["current"].value)
    means = [3.6e6 * m.E_s / m.duration_s for m in measured]  # W
    for other, powers, permitted in (
        ("its own power", [_power(m) for m in measured], float(plan.plausibility.energy.to("%"))),
        ("what the source is set to", [set_to] * len(measured), believable(plan, point.settings["current"].value)),
    ):
        differences = [
            100 * (mean / power - 1) if power else math.inf for mean, power in zip(means, powers, strict=True)
        ]
        allowed = permitted + 2 * spread(differences) / math.sqrt(len(differences))
        difference = sum(differences) / len(differences)
        if not abs(difference) <= allowed:
            raise ProcedureAborted(
                f"standard: {point.key}: its energy differs by {difference:+.3f} % from {other}, more than "
                f"{allowed:.3f} %; check standard and source against a third instrument"
            )


def _power(measured: Measured) -> float:
    """Return the magnitude of the power that the standard indicated at the end, W."""
    (reading,) = (
        reading for reading in measured.readings if reading.instrument == "standard" and reading.name == "power"
    )
    return abs(reading.indication.to("W").value)


def read_display(desk: Desk, plan: Plan, step: str, register: Any, window: Window) -> Generator[Any, Any, Reading]:
    """Read a register that is running, and see that a second reading goes on from there.

    Args:
        desk: the bench.
        plan: the sheet's plan.
        step: step of the procedure.
        register: a driver's reading of the register, kWh.
        window: what is measured.

    Raises:
        ProcedureAborted: a reading took so long that start or stop is not what it should be.
        ImplausibleReading: the second reading does not go on from the first.
    """
    begin = desk.now
    reading = desk.keep(step, (yield from register.read()))
    first = reading.indication.value
    # Four times as much as should have gone by, and a count of the display at either end.
    more = 4 * window.energy * (desk.now - begin) / window.duration + 2 * DISPLAY_COUNT
    yield from register.read(expect=(first, first + more))
    took, allowed = desk.now - begin, plan.plausibility.exchange.to("s")
    if took > allowed:
        raise ProcedureAborted(
            f"device: {step}: reading the display took {took:.3g} s, more than {allowed:g} s; start and stop of the "
            "comparison would not be those of the standard"
        )
    return reading
