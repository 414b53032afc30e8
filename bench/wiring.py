"""From a station to instruments that answer: open every role, refuse the wrong instrument before any energy flows."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyvisa

from bench.errors import ConfigurationError
from bench.sessions import BenchSession, HardwareSession, OperatorSession
from bench.station_check import OPERATOR, TWIN_SERIAL
from drivers.errors import InstrumentError
from instruments.world import World
from pyvisa_caltwin import TwinVisaLibrary
from reports.units import after
from scenarios.record import REFERENCE, Device, Equipment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.laboratory import Laboratory
    from bench.station import Station
    from drivers.instrument import Identity
    from scenarios.procedure import Nameplate, Prompt
    from scenarios.references import Reference
    from scenarios.sheet import Role, Sheet
    from uncertainty.quantity import Quantity


@dataclass(slots=True, kw_only=True)
class Wiring:
    """Hold the open instruments of one run."""

    world: World
    """The clock and the twins."""
    drivers: dict[str, Any]
    """Role of the station -> driver."""
    simulated: dict[str, bool]
    """Role of the station -> whether a twin stands behind it."""
    managers: tuple[pyvisa.ResourceManager, ...]
    """Open resource managers."""

    def close(self) -> None:
        """Close every session."""
        for driver in self.drivers.values():
            if isinstance(driver.session, HardwareSession):
                driver.session.close()
        for manager in self.managers:
            manager.close()

    def real_sources(self, sheet: Sheet) -> dict[str, tuple[str, str]]:
        """Return role -> (driver, address) of what stays energised when this program dies."""
        return {
            role: (sheet.roles[role].driver, driver.session.address)
            for role, driver in self.drivers.items()
            if isinstance(driver.session, HardwareSession) and hasattr(driver, "make_safe")
        }

    def read_by(self, read: Callable[[Prompt], str]) -> None:
        """Have a person read the instruments without an interface."""
        for driver in self.drivers.values():
            if isinstance(driver.session, OperatorSession):
                driver.session.read = read

    def at(self, role: str) -> dict[str, Any]:
        """Return the instruments as one position sees them: its own device in the role "device"."""
        return {name: driver for name, driver in self.drivers.items() if not name.startswith("device")} | {
            "device": self.drivers[role]
        }

    def run(self, process: Any) -> Any:
        """Run a process of the bench's clock to its end and return its value."""
        return self.world.environment.run(until=self.world.environment.process(process))


def wire(
    sheet: Sheet,
    station: Station,
    world: World,
    devices: Sequence[str] = ("device",),
    marked: Mapping[str, str] | None = None,
) -> Wiring:
    """Open the instrument behind every role of a sheet.

    Args:
        sheet: names the roles.
        station: gives their addresses.
        world: the twins.
        devices: roles of the devices under test, one for each position.
        marked: role -> what *IDN? would say, for instruments that a person reads.

    Raises:
        ConfigurationError: a role has no address, or real hardware cannot be opened.
    """
    twins = pyvisa.ResourceManager(TwinVisaLibrary.of(world, station.plain))
    hardware: pyvisa.ResourceManager | None = None
    wiring = Wiring(world=world, drivers={}, simulated={}, managers=(twins,))
    for role, wanted in _roles(sheet, devices):
        address = station.roles.get(role)
        driver = import_module(f"drivers.{wanted.driver}").driver
        if address is None:
            raise ConfigurationError(station.source, f"roles.{role}", f"missing; the system needs a {wanted.name.en}")
        if address == OPERATOR:
            identity = (marked or {}).get(role, "")
            manual = OperatorSession(role, identity, wanted.manual, world.environment)
            wiring.drivers[role] = driver(manual, role)
            wiring.simulated[role] = False
            continue
        simulated = address in station.resources
        try:
            if simulated:
                resource = twins.open_resource(address)
            else:
                hardware = hardware or pyvisa.ResourceManager()
                resource = hardware.open_resource(address)
        except (pyvisa.Error, OSError, ValueError) as problem:
            raise ConfigurationError(station.source, f"roles.{role}", f"cannot open {address}: {problem}") from None
        resource.read_termination = resource.write_termination = driver.terminator  # type: ignore[attr-defined]
        session = (BenchSession if simulated else HardwareSession)(resource, world.environment)  # type: ignore[arg-type]
        wiring.drivers[role] = driver(session, role)
        wiring.simulated[role] = simulated
    if hardware is not None:
        wiring.managers = (twins, hardware)
    return wiring


def _roles(sheet: Sheet, devices: Sequence[str]) -> Iterator[tuple[str, Role]]:
    """Yield every role of the station with what the sheet wants of it; the devices under test come last."""
    for role, wanted in sheet.roles.items():
        if role != "device":
            yield role, wanted
    for role in devices:
        yield role, sheet.roles["device"]


def identify(wiring: Wiring, sheet: Sheet, station: Station, laboratory: Laboratory) -> tuple[Equipment, ...]:
    """Ask every standard and auxiliary instrument who it is and refuse the wrong one.

    Raises:
        ConfigurationError: no answer, another model than the sheet accepts, or another serial number than the
            laboratory knows; nothing has been energised.
    """
    equipment = []
    for role, wanted in _roles(sheet, ()):
        known = laboratory.equipment.get(role)
        if known is None:  # check_certificates has refused this already
            raise ConfigurationError(station.source, f"laboratory.equipment.{role}", "missing")
        identity = _identity(wiring, station, role, wanted.models, known.serial)
        equipment.append(
            Equipment(
                role=role,
                name=wanted.name,
                manufacturer=identity.manufacturer,
                model=identity.model,
                serial=identity.serial,
                firmware=identity.firmware,
                measuring_range=known.measuring_range,
                accuracy=known.accuracy,
                certificate=known.certificate,
                address=wiring.drivers[role].session.address,
                simulated=wiring.simulated[role],
            )
        )
    return tuple(equipment) + tuple(
        _listed(name, reference, simulated=any(wiring.simulated.values()))
        for name, reference in laboratory.references.items()
    )


def _listed(name: str, reference: Reference, *, simulated: bool) -> Equipment:
    """Return what the record keeps of a reference; on a bench with twins its true value is a twin's as well."""
    values = reference.values.items()
    return Equipment(
        role=f"{REFERENCE}{name}",
        name=reference.name,
        manufacturer=reference.maker or reference.certificate.issuer,
        model=reference.model,
        serial=reference.serial,
        firmware="",
        measuring_range="; ".join(f"{key} {_printed(certified.quantity)}" for key, certified in values),
        accuracy="; ".join(f"{key} U = {_printed(certified.U)} (k = {certified.k:g})" for key, certified in values),
        certificate=reference.certificate,
        address="",
        simulated=simulated,
    )


def _printed(quantity: Quantity) -> str:
    return f"{quantity.value:.10g} {after(quantity.unit)}".rstrip()


def identify_device(wiring: Wiring, sheet: Sheet, station: Station, role: str, nameplate: Nameplate) -> Device:
    """Ask a device under test who it is and refuse the wrong one.

    Raises:
        ConfigurationError: no answer, or another model or serial number than its nameplate says.
    """
    identity = _identity(wiring, station, role, (nameplate.model,), nameplate.serial)
    return Device(
        name=sheet.roles["device"].name,
        manufacturer=nameplate.manufacturer,
        model=nameplate.model,
        serial=nameplate.serial,
        accuracy_class=nameplate.accuracy_class,
        firmware=identity.firmware,
        ratings=nameplate.ratings(),
        address=wiring.drivers[role].session.address,
        simulated=wiring.simulated[role],
    )


def _identity(wiring: Wiring, station: Station, role: str, models: tuple[str, ...], serial: str | None) -> Identity:
    driver, key = wiring.drivers[role], f"roles.{role}"
    try:
        identity: Identity = wiring.run(driver.identity())
    except InstrumentError as problem:
        raise ConfigurationError(station.source, key, str(problem)) from None
    answers = f"at {driver.session.address} answers {identity.manufacturer} {identity.model} no. {identity.serial}"
    if models and identity.model not in models:
        raise ConfigurationError(station.source, key, f"{answers}, but {' or '.join(models)} is expected")
    if serial is not None and identity.serial != serial:
        raise ConfigurationError(station.source, key, f"{answers}, but no. {serial} is expected")
    wiring.simulated[role] = wiring.simulated[role] or TWIN_SERIAL in identity.serial.upper()
    return identity
