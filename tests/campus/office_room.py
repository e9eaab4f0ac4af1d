"""The campus office on a real store, with neighbours that remember what they were told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.campus.macs import Hasher
from iotd.campus.office import Office
from iotd.campus.register import Register
from iotd.campus.roll import IdentifierChange
from iotd.campus.students import Change, Student
from tests.databases import DatabaseTest

NOW = 1_800_000_000.0
HEAD = "rollno,year,branch,stream,hostel,gender,mac\n"
FIELDS: dict[str, Any] = {
    "year": 2, "branch": "CSE", "stream": "B.Tech", "hostel": "North", "gender": "female",
}
MAC, OTHER_MAC, LOCAL = "ac:bb:cc:dd:ee:01", "a4bb.ccdd.ee02", "02-00-00-00-00-03"


def big_file(count: int, group: int = 0, macs: bool = True) -> bytes:
    """A file of so many students; another ``group`` has other values for the same ones."""
    rows = [HEAD]
    for n in range(count):
        mac = f"00:11:22:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}" if macs else ""
        rows.append(f"CS/{n:05d},{1 + (n + group) % 5},B{n % 9},S{n % 3},H{n % 23},"
                    f"{'fm'[n % 2]},{mac}\n")
    return "".join(rows).encode()


class Neighbours:
    """Whoever lives by the register."""

    def __init__(self) -> None:
        self.students: list[Change] = []
        self.known: dict[str, tuple[int, int | None]] = {}
        self.states: dict[int, tuple[bool | None, int | None]] = {}
        self.forgotten: list[int] = []
        self.erased_results: list[Any] = []
        self.trouble: Exception | None = None

    def on_students(self, changes: Sequence[Change]) -> None:
        """Remember."""
        self.students.extend(changes)

    def on_identifiers(self, changes: Sequence[IdentifierChange]) -> None:
        """Do as the intake does."""
        for hash, student, until in changes:
            if student is None:
                self.known.pop(hash, None)
            else:
                self.known[hash] = (student, until)

    def state_of(self, student: int) -> tuple[bool | None, int | None]:
        """As the test wishes."""
        return self.states.get(student, (None, None))

    async def forget(self, students: Sequence[int]) -> None:
        """Remember, or fail."""
        if self.trouble is not None:
            raise self.trouble
        self.forgotten.extend(students)

    def erase(self, connection: Any, student: int) -> str:
        """Nothing is kept here."""
        return f"erased {student}"

    def erased(self, student: int, result: Any) -> None:
        """Remember."""
        self.erased_results.append(result)


class OfficeTest(DatabaseTest, TestCase):
    """Store, register and office; ``self.now`` is the time."""

    days = 365

    def setUp(self) -> None:
        """All parts, on an empty database."""
        self.now = NOW
        self.store = self.new_store(reactor)
        self.hasher = Hasher(b"k" * 32)
        self.build()

    def build(self) -> None:
        """The register anew from what is stored."""
        self.told = Neighbours()
        self.register = Register(
            store=self.store, now=lambda: self.now, hasher=self.hasher, history=self.told,
            state_of=self.told.state_of, on_students=self.told.on_students,
            on_identifiers=self.told.on_identifiers,
        )
        self.store.call(self.register.load)
        self.told.known.update(self.register.known())
        self.office = Office(
            register=self.register, in_thread=self.in_thread, code_key=b"c" * 32,
            registration_days=self.days, backups=self.data_dir() / "backups",
        )

    def in_thread(self, function: Any, *args: Any) -> Deferred[Any]:
        """A thread of the reactor's pool."""
        return deferToThread(function, *args)

    async def add(self, rollno: str = "CS/101", mac: str | None = None, **fields: Any) -> Student:
        """One student."""
        return await self.office.edits.add(rollno, {**FIELDS, **fields}, mac, "ann")

    async def take(self, text: str | bytes, preview: bool = False) -> dict[str, Any]:
        """Import a file."""
        raw = text if isinstance(text, bytes) else text.encode()
        return await self.office.imports.run(raw, preview, "ann")

    def audit(self) -> list[tuple[str, str, str]]:
        """Who did what to whom, the oldest first."""
        rows = self.store.call(list_audit, 100)
        return [(row["who"], row["action"], row["subject"]) for row in reversed(rows)]

    def check_stored(self) -> None:
        """What is in memory, and was told, is what is on disk."""
        before, told = self.register, self.told
        self.build()
        self.assertEqual(_sorted(before.students), _sorted(self.register.students))
        self.assertEqual(before.groups, self.register.groups)
        self.assertEqual(before.codes, self.register.codes)
        self.assertEqual(told.known, self.register.known())
        self.assertEqual(before.known(), self.register.known())
        for each in self.register.students.values():
            self.assertEqual(before.find(each.rollno).id, each.id)

    def files(self) -> bytes:
        """Everything in the data folder, as bytes."""
        paths = [path for path in Path(self.data_dir()).rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in paths)


def _sorted(students: dict[int, Student]) -> dict[int, Student]:
    return {
        id: each._replace(identifiers=tuple(sorted(each.identifiers)))
        for id, each in students.items()
    }
