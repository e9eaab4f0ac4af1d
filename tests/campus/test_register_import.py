"""Files of students taken into the register, on both databases."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.defer import Deferred

from iotd.campus.register_search import as_csv
from iotd.errors import Conflict
from tests.campus.office_room import HEAD, LOCAL, MAC, NOW, OTHER_MAC, OfficeTest, big_file
from tests.databases import both

ROW = f"CS/1,2,CSE,B.Tech,North,female,{MAC}\n"


def told(done: dict[str, Any]) -> tuple[int, int, int, int, bool]:
    """What was counted, and whether it was done."""
    return done["added"], done["changed"], done["unchanged"], done["macs"], done["applied"]


@both
class ImportTests(OfficeTest):
    """What a file does."""

    async def test_new_and_again(self) -> None:
        """A file is taken over; the same one again changes nothing, not even the audit."""
        text = HEAD + ROW + "CS/2,3,ECE,,,male,\n"
        self.assertEqual(told(await self.take(text)), (2, 0, 0, 1, True))
        student = self.register.find("CS/1")
        self.assertEqual((student.group.hostel, student.identifiers[0].tail), ("North", "01"))
        self.assertEqual(self.told.known, {self.hasher.mac("acbbccddee01"): (student.id, None)})
        self.assertEqual(told(await self.take(text)), (0, 0, 2, 0, True))
        self.assertEqual(self.audit(), [("ann", "import students", "campus")])
        self.check_stored()

    async def test_preview(self) -> None:
        """A preview says what would be done, with what was before, and does nothing."""
        await self.take(HEAD + ROW)
        done = await self.take(HEAD + ROW.replace(",2,", ",3,") + "CS/2,3,ECE,,,male,\n", True)
        self.assertEqual(told(done), (1, 1, 0, 0, False))
        first, second = done["rows"]
        self.assertEqual((first["line"], first["year"], first["before"]["year"]), (2, 3, 2))
        self.assertEqual((second["rollno"], second["before"]), ("CS/2", None))
        self.assertEqual(len(self.register), 1)
        self.check_stored()

    async def test_changes(self) -> None:
        """Values change, MACs are added and none taken; who is not in the file stays."""
        await self.take(HEAD + ROW + "CS/2,3,ECE,,,male,\n")
        self.now += 60
        done = await self.take(HEAD + ROW.replace("North", "South").replace(MAC, LOCAL))
        self.assertEqual(told(done), (0, 1, 0, 1, True))
        student = self.register.find("CS/1")
        self.assertEqual(student.group.hostel, "South")
        self.assertEqual([each.tail for each in student.identifiers], ["01", "03"])
        self.assertTrue(self.register.knows("CS/2"))
        self.assertEqual([(c.before and c.before.group.hostel, c.after and c.after.group.hostel)
                          for c in self.told.students[2:]], [("North", "South")])
        self.check_stored()

    async def test_all_or_nothing(self) -> None:
        """One fault anywhere, and nothing of the file is done."""
        await self.add("CS/9", OTHER_MAC)
        text = HEAD + ROW + f"CS/2,3,ECE,,,male,{OTHER_MAC}\nCS/3,x,,,,,\n"
        done = await self.take(text)
        self.assertEqual([(f["line"], f["column"], f["value"]) for f in done["faults"]],
                         [(3, "mac", "…02"), (4, "year", "x")])
        self.assertIn("CS/9", done["faults"][0]["reason"])
        self.assertEqual((len(self.register), done["applied"]), (1, False))
        self.check_stored()

    async def test_expired_macs_pass_on(self) -> None:
        """A MAC whose time is over is renewed by its own row, and free for another's."""
        await self.add("CS/1", None)
        await self.office.edits.put_mac("CS/1", MAC, NOW + 10, "ann")
        await self.office.edits.put_mac("CS/1", OTHER_MAC, NOW + 10, "ann")
        self.now += 11
        text = HEAD + ROW + f"CS/2,2,,,,,{OTHER_MAC}\n"
        self.assertEqual(told(await self.take(text))[3:], (2, True))
        hashes = self.hasher.mac("acbbccddee01"), self.hasher.mac("a4bbccddee02")
        ids = self.register.find("CS/1").id, self.register.find("CS/2").id
        self.assertEqual(self.told.known, dict(zip(hashes, ((ids[0], None), (ids[1], None)))))
        self.assertEqual(len(self.register.find("CS/1").identifiers), 1)
        self.check_stored()

    async def test_most(self) -> None:
        """More than twenty MACs of one student are a fault."""
        macs = " ".join(f"00:00:00:00:01:{n:02x}" for n in range(21))
        done = await self.take(HEAD + ROW.replace(MAC, macs))
        self.assertEqual([each["line"] for each in done["faults"]], [2])

    async def test_out_and_in(self) -> None:
        """What is exported is imported again without a change."""
        await self.take(HEAD + 'CS/1,2,"a ""b"", c",-,,é,\nCS/2,0,,"O\'Hara; x",,,\n')
        raw = as_csv(self.office.search.find({}))
        self.assertEqual(told(await self.take(raw)), (0, 0, 2, 0, True))

    async def test_large(self) -> None:
        """20,000 new students, then 20,000 changed beside 20,000 new, take less than 5 s each.

        Time of this process: a machine that does other things beside may take longer.
        """
        for raw, wanted in (
            (big_file(20_000), (20_000, 0, 0, 20_000, True)),
            (big_file(40_000, 1), (20_000, 20_000, 0, 20_000, True)),
        ):
            began = time.process_time()
            self.assertEqual(told(await self.take(raw)), wanted)
            self.assertLess(time.process_time() - began, 5.0)
        self.check_stored()


class ProgressTests(OfficeTest):
    """One at a time, and how far it is."""

    def in_thread(self, function: Any, *args: Any) -> Deferred[Any]:
        """Note the progress when each piece of work begins."""
        if not hasattr(self, "phases"):
            self.phases: list[str] = []
        if hasattr(self, "office"):
            self.phases.append(self.office.imports.progress["phase"])
        return super().in_thread(function, *args)

    async def test_progress(self) -> None:
        """It is read, compared, saved; another one has to wait for its end."""
        first = Deferred.fromCoroutine(self.take(HEAD + ROW))
        await self.assertFailure(Deferred.fromCoroutine(self.take(HEAD)), Conflict)
        await first
        self.assertEqual(self.phases, ["reading", "comparing"])
        self.assertEqual(self.office.imports.progress, {"phase": "none", "done": 0, "total": 0})

    async def test_lines(self) -> None:
        """While a long file is read its lines are counted."""
        seen: list[int] = []
        self.patch(self.office.imports, "_read_so_far", lambda done, total: seen.append(done))
        await self.take(big_file(3000))
        self.assertEqual(seen, [1000, 2000, 3000])

    async def test_after_a_failure(self) -> None:
        """An import that broke off does not keep the next one out."""
        hasher, self.register.hasher = self.register.hasher, None  # type: ignore[assignment]
        with self.assertRaises(AttributeError):
            await self.take(HEAD + ROW)
        self.register.hasher = hasher
        self.assertEqual(told(await self.take(HEAD + ROW)), (1, 0, 0, 1, True))
