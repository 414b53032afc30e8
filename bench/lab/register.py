"""Open the register: a SQLite file, or a PostgreSQL database when several benches share one laboratory."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.orm import Session

from bench.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Engine

VARIABLE = "CALTWIN_LAB"
"""Environment variable that names the register."""
REVISIONS = ("r0001",)
"""Versions of the tables, oldest first; the last is the one that this program reads."""
_BUSY_MS = 10_000


def where(option: str | None) -> str:
    """Return the register that is meant: the option, or the environment variable CALTWIN_LAB.

    Raises:
        ConfigurationError: neither is given.
    """
    named = option or os.environ.get(VARIABLE, "")
    if not named:
        raise ConfigurationError("caltwin", "--lab", f"no register is named; give --lab FILE|URL or set {VARIABLE}")
    return named


def url_of(named: str) -> URL:
    """Return the database URL of a register: a URL as it is, anything else as the path of a SQLite file.

    Raises:
        ConfigurationError: neither SQLite nor PostgreSQL, or no URL.
    """
    if "://" not in named:
        return make_url("sqlite://").set(database=str(Path(named)))
    try:
        url = make_url(named)
    except ArgumentError:
        raise ConfigurationError("--lab", "URL", "not a database URL like postgresql://user@host/lab") from None
    match url.get_backend_name():
        case "sqlite":
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigurationError("--lab", "URL", f"{other} is not served; use a file (SQLite) or postgresql://")


class Register:
    """Hold an open register."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Keep an engine whose tables have been checked; use `open_register` or `create_register`."""
        self._engine = engine
        self.name = name
        """What messages call it: the URL without its password, or the file."""

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for reading; whatever it changed is dropped."""
        with Session(self._engine, expire_on_commit=False) as session, _one_line(self.name):
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session for writing: committed as a whole at the end, or not at all if anything is raised.

        The session holds the write lock of a SQLite file from its start: what it has read stays true until the commit.

        Raises:
            ConfigurationError: the database refuses what was written.
        """
        with self._engine.connect() as connection, _one_line(self.name):
            writer = connection.execution_options(immediate=True)
            with Session(writer, expire_on_commit=False) as session, session.begin():
                yield session
                session.flush()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        self.close()


def create_register(named: str) -> Register:
    """Make the tables of a register, or bring older ones up to date; nothing is lost.

    Raises:
        ConfigurationError: the database cannot be reached, is newer than this program, or is something else's.
    """
    url = url_of(named)
    if url.get_backend_name() == "sqlite" and url.database:
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigurationError(named, "(file)", problem.strerror or str(problem)) from None
    engine, name = _engine(url)
    with _disposed_on_failure(engine), _one_line(name):
        found = _revision(engine, name)
        if found is None or found in REVISIONS[:-1]:
            with engine.connect().execution_options(immediate=True) as connection, connection.begin():
                _upgrade(connection)
        elif found != REVISIONS[-1]:
            raise _newer(name, found)
    return Register(engine, name)


def open_register(named: str) -> Register:
    """Open a register.

    Raises:
        ConfigurationError: there is none, it cannot be reached, or its tables are older or newer than this program.
    """
    url = url_of(named)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise ConfigurationError(str(url.database), "(file)", f"no register there; make one with: {_init(named)}")
    engine, name = _engine(url)
    with _disposed_on_failure(engine), _one_line(name):
        found = _revision(engine, name)
        if found is None:
            raise ConfigurationError(name, "(tables)", f"the database is empty; make the tables with: {_init(named)}")
        if found in REVISIONS[:-1]:
            why = f"tables of version {found} are older than this program's {REVISIONS[-1]}; update them with: "
            raise ConfigurationError(name, "(tables)", why + _init(name))
        if found != REVISIONS[-1]:
            raise _newer(name, found)
    return Register(engine, name)


def _init(named: str) -> str:
    return f"caltwin lab init --lab {named}"


def _newer(name: str, found: str) -> ConfigurationError:
    why = f"tables of version {found} are newer than this program's {REVISIONS[-1]}; update caltwin"
    return ConfigurationError(name, "(tables)", why)


def _engine(url: URL) -> tuple[Engine, str]:
    name = url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url)
    except (ModuleNotFoundError, NoSuchModuleError):
        why = "PostgreSQL needs psycopg; install it with: pip install 'caltwin[postgres]'"
        raise ConfigurationError(name, "URL", why) from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine, name


def _prepare_sqlite(connection: Any, record: object) -> None:
    """Set up a new connection to a SQLite file."""
    # The driver's own implicit BEGIN would leave schema changes outside the transaction; _begin_sqlite begins instead.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {_BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; a writer takes the lock now, for a reader that turns writer later is refused as busy."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _revision(engine: Engine, name: str) -> str | None:
    """Return the version of the tables; None for a database without any.

    Raises:
        ConfigurationError: the tables are not a register's.
    """
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if "alembic_version" in tables:
            if rows := connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all():
                return str(rows[0])
            tables.discard("alembic_version")
    if tables:
        raise ConfigurationError(name, "(tables)", f"no register: holds {', '.join(sorted(tables)[:3])}; give another")
    return None


def _upgrade(connection: Connection) -> None:
    from alembic import command  # a quarter of a second: only a new or an old register needs it
    from alembic.config import Config

    with as_file(files("bench.lab") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _disposed_on_failure(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    """Turn what the database refuses into one line."""
    try:
        yield
    except IntegrityError as problem:
        raise ConfigurationError(name, "(entry)", f"refused by the database: {problem.orig}") from None
    except DBAPIError as problem:
        raise ConfigurationError(name, "(database)", str(problem.orig)) from None
