"""The audit as the daemon lives with it: its key, the head outside the database, its check."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from iotd.accounts import audit_records as records
from iotd.accounts.audit_chain import PURPOSE, Head, read_head, write_head
from iotd.accounts.audit_check import Checker, Erasures
from iotd.accounts.shared import Shared
from iotd.errors import NotFound, TooMany, Unavailable
from iotd.store.disk import leave_to_owner, put

FILE = "audit.head"  # in the daemon's folder
PAGE = 1000  # rows that are read at a time
STEP = 10_000  # rows that are checked until somebody who waits hears how far it is
CHECKS = 4  # that are remembered at once


@dataclass
class Check:
    """One check; ``of``: rows that there were when it began."""

    ticket: str
    checker: Checker
    of: int
    running: bool = True

    def as_json(self) -> dict[str, Any]:
        """How far it is; ``items`` has the first hundred faults."""
        checker = self.checker
        return {
            "ticket": self.ticket, "running": self.running, "rows": checker.rows,
            "of": max(self.of, checker.rows), "faults": checker.count,
            "items": [fault._asdict() for fault in checker.faults],
            "kept": checker.kept.id if checker.kept else None,
        }


class AuditLog:
    """Keeps the newest row's link in a file beside the database, and checks the chain."""

    _log = Logger()

    def __init__(self, shared: Shared) -> None:
        self._shared, self._path = shared, shared.store.data_dir / FILE
        self._kept: str | None = None
        self._told = False
        self._checks: dict[str, Check] = {}
        self._begun = 0
        self._turn, self._keeping = DeferredLock(), DeferredLock()

    @property
    def _key(self) -> bytes:
        return self._shared.sealer.derive(PURPOSE)

    def load(self, connection: Connection) -> None:
        """Chain what was there before there was a chain; before anything is written."""
        self._kept = _read(self._path)
        records.begin_chain(connection, self._key, before=self._kept is not None)

    async def keep(self) -> None:
        """Write the head down, unless the row of the last time is not there any more: then the
        file stays as the witness that it is. What can't be done now is done the next time."""
        try:
            await self._keeping.run(lambda: Deferred.fromCoroutine(self._keep()))
        except (Unavailable, TooMany):
            pass

    async def _keep(self) -> None:
        kept = read_head(self._key, self._kept)
        head, link = await self._shared.store.read(
            records.head_and_link, self._key, kept.id if kept else 0
        )
        if head is None or not head.id or head == kept:
            return
        if self._kept is not None and (kept is None or link != kept.chain):
            self._complain()
            return
        text = write_head(self._key, head)
        await self._shared.passwords.run(_write, self._path, text)
        self._kept = text

    def _complain(self) -> None:
        if not self._told:
            self._told = True
            self._log.critical(
                "the audit is not the one that {file} knows; see iotd audit verify",
                file=str(self._path),
            )

    async def follow(self, ticket: str | None = None) -> dict[str, Any]:
        """Begin a check (without a ticket), or go on with one; what was found so far."""
        check = self._checks.get(ticket) if ticket is not None else await self._begin()
        if check is None:
            raise NotFound("This check is not known any more: begin another.", "ticket")
        await self._turn.run(lambda: Deferred.fromCoroutine(self._some(check)))
        return check.as_json()

    async def _some(self, check: Check) -> None:
        for _ in range(STEP // PAGE):
            if check.running:
                await self._go_on(check)

    async def _begin(self) -> Check:
        self._begun += 1
        ticket, kept = str(self._begun), _read(self._path)
        head = None if kept is None else read_head(self._key, kept) or Head()
        checker = Checker(self._key, await self._erasures(), head)
        of = await self._shared.store.read(records.count_rows)
        while len(self._checks) >= CHECKS:
            del self._checks[next(iter(self._checks))]
        self._checks[ticket] = check = Check(ticket, checker, of)
        return check

    async def _erasures(self) -> Erasures:
        return Erasures(await self._shared.store.read(records.told_erasures))

    async def _go_on(self, check: Check) -> None:
        checker = check.checker
        before, more = await self._shared.store.read(_feed, checker, self._key)
        if more:
            return
        checker.settle(await self._erasures())
        checker.end(before)
        check.running = False


def _feed(connection: Connection, checker: Checker, key: bytes) -> tuple[Head | None, bool]:
    """Check a page in the thread that reads it: the head of before, and whether there was one."""
    page = records.read_page(connection, key, checker.place, PAGE)
    checker.feed(page.rows)
    return page.before, bool(page.rows)


def _read(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=FILE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
    leave_to_owner(Path(draft))
    put(Path(draft), path)
