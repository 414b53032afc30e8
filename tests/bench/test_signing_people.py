"""Who may sign today: the laboratory's register narrows what a certificate says; the bench signs by its own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from measured_run import APPROVER, CHECKER, PASSWORD, Laboratory, measured_record, measured_run, write_run

from bench.audit import audit
from bench.commands.issue import review
from bench.errors import ConfigurationError
from bench.lab.models import Person, PersonRole
from bench.lab.register import Register, create_register
from bench.signing.bench_key import sign_end
from bench.signing.keys import public_key_of
from bench.signing.staff import Staff

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("keys") / "keys")


def person(code: str, name: str, *roles: str, active: bool = True, public_key: str | None = None) -> Person:
    held = [PersonRole(role=role) for role in roles]
    return Person(code=code, name=name, active=active, public_key=public_key, roles=held)


def register_of(folder: Path, *people: Person) -> Register:
    register = create_register(str(folder / "lab.sqlite"))
    with register.writing() as session:
        session.add_all(people)
    return register


def test_the_register_gives_the_roles_of_today(laboratory: Laboratory, tmp_path: Path) -> None:
    key = laboratory.key(CHECKER).certificate
    people = (
        person("a", CHECKER, "checker", "operator", public_key=public_key_of(key)),
        person("b", APPROVER, "approver", active=False),
        person("c", "Other Key", "checker", public_key="AAAA"),
        person("d", "Twice", "checker"),
        person("e", "Twice", "approver"),
    )
    with register_of(tmp_path, *people) as register:
        staff = Staff(register=register)
        assert staff.roles(CHECKER, key) == {"checker", "operator"}
        for name in (APPROVER, "Other Key", "Twice", "Nobody"):
            assert staff.roles(name, key) == frozenset(), name


def test_the_command_line_asks_the_register(laboratory: Laboratory, tmp_path: Path) -> None:
    run = measured_run(tmp_path / "run", laboratory)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    with register_of(tmp_path, person("b", APPROVER, "approver", "checker")) as register:
        named = str(tmp_path / "lab.sqlite")
        with pytest.raises(ConfigurationError, match=f"{CHECKER}: the register does not give the role 'checker'"):
            review(run, CHECKER, laboratory.folder, secret, named)
        review(run, APPROVER, laboratory.folder, secret, named)
        assert register.name
    with pytest.raises(ConfigurationError, match="no register there"):
        review(run, APPROVER, laboratory.folder, secret, str(tmp_path / "none.sqlite"))


def test_a_bench_with_a_key_signs_the_end_of_a_run(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = write_run(tmp_path / "run", measured_record()) / "journal.sqlite"
    monkeypatch.delenv("CALTWIN_BENCH", raising=False)
    assert sign_end(journal) is None
    monkeypatch.setenv("CALTWIN_BENCH", "bench-1")
    monkeypatch.setenv("CALTWIN_KEYS", str(laboratory.folder))
    with pytest.raises(ConfigurationError, match="CALTWIN_BENCH_PASSWORD_FILE: not set"):
        sign_end(journal)
    secret = tmp_path / "password"
    monkeypatch.setenv("CALTWIN_BENCH_PASSWORD_FILE", str(secret))
    with pytest.raises(ConfigurationError, match="No such file"):
        sign_end(journal)
    secret.write_text("wrong password\n")
    with pytest.raises(ConfigurationError, match="is not the password"):
        sign_end(journal)
    secret.write_text(f"{PASSWORD}\n")
    head = sign_end(journal)
    assert head is not None and head.body["simulated"] is False
    assert audit(journal, laboratory.trust).covered == head.body["sequence"]
    monkeypatch.setenv("CALTWIN_BENCH", CHECKER)
    with pytest.raises(ConfigurationError, match="does not name the role 'bench'"):
        sign_end(journal)
