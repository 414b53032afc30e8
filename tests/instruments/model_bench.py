"""One twin of a real model on a virtual clock, with its ports at hand, spoken to in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.clock import Environment
from instruments.engine import Exchange
from instruments.twin import Surroundings

if TYPE_CHECKING:
    from instruments.twin import Kind, Port


class ModelBench:
    """Build one twin; `ports` holds the parameters of its ports, or ready ports that it shares with others."""

    def __init__(
        self,
        kind: Kind,
        parameters: dict[str, Any] | None = None,
        ports: dict[str, Any] | None = None,
        *,
        environment: Environment | None = None,
        exchange: Exchange = Exchange.INSTR,
        seed: int = 1,
        terminator: str = "\n",
    ) -> None:
        self.environment = environment or Environment()
        self.ports: dict[str, Any] = {}
        for name, port_class in kind.ports.items():
            given = (ports or {}).get(name, {})
            self.ports[name] = (
                port_class(port_class.parameters_type(**given), self.environment) if isinstance(given, dict) else given
            )
        surroundings = Surroundings(
            name="twin", clock=self.environment, rng=np.random.default_rng(seed), ports=self.ports
        )
        self.engine: Any = kind.build(kind.parameters(**(parameters or {})), surroundings)
        self.link = self.engine.connect(exchange)
        self.terminator = terminator

    @property
    def now(self) -> float:
        return self.environment.now

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def write(self, message: str) -> None:
        self.link.deliver((message + self.terminator).encode("latin-1"), True)

    def read(self) -> str:
        """Run the bench to the reply; EmptySchedule tells that none is scheduled."""
        while not self.link.unread:
            self.environment.step()
        data, _ = self.link.read(1 << 24, ord(self.terminator[-1]))
        return str(data.decode("latin-1")).removesuffix(self.terminator)

    def query(self, message: str) -> str:
        self.write(message)
        return self.read()

    def number(self, message: str) -> float:
        return float(self.query(message))

    def error(self) -> str:
        return self.query("SYST:ERR?")

    def errors(self) -> list[int]:
        """Take all errors off the queue and return their numbers."""
        found = [code for code, _ in self.engine.status.errors]
        self.engine.status.errors.clear()
        return found


def port(kind: type[Port], environment: Environment, **values: Any) -> Any:
    """Build a port that several twins share."""
    return kind(kind.parameters_type(**values), environment)
