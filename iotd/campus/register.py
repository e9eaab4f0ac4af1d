"""The register: who the students are, and by which devices and badges they are known.

All of it is in memory; a change is in effect, here and for those who are told, once it is
on disk. Changes, batches of sightings and erasures take turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Mapping, NamedTuple, Protocol, Sequence

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.records import write_audit
from iotd.campus import student_records as records
from iotd.campus.macs import Hasher
from iotd.campus.roll import IdentifierChange, Roll, identifier_changes
from iotd.campus.student_records import Code
from iotd.campus.students import Change, Group, Student
from iotd.errors import NotFound, Unavailable
from iotd.store.engine import Store

#: inside (None: never seen), when the last movement was in microseconds
StateOf = Callable[[int], tuple[bool | None, int | None]]


class History(Protocol):
    """What other rooms keep of a student, for erasing it."""

    def forget(self, students: Sequence[int]) -> Awaitable[None]:
        """Take them out of the waiting spool; their identifiers are known to nobody by then."""

    def erase(self, connection: Any, student: int) -> Any:
        """Delete sightings, movements and their share in statistics, inside the transaction."""

    def erased(self, student: int, result: Any) -> None:
        """It is committed; ``result`` is what :meth:`erase` gave."""


class NoHistory:
    """Where nothing but the register is kept."""

    async def forget(self, students: Sequence[int]) -> None:
        """Nothing waits."""

    def erase(self, connection: Any, student: int) -> None:
        """Nothing is kept."""

    def erased(self, student: int, result: Any) -> None:
        """Nothing was."""


@dataclass(frozen=True)
class Audited:
    """A line of the audit."""

    by: str
    action: str
    subject: str
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class Edit:
    """Changes to commit together; ``also`` is written in the same transaction, ``then`` is
    done as soon as it is on disk, before the next one's turn."""

    changes: Sequence[Change]
    audited: Audited
    also: Callable[[Any], Any] = lambda connection: None
    then: Callable[[], Any] = lambda: None


class Done(NamedTuple):
    """What was committed, and the register as it is then."""

    changes: list[Change]
    roll: Roll
    identifiers: Sequence[IdentifierChange]


class Register:
    """Students by id and roll number, identifiers by hash.

    ``turn`` is shared with whoever applies sightings. ``on_students(changes)`` and
    ``on_identifiers(changes)`` are called on the reactor after each commit, in their order,
    and may give a Deferred; ``state_of``, ``history`` and these may be set later.
    """

    _log = Logger()

    def __init__(
        self, *, store: Store, now: Callable[[], float], hasher: Hasher,
        turn: DeferredLock | None = None, history: History | None = None,
        state_of: StateOf = lambda student: (None, None),
        on_students: Callable[[Sequence[Change]], Any] = lambda changes: None,
        on_identifiers: Callable[[Sequence[IdentifierChange]], Any] = lambda changes: None,
    ) -> None:
        self.store, self.now, self.hasher = store, now, hasher
        self.turn = turn or DeferredLock()
        self.history: History = history or NoHistory()
        self.state_of, self.on_students, self.on_identifiers = state_of, on_students, on_identifiers
        self.roll = Roll()
        self.codes: dict[int, Code] = {}
        # commits of which nobody knows, and what is to be done once that is known
        self._in_doubt: list[Callable[[], Any]] = []

    def __len__(self) -> int:
        """How many students are registered."""
        return len(self.students)

    def load(self, connection: Any) -> None:
        """Read everything; at start, before anything is heard."""
        loaded = records.load(connection)
        self.roll, self.codes = Roll(loaded.groups, loaded.students), loaded.codes

    @property
    def students(self) -> Mapping[int, Student]:
        """All of them, by id."""
        return self.roll.students

    @property
    def groups(self) -> Mapping[int, Group]:
        """Every group that there ever was, by id."""
        return self.roll.groups

    def known(self) -> dict[str, tuple[int, int | None]]:
        """Each identifier's hash with its student's id and end (microseconds or None)."""
        return self.roll.known()

    def find(self, rollno: str) -> Student:
        """The student with this roll number, or NotFound."""
        id = self.roll.by_rollno.get(rollno)
        if id is None:
            raise NotFound(f"There is no student {rollno[:32]!r}.", "rollno")
        return self.students[id]

    def knows(self, rollno: str) -> bool:
        """Whether there is such a student."""
        return rollno in self.roll.by_rollno

    def owner(self, hash: str) -> Student | None:
        """Whose identifier it is, whether expired or not."""
        id = self.roll.owners.get(hash)
        return None if id is None else self.students[id]

    def edit(self, make: Callable[[], Edit | None]) -> Deferred[list[Change]]:
        """Commit what ``make`` wants when it is its turn; the changes as they were written.

        It judges what stands then: what it raises is raised, and None is nothing to do.
        """
        return self.turn.run(lambda: Deferred.fromCoroutine(self._edit(make)))

    async def _edit(self, make: Callable[[], Edit | None]) -> list[Change]:
        await self.settle_doubt()
        edit = make()
        return [] if edit is None else await self.carry_out(edit)

    async def carry_out(self, edit: Edit) -> list[Change]:
        """Commit it and take it over; the turn is the caller's."""
        done = await self.commit(self._write, edit, self.now())
        edit.then()
        await self.adopt(done)
        return done.changes

    async def commit(
        self, work: Callable[..., Any], *args: Any, settled: Callable[[], Any] = lambda: None
    ) -> Any:
        """Run it in the store; the turn is the caller's.

        When nobody knows whether it was saved, that is looked up before the next change, and
        then ``settled`` is called.
        """
        try:
            return await self.store.run(work, *args)
        except Unavailable:
            self._in_doubt.append(settled)
            raise

    async def settle_doubt(self) -> None:
        """After a commit of which nobody knows whether it happened: see what is there."""
        if self._in_doubt:
            loaded = await self.store.read(records.load)
            roll = Roll(loaded.groups, loaded.students)
            changes = [*self.roll.differences(roll)]
            waiting, self._in_doubt = self._in_doubt, []
            self.codes = loaded.codes
            await self.adopt(Done(changes, roll, identifier_changes(changes)))
            for settled in waiting:
                settled()

    def outcome(self, changes: list[Change]) -> Done:
        """What there is after these changes; in the store's thread, while the turn is held."""
        return Done(changes, self.roll.after(changes), identifier_changes(changes))

    async def adopt(self, done: Done) -> None:
        """Take over what was committed, and tell those who live by it."""
        self.roll = done.roll
        for before, after in done.changes:
            if after is None and before is not None:
                self.codes.pop(before.id, None)
        if done.changes:
            await maybeDeferred(self.on_students, done.changes).addErrback(self._not_heard)
        if done.identifiers:
            await self.tell_identifiers(done.identifiers)

    async def tell_identifiers(self, changes: Sequence[IdentifierChange]) -> None:
        """Let those who recognise students know; a failure of theirs is logged."""
        await maybeDeferred(self.on_identifiers, changes).addErrback(self._not_heard)

    def _not_heard(self, failure: Failure) -> None:
        self._log.failure("a change of the register was not taken up", failure=failure)

    def _write(self, connection: Any, edit: Edit, at: float) -> Done:
        changes = records.write_changes(connection, edit.changes, at)
        edit.also(connection)
        line = edit.audited
        write_audit(
            connection, at, line.by, line.action, line.subject, line.detail, line.address
        )
        return self.outcome(changes)
