"""What is marked on a gas analyser, and its hidden truth."""

from __future__ import annotations

from dataclasses import dataclass, field

from instruments.gas_analyser_commands import CHANNELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what is marked on an analyser, and its hidden truth. Tables are by channel where nothing else is said."""

    serial: str = "TWIN-0001"
    """Serial number."""
    channels: dict[str, float] = field(default_factory=lambda: {"CO": 1e-3})
    """Component -> full scale, amount fraction, 1; one to four. "NOx" is NO and converted NO2."""
    resolution: dict[str, float] = field(default_factory=dict)
    """Resolution, amount fraction, 1; 1/10000 of full scale if not given."""
    zero_error: dict[str, float] = field(default_factory=dict)
    """Error of the zero, amount fraction, 1."""
    gain_error: dict[str, float] = field(default_factory=dict)
    """Relative error of the span, 1."""
    depth: dict[str, float] = field(default_factory=dict)
    """Absorption parameter a at full scale, 1; a linear detector if not given."""
    exponent: dict[str, float] = field(default_factory=dict)
    """Exponent n of saturation, 1."""
    exponent_error: dict[str, float] = field(default_factory=dict)
    """By how much the maker's exponent is too large, relatively, 1; it leaves a curved error."""
    interference: dict[str, float] = field(default_factory=dict)
    """"CO2->CO": change of the indicated CO per amount fraction of CO2, 1."""
    zero_per_k: dict[str, float] = field(default_factory=dict)
    """Change of the zero from 20 °C, amount fraction per K."""
    gain_per_k: dict[str, float] = field(default_factory=dict)
    """Relative change of the span from 20 °C, 1/K."""
    gain_per_kpa: dict[str, float] = field(default_factory=dict)
    """Relative change of the span from 101.325 kPa, what is left of p·c after compensation, 1/kPa."""
    zero_drift_per_h: dict[str, float] = field(default_factory=dict)
    """Steady change of the zero, amount fraction per h."""
    gain_drift_per_h: dict[str, float] = field(default_factory=dict)
    """Steady relative change of the span (source ageing), 1/h."""
    zero_walk: dict[str, float] = field(default_factory=dict)
    """Random walk of the zero: standard deviation after one hour, amount fraction, 1."""
    gain_walk: dict[str, float] = field(default_factory=dict)
    """Random walk of the span: relative standard deviation after one hour, 1."""
    noise: dict[str, float] = field(default_factory=dict)
    """Standard deviation of one sample, amount fraction, 1."""
    update_s: float = 1.0
    """Period of the samples, s."""
    phase_s: float = 0.0
    """Bench time of its first sample, s: nobody synchronises it."""
    averaging_s: float = 10.0
    """Averaging time at power-on, s: the indication is the mean of the samples in it."""
    sample_flow_l_per_min: float = 1.0
    """Flow that the pump takes, standard l/min."""
    flow_reading_error: float = 0.0
    """Relative error of the indicated flow, 1."""
    flow_alarm_l_per_min: float = 0.6
    """Flow below which the analyser says that it is too little, l/min; 0 for a device that never does."""
    leak: float = 0.0
    """Share of the sample flow that comes from the room through a leak, 0 to 1."""
    tube_ml: float = 20.0
    """Volume of the tube (pure delay), ml."""
    filter_ml: float = 50.0
    """Volume of filter and trap (first lag), ml."""
    cell_ml: float = 100.0
    """Volume of the cells (second lag), ml."""
    adsorbed: dict[str, float] = field(default_factory=dict)
    """Component -> share of a change that goes through the walls, 0 to 1."""
    adsorption_s: float = 60.0
    """Time constant of the walls, s."""
    trap_loss: dict[str, float] = field(default_factory=dict)
    """Component -> share that is lost in the cold trap's condensate, 1."""
    trap_dew_point_degc: float | None = None
    """Dew point behind the cold trap, °C; not given without a trap."""
    converter_efficiency: float = 1.0
    """Share of NO2 that the converter turns into NO, 1."""
    room_air: dict[str, float] = field(default_factory=lambda: {"CO2": 4.2e-4, "O2": 0.2095})
    """What room air contains beside nitrogen and water, amount fraction of dry air, 1."""
    nominal_voltage_v: float = 230.0
    """Nominal mains voltage, V."""
    warm_up_s: float = 1800.0
    """Time after switching on before which the analyser says that it warms up, s."""
    warm_up_error: float = 0.3
    """Error at the moment of switching on, in full scales; it dies away five times faster than the warm-up ends."""
    warm_at_start: bool = True
    """Whether it is warm at bench time 0, if there is voltage."""
    lockout: bool = True
    """Whether it gives no values while it warms up; false for a defective one."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.channels) <= CHANNELS or any(not full > 0.0 for full in self.channels.values()):
            raise ValueError(f"channels must be one to {CHANNELS} components with full scales above 0: {self.channels}")
        for name in ("update_s", "sample_flow_l_per_min", "nominal_voltage_v"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in BY_CHANNEL:
            unknown = set(getattr(self, name)) - set(self.channels)
            if unknown:
                raise ValueError(f"{name}: {min(unknown)!r} is not a channel; they are {', '.join(self.channels)}")
        for key in self.interference:
            if key.partition("->")[2] not in self.channels:
                raise ValueError(f"interference: {key!r} is not of the form 'CO2->CO' with a channel after the arrow")
        for name in ("leak", "converter_efficiency"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie in 0..1, got {getattr(self, name)}")


BY_CHANNEL = (
    "resolution",
    "zero_error",
    "gain_error",
    "depth",
    "exponent",
    "exponent_error",
    "zero_per_k",
    "gain_per_k",
    "gain_per_kpa",
    "zero_drift_per_h",
    "gain_drift_per_h",
    "zero_walk",
    "gain_walk",
    "noise",
)
"""Tables whose keys must be channels."""
