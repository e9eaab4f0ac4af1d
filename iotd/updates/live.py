"""A roll-out that goes on, or may go on: in memory, with what of it is not on disk yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Mapping

from iotd.times import rfc3339
from iotd.updates import model
from iotd.updates.model import Board, Rollout, Tally

SHOWN = 60  # boards in an event: with more a page asks for the roll-out


class Live:
    """``began``: when its wave did, in monotonic seconds. ``unsaved``: boards to be written.

    ``writing``: how many writes are on their way. ``fresh``: whether open pages don't know of
    it as it is.
    """

    def __init__(self, rollout: Rollout, boards: Iterable[Board], began: float) -> None:
        self.rollout, self.began = rollout, began
        self.boards = {board.device: board for board in boards}
        self.unsaved: set[str] = set()
        self.rollout_unsaved = False
        self.writing = 0
        self.fresh = True

    @property
    def on_disk(self) -> bool:
        """Whether all of it is written; a write that is on its way may fail yet."""
        return not (self.unsaved or self.rollout_unsaved or self.writing)

    @property
    def offers(self) -> bool:
        """Whether boards may begin."""
        return self.rollout.state in (model.RUNNING, model.OVER)

    @property
    def ended(self) -> bool:
        """Whether nothing can become of it any more."""
        over = self.rollout.state in (model.OVER, model.CANCELLED)
        return over and all(each.state in model.ENDED for each in self.boards.values())

    def may_begin(self, board: Board) -> bool:
        """Whether it is this board's time."""
        return self.offers and board.wave <= self.rollout.wave

    def put(self, board: Board, now: float) -> bool:
        """Take in what a board has become, at ``now`` in Unix seconds; True when it moved on."""
        before = self.boards[board.device]
        if board == before:
            return False
        moved = (board.state, board.text, board.wave) != (before.state, before.text, before.wave)
        if moved:
            board = replace(board, changed_at=now)
        if moved or (board.boot, board.last) != (before.boot, before.last):
            self.unsaved.add(board.device)
        self.boards[board.device] = board
        self.fresh = True
        return moved

    def change(self, **changes: Any) -> None:
        """Change the roll-out itself, to be written."""
        self.rollout = replace(self.rollout, **changes)
        self.rollout_unsaved = self.fresh = True


def summary(rollout: Rollout, tally: Tally) -> dict[str, Any]:
    """A roll-out as the API shows it, without its boards one by one."""
    counts = tally.counts
    return {
        "id": rollout.id, "build": rollout.build, "version": rollout.version,
        "state": rollout.state, "wave": rollout.wave,
        "waves": tally.waves, "older": rollout.older,
        "reason": rollout.reason or None, "started_at": rfc3339(rollout.started_at),
        "started_by": rollout.started_by, "wave_at": rfc3339(rollout.wave_at),
        "ended_at": rfc3339(rollout.ended_at), "boards_total": sum(counts.values()),
        "counts": {state: counts.get(state, 0) for state in model.STATES},
    }


def boards_json(boards: Iterable[Board]) -> list[dict[str, Any]]:
    """Its boards as the API shows them, by wave and id."""
    ordered = sorted(boards, key=lambda each: (each.wave, each.device))
    return [{
        "device": each.device, "wave": each.wave, "state": each.state,
        "done_bytes": each.done_bytes, "total_bytes": each.total_bytes, "text": each.text,
        "changed_at": rfc3339(each.changed_at),
    } for each in ordered]


def event(live: Live) -> Mapping[str, Any]:
    """What open pages are told of it; ``boards`` is None when there are too many for that."""
    boards = list(live.boards.values())
    shown = boards_json(boards) if len(boards) <= SHOWN else None
    return {**summary(live.rollout, model.tally(boards)), "boards": shown}
