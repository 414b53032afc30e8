"""A bench by hand for twin tests: the four twins on one virtual clock, spoken to in SCPI bytes, without a station."""

from __future__ import annotations

from typing import Any

import numpy as np

from instruments import climate_logger, dc_energy, energy_standard, power_source
from instruments.clock import Environment
from instruments.engine import Exchange
from instruments.ports import Air, Ambient, ElectricalNode, PulseLine
from instruments.twin import NoParameters, Surroundings


class Spoken:
    """Speak to one engine: `write` and `query` at the present bench time."""

    def __init__(self, engine: Any, environment: Environment) -> None:
        self.engine = engine
        self.environment = environment
        self.link = engine.connect(Exchange.INSTR)

    def write(self, message: str) -> None:
        self.link.deliver(message.encode() + b"\n", True)

    def query(self, message: str) -> str:
        self.write(message)
        while not self.link.unread:
            self.environment.step()  # EmptySchedule: no reply is scheduled
        data, _ = self.link.read(1 << 16)
        return str(data.decode().removesuffix("\n"))

    def error(self) -> str:
        return self.query("SYST:ERR?")


class Bench:
    """Hold source, standard, meter and logger on one node, one pulse line and one room."""

    def __init__(
        self,
        *,
        source: dict[str, Any] | None = None,
        standard: dict[str, Any] | None = None,
        meter: dict[str, Any] | None = None,
        logger: dict[str, Any] | None = None,
        air: dict[str, Any] | None = None,
        seed: int = 1,
    ) -> None:
        self.environment = Environment()
        self.node = ElectricalNode(NoParameters(), self.environment)
        self.line = PulseLine(NoParameters(), self.environment)
        self.ambient = Ambient(Air(**(air or {})), self.environment)
        ports = {"output": self.node, "input": self.node, "pulses": self.line, "ambient": self.ambient}
        ports |= {  # inputs of further positions stay open
            name: PulseLine(NoParameters(), self.environment) for name in energy_standard.PULSE_PORTS[1:]
        }
        spoken = []
        for position, (module, values) in enumerate(
            (
                (power_source, source),
                (energy_standard, standard),
                (dc_energy, meter),
                (climate_logger, logger),
            )
        ):
            surroundings = Surroundings(
                name=module.__name__,
                clock=self.environment,
                rng=np.random.default_rng([seed, position]),
                ports=ports,
            )
            parameters = module.twin.parameters(**(values or {}))
            spoken.append(Spoken(module.twin.build(parameters, surroundings), self.environment))
        self.source, self.standard, self.meter, self.logger = spoken

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def load(self, voltage: float, current: float, settle_s: float = 5.0) -> None:
        """Bring the node to a load (A; below zero for export) and wait."""
        direction = "IMP" if current >= 0 else "EXP"
        self.source.write(f"SYST:LOCK ON;:VOLT {voltage};CURR {abs(current)};:PHAN:DIR {direction};:OUTP ON")
        assert self.source.error() == '0,"No error"'
        self.run(settle_s)

    def compare(self, pulses: int) -> float:
        """Return the relative error of the meter from one comparison, as a laboratory would compute it."""
        self.standard.write(f"PULS:COUN {pulses};STAR")
        assert self.standard.query("*OPC?") == "1"
        assert self.standard.query("PULS:STAT?") == "DONE"
        energy = abs(float(self.standard.query("PULS:ENER?"))) / 1000.0
        return pulses / float(self.meter.engine.parameters.constant_imp_per_kwh) / energy - 1.0
