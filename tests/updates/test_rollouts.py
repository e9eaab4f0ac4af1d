"""Roll-outs with simulated boards, in virtual time: they go on, stop, and outlive iotd."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from iotd.updates import records
from iotd.updates.model import PATIENCE
from iotd.wire.board_lines import parse_part
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
        self.assertEqual(self.of_each(await self.office.get(rollout["id"]))["w-00"], "loading")
        boards[0].leave()
        boards[0].lost = True  # type: ignore[attr-defined]
        await self.live(boards, PATIENCE)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.of_each(found)["w-00"]), ("running", "waiting"))
        boards[0].lost = False  # type: ignore[attr-defined]
        boards[0].hear = hear  # type: ignore[method-assign]
        await self.live(boards, 120)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "done")

    async def test_last_part_lost(self) -> None:
        """The link goes with the last part on its way: the board is offered it once more."""
        boards, rollout = await self.begun(1)
        board, hear = boards[0], boards[0].hear

        def cut(line: str) -> None:
            piece = parse_part(line)
            if piece is not None and piece[2].startswith(b'{"build":2,"kind"'):
                board.hear = hear  # type: ignore[method-assign]
                board.leave()
            else:
                hear(line)

        board.hear = cut  # type: ignore[method-assign]
        board.leave()
        await self.live(boards, 30)
        found = await self.office.get(rollout["id"])
        self.assertEqual((self.of_each(found)["w-00"], board.firmware.build), ("trying", 1))
        await self.live(boards, 90)
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
        self.assertEqual(self.of_each(await self.office.get(rollout["id"]))["w-08"], "done")

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
        self.assertEqual((found["state"], self.of_each(found)),
                         ("done", {"w-00": "left", "w-01": "done", "w-02": "done"}))

    async def test_removed(self) -> None:
        """Boards that are removed meanwhile are out of it, the first one too."""
        boards, rollout = await self.begun(3)
        boards[0].leave()
        await self.registry.remove("w-00", "ada")
        await self.live(boards[1:], 240)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.of_each(found)),
                         ("done", {"w-01": "done", "w-02": "done"}))

    async def test_revoked(self) -> None:
        """A board that is revoked meanwhile is left, and holds nobody up, the first one either."""
        boards, rollout = await self.begun(3)
        boards[0].mute = boards[0].lost = True  # type: ignore[attr-defined]
        await self.live(boards, 30)
        boards[0].leave()
        await self.registry.revoke("w-00", "ada")
        await self.live(boards[1:], 240)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.of_each(found)),
                         ("done", {"w-00": "left", "w-01": "done", "w-02": "done"}))

    async def test_resumed_after_a_later_one(self) -> None:
        """A board that failed, was in a later roll-out, and is tried again, is offered it."""
        boards, rollout = await self.begun(2, w_00="back")
        await self.live(boards, 120)
        later = await self.office.start(None, None, False, "ada")
        await self.office.cancel(later["id"], "ada")
        await self.office.resume(rollout["id"], "ada")
        boards[0].firmware.ending = "well"
        boards[0].leave()
        await self.live(boards, 240)
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.of_each(found)),
                         ("done", {"w-00": "done", "w-01": "left"}))

    async def test_resumed_twice(self) -> None:
        """Two roll-outs that stopped at the same board: who is resumed last has it."""
        boards, rollout = await self.begun(2, w_00="back")
        await self.live(boards, 120)
        later = await self.office.start(2, ["w-00"], False, "ada")
        boards[0].firmware.ending = "back"
        boards[0].leave()
        await self.live(boards, 240)
        self.assertEqual((await self.office.get(later["id"]))["state"], "stopped")
        boards[0].firmware.ending = "well"
        await self.office.resume(rollout["id"], "ada")
        await self.restart()
        boards[0].leave()
        await self.live(boards, 240)
        self.assertEqual(self.of_each(await self.office.get(rollout["id"]))["w-00"], "done")

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

    async def test_restart_after_a_refusal(self) -> None:
        """iotd starts again while a board loads what it refused before the roll-out was resumed:
        what it told then stops nothing."""
        boards, rollout = await self.begun(2, w_00="refused")
        await self.live(boards, 60)
        self.assertEqual((await self.office.get(rollout["id"]))["state"], "stopped")
        boards[0].mute = True
        await self.office.resume(rollout["id"], "ada")
        boards[0].tell()
        self.assertTrue(boards[0].firmware.last and boards[0].told[-1] == "update 2")
        boards[0].say(f"fetch manifest:{'0' * 32} 0")
        await self.turn(5.0)
        self.assertEqual(self.of_each(await self.office.get(rollout["id"]))["w-00"], "loading")
        await self.restart()
        boards[0].come()
        found = await self.office.get(rollout["id"])
        self.assertEqual((found["state"], self.of_each(found)["w-00"]), ("running", "loading"))

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

    async def test_store_away_at_the_end(self) -> None:
        """The database goes away under the last write: the end is written when it is back, and
        the next roll-out can begin."""
        boards, rollout = await self.begun(1)
        lost: list[Deferred[Any]] = []
        run = self.store.run

        def away(*_: Any, **__: Any) -> Deferred[Any]:
            lost.append(Deferred())
            return lost[-1]

        live = self.updates._rollouts.get(rollout["id"])
        while live is not None and not live.ended:
            boards[0].leave()
            boards[0].come()
            self.store.run = away  # type: ignore[method-assign]
            self.clock.pump([0.5] * 20)
        self.store.run = run  # type: ignore[method-assign]
        for each in lost:
            each.errback(ConnectionError("the database is away"))
        self.assertTrue(self.flushLoggedErrors())
        for _ in range(2):
            await self.turn(3.0)
        self.assertIsNone(self.updates._rollouts.get(rollout["id"]))
        stored = await self.store.read(records.get_rollout, rollout["id"])
        self.assertEqual(stored.state, "done")


def _refuse(*_: Any, **__: Any) -> Deferred[Any]:
    failed: Deferred[Any] = Deferred()
    failed.errback(ConnectionError("the database is away"))
    return failed
