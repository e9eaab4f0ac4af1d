"""Erasing a person, on both databases: what is gone, and what is said of the rest."""

from __future__ import annotations

from typing import Any
from unittest import mock

from sqlalchemy import text

from iotd.campus import erasing
from iotd.campus.students import subject_of
from iotd.errors import NotFound, Unavailable
from iotd.store.metadata import metadata
from tests.campus.office_room import HEAD, LOCAL, MAC, OfficeTest, big_file
from tests.databases import both

ROLLNO = "PERSON/4711"


@both
class ErasingTests(OfficeTest):
    """A student with a MAC, a badge, a code and a past in the audit."""

    async def person(self) -> int:
        """Make the person; the id."""
        student = await self.add(ROLLNO, MAC)
        await self.office.edits.put_badge(ROLLNO, "04A1B2C3", "rfid", "ann")
        await self.office.codes.make(ROLLNO, "ann", "10.1.2.3")
        return student.id

    async def erase(self) -> dict[str, Any]:
        """Erase it."""
        return await self.office.erasing.erase(ROLLNO, "bob")

    def rows(self) -> str:
        """All rows of all tables."""
        def read(connection: Any) -> str:
            tables = [each for each in metadata.tables if each != "alembic_version"]
            return repr([[*connection.execute(text(f"SELECT * FROM {name}"))] for name in tables])

        return str(self.store.call(read))

    async def test_gone(self) -> None:
        """Memory, tables and neighbours know nothing of the person any more; others stay."""
        await self.add("CS/1", LOCAL)
        id = await self.person()
        hashes = [each.hash for each in self.register.find(ROLLNO).identifiers]
        done = await self.erase()
        self.assertEqual(done["erased"], {"rollno": ROLLNO, "identifiers": 2})
        self.assertEqual((self.told.forgotten, self.told.erased_results), ([id], [f"erased {id}"]))
        self.assertEqual([each.id for each in self.register.students.values()],
                         [self.register.find("CS/1").id])
        for trace in (ROLLNO, *hashes, "10.1.2.3"):
            self.assertNotIn(trace, self.rows())
        self.assertEqual(self.told.students[-1].after, None)
        self.check_stored()

    async def test_audit(self) -> None:
        """The audit keeps who did what when, without the person's name."""
        await self.person()
        await self.erase()
        self.assertEqual(self.audit(), [
            ("ann", "add student", subject_of("erased")),
            ("ann", "add rfid", subject_of("erased")),
            ("ann", "make code", subject_of("erased")),
            ("bob", "erase from audit", "audit"),
            ("bob", "erase student", subject_of("erased")),
        ])

    async def test_renamed(self) -> None:
        """Whatever numbers the person had are gone; who has one of them now keeps a past."""
        await self.person()
        change = self.office.edits.change
        await change(ROLLNO, {"rollno": "OLD/1"}, "ann")
        await change("OLD/1", {"rollno": "OLD/2"}, "ann")
        await self.add(ROLLNO)
        await change("OLD/2", {"rollno": "OLD/1"}, "ann")
        await self.office.erasing.erase("OLD/1", "bob")
        self.assertNotIn("OLD/", self.rows())
        self.assertEqual([each for each in self.audit() if ROLLNO in each[2]],
                         [("ann", "add student", subject_of(ROLLNO))])
        await self.office.erasing.erase(ROLLNO, "bob")
        self.assertNotIn(ROLLNO, self.rows())

    async def test_again(self) -> None:
        """Who was erased is unknown, and may come anew under another id."""
        id = await self.person()
        await self.erase()
        with self.assertRaises(NotFound):
            await self.erase()
        self.assertNotEqual(await self.person(), id)

    async def test_trouble(self) -> None:
        """When the spool or the store can't, nothing is gone, and gates know the person again."""
        await self.person()
        known = dict(self.told.known)
        self.told.trouble = Unavailable("the disk is full")
        with self.assertRaises(Unavailable):
            await self.erase()
        self.assertEqual((self.told.known, self.register.knows(ROLLNO)), (known, True))
        self.check_stored()

    async def test_copies(self) -> None:
        """What is out of reach is named: backups by their names, and the server's own logs."""
        folder = self.data_dir() / "backups"
        folder.mkdir()
        (folder / "iotd-0005-20260101T000000Z.sqlite3").write_bytes(b"")
        await self.person()
        done = await self.erase()
        self.assertEqual(done["backups"], ["iotd-0005-20260101T000000Z.sqlite3"])
        self.assertIn("Backups", done["notice"])
        self.assertEqual("server" in done["notice"], self.dialect == "mariadb")


class DoubtTests(OfficeTest):
    """When the database goes away while it is saved."""

    async def test_gone_after_all(self) -> None:
        """What was deleted though nobody heard so is taken over before the next change."""
        student = await self.add(ROLLNO, MAC)
        run = self.store.run

        async def lost(*args: Any) -> None:
            await run(*args)
            raise Unavailable("the database went away while saving")

        with mock.patch.object(self.store, "run", lost), self.assertRaises(Unavailable):
            await self.office.erasing.erase(ROLLNO, "bob")
        self.assertEqual(self.told.erased_results, [])
        with self.assertRaises(NotFound):
            await self.office.erasing.erase(ROLLNO, "bob")
        self.assertEqual(self.told.erased_results, [f"erased {student.id}"])
        self.check_stored()


class FileTests(OfficeTest):
    """What is in the files of SQLite, byte by byte."""

    async def test_no_byte(self) -> None:
        """Nothing of an erased person is in any file, among 2,000 others who came and changed
        before and after."""
        await self.take(big_file(1000))
        await self.take(HEAD + f"{ROLLNO},7,CSE,,,,{MAC}\n")
        await self.office.edits.put_badge(ROLLNO, "04A1B2C3", "rfid", "ann")
        await self.office.codes.make(ROLLNO, "ann")
        await self.take(big_file(2000, 1))
        hashes = [each.hash for each in self.register.find(ROLLNO).identifiers]
        self.assertIn(ROLLNO.encode(), self.files())
        done = await self.office.erasing.erase(ROLLNO, "bob")
        files = self.files()
        for trace in (ROLLNO, *hashes):
            self.assertNotIn(trace.encode(), files)
        self.assertNotIn("in use", done["notice"])

    async def test_busy(self) -> None:
        """When somebody reads all the while, the notice says that the log has to wait."""
        await self.take(HEAD + f"{ROLLNO},7,CSE,,,,{MAC}\n")
        self.patch(erasing, "empty_log", lambda url: False)
        done = await self.office.erasing.erase(ROLLNO, "bob")
        self.assertIn("in use", done["notice"])
