"""Make the sample records importable, and each sample's documents once."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.issue import Documents

SAMPLES = {
    "calibration": sample_records.calibration_record,
    "verification": sample_records.verification_record,
    "failing": sample_records.failing_record,
    "long": sample_records.long_record,
}


@pytest.fixture(scope="session")
def documents() -> Callable[[str], Documents]:
    """Return a function from the name of a sample to its three documents."""
    from reports.issue import make

    @cache
    def of(name: str) -> Documents:
        return make(SAMPLES[name]())

    return of
