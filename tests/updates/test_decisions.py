"""What people decide about roll-outs: begin, cancel, resume, go back; and what is refused."""

from __future__ import annotations

from typing import Any, Awaitable

from twisted.internet.defer import Deferred

from iotd.accounts.records import audit
from iotd.errors import Conflict, Invalid, NotFound
from iotd.updates.model import BARRED
from tests.updates.room import SimulatedBoard, UpdatesTest


class DecisionTests(UpdatesTest):
    """What people may decide."""

    async def stopped(self) -> tuple[list[SimulatedBoard], int]:
        """A roll-out to five boards that its first one stopped."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(5)
        boards[0].firmware.ending = "back"
        rollout = await self.office.start(None, None, False, "ada")
        await self.live(boards, 120)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "stopped")
        return boards, rollout["id"]

    async def test_resume(self) -> None:
        """Resumed, the board that failed tries again, and the rest follows."""
        boards, id = await self.stopped()
        boards[0].firmware.ending = "well"
        found = await self.office.resume(id, "ada")
        self.assertEqual((found["state"], found["reason"]), ("running", None))
        self.assertEqual(self.of_each(found)["w-00"], "waiting")
        await self.live(boards, 300)
        self.assertEqual((await self.office.get(id))["counts"]["done"], 5)
        self.assertEqual([each.active for each in self.alerts if each.cause == "rollout_stopped"],
                         [True, False])

    async def test_fails_again(self) -> None:
        """A board that fails a second time stops it a second time."""
        boards, id = await self.stopped()
        await self.office.resume(id, "ada")
        await self.live(boards, 120)
        self.assertEqual((await self.office.get(id))["state"], "stopped")

    async def test_sulking(self) -> None:
        """A board tries an hour later what it refused: it is waited for so long."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(2)
        boards[0].firmware.ending = "refused"
        rollout = await self.office.start(None, None, False, "ada")
        await self.live(boards, 60)
        await self.office.resume(rollout["id"], "ada")
        boards[0].mute = True
        await self.live(boards, BARRED)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "running")
        boards[0].mute, boards[0].firmware.ending = False, "well"
        boards[0].leave()
        await self.live(boards, 240)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")

    async def test_cancel_of_what_is_done(self) -> None:
        """Who cancels when all have it already is told so, in the second after its end too."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(1)
        rollout = await self.office.start(None, None, False, "ada")
        live = self.updates._rollouts.get(rollout["id"])
        assert live is not None
        await self.live(boards, 120)
        for _ in range(2):
            with self.assertRaisesRegex(Conflict, "has ended"):
                await self.office.cancel(rollout["id"], "ada")
            self.updates._rollouts.take(live.rollout, live.boards.values())
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")

    async def test_cancel(self) -> None:
        """Cancelled, nobody else is offered it; a board in the middle is told that it is gone."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(5)
        rollout = await self.office.start(None, None, False, "ada")
        await self.office.cancel(rollout["id"], "ada")
        await self.live(boards, 120)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["counts"]["left"]), ("cancelled", 5))
        self.assertEqual([board.firmware.build for board in boards], [1] * 5)
        boards[0].told.clear()
        boards[0].say(f"fetch manifest:{'0' * 32} 0")
        self.assertEqual(boards[0].told, ["gone 0"])
        await self.restart()
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "cancelled")

    async def test_one_at_a_time(self) -> None:
        """While one runs there is no second; two at once make one."""
        self.release("first")
        self.release("second")
        await self.simulated_many(3)
        first, second = (self.office.start(None, None, False, "ada") for _ in range(2))
        rollout = await first
        with self.assertRaisesRegex(Conflict, "Roll-out 1 is under way"):
            await second
        await self.office.cancel(rollout["id"], "ada")
        self.assertEqual((await self.office.start(None, None, False, "ada"))["id"], 2)

    async def test_one_release_at_a_time(self) -> None:
        """Two who make a release at once: the second finds that of the first."""
        self.release("first")
        made = self.releases.newest()
        threads: list[Deferred[Any]] = []

        def in_thread(*_: Any) -> Deferred[Any]:
            threads.append(Deferred())
            return threads[-1]

        self.patch(self.office, "_in_thread", in_thread)
        both = [Deferred.fromCoroutine(_now(self.office.release(by))) for by in ("ada", "bob")]
        self.assertEqual(len(threads), 1)
        threads[0].callback((None, made))
        self.assertEqual((await both[0])["build"], 1)
        threads[1].callback((made, made))
        with self.assertRaisesRegex(Conflict, "Build 1 holds"):
            await both[1]

    async def test_later_one_takes_over(self) -> None:
        """A board that waits in an old roll-out is the new one's."""
        boards, id = await self.stopped()
        self.release("third")
        newer = await self.office.start(None, ["w-03"], False, "ada")
        old = await self.office.get(id)
        self.assertEqual(self.of_each(old)["w-03"], "left")
        await self.live(boards, 120)
        self.assertEqual((await self.office.get(newer["id"]))["state"], "done")
        self.assertEqual((boards[3].firmware.build, boards[2].firmware.build), (3, 1))
        await self.restart()
        self.assertEqual((await self.office.get(id))["boards"], old["boards"])

    async def test_older(self) -> None:
        """Nobody goes back to an older build without an operator's word, which is audited."""
        self.release("first")
        self.release("second")
        boards = [await self.simulated("w-00", build=2), await self.simulated("w-01", build=1)]
        for board in boards:
            board.come()
        with self.assertRaisesRegex(Conflict, "w-00 is newer than build 1: going back"):
            await self.office.start(1, ["w-00"], False, "ada")
        with self.assertRaisesRegex(Conflict, "No board needs build 1: 1 newer .*, 1 at build 1"):
            await self.office.start(1, None, False, "ada")
        rollout = await self.office.start(1, ["w-00"], True, "ada")
        await self.live(boards, 90)
        self.assertEqual(boards[0].firmware.build, 1)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")
        audit = await self.store.read(_audit)
        self.assertIn(("ada", "start roll-out", "build 1", "1 boards, older firmware allowed"),
                      audit)

    async def test_has_it(self) -> None:
        """A board that was named and has the build already is not in the way of the others."""
        self.release("first")
        self.release("second")
        for id, build in (("w-00", 2), ("w-01", 1)):
            (await self.simulated(id, build=build)).come()
        rollout = await self.office.update(["w-00", "w-01"], "ada")
        self.assertEqual(self.of_each(rollout), {"w-01": "waiting"})

    async def test_audit(self) -> None:
        """Each decision is in the audit under who made it."""
        boards, id = await self.stopped()
        await self.office.resume(id, "ben")
        await self.office.cancel(id, "eve")
        told = [(who, action, subject) for who, action, subject, _ in await self.store.read(_audit)]
        for line in (("ada", "start roll-out", "build 2"),
                     ("ben", "resume roll-out", f"roll-out {id}"),
                     ("eve", "cancel roll-out", f"roll-out {id}")):
            self.assertIn(line, told)

    async def test_refused(self) -> None:
        """What can't be done is told: unknown boards and builds, unkeyed boards, nothing there."""
        with self.assertRaisesRegex(Conflict, "no release yet"):
            await self.office.start(None, None, False, "ada")
        self.release("first")
        with self.assertRaisesRegex(Conflict, "No board with a key has told"):
            await self.office.start(None, None, False, "ada")
        board = await self.simulated("w-00", build=1)
        with self.assertRaisesRegex(Conflict, "w-00 is running firmware that never told"):
            await self.office.start(None, ["w-00"], False, "ada")
        board.come()
        with self.assertRaisesRegex(Invalid, "no device 'nobody'"):
            await self.office.start(None, ["nobody"], False, "ada")
        with self.assertRaisesRegex(Invalid, "no build 7"):
            await self.office.start(7, None, False, "ada")
        with self.assertRaisesRegex(Conflict, "w-00 is at build 1 already"):
            await self.office.start(None, ["w-00"], False, "ada")
        self.board("cab")
        await self.registry.approve("cab", by="ada")
        with self.assertRaisesRegex(Conflict, "cab is not approved with a key"):
            await self.office.start(None, ["cab"], False, "ada")
        for decide in (self.office.cancel, self.office.resume):
            with self.assertRaises(NotFound):
                await decide(9, "ada")
        with self.assertRaises(NotFound):
            await self.office.get(9)

    async def test_altered(self) -> None:
        """A release that was altered on disk is begun by nobody, and one under way stops."""
        self.release("first")
        second = self.releases.get(self.release("second"))
        assert second is not None
        boards = await self.simulated_many(3)
        blob = self.folder / "firmware" / "files" / second.entries("watch", 6)[2].sha256
        good = blob.read_bytes()
        blob.write_bytes(good[:-1] + b"?")
        with self.assertRaisesRegex(Conflict, "can't be offered: main.mpy of the watch is not"):
            await self.office.start(2, None, False, "ada")
        blob.write_bytes(good)
        rollout = await self.office.start(2, None, False, "ada")
        blob.write_bytes(good[:-1] + b"?")
        await self.live(boards, 60)
        found = await self.office.get(rollout["id"])
        self.assertEqual(found["state"], "stopped")
        self.assertRegex(found["reason"], "build 2 can't be offered: the file .* not what was")
        self.assertEqual([board.firmware.build for board in boards], [1] * 3)
        with self.assertRaisesRegex(Conflict, "can't be offered"):
            await self.office.resume(rollout["id"], "ada")

    async def test_events(self) -> None:
        """Open pages hear of a roll-out with its boards, a second apart at most."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(3)
        rollout = await self.office.start(None, None, False, "ada")
        await self.live(boards, 240)
        last = self.shown[-1]
        self.assertEqual((last.id, last.data["state"]), (str(rollout["id"]), "done"))
        self.assertEqual(last.data, await self.office.get(rollout["id"]))
        self.assertLess(len(self.shown), 60)


def _audit(connection: Any) -> list[tuple[str, str, str, str]]:
    rows = connection.execute(audit.select().order_by(audit.c.id)).mappings()
    return [(row["who"], row["action"], row["subject"], row["detail"]) for row in rows]


async def _now(work: Awaitable[Any]) -> Any:
    return await work
