"""Both databases for tests: SQLite files, and a MariaDB that the tests start themselves.

::

    @both
    class UsersTests(DatabaseTest, SynchronousTestCase):
        def test_x(self):
            connection = self.connect()      # a transaction, rolled back at the end

``both`` makes ``UsersTests`` (SQLite) and ``UsersTestsOnMariaDB`` of one body.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pymysql
from sqlalchemy import Connection, inspect, text

from iotd.store import connect
from iotd.store.engine import SEALER, Store
from iotd.store.seal import NAME, Sealer

SQLITE_URL = "sqlite:///iotd.sqlite3"
START_SECONDS = 60
CHECKOUT = Path(__file__).parents[1]

T = TypeVar("T", bound=type)


class MariaDB:
    """One server on a unix socket in a temporary folder, for this process alone."""

    _one: ClassVar[MariaDB | None] = None

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="iotd-mariadb-"))
        self.socket = self.folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        # A server that starts clears its TMPDIR of other servers' temporary tables.
        self._environ = {**os.environ, "TMPDIR": str(self.folder)}

    def install(self) -> None:
        """Make its system tables."""
        command = [
            _program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal", "--skip-test-db", *_as_root(),
        ]  # fmt: skip
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self._environ
        )
        if done.returncode:
            raise AssertionError(done.stdout.decode(errors="replace")[-4000:])

    @classmethod
    def running(cls) -> MariaDB:
        """The process's server, started at its first use."""
        if cls._one is None:
            server = cls()
            atexit.register(server.remove)
            server.install()
            cls._one = server
        cls._one.start()
        return cls._one

    def start(self) -> None:
        """Start it, or start it again after :meth:`kill`; returns when it answers."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [
                    _program("mariadbd"), "--no-defaults", f"--datadir={self.folder / 'data'}",
                    f"--socket={self.socket}", f"--pid-file={self.folder / 'pid'}",
                    "--skip-networking", "--skip-log-bin", "--innodb-buffer-pool-size=32M",
                    "--innodb-log-file-size=16M", "--performance-schema=OFF", *_as_root(),
                ],
                stdout=subprocess.DEVNULL,
                stderr=open(self.folder / "log", "ab"),
                env=self._environ,
                preexec_fn=_end_with_parent,
            )  # fmt: skip
            self._wait()

    def pause(self) -> None:
        """Make it hang: connected, but silent."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"t{next(self._names)}"
        with self._administrator() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        return f"mysql+pymysql://root@localhost/{name}?unix_socket={self.socket}"

    def _administrator(self) -> Any:
        return pymysql.connect(unix_socket=str(self.socket), user="root")

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._administrator().close()
                return
            except pymysql.MySQLError:
                if self._process is None or self._process.poll() is not None or _over(end):
                    raise AssertionError((self.folder / "log").read_text()[-4000:]) from None
                time.sleep(0.05)


def both(case: T) -> T:
    """Let one TestCase body run on SQLite and, as ``<name>OnMariaDB``, on MariaDB."""
    name = f"{case.__name__}OnMariaDB"
    doc = f"{case.__doc__ or case.__name__} (MariaDB)"
    body = {"dialect": "mariadb", "__module__": case.__module__, "__doc__": doc}
    setattr(sys.modules[case.__module__], name, type(name, (case,), body))
    return case


class DatabaseTest:
    """Mixin for a TestCase: a migrated, empty database for each test, on ``dialect``."""

    dialect: ClassVar[str] = "sqlite"
    _urls: ClassVar[dict[type, str]] = {}

    def new_store(self, reactor: Any = None) -> Store:
        """An opened store on this test's database; with a reactor, closed at the end."""
        furnish(self.data_dir(), self.url())
        store = Store(self.url(), self.data_dir(), reactor)
        store.open()
        self.addCleanup(store.close)  # type: ignore[attr-defined]
        return store

    def connect(self) -> Connection:
        """A connection in a transaction that is rolled back at the end of the test."""
        store = self.new_store()
        engine = connect.writing(store.url)
        engine.update_execution_options(**{SEALER: Sealer(store.data_dir / NAME)})
        connection = engine.connect()
        self.addCleanup(engine.dispose)  # type: ignore[attr-defined]
        self.addCleanup(connection.close)  # type: ignore[attr-defined]
        connection.begin()
        return connection

    def data_dir(self) -> Path:
        """A folder that lives as long as the test."""
        if not hasattr(self, "_data_dir"):
            self._data_dir = Path(tempfile.mkdtemp(prefix="iotd-test-"))
            self.addCleanup(shutil.rmtree, self._data_dir)  # type: ignore[attr-defined]
        return self._data_dir

    def url(self) -> str:
        """This test's database address; MariaDB's is one a class, emptied for each test."""
        if self.dialect == "sqlite":
            return SQLITE_URL
        if not hasattr(self, "_url"):
            self._url = self._class_database()
            _empty(self._url)
        return self._url

    def _class_database(self) -> str:
        server = MariaDB.running()
        if type(self) not in self._urls:
            self._urls[type(self)] = server.new_database()
        return self._urls[type(self)]


def furnish(folder: Path, url: str = SQLITE_URL) -> None:
    """Put an empty database there, a copy of what migrations made: that is 80 ms less."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / "iotd.sqlite3"
    if url == SQLITE_URL and not target.exists():
        shutil.copyfile(_migrated(), target)
        target.chmod(0o600)


@functools.cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="iotd-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(SQLITE_URL, folder)
    store.open()
    store._dispose()
    return folder / "iotd.sqlite3"


def in_new_process(script: str, *args: object) -> subprocess.CompletedProcess[bytes]:
    """Run Python code with this checkout's iotd; gives its exit code and output."""
    command = [sys.executable, "-c", script, *map(str, args)]
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(command, capture_output=True, timeout=120, env=environ)


def _empty(url: str) -> None:
    engine = connect.writing(connect.parse_url(url, Path()))
    with engine.begin() as connection:
        connection.execute(text("SET foreign_key_checks = 0"))
        for table in set(inspect(connection).get_table_names()) - {"alembic_version"}:
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise AssertionError(f"{name} is missing: install mariadb-server (Debian) to run the tests")
    return found


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _over(end: float) -> bool:
    return time.monotonic() > end


def _end_with_parent() -> None:
    """Linux: a test run that is killed takes its server along."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
