"""A MariaDB of the bench: its own folder, a unix socket, nothing left behind."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from typing import Any

import psutil
import pymysql

from bench.load import Bench
from bench.process import SERVER_CORE, until


class MariaDB:
    """Runs until the bench ends; ``pool``: memory for pages of tables, ``core``: where."""

    def __init__(
        self, bench: Bench, pool: str = "1G", core: int = SERVER_CORE, name: str = "mariadb"
    ) -> None:
        self._pool, self._core = pool, core
        self._folder = bench.folder / name
        self._folder.mkdir()
        self.socket = self._folder / "socket"
        self._install()
        self.start()
        bench.defer(self._end)

    def start(self) -> None:
        """Start it, or start it again after :meth:`stop`; returns when it answers."""
        self.launch()
        until("MariaDB answers", self._answers, timeout=60)

    def launch(self) -> None:
        """Begin to start it."""
        self._process = self._begin()

    def stop(self) -> None:
        """Shut it down in order; what it holds is kept."""
        self._process.terminate()
        self._process.wait()

    def cpu(self) -> float:
        """Seconds of CPU since it was started last; none while it is stopped."""
        if self._process.poll() is not None:
            return 0.0
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def new_database(self, name: str) -> str:
        """The address of a new database, as ``store.url`` has it."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        return f"mysql+pymysql://root@localhost/{name}?unix_socket={self.socket}"

    def connect(self, database: str | None = None) -> Any:
        """A plain connection; use it as a context manager."""
        return pymysql.connect(unix_socket=str(self.socket), user="root", database=database,
                               autocommit=True, read_timeout=3600)

    def _common(self) -> list[str]:
        return ["--no-defaults", f"--datadir={self._folder / 'data'}", *_as_root()]

    def _install(self) -> None:
        with open(self._folder / "log", "ab") as log:
            made = subprocess.run(
                [_program("mariadb-install-db"), *self._common(), "--skip-test-db",
                 "--auth-root-authentication-method=normal"], stdout=log, stderr=log,
            )
        if made.returncode:
            raise RuntimeError((self._folder / "log").read_text()[-1000:])

    def _begin(self) -> subprocess.Popen[bytes]:
        log = open(self._folder / "log", "ab")
        return subprocess.Popen(
            ["taskset", "-c", str(self._core), _program("mariadbd"), *self._common(),
             f"--socket={self.socket}", f"--pid-file={self._folder / 'pid'}",
             "--skip-networking", "--skip-log-bin", f"--innodb-buffer-pool-size={self._pool}",
             "--innodb-log-file-size=512M", "--performance-schema=OFF"],
            stdout=log, stderr=log, preexec_fn=_end_with_parent,
        )

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text()[-1000:])
        try:
            self.connect().close()
            return True
        except pymysql.MySQLError:
            return False

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError(f"{name} is missing: install mariadb-server (Debian)")
    return found


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
