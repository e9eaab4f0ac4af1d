"""The store: functions run in transactions, off the reactor, in either dialect."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.defer import TimeoutError as NotInTime

from iotd.store import connect, migrate
from iotd.store.errors import StoreUnavailable
from iotd.store.faults import spoils_group, translate
from iotd.store.readers import Readers
from iotd.store.seal import NAME, Sealer
from iotd.store.writer import Stats, Task, Writer

Function = Callable[..., Any]

SEALER = "iotd_sealer"  # the option under which connections know their store's key


def sealer_of(connection: Connection) -> Sealer:
    """The key that belongs to what is written by this connection."""
    sealer: Sealer = connection.engine.get_execution_options()[SEALER]
    return sealer


class Store:
    """The one database, by its address ("sqlite:///iotd.sqlite3" lies in ``data_dir``).

    Functions are called ``function(connection, *args, **kw)``, give back plain
    values and touch nothing but the connection: they may be run a second time
    when the database gave up on the first. They never commit by themselves.
    ``sealer`` has the key that writers seal with, else the one in ``data_dir``.
    """

    def __init__(
        self, url: str, data_dir: Path, reactor: Any = None, migrations: Path = migrate.FOLDER,
        sealer: Sealer | None = None,
    ) -> None:
        self.url = connect.parse_url(url, data_dir)
        self.data_dir = data_dir
        self._reactor = reactor
        self._migrations = migrations
        self._writing = connect.writing(self.url)
        self._writing.update_execution_options(**{SEALER: sealer or Sealer(data_dir / NAME)})
        self._reading = connect.reading(self.url)
        self._writer = Writer(self._writing, reactor)
        self._readers = Readers(self._reading, reactor)
        self._closed: Deferred[None] | None = None

    def open(self) -> None:
        """Make or upgrade the database; blocks. SchemaNewer, StoreDamaged, StoreUnavailable.

        Threads begin with the first :meth:`run` or :meth:`read`, so a process
        that forks after this, or never starts a reactor, is fine.
        """
        migrate.bring_up_to_date(self.url, self.data_dir, self._migrations)

    def call(self, function: Function, *args: Any, **kwargs: Any) -> Any:
        """The function's result once it is committed; blocks, so never under a reactor."""
        try:
            return self._call(function, *args, **kwargs)
        except DBAPIError as error:
            if not spoils_group(error):
                raise translate(error) from error
        try:
            return self._call(function, *args, **kwargs)
        except DBAPIError as error:
            raise translate(error) from error

    def _call(self, function: Function, *args: Any, **kwargs: Any) -> Any:
        with self._writing.begin() as connection:
            return function(connection, *args, **kwargs)

    def run(self, function: Function, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """The function's result, after its commit is on disk.

        Waiting functions share a commit, each in a SAVEPOINT: one that raises
        fails only its own Deferred; a failing commit fails all of them.
        Unavailable when the database is away or 10,000 already wait.
        Cancelling stops the waiting, not the writing.
        """
        assert self._reactor is not None, "run() needs a reactor; call() does not"
        return self._writer.submit(Task(function, args, kwargs))

    def read(self, function: Function, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """The function's result; it sees what is committed and can't write."""
        assert self._reactor is not None, "read() needs a reactor; call() does not"
        return self._readers.submit(Task(function, args, kwargs))

    def ping(self, timeout: float) -> Deferred[None]:
        """Fires if the database can be read and written within ``timeout`` s, else Unavailable."""
        touches = [self.read(_touch), self.run(_touch)]
        both: Deferred[Any] = gatherResults(touches, consumeErrors=True)
        both.addTimeout(timeout, self._reactor)
        both.addCallbacks(lambda _: None, _why_not, errbackArgs=(timeout,))
        return both

    @property
    def on_server(self) -> bool:
        """Whether a database server has it, which may be away for a while."""
        return not connect.is_sqlite(self.url)

    @property
    def stats(self) -> Stats:
        return self._writer.stats

    @property
    def queue_length(self) -> int:
        """Writes that wait for their turn."""
        return len(self._writer)

    def close(self) -> Deferred[None]:
        """Finish what is queued, then close; fires when both is done."""
        if self._closed is None:
            self._closed = self._readers.close()
            # The last connection copies SQLite's log back: work for the writer's thread.
            self._closed.addCallback(lambda _: self._writer.close(self._dispose))
        waiting: Deferred[None] = Deferred()
        self._closed.addCallback(_pass_on, waiting)
        return waiting

    def _dispose(self) -> None:
        self._reading.dispose()
        self._writing.dispose()


def _touch(connection: Connection) -> None:
    connection.execute(text("SELECT version_num FROM alembic_version")).all()


def _why_not(failure: Any, timeout: float) -> None:
    cause = failure.value.subFailure if failure.check(FirstError) else failure
    if cause.check(NotInTime, CancelledError):
        raise StoreUnavailable(f"the database did not answer within {timeout:g} s")
    cause.raiseException()


def _pass_on(result: Any, waiting: Deferred[None]) -> Any:
    waiting.callback(None)
    return result
