"""Roll-outs in the store, on both databases."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, select
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.model import Approval, Device
from iotd.devices.records import devices, save_device
from iotd.errors import Conflict
from iotd.updates import model, records
from iotd.updates.model import Board, Rollout
from tests.databases import DatabaseTest, both

NOW = 1_800_000_000.25


@both
class RolloutRecordTests(DatabaseTest, SynchronousTestCase):
    """What is kept of roll-outs and their boards."""

    def setUp(self) -> None:
        super().setUp()
        self.connection = self.connect()
        for id in ("a", "b", "c"):
            save_device(self.connection, Device(id, id, "watch", Approval.APPROVED, "dev", NOW))

    def add(self, *ids: str, build: int = 2, state: str = model.RUNNING) -> Rollout:
        """A roll-out to these boards, in waves 1, 2, 3."""
        made, _ = records.add_rollout(
            self.connection,
            Rollout(0, build, "1.1.0", model.RUNNING, 1, False, "", NOW, "ada", NOW),
            [Board(id, wave, changed_at=NOW) for wave, id in enumerate(ids, 1)],
        )
        made = replace(made, state=state)
        records.save_rollout(self.connection, made)
        return made

    def states(self, rollout: Rollout) -> dict[str, str]:
        """Of its boards."""
        return {each.device: each.state for each in records.boards_of(self.connection, rollout.id)}

    def test_kept(self) -> None:
        """A roll-out and its boards come back as they were."""
        made = self.add("a", "b")
        self.assertEqual(records.get_rollout(self.connection, made.id), made)
        self.assertEqual(
            records.boards_of(self.connection, made.id),
            [Board("a", 1, changed_at=NOW), Board("b", 2, changed_at=NOW)])
        changed = replace(made, wave=2, older=True, reason="x" * 200, ended_at=NOW + 1)
        records.save_rollout(self.connection, changed)
        self.assertEqual(records.get_rollout(self.connection, made.id), changed)
        self.assertIsNone(records.get_rollout(self.connection, made.id + 1))

    def test_boards(self) -> None:
        """What a board became is written; one that is no device any more is passed over."""
        made = self.add("a", "b")
        board = Board("a", 1, model.LOADING, 10, 100, "t" * 200, changed_at=NOW + 5,
                      boot="b1", last="l" * 40, tries=2)
        records.save_boards(self.connection, made.id, [board, Board("gone", 1, model.DONE)])
        records.save_boards(self.connection, made.id, [])
        self.assertEqual(records.boards_of(self.connection, made.id)[0], board)
        self.assertEqual(self.states(made), {"a": model.LOADING, "b": model.WAITING})

    def test_one_runs(self) -> None:
        """Two don't run at once."""
        made = self.add("a")
        with self.assertRaisesRegex(Conflict, f"Roll-out {made.id} is under way"):
            self.add("b")
        records.change_rollout(self.connection, made.id, {"state": model.STOPPED})
        self.add("b")

    def test_later_one(self) -> None:
        """Boards that an earlier one still had are left to the later; who ended stays."""
        first = self.add("a", "b", "c")
        records.save_boards(self.connection, first.id, [Board("a", 1, model.DONE)])
        records.save_rollout(self.connection, replace(first, state=model.OVER))
        second = self.add("a", "b", build=3)
        self.assertEqual(
            self.states(first), {"a": model.DONE, "b": model.LEFT, "c": model.WAITING})
        text = [each.text for each in records.boards_of(self.connection, first.id)][1]
        self.assertEqual(text, f"roll-out {second.id} has it")

    def test_removed(self) -> None:
        """A device that is removed takes its rows along; a roll-out of none is not begun."""
        made = self.add("a", "b")
        self.connection.execute(delete(devices).where(devices.c.id == "a"))
        self.assertEqual(self.states(made), {"b": model.WAITING})
        records.change_rollout(self.connection, made.id, {"state": model.OVER})
        self.assertEqual(self.states(self.add("a", "b")), {"b": model.WAITING})
        records.change_rollout(self.connection, made.id + 1, {"state": model.OVER})
        with self.assertRaisesRegex(Conflict, "removed meanwhile"):
            self.add("a")
        count = self.connection.execute(select(records.rollouts.c.id)).all()
        self.assertEqual(len(count), 2)

    def test_live(self) -> None:
        """Loaded are those that go on: running, stopped, or done with a board that waits."""
        over = self.add("a", state=model.OVER)
        stopped = self.add("b", state=model.STOPPED)
        cancelled = self.add("c", state=model.CANCELLED)
        running = self.add("c")
        found = [rollout.id for rollout, _ in records.live_rollouts(self.connection)]
        self.assertEqual(found, [over.id, stopped.id, running.id])
        records.save_boards(self.connection, over.id, [Board("a", 1, model.DONE)])
        live = records.live_rollouts(self.connection)
        self.assertEqual([rollout for rollout, _ in live], [stopped, running])
        self.assertEqual([each.device for each in live[1][1]], ["c"])
        self.assertEqual(self.states(cancelled), {"c": model.LEFT})

    def test_pages(self) -> None:
        """They are listed newest first, in pages, each with its boards counted."""
        ids = [self.add("a", "b", state=model.OVER).id for _ in range(3)]
        records.save_boards(self.connection, ids[2], [Board("b", 3, model.DONE)])
        page = records.list_rollouts(self.connection, 2, None)
        self.assertEqual([rollout.id for rollout, _ in page], [ids[2], ids[1]])
        self.assertEqual(page[0][1], model.tally(records.boards_of(self.connection, ids[2])))
        self.assertEqual((page[0][1].waves, page[0][1].counts), (3, {model.WAITING: 1, "done": 1}))
        page = records.list_rollouts(self.connection, 2, ids[1])
        self.assertEqual([rollout.id for rollout, _ in page], [ids[0]])
        self.assertEqual(records.list_rollouts(self.connection, 2, ids[0]), [])
