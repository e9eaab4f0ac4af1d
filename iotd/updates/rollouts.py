"""Roll-outs on the reactor: what boards say moves them on, and time stops them."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from iotd.bus import AlertWanted, Bus, DeviceChanged, RolloutChanged
from iotd.store.engine import Store
from iotd.updates import model, records, waves
from iotd.updates.live import Live, event
from iotd.updates.model import Board, Rollout
from iotd.updates.waves import Next
from iotd.wire.board_lines import Report

QUIET = 5.0  # seconds without a fetch after which a board is told again that it may go on
WHY = 200  # signs of a reason


class Rollouts:
    """Those that go on or may go on. ``ended(how)`` counts boards that are done or failed."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, seconds: Callable[[], float],
        now: Callable[[], float], ended: Callable[[str], None],
    ) -> None:
        self._store, self._bus, self._now = store, bus, now
        self.seconds = self._seconds = seconds
        self._ended = ended
        self._live: dict[int, Live] = {}
        self._of: dict[str, int] = {}
        self._online: dict[str, float] = {}
        bus.subscribe(DeviceChanged, self._device_changed)

    def load(self, connection: Any) -> None:
        """Read those that did not end; who has no connection yet is given time anew."""
        now = self._seconds()
        for rollout, boards in records.live_rollouts(connection):
            self.take(rollout, [model.begun_anew(board, now) for board in boards])

    def take(self, rollout: Rollout, boards: Iterable[Board]) -> Live:
        """One that is on disk; its boards are its own from now on."""
        live = self._live[rollout.id] = Live(rollout, boards, self._seconds())
        for device, board in live.boards.items():
            older = self._elsewhere(device, live)
            if older is not None and board.state in model.ENDED:
                continue  # read at the start: the older one was resumed
            if older is not None:
                self._put(older, model.given_over(older.boards[device], rollout.id))
            self._of[device] = rollout.id
        return live

    def get(self, id: int) -> Live | None:
        """One that goes on or may go on."""
        return self._live.get(id)

    def counts(self) -> Mapping[str, int]:
        """How many boards are how far."""
        counts = dict.fromkeys(model.STATES, 0)
        for live in self._live.values():
            for board in live.boards.values():
                counts[board.state] += 1
        return counts

    # -- what boards say ------------------------------------------------------------------

    def told(self, device: str, report: Report) -> int | None:
        """Take in what a board told of itself; the build to offer it, if one waits for it."""
        live = self._of_device(device)
        if live is None:
            return None
        board, rollout, now = live.boards[device], live.rollout, self._seconds()
        after = model.told(board, report, rollout.build, rollout.older, now)
        begins = live.may_begin(board)
        if after.state == model.OFFERED and not begins:
            return None
        self._put(live, after)
        if not live.may_begin(after):  # it failed, and that has stopped the roll-out
            return None
        # also with the last part told: the link may have gone with it
        begun = after.state in (model.LOADING, model.TRYING) and report.build != rollout.build
        resumes = begun and now - after.at >= QUIET
        return rollout.build if after.state == model.OFFERED or resumes else None

    def wanted(self, device: str) -> tuple[int, bool] | None:
        """(build, whether going back is allowed) for a board that may fetch now."""
        live = self._of_device(device)
        if live is None:
            return None
        board = live.boards[device]
        if not live.may_begin(board) or board.state in model.ENDED:
            return None
        return live.rollout.build, live.rollout.older

    def fetched(self, device: str, done: int, total: int) -> None:
        """It was told a part, and has so many of all bytes."""
        live = self._of_device(device)
        if live is not None:
            self._put(live, model.fetched(live.boards[device], done, total, self._seconds()))

    def unfit(self, device: str, build: int, why: str) -> None:
        """There is nothing for this board in a release: it is left out, and others go on."""
        live = self._of_device(device)
        if live is not None and live.rollout.build == build:
            board = live.boards[device]
            self._put(live, model.given_up(board, why, self._seconds()))

    def broken(self, build: int, why: str) -> None:
        """A release is not what was signed: nobody is to have it."""
        for live in self._live.values():
            if live.rollout.build == build and live.offers:
                self._stop(live, f"build {build} can't be offered: {why}")

    # -- what people decide: on disk already ------------------------------------------------

    def cancelled(self, rollout: Rollout) -> None:
        """It ends; boards that have all of it go on by themselves."""
        live = self._live[rollout.id]
        self._change(live, rollout)
        for board in tuple(live.boards.values()):
            self._put(live, model.given_up(board, "the roll-out was cancelled", self._seconds()))

    def resumed(self, rollout: Rollout) -> None:
        """It goes on, with those that failed."""
        live = self._live[rollout.id]
        self._change(live, rollout)
        live.began = self._seconds()
        for board in [each for each in live.boards.values() if each.state == model.FAILED]:
            again, later = model.again(board, self._seconds()), self._elsewhere(board.device, live)
            if later is not None and later.boards[board.device].state not in model.ENDED:
                again = model.given_over(again, later.rollout.id)
            else:
                self._of[board.device] = rollout.id
            self._put(live, again)

    def _change(self, live: Live, rollout: Rollout) -> None:
        # written once more: a write of before may be on its way still
        live.rollout, live.rollout_unsaved, live.fresh = rollout, True, True
        self._alert(live, active=False)

    # -- time -------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look at all of them; called each second."""
        for live in tuple(self._live.values()):
            if live.offers:
                self._look(live)
        self.save()
        for live in tuple(self._live.values()):
            self._tell(live)
            if live.ended and live.on_disk:
                self._forget(live)

    def _look(self, live: Live) -> None:
        now = self._seconds()
        for board in [each for each in live.boards.values() if live.may_begin(each)]:
            since = self._online.get(board.device)
            since = None if since is None else max(since, live.began)
            self._put(live, model.late(board, since, now))
        if live.rollout.state == model.RUNNING:
            self._move_on(live, now)

    def _move_on(self, live: Live, now: float) -> None:
        boards, wave = live.boards.values(), live.rollout.wave
        step = waves.next_of(boards, wave, live.began, now, self._online)
        if step is Next.REPLACE:
            device = waves.replacement(boards, wave, self._online)
            if device is not None:
                self._put(live, model.in_wave(live.boards[device], wave, now))
            live.began = now
        elif step is Next.GO_ON:
            live.began = now
            live.change(wave=wave + 1, wave_at=self._now())
            self._log.info("roll-out {id}: wave {wave} begins", id=live.rollout.id, wave=wave + 1)
        elif step is Next.OVER:
            live.change(state=model.OVER, ended_at=self._now())
            self._log.info("roll-out {id} of build {build} is done", id=live.rollout.id,
                           build=live.rollout.build)

    def _put(self, live: Live, board: Board) -> None:
        before = live.boards[board.device].state
        if not live.put(board, self._now()) or board.state == before:
            return
        if board.state in (model.DONE, model.FAILED):
            self._ended(board.state)
        if board.state == model.FAILED and live.offers:
            self._stop(live, f"{board.device}: {board.text}")

    def _stop(self, live: Live, why: str) -> None:
        live.change(state=model.STOPPED, reason=why[:WHY])
        self._log.error("roll-out {id} stops: {why}", id=live.rollout.id, why=why)
        self._alert(live, active=True)

    def _alert(self, live: Live, active: bool) -> None:
        rollout = live.rollout
        self._bus.publish(AlertWanted(
            key=f"rollout_stopped:{rollout.id}", patient=None, device=None,
            cause="rollout_stopped", severity="warning", active=active,
            text=f"The roll-out of firmware {rollout.version} stopped. {rollout.reason}"[:255],
        ))

    # -- disk and pages -----------------------------------------------------------------------

    def save(self) -> Deferred[Any]:
        """Write what changed, before whatever is written next; again at the next time when the
        store is away."""
        changed = {id: live for id, live in self._live.items()
                   if live.unsaved or live.rollout_unsaved}
        if not changed:
            return succeed(None)
        work = []
        for live in changed.values():
            rollout = live.rollout if live.rollout_unsaved else None
            boards = [live.boards[id] for id in live.unsaved if id in live.boards]
            work.append((live, rollout, boards))
            live.unsaved, live.rollout_unsaved = set(), False
            live.writing += 1
        written = self._store.run(_write, [(each.rollout.id, *rest) for each, *rest in work])
        written.addErrback(self._not_saved, work)
        return written.addCallback(_written, [live for live, *_ in work])

    def _not_saved(self, failure: Any, work: Sequence[tuple[Live, Any, list[Board]]]) -> None:
        for live, rollout, boards in work:
            live.unsaved |= {board.device for board in boards}
            live.rollout_unsaved = live.rollout_unsaved or rollout is not None
        self._log.failure("roll-outs were not written, and will be again", failure)

    def _tell(self, live: Live) -> None:
        if live.fresh:
            live.fresh = False
            self._bus.publish(RolloutChanged(str(live.rollout.id), dict(event(live))))

    def _forget(self, live: Live) -> None:
        del self._live[live.rollout.id]
        for device in [id for id, rollout in self._of.items() if rollout == live.rollout.id]:
            del self._of[device]

    def _of_device(self, device: str) -> Live | None:
        return self._live.get(self._of.get(device, -1))

    def _elsewhere(self, device: str, live: Live) -> Live | None:
        other = self._of_device(device)
        return None if other is live else other

    def _device_changed(self, changed: DeviceChanged) -> None:
        state = changed.data.get("state")
        if state == "online":
            self._online.setdefault(changed.id, self._seconds())
        else:
            self._online.pop(changed.id, None)
        if state == "revoked":
            self._revoked(changed.id)
        if state == "deleted":
            self._of.pop(changed.id, None)
            for live in self._live.values():
                if live.boards.pop(changed.id, None) is not None:
                    live.unsaved.discard(changed.id)
                    live.fresh = True

    def _revoked(self, device: str) -> None:
        for live in self._live.values():
            board = live.boards.get(device)
            if board is not None and board.state not in model.ENDED:
                self._put(live, model.moved(board, model.LEFT, "it was revoked", self._seconds()))


def _written(_: Any, lives: Iterable[Live]) -> None:
    for live in lives:
        live.writing -= 1


def _write(connection: Any, work: Iterable[tuple[int, Rollout | None, list[Board]]]) -> None:
    for id, rollout, boards in work:
        if rollout is not None:
            records.save_rollout(connection, rollout)
        records.save_boards(connection, id, boards)
