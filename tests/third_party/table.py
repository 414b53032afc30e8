"""Print the drivers of other people that pass on the twins: `python -m tests.third_party.table`.

The tests of this folder are run, and their outcomes counted by the driver that their marker names. With `--markdown`
the table is printed as it stands in docs/drivers_that_work.md. The exit status is 1 if any driver fails.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Driver:
    """Count the outcomes of one driver's tests."""

    package: str
    name: str
    twin: str
    how: str
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def verdict(self) -> str:
        if self.outcomes["failed"]:
            return "FAILS"
        return "passes" if self.outcomes["passed"] else "not run"


class Collector:
    """Be a pytest plugin that counts."""

    def __init__(self) -> None:
        self.drivers: dict[tuple[str, str, str], Driver] = {}
        self._of: dict[str, Driver] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for marker in item.iter_markers("driver"):
                package, name, twin = marker.args
                how = str(marker.kwargs.get("how", "in process"))
                self._of[item.nodeid] = self.drivers.setdefault((package, name, twin), Driver(package, name, twin, how))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        driver = self._of.get(report.nodeid)
        if driver is not None and (report.when == "call" or report.outcome != "passed"):
            driver.outcomes[report.outcome] += 1


OUTSIDE = {"instro": "CALTWIN_INSTRO", "instrumentkit": "CALTWIN_INSTRUMENTKIT"}
"""Package in an environment of its own -> variable that names the Python of that environment."""


def installed(package: str) -> str:
    """Return a package's version; "-" where it cannot be told."""
    try:
        return version(package)
    except PackageNotFoundError:
        python = os.environ.get(OUTSIDE.get(package, ""), "")
    if not Path(python).is_file():
        return "-"
    ask = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "-"


def rows(drivers: Any) -> list[tuple[str, ...]]:
    """Return the table, header first."""
    table: list[tuple[str, ...]] = [("package", "version", "driver", "twin", "how", "tests passed", "verdict")]
    for driver in sorted(drivers, key=lambda d: (d.package, d.name)):
        passed = f"{driver.outcomes['passed']}/{sum(driver.outcomes.values())}"
        table.append(
            (driver.package, installed(driver.package), driver.name, driver.twin, driver.how, passed, driver.verdict)
        )
    return table


def main(arguments: list[str]) -> int:
    """Run the tests and print the table."""
    collector = Collector()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(["-q", "--no-header", str(Path(__file__).parent)], plugins=[collector])
    table = rows(collector.drivers.values())
    if "--markdown" in arguments:
        lines = ["| " + " | ".join(row) + " |" for row in table]
        lines.insert(1, "|" + "---|" * len(table[0]))
    else:
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    if status:
        sys.stderr.write(output.getvalue())
    return int(status != 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
