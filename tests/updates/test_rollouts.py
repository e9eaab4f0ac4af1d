"""Roll-outs with simulated boards, in virtual time: they go on, stop, and outlive iotd."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from iotd.errors import Conflict, Invalid, NotFound
from iotd.updates.model import BARRED, PATIENCE
from tests.updates.room import SimulatedBoard, UpdatesTest


class RolloutTests(UpdatesTest):
    """What becomes of roll-outs."""

    async def begun(
        self, count: int, **endings: str
    ) -> tuple[list[SimulatedBoard], dict[str, Any]]:
        """A roll-out of build 2 to so many boards that have build 1; ``w_00="back"`` …"""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(count)
        for board in boards:
            board.firmware.ending = endings.get(board.id.replace("-", "_"), "well")
        return boards, await self.office.start(None, None, False, "ada")

    async def test_success(self) -> None:
        """Twenty boards: one, then two, then the rest, each only after the wave before it."""
        boards, rollout = await self.begun(20)
        self.assertEqual((rollout["state"], rollout["wave"], rollout["waves"]), ("running", 1, 3))
        waves = [each["wave"] for each in rollout["boards"]]
        self.assertEqual([waves.count(wave) for wave in (1, 2, 3)], [1, 2, 17])
        await self.live(boards, 60)
        counts = []
        for _ in range(12):
            builds = [board.firmware.build for board in boards]
            counts.append(builds.count(2))
            await self.live(boards, 30)
        self.assertEqual(sorted(set(counts)), [1, 3, 20])
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["counts"]["done"]), ("done", 20))
        self.assertTrue(all(each["done_bytes"] == each["total_bytes"] > 0
                            for each in found["boards"]))
        self.assertEqual(self.count("iotd_updates_ended_total", how="done"), 20)

    async def test_goes_back(self) -> None:
        """A board that comes back with what it had stops it: nobody further is updated."""
        boards, rollout = await self.begun(20, w_00="back")
        await self.live(boards, 300)
        found = await self.office.get(rollout["id"])
        self.assertEqual(found["state"], "stopped")
        self.assertEqual(found["reason"], "w-00: went back to what it had: crash")
        self.assertEqual((found["counts"]["failed"], found["counts"]["waiting"]), (1, 19))
        self.assertEqual([board.firmware.build for board in boards], [1] * 20)
        self.assertEqual([(each.cause, each.active) for each in self.alerts],
                         [("rollout_stopped", True)])

    async def test_refuses(self) -> None:
        """A board of the second wave that refuses stops it there."""
        boards, rollout = await self.begun(20, w_02="refused")
        await self.live(boards, 300)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["wave"]), ("stopped", 2))
        self.assertEqual(found["reason"], "w-02: refused it: hash")
        self.assertEqual((found["counts"]["done"], found["counts"]["waiting"]), (2, 17))

    async def test_never_back(self) -> None:
        """A board that has all of it and is not back within ten minutes stops it."""
        boards, rollout = await self.begun(20)
        boards[0].lost = True  # type: ignore[attr-defined]
        await self.live(boards, PATIENCE - 60)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "running")
        await self.live(boards, 120)
        found = await self.office.get(rollout["id"])
        self.assertEqual(found["reason"], "w-00: not back with it within 10 minutes")
        self.assertEqual(found["counts"]["waiting"], 19)

    async def test_does_not_begin(self) -> None:
        """A board that is there and takes no notice for ten minutes stops it."""
        boards, rollout = await self.begun(20)
        boards[0].mute = True
        await self.live(boards, PATIENCE + 60)
        found = await self.office.get(rollout["id"])
        self.assertEqual(found["reason"], "w-00: there, but did not begin within 10 minutes")

    async def test_stops_loading(self) -> None:
        """A board that is there and fetches no more stops it; one that goes away waits."""
        boards, rollout = await self.begun(2)
        hear, told = boards[0].hear, boards[0].told
        boards[0].hear = lambda line: (  # type: ignore[method-assign]
            hear(line) if len(told) < 4 else told.append(line))
        await self.live(boards, 60)
        self.assertEqual(self.states(await self.office.get(rollout["id"]))["w-00"], "loading")
        boards[0].leave()
        boards[0].lost = True  # type: ignore[attr-defined]
        await self.live(boards, PATIENCE)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.states(found)["w-00"]), ("running", "waiting"))
        boards[0].lost = False  # type: ignore[attr-defined]
        boards[0].hear = hear  # type: ignore[method-assign]
        await self.live(boards, 120)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")

    async def test_away(self) -> None:
        """Boards that are away are passed over after ten minutes, and get it when they come."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(10)
        for board in boards[7:]:
            board.leave()
            board.lost = True  # type: ignore[attr-defined]
        rollout = await self.office.start(None, None, False, "ada")
        self.assertEqual({each["device"] for each in rollout["boards"]
                          if each["wave"] == 3} & {"w-07", "w-08", "w-09"},
                         {"w-07", "w-08", "w-09"})
        await self.live(boards, 300)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "running")
        await self.live(boards, PATIENCE)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["counts"]["waiting"]), ("done", 3))
        boards[8].lost = False  # type: ignore[attr-defined]
        await self.live(boards, 60)
        self.assertEqual(boards[8].firmware.build, 2)
        self.assertEqual(self.states(await self.office.get(rollout["id"]))["w-08"], "done")

    async def test_nobody_of_the_first_wave(self) -> None:
        """While the first board is away nobody else gets it, however long that is."""
        boards, rollout = await self.begun(5)
        boards[0].leave()
        boards[0].lost = True  # type: ignore[attr-defined]
        await self.live(boards, 2 * PATIENCE)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["wave"]), ("running", 1))
        self.assertEqual([board.firmware.build for board in boards], [1] * 5)

    async def test_late_failure(self) -> None:
        """A board that comes when all are done, and fails, keeps the next ones from it."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(6)
        for board in boards[4:]:
            board.leave()
            board.lost = True  # type: ignore[attr-defined]
        boards[4].firmware.ending = "back"
        rollout = await self.office.start(None, None, False, "ada")
        await self.live(boards, PATIENCE + 300)
        boards[4].lost = False  # type: ignore[attr-defined]
        await self.live(boards, 90)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "stopped")
        boards[5].come()
        await self.live(boards, 60)
        self.assertEqual(boards[5].firmware.build, 1)

    async def test_no_second_folder(self) -> None:
        """A board whose firmware has no slots is asked for nothing; another is the first."""
        self.release("first")
        self.release("second")
        boards = await self.simulated_many(3, here=False)
        await self.office._store.run(lambda connection: None)
        for board in boards:
            self.registry._roster.amend(board.id, firmware="1.0.0+1")
        rollout = await self.office.start(None, None, False, "ada")
        line = "info fw=1.0 build=1 kind=watch boot=b1"
        self.assertTrue(self.updates.hear("w-00", "dev", line, boards[0].told.append))
        self.assertEqual(boards[0].told, [])
        for board in boards[1:]:
            board.come()
        await self.live(boards[1:], 240)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.states(found)),
                         ("done", {"w-00": "left", "w-01": "done", "w-02": "done"}))

    async def test_removed(self) -> None:
        """Boards that are removed meanwhile are out of it, the first one too."""
        boards, rollout = await self.begun(3)
        boards[0].leave()
        await self.registry.remove("w-00", "ada")
        await self.live(boards[1:], 240)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.states(found)),
                         ("done", {"w-01": "done", "w-02": "done"}))

    async def test_restart(self) -> None:
        """iotd starts again in the middle of it: it goes on from where it was."""
        boards, rollout = await self.begun(12)
        await self.live(boards, 90)
        before = await self.office.get(rollout["id"])
        self.assertEqual(before["state"], "running")
        self.assertGreater(before["counts"]["done"], 0)
        await self.restart()
        after = await self.office.get(rollout["id"])
        self.assertEqual((after["wave"], after["counts"]["done"]),
                         (before["wave"], before["counts"]["done"]))
        for board in boards:
            board.come()
        await self.live(boards, 300)
        self.assertEqual((await self.office.get(rollout["id"]))["counts"]["done"], 12)

    async def test_long_away(self) -> None:
        """iotd itself was away for hours: no board fails for that, and no wave is passed."""
        boards, rollout = await self.begun(12)
        await self.live(boards, 30)
        await self.restart()
        self.clock.advance(20_000)
        await self.turn(5.0)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["counts"]["failed"]), ("running", 0))
        for board in boards:
            board.come()
        await self.live(boards, 360)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")

    async def test_store_away(self) -> None:
        """What happens while the database is away is written when it is back."""
        boards, rollout = await self.begun(2)
        run, self.store.run = self.store.run, _refuse  # type: ignore[method-assign]
        for _ in range(3):
            self.clock.advance(20.0)
            for board in boards:
                if not board.here:
                    board.come()
                board.tell()
            self.clock.pump([0.01] * 50)
        self.store.run = run  # type: ignore[method-assign]
        self.assertTrue(self.flushLoggedErrors())
        await self.live(boards, 120)
        await self.restart()
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], found["counts"]["done"]), ("done", 2))


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
        self.assertEqual(self.states(found)["w-00"], "waiting")
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

    async def test_later_one_takes_over(self) -> None:
        """A board that waits in an old roll-out is the new one's."""
        boards, id = await self.stopped()
        self.release("third")
        newer = await self.office.start(None, ["w-03"], False, "ada")
        old = await self.office.get(id)
        self.assertEqual(self.states(old)["w-03"], "left")
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
        with self.assertRaisesRegex(Conflict, "w-00 is with firmware that never told"):
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


def _refuse(*_: Any, **__: Any) -> Deferred[Any]:
    failed: Deferred[Any] = Deferred()
    failed.errback(ConnectionError("the database is away"))
    return failed


def _audit(connection: Any) -> list[tuple[str, str, str, str]]:
    from iotd.accounts.records import audit

    rows = connection.execute(audit.select().order_by(audit.c.id)).mappings()
    return [(row["who"], row["action"], row["subject"], row["detail"]) for row in rows]
