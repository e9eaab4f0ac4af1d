"""Single students: added, changed, given and taken MACs and badges, on both databases."""

from __future__ import annotations

from typing import Any
from unittest import mock

from iotd.campus.edits import KEEP
from iotd.campus.students import MOST_IDENTIFIERS
from iotd.errors import Conflict, Invalid, NotFound, Unavailable
from tests.campus.office_room import LOCAL, MAC, NOW, OTHER_MAC, OfficeTest
from tests.databases import both


@both
class EditTests(OfficeTest):
    """What operators do, and what others hear of it."""

    async def test_add(self) -> None:
        """A new student is there, with the MAC; the roll number is taken from then on."""
        student = await self.add(mac=MAC)
        self.assertEqual((student.rollno, student.group.year), ("CS/101", 2))
        [change] = self.told.students
        self.assertEqual((change.before, change.after), (None, student))
        with self.assertRaises(Conflict) as caught:
            await self.add()
        self.assertEqual(caught.exception.field, "rollno")
        self.assertEqual(self.audit(), [("ann", "add student", "student CS/101")])
        self.check_stored()

    async def test_change(self) -> None:
        """What is named changes, the rest stays; the same again changes nothing."""
        await self.add(mac=MAC)
        changed = await self.office.edits.change("CS/101", {"hostel": "South"}, "bob")
        self.assertEqual((changed.group.hostel, changed.group.branch), ("South", "CSE"))
        await self.office.edits.change("CS/101", {"hostel": "South"}, "bob")
        self.assertEqual([each[1] for each in self.audit()], ["add student", "change student"])
        self.assertEqual(len(self.told.students), 2)
        self.check_stored()

    async def test_rename(self) -> None:
        """A roll number changes; the audit says under the old one which is the new one."""
        before = await self.add(mac=MAC)
        await self.add("CS/7")
        after = await self.office.edits.change("CS/101", {"rollno": "CS/1"}, "bob")
        self.assertEqual(after.id, before.id)
        self.assertFalse(self.register.knows("CS/101"))
        self.assertEqual(self.audit(), [
            ("ann", "add student", "student CS/101"), ("ann", "add student", "student CS/7"),
            ("bob", "rename student", "student CS/101"), ("bob", "change student", "student CS/1"),
        ])
        with self.assertRaises(Conflict):
            await self.office.edits.change("CS/1", {"rollno": "CS/7"}, "bob")
        self.check_stored()

    async def test_mac(self) -> None:
        """A MAC in any spelling is one MAC; given again it changes nothing but its end."""
        await self.add()
        put = self.office.edits.put_mac
        await put("CS/101", MAC, KEEP, "ann")
        student = await put("CS/101", MAC.upper().replace(":", "-"), KEEP, "ann")
        self.assertEqual(len(student.identifiers), 1)
        student = await put("CS/101", MAC, NOW + 60.5, "bob")
        self.assertEqual(student.identifiers[0].expires_us, int((NOW + 60.5) * 1e6))
        self.assertEqual((await put("CS/101", MAC, KEEP, "bob")).identifiers,
                         student.identifiers)
        self.assertIsNone((await put("CS/101", MAC, None, "bob")).identifiers[0].expires_at)
        self.check_stored()

    async def test_others_mac(self) -> None:
        """A MAC that another has is refused with its field, unless its time is over."""
        await self.add("CS/1", MAC)
        with self.assertRaises(Conflict) as caught:
            await self.add("CS/2", MAC)
        self.assertEqual((caught.exception.field, self.register.knows("CS/2")), ("mac", False))
        await self.add("CS/2")
        with self.assertRaises(Conflict):
            await self.office.edits.put_mac("CS/2", MAC, KEEP, "ann")
        await self.office.edits.put_mac("CS/1", MAC, NOW + 1, "ann")
        self.now += 1
        student = await self.office.edits.put_mac("CS/2", MAC, KEEP, "ann")
        self.assertEqual(self.told.known, {student.identifiers[0].hash: (student.id, None)})
        self.assertEqual(self.register.find("CS/1").identifiers, ())
        self.check_stored()

    async def test_badges(self) -> None:
        """Badges, fingerprints and faces are kept beside MACs; the same number of another
        method is another."""
        await self.add(mac=MAC)
        put = self.office.edits.put_badge
        await put("CS/101", "04:a1:b2:c3", "rfid", "ann")
        await put("CS/101", "04A1B2C3", "rfid", "ann")
        student = await put("CS/101", "04A1B2C3", "face", "ann")
        self.assertEqual([each.kind for each in student.identifiers], ["mac", "rfid", "face"])
        self.assertEqual(student.identifiers[1].hash, self.hasher.badge("04A1B2C3", "rfid"))
        await self.add("CS/2")
        with self.assertRaises(Conflict) as caught:
            await put("CS/2", "04a1b2c3", "rfid", "ann")
        self.assertEqual(caught.exception.field, "uid")
        self.check_stored()

    async def test_nonsense(self) -> None:
        """What is no MAC or number is refused by its field, and so are unknown students."""
        await self.add()
        edits = self.office.edits
        for text in ("", "aa:bb", "ff:ff:ff:ff:ff:ff", "zz:bb:cc:dd:ee:ff", "\0" * 12):
            with self.assertRaises(Invalid) as caught:
                await edits.put_mac("CS/101", text, KEEP, "ann")
            self.assertEqual(caught.exception.field, "mac")
        with self.assertRaises(Invalid) as caught:
            await edits.put_badge("CS/101", "xyz", "rfid", "ann")
        self.assertEqual(caught.exception.field, "uid")
        for work in (edits.put_mac("nobody", MAC, KEEP, "ann"), edits.change("nobody", {}, "ann"),
                     edits.remove_identifier("nobody", "x", "ann")):
            with self.assertRaises(NotFound):
                await work

    async def test_remove_identifier(self) -> None:
        """One is taken away, and nobody is known by it any more."""
        student = await self.add(mac=LOCAL)
        [held] = student.identifiers
        await self.office.edits.remove_identifier("CS/101", held.id, "bob")
        self.assertEqual((self.told.known, self.register.find("CS/101").identifiers), ({}, ()))
        with self.assertRaises(NotFound):
            await self.office.edits.remove_identifier("CS/101", held.id, "bob")
        self.check_stored()

    async def test_most(self) -> None:
        """A student has at most twenty."""
        await self.add()
        for n in range(MOST_IDENTIFIERS):
            await self.office.edits.put_badge("CS/101", f"{n:02x}", "rfid", "ann")
        with self.assertRaises(Conflict):
            await self.office.edits.put_mac("CS/101", OTHER_MAC, KEEP, "ann")


class DoubtTests(OfficeTest):
    """When nobody knows whether it was saved."""

    def lose(self, happens: bool) -> Any:
        """The next commit is told as lost, whether it ``happens`` or not."""
        run = self.store.run

        async def lost(*args: Any) -> Any:
            if happens:
                await run(*args)
            raise Unavailable("the database went away while saving")

        return mock.patch.object(self.store, "run", lost)

    async def test_lost(self) -> None:
        """What was saved after all is found, and told, before the next change."""
        for happens in (True, False):
            name = f"CS/{happens}"
            with self.lose(happens), self.assertRaises(Unavailable):
                await self.add(name, MAC if happens else OTHER_MAC)
            self.assertFalse(self.register.knows(name))
            await self.add(f"{name}/2")
            self.assertIs(self.register.knows(name), happens)
        self.assertEqual(len(self.told.students), 3)
        self.check_stored()

    async def test_removal_lost(self) -> None:
        """So is what was taken away."""
        student = await self.add(mac=MAC)
        with self.lose(True), self.assertRaises(Unavailable):
            await self.office.edits.remove_identifier(
                "CS/101", student.identifiers[0].id, "ann"
            )
        await self.add("CS/2")
        self.assertEqual(self.told.known, {})
        self.check_stored()

    async def test_deaf_neighbours(self) -> None:
        """A failure of those who are told is logged, and the change stands."""
        self.register.on_students = lambda changes: 1 / 0
        await self.add()
        self.assertTrue(self.register.knows("CS/101"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
