"""Twin of a weighing terminal below a tank of tonnes: the MT-SICS balance, grown, with a truth to be asked for.

Industrial terminals speak the same levels 0 and 1 of MT-SICS as laboratory balances (`instruments.balance_mt_sics`).
"""

from __future__ import annotations

from instruments.balance_mt_sics import BalanceMtSics, Parameters
from instruments.ports_mass import Pan
from instruments.twin import Kind

GRAMS = 1000.0


class PlatformScale(BalanceMtSics):
    """Be the scale."""

    def true_error(self, load: float, **_settings: float) -> float:
        """Return the error of indication at a load once creep is over, without drift since the zero, kg.

        Args:
            load: kg.
            _settings: whatever else is known of the point.
        """
        p = self.parameters
        share = load * GRAMS / p.capacity_g
        return load * p.sensitivity_error + 4.0 * p.linearity_g / GRAMS * share * (1.0 - share)

    def reset(self) -> None:
        """Restart the terminal: tare and what is being sent are forgotten, the zero is kept."""
        for link in tuple(self._repeats):
            self._stop_repeating(link)
        self._tare = 0.0
        self.display = ""


twin = Kind(parameters=Parameters, ports={"pan": Pan}, optional_ports=frozenset({"pan"}), build=PlatformScale)
"""What a station builds by `twin: platform_scale`."""
