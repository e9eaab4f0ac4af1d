"""The register: who the students are, and by which devices and badges they are known.

All of it is in memory; a change is in effect, here and for those who are told, once it is
on disk. Changes, batches of sightings and erasures take turns.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Iterable, Iterator, Protocol, Sequence

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.records import write_audit
from iotd.campus import student_records as records
from iotd.campus.macs import Hasher
from iotd.campus.register_records import CATEGORIES
from iotd.campus.student_records import Code, Loaded
from iotd.campus.students import COLUMNS, Change, Group, Identifier, Student, Values
from iotd.errors import NotFound, Unavailable
from iotd.store.engine import Store

#: hash, whose it is now (a student's id or None), until when in microseconds (None: for ever)
IdentifierChange = tuple[str, int | None, int | None]

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
        self.groups: dict[int, Group] = {}
        self.students: dict[int, Student] = {}
        self.codes: dict[int, Code] = {}
        self._by_rollno: dict[str, int] = {}
        self._owners: dict[str, int] = {}
        self._by_values: dict[Values, Group] = {}
        self._sorted: list[str] | None = None
        self._doubtful = False

    def __len__(self) -> int:
        """How many students are registered."""
        return len(self.students)

    def load(self, connection: Any) -> None:
        """Read everything; at start, before anything is heard."""
        self._adopt_all(records.load(connection))

    def known(self) -> dict[str, tuple[int, int | None]]:
        """Each identifier's hash with its student's id and end (microseconds or None)."""
        return {
            each.hash: (student.id, each.expires_us)
            for student in self.students.values() for each in student.identifiers
        }

    def find(self, rollno: str) -> Student:
        """The student with this roll number, or NotFound."""
        id = self._by_rollno.get(rollno)
        if id is None:
            raise NotFound(f"There is no student {rollno[:32]!r}.", "rollno")
        return self.students[id]

    def knows(self, rollno: str) -> bool:
        """Whether there is such a student."""
        return rollno in self._by_rollno

    def owner(self, hash: str) -> Student | None:
        """Whose identifier it is, whether expired or not."""
        id = self._owners.get(hash)
        return None if id is None else self.students[id]

    def categories(self) -> dict[str, list[Any]]:
        """The different values of each category, of those who are registered."""
        there = {student.group for student in self.students.values()}
        return {
            name: sorted({getattr(group, name) for group in there}) for name in COLUMNS[1:]
        }

    def has_value(self, place: int, value: Any) -> bool:
        """Whether any group has this value in the category of that place in CATEGORIES."""
        name = CATEGORIES[place]
        return any(getattr(group, name) == value for group in self.groups.values())

    def group(self, values: Values) -> Group:
        """The group of these values; its id is 0 while there is none yet."""
        return self._by_values.get(values) or Group(0, *values)

    def sorted_from(self, after: str | None) -> Iterator[Student]:
        """Students by roll number, beginning after this one."""
        if self._sorted is None:
            self._sorted = sorted(self._by_rollno)
        start = 0 if after is None else bisect_right(self._sorted, after)
        for place in range(start, len(self._sorted)):
            yield self.students[self._by_rollno[self._sorted[place]]]

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
        changes: list[Change] = await self.commit(_write, edit, self.now())
        edit.then()
        await self.adopt(changes)
        return changes

    async def commit(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run it in the store; the turn is the caller's. What is lost in doubt is read anew."""
        try:
            return await self.store.run(work, *args)
        except Unavailable:
            self._doubtful = True
            raise

    async def settle_doubt(self) -> None:
        """After a commit of which nobody knows whether it happened: see what is there."""
        if self._doubtful:
            loaded = await self.store.read(records.load)
            changes = [*self._differences(loaded)]
            self._adopt_all(loaded)
            self._doubtful = False
            await self._tell(changes)

    async def adopt(self, changes: Sequence[Change]) -> None:
        """Take over what was committed, and tell those who live by it."""
        for before, after in changes:
            if before is not None:
                self._drop(before, after)
        for before, after in changes:
            if after is not None:
                self._keep(before, after)
        await self._tell(changes)

    def _drop(self, before: Student, after: Student | None) -> None:
        for each in before.identifiers:
            self._owners.pop(each.hash, None)
        if after is None or after.rollno != before.rollno:
            del self._by_rollno[before.rollno]
            self._sorted = None
        if after is None:
            del self.students[before.id]
            self.codes.pop(before.id, None)

    def _keep(self, before: Student | None, after: Student) -> None:
        self.students[after.id] = after
        for each in after.identifiers:
            self._owners[each.hash] = after.id
        if after.group.id not in self.groups:
            self.groups[after.group.id] = after.group
            self._by_values[after.group.values] = after.group
        if before is None or before.rollno != after.rollno:
            self._by_rollno[after.rollno] = after.id
            self._sorted = None

    def _adopt_all(self, loaded: Loaded) -> None:
        self.groups, self.students, self.codes = loaded
        self._by_values = {group.values: group for group in self.groups.values()}
        self._by_rollno = {each.rollno: id for id, each in self.students.items()}
        self._sorted = None
        self._owners = {hash: id for hash, (id, _) in self.known().items()}

    def _differences(self, loaded: Loaded) -> Iterator[Change]:
        for id in self.students.keys() | loaded.students.keys():
            before, after = self.students.get(id), loaded.students.get(id)
            if before != after:
                yield Change(before, after)

    async def _tell(self, changes: Sequence[Change]) -> None:
        told = [*identifier_changes(changes)]
        await maybeDeferred(self.on_students, changes).addErrback(self._not_heard)
        if told:
            await self.tell_identifiers(told)

    async def tell_identifiers(self, changes: Sequence[IdentifierChange]) -> None:
        """Let those who recognise students know; a failure of theirs is logged."""
        await maybeDeferred(self.on_identifiers, changes).addErrback(self._not_heard)

    def _not_heard(self, failure: Failure) -> None:
        self._log.failure("a change of the register was not taken up", failure=failure)


def identifier_changes(changes: Iterable[Change]) -> Iterator[IdentifierChange]:
    """What became of the identifiers: those that nobody has any more come first."""
    has: dict[str, IdentifierChange] = {}
    gone: dict[str, IdentifierChange] = {}
    for before, after in changes:
        had: tuple[Identifier, ...] = before.identifiers if before else ()
        now: tuple[Identifier, ...] = after.identifiers if after else ()
        if after is not None:
            has.update((i.hash, (i.hash, after.id, i.expires_us)) for i in now if i not in had)
        gone.update((i.hash, (i.hash, None, None)) for i in had)
        for each in now:
            gone.pop(each.hash, None)
    yield from (change for hash, change in gone.items() if hash not in has)
    yield from has.values()


def _write(connection: Any, edit: Edit, at: float) -> list[Change]:
    changes = records.write_changes(connection, edit.changes, at)
    edit.also(connection)
    line = edit.audited
    write_audit(connection, at, line.by, line.action, line.subject, line.detail, line.address)
    return changes
