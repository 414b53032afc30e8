"""Twin of a sample conditioner: steady humidity, or an evaporating droplet, and a pressure that is held.

Generic; the commands are invented.

    inlet (dry) ──> water ──> back-pressure regulator ──> outlet (humid)

Water is added, so every other amount fraction falls by the factor 1 - h. CO2 dissolves a little in the water.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_gas import GasLine, approach
from instruments.scpi import Boolean, Event, Fixed, Identity, Numeric, Query, ScpiInstrument, Setting
from instruments.signal import Pointwise, Signal
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.signal import Piece
    from instruments.terms import Terms
    from instruments.twin import Surroundings

MOST_PERCENT = 4.0
"""Largest humidity, % of amount: near saturation at room temperature it would condense."""
NOMINAL_KPA = 101.0
"""Pressure after *RST, kPa."""
WETTING_S, WETTING_LAG_S = 40.0, 8.0
"""How long the humidity rises after a droplet was injected, and its time constant, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a conditioner."""

    serial: str = "TWIN-0001"
    """Serial number."""
    gases: str = "CO2, 13CO2, CH4, N2O"
    """Gases that pass through."""
    humidity_error: float = 0.0
    """Relative error of the humidity that is generated, 1."""
    indication_error: float = 0.0
    """Relative error of the hygrometer, 1."""
    lag_s: float = 20.0
    """Time constant with which a humidity is reached, s."""
    uptake_per_percent: float = 0.0
    """Share of the CO2 that the water takes up, per % of humidity, 1."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure that is held, kPa."""
    pressure_lag_s: float = 5.0
    """Time constant with which a pressure is reached, s."""
    droplet_percent: float = 2.8
    """Humidity just after a droplet was injected, %."""
    drying_s: float = 200.0
    """How long the droplet lasts, s: the humidity falls evenly to a third."""
    drying_lag_s: float = 45.0
    """Time constant with which the rest dries, s."""

    def __post_init__(self) -> None:
        for name in ("lag_s", "pressure_lag_s", "drying_s", "drying_lag_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0.0 < self.droplet_percent <= MOST_PERCENT:
            raise ValueError(f"droplet_percent must lie in 0..{MOST_PERCENT:g}, got {self.droplet_percent}")


class SampleHumidifier(ScpiInstrument[Parameters]):
    """Be the conditioner."""

    identity = Identity(manufacturer="caltwin", model="SHC-4", firmware="1.1")
    commands = (
        Setting(
            "HUMidity",
            Numeric(unit="PCT", low=0.0, high=MOST_PERCENT, default=0.0, reply=Fixed(3)),
            getter="set_point",
            setter="set_humidity",
            doc="Humidity to be held, % of amount.",
        ),
        Setting("HUMidity:STATe", Boolean(default=False), getter="wet", setter="set_wet", doc="Humidify, or pass dry."),
        Event("HUMidity:DROPlet", method="droplet", doc="Inject a droplet into the dry gas and let it evaporate."),
        Setting(
            "PRESsure",
            Numeric(low=60.0, high=140.0, default=NOMINAL_KPA, reply=Fixed(2)),
            getter="pressure_set_point",
            setter="set_pressure",
            doc="Absolute pressure to be held, kPa.",
        ),
        Query("MEASure:HUMidity?", method="humidity", reply=Fixed(3), doc="Humidity of the outlet, % of amount."),
        Query("MEASure:PRESsure?", method="pressure", reply=Fixed(2), doc="Absolute pressure of the outlet, kPa."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the conditioner between two lines, dry, at its nominal pressure."""
        super().__init__(parameters, surroundings)
        self._inlet = surroundings.port("inlet", GasLine)
        self._outlet = surroundings.port("outlet", GasLine)
        self._water = Signal(0.0)  # amount fraction, 1
        self._set_point, self._wet = 0.0, False
        self._pressure = NOMINAL_KPA
        self._gases = {name.strip(): self._humid(name.strip()) for name in parameters.gases.split(",")}
        for name in self._gases:
            self._inlet.fraction(name).listeners.append(partial(self._pass, name))
        self._inlet.flow.listeners.append(self._pass_flow)
        held = NOMINAL_KPA + parameters.pressure_error_kpa
        self._outlet.pressure.replace_from(self.now, [(self.now, algebra.constant(held))])
        self._follow()

    # -- physics ------------------------------------------------------------------------------------------------------

    def _humid(self, name: str) -> Pointwise:
        """Return the amount fraction of a gas behind the water."""
        uptake = 100.0 * self.parameters.uptake_per_percent if name.endswith("CO2") else 0.0
        one = algebra.constant(1.0)

        def humid(gas: Terms, water: Terms) -> Terms:
            wet = algebra.multiply(gas, algebra.add(one, algebra.scale(water, -1.0)))
            return algebra.multiply(wet, algebra.add(one, algebra.scale(water, -uptake))) if uptake else wet

        return Pointwise(humid, self._inlet.fraction(name), self._water)

    def _pass(self, name: str) -> None:
        """Write what leaves of a gas from now on."""
        self._outlet.fraction(name).replace_from(self.now, self._gases[name].pieces_from(self.now))

    def _pass_flow(self) -> None:
        self._outlet.flow.replace_from(self.now, self._inlet.flow.pieces_from(self.now))

    def _follow(self) -> None:
        """Write all that leaves from now on."""
        for name in self._gases:
            self._pass(name)
        self._outlet.fraction("H2O").replace_from(self.now, self._water.pieces_from(self.now))
        self._pass_flow()

    def _humidify(self, pieces: list[Piece]) -> None:
        self._water.replace_from(self.now, pieces)
        self._follow()

    def _go(self) -> None:
        """Go to the humidity that is set."""
        wanted = self._set_point if self._wet else 0.0
        target = wanted / 100.0 * (1.0 + self.parameters.humidity_error)
        self._humidify(approach(self.now, self._water.value(self.now), target, self.parameters.lag_s))

    def droplet(self) -> None:
        """Inject a droplet: humidity rises at once, falls evenly while the droplet lasts, then dries up."""
        p, now = self.parameters, self.now
        self._wet = False
        high, third = p.droplet_percent / 100.0, p.droplet_percent / 300.0
        rising = algebra.add(algebra.constant(high), algebra.decay(self._water.value(now) - high, WETTING_LAG_S))
        begun, gone = now + WETTING_S, now + WETTING_S + p.drying_s
        top = algebra.value(rising, WETTING_S)
        self._humidify(
            [
                (now, rising),
                (begun, algebra.line(top, (third - top) / p.drying_s)),
                *approach(gone, third, 0.0, p.drying_lag_s),
            ]
        )

    # -- commands -----------------------------------------------------------------------------------------------------

    def set_point(self) -> float:
        """Return the humidity that is set, %."""
        return self._set_point

    def set_humidity(self, percent: float) -> None:
        """Set the humidity, %."""
        self._set_point = percent
        if self._wet:
            self._go()

    def wet(self) -> bool:
        """Return whether the gas is humidified."""
        return self._wet

    def set_wet(self, wet: bool) -> None:
        """Humidify, or let the gas pass dry."""
        self._wet = wet
        self._go()

    def pressure_set_point(self) -> float:
        """Return the pressure that is set, kPa."""
        return self._pressure

    def set_pressure(self, kpa: float) -> None:
        """Set the pressure, kPa."""
        self._pressure = kpa
        signal, now = self._outlet.pressure, self.now
        target = kpa + self.parameters.pressure_error_kpa
        signal.replace_from(now, approach(now, signal.value(now), target, self.parameters.pressure_lag_s))

    def humidity(self) -> float:
        """Return the humidity of the outlet as its hygrometer indicates it, %."""
        return 100.0 * self._water.value(self.now) * (1.0 + self.parameters.indication_error)

    def pressure(self) -> float:
        """Return the pressure of the outlet, kPa."""
        return self._outlet.pressure.value(self.now)

    def reset(self) -> None:
        """Pass dry gas at nominal pressure."""
        self._set_point = 0.0
        self.set_wet(False)
        self.set_pressure(NOMINAL_KPA)


twin = Kind(
    parameters=Parameters,
    ports={"inlet": GasLine, "outlet": GasLine},
    optional_ports=frozenset({"inlet"}),
    build=SampleHumidifier,
)
"""What a station builds by `twin: sample_humidifier`."""
