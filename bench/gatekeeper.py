"""The gatekeeper of a run: the laboratory's register and the gates, asked before anything is energised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bench import gates, software
from bench.errors import ConfigurationError
from bench.lab.approvals import waive
from bench.lab.provide import Provided
from bench.lab.register import Register

if TYPE_CHECKING:
    from bench.survey import Survey
    from scenarios.record import Device, Equipment, Override


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Say who opens which gates, and why."""

    gates: frozenset[str]
    """Names of the gates, e.g. "due"."""
    person: str
    """Code of the approver in the register."""
    reason: str
    """Why the run may go on all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterGatekeeper:
    """Judge a run by what the register holds; implements `Gatekeeper`."""

    register: Register
    """The open register."""
    provided: Mapping[str, Provided]
    """Position -> what the register gives."""
    now: datetime
    """The moment, with zone."""
    opening: Opening | None = None
    """Gates that a person opens."""
    tell: Callable[[gates.Gate], None] = lambda gate: None
    """Told of every gate that is opened."""

    def __call__(self, survey: Survey) -> tuple[Override, ...]:
        """Judge every position; return the gates that were opened (each once).

        Raises:
            GateClosed: a gate is closed, and nobody opens it.
            ConfigurationError: the person may not open it, or a gate was named that is no gate or is open.
        """
        found = self._judged(survey)
        wanted = frozenset[str]() if self.opening is None else self.opening.gates
        shut = [gate for gate in found if not gate.passed]
        idle = wanted - {gate.name for gate in shut}
        if idle:
            raise ConfigurationError("--open", min(idle), "no such gate is closed; open only what stands in the way")
        stays = [gate for gate in shut if gate.name not in wanted or not gate.overridable]
        if stays or self.opening is None:
            gates.require(shut, (), self.register.name)
            return ()
        opened = []
        with self.register.writing() as session:
            for gate in shut:
                opened.append(waive(session, survey.number, gate, self.opening.person, self.opening.reason, self.now))
                self.tell(gate)
        return tuple(opened)

    def _judged(self, survey: Survey) -> list[gates.Gate]:
        found: list[gates.Gate] = []
        for position, device in survey.devices.items():
            provided = self.provided[position]
            marked = provided.laboratory.device
            situation = gates.Situation(
                sheet=survey.sheet,
                forecasts=survey.forecasts[position],
                identities={e.role: _identity(e) for e in survey.equipment} | {"device": _identity(device)},
                device=gates.Identity(
                    manufacturer=str(marked["manufacturer"]),
                    model=str(marked["model"]),
                    serial=str(marked["serial"]),
                    simulated=device.simulated,
                ),
                holdings=provided.holdings,
                now=self.now,
                zone=provided.zone,
                digest=software.digest(),
                approved=provided.approved,
                readings=survey.readings,
            )
            found += [gate for gate in gates.judge(situation) if gate not in found]
        return found


def _identity(of: Equipment | Device) -> gates.Identity:
    return gates.Identity(manufacturer=of.manufacturer, model=of.model, serial=of.serial, simulated=of.simulated)
