"""How often a gross error of one meter of the gas grid is found, and how often one is found that is not there.

    python -m tests.torture.gas_grid [--runs 400] [--seed 1]

Each run draws the errors of all meters as the sheet's station does, plants one relative bias in one meter (each meter
in turn), reads an hour of the grid over VISA bytes, and reconciles it as the procedure does. Counted are: the global
test refuses; the biased meter's own standardised adjustment exceeds the limit; exactly this meter is taken out; another
one that no balance can tell from it (their adjustments are alike) is taken out instead; and the coverage of all
reconciled flows.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.catalogue import find
from bench.station import Station
from bench.wiring import wire
from scenarios.large_duct_gas_grid import UNITS, Balances, reconciled

if TYPE_CHECKING:
    from bench.catalogue import System
    from scenarios.large_duct_gas_grid import Found

ALIKE = 0.02
"""Relative difference of two standardised adjustments below which no balance tells the two meters apart."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """Count what came of runs with one size of bias."""

    bias: float
    """Relative bias, 1; 0 for none."""
    runs: int = 0
    """Runs."""
    refused: int = 0
    """The global test refused."""
    suspected: int = 0
    """The biased meter's own adjustment exceeded the limit; without a bias: any meter's did."""
    named: int = 0
    """The biased meter was the first to be taken out; without a bias: any was taken out."""
    alike: int = 0
    """A meter that cannot be told from it was."""
    covered: int = 0
    """Reconciled flows that were covered by their 95 % interval."""
    flows: int = 0
    """Reconciled flows."""


def hour(system: System, station: Station, seed: int, biases: dict[str, float]) -> tuple[Found, dict[str, float]]:
    """Return a reconciled hour of the grid, and the true flows, 1000 m³/h."""
    draw: dict[str, dict[str, Any]] = {"server": {"biases": biases}}
    world = station.build(seed=seed, parameters=draw)
    wiring = wire(system.sheet, station, world)
    grid = system.plan.grid
    units = ["m**3/h"] * len(grid.meters) + [UNITS[a.quantity] for a in grid.analyses.values()]
    try:
        readings = wiring.run(wiring.drivers["device"].hour((*grid.meters, *grid.analyses), units))
    finally:
        wiring.close()
    scale = [1e-3 if unit == "m**3/h" else 1.0 for unit in units]
    values = [reading.indication.value * s for reading, s in zip(readings, scale, strict=True)]
    return reconciled(grid, Balances(grid), values), world.twin("server").flows


def study(biases: tuple[float, ...], runs: int, seed: int) -> list[Counts]:
    """Count over `runs` runs per size of bias; each run biases the next meter."""
    system = find("large_duct_gas")
    station = Station.from_dict(system.sheet.station, source="sheet")
    meters = list(system.plan.grid.meters)
    limit, p = system.plan.grid.limit.value, system.plan.grid.p.value
    table = []
    for bias in biases:
        counts = Counts(bias=bias)
        for index in range(runs):
            meter = meters[index % len(meters)]
            own = int(np.random.SeedSequence(seed, spawn_key=(index,)).generate_state(1)[0])
            found, truth = hour(system, station, own, {meter: bias} if bias else {})
            place, first = found.tags.index(meter), found.search.first
            size = np.abs(first.standardised)
            out = found.search.suspects
            counts.runs += 1
            counts.refused += first.chi_squared > first.critical(p)
            counts.suspected += bool(size[place] > limit if bias else (size > limit).any())
            counts.named += bool(out) and (not bias or out[0] == place)
            if bias and out and out[0] != place:
                counts.alike += abs(size[out[0]] / max(size[place], 1e-9) - 1) < ALIKE
            u = found.final.u
            for i, name in enumerate(meters):
                counts.covered += abs(found.final.values[i] - truth[name]) <= 1.96 * u[i]
                counts.flows += 1
        table.append(counts)
    return table


def markdown(table: list[Counts]) -> str:
    """Return the counts as a table."""
    lines = [
        "| bias | runs | global test refuses | own adjustment > limit | taken out: this one | one alike | coverage |",
        "|---|---|---|---|---|---|---|",
    ]
    for c in table:
        share = [100 * n / c.runs for n in (c.refused, c.suspected, c.named, c.alike)]
        cells = " | ".join(f"{s:.1f} %" for s in share)
        name = f"{100 * c.bias:+.0f} %" if c.bias else "none (any meter)"
        lines.append(f"| {name} | {c.runs} | {cells} | {100 * c.covered / c.flows:.1f} % |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    sys.stdout.write(markdown(study((0.0, 0.03, 0.05, 0.08, 0.12, 0.2), given.runs, given.seed)) + "\n")


if __name__ == "__main__":
    main()
