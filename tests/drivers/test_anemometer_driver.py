"""What the anemometer's driver says, and what it refuses."""

from __future__ import annotations

import pytest

from drivers.anemometer import Anemometer
from drivers.errors import ProtocolError

from .transcript import OK, Transcript, value


def test_a_mean_is_begun_and_fetched_twice() -> None:
    session = Transcript(("INIT 10.0", None), OK, ("FETC?;:FETC?", "5.02;5.02"), ("FETC?;:FETC?", "5.02;5.12"))
    meter = Anemometer(session, "device")
    value(meter.start(10.0))
    reading = value(meter.mean(15.0))
    assert (reading.name, reading.indication.value, reading.indication.unit) == ("mean_speed", 5.02, "m/s")
    with pytest.raises(ProtocolError, match="not twice the same"):
        value(meter.mean(15.0))
    session.finished()


@pytest.mark.parametrize("reply", ["5.020", "5", "-0.01", "5.02 m/s", ""])
def test_an_indication_of_another_form_is_refused(reply: str) -> None:
    with pytest.raises(ProtocolError, match="device: speed"):
        value(Anemometer(Transcript(("MEAS:SPE?", reply)), "device").speed.read())
