"""What people decide about firmware: making releases, starting, ending and resuming roll-outs.

Each decision is in effect once it is on disk, with its line in the audit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Coroutine, Mapping, Sequence

from twisted.internet.defer import Deferred, DeferredLock

from iotd.accounts.records import write_audit
from iotd.accounts.shared import to_its_end
from iotd.devices.service import Registry
from iotd.errors import Conflict, Invalid, NotFound
from iotd.store.engine import Store
from iotd.times import rfc3339
from iotd.updates import model, records, waves
from iotd.updates.choosing import choose
from iotd.updates.firmware import firmware_folder
from iotd.updates.live import boards_json, summary
from iotd.updates.model import Board, Rollout, Tally
from iotd.updates.release_file import Release
from iotd.updates.releases import Releases
from iotd.updates.rollouts import Rollouts
from iotd.wire.board_lines import Report


class Office:
    """Answers are as the API shows them."""

    def __init__(
        self, *, store: Store, registry: Registry, releases: Releases, rollouts: Rollouts,
        now: Callable[[], float], in_thread: Callable[..., Deferred[Any]],
        reports: Mapping[str, Report],
    ) -> None:
        self._store, self._registry, self._releases = store, registry, releases
        self._rollouts, self._now, self._in_thread = rollouts, now, in_thread
        self._reports = reports
        self._lock = DeferredLock()

    # -- releases ---------------------------------------------------------------------------

    async def firmware(self) -> list[dict[str, Any]]:
        """Every release, the newest first, each looked at anew."""
        return [release_json(each) for each in await self._in_thread(self._releases.all)]

    @to_its_end
    async def release(self, by: str) -> dict[str, Any]:
        """Make a release of the firmware that iotd came with; Conflict when it is the newest."""
        # one at a time: two would take the same number
        return await self._in_turn(self._make_release(by))

    async def _make_release(self, by: str) -> dict[str, Any]:
        newest, made = await self._in_thread(self._make, self._now())
        if newest is not None and newest.build == made.build:
            raise Conflict(f"Build {made.build} holds the firmware of this iotd already.")
        await self._audit(by, "release firmware", f"build {made.build}", made.version)
        return release_json(made)

    def _make(self, now: float) -> tuple[Release | None, Release]:
        newest = self._releases.newest()
        return newest, self._releases.make(firmware_folder(), now=now)

    # -- roll-outs ----------------------------------------------------------------------------

    @to_its_end
    async def start(
        self, build: int | None, devices: Sequence[str] | None, older: bool, by: str
    ) -> dict[str, Any]:
        """Begin a roll-out; None: the newest build, and all boards that may take it."""
        return await self._in_turn(self._start(build, devices, older, by))

    async def _start(
        self, build: int | None, devices: Sequence[str] | None, older: bool, by: str
    ) -> dict[str, Any]:
        release = await self._release(build)
        candidates = choose(self._registry.list(), self._reports, release, devices, older)
        now = self._now()
        boards = [
            Board(device, wave, changed_at=now, at=self._rollouts.seconds())
            for device, wave in waves.waves(candidates).items()
        ]
        rollout = Rollout(
            0, release.build, release.version, model.RUNNING, 1, older, "", now, by, now
        )

        def write(connection: Any) -> tuple[Rollout, list[Board]]:
            made, taken = records.add_rollout(connection, rollout, boards)
            detail = f"{len(taken)} boards" + (", older firmware allowed" if older else "")
            write_audit(connection, now, by, "start roll-out", f"build {release.build}", detail)
            return made, taken

        made, taken = await self._store.run(write)
        self._rollouts.take(made, taken)
        return await self.get(made.id)

    async def update(self, devices: Sequence[str], by: str) -> dict[str, Any]:
        """Bring the newest firmware to these boards, in waves."""
        return await self.start(None, devices, False, by)

    @to_its_end
    async def cancel(self, id: int, by: str) -> dict[str, Any]:
        """End a roll-out; who has all of it already goes on."""
        return await self._in_turn(self._cancel(id, by))

    async def _cancel(self, id: int, by: str) -> dict[str, Any]:
        live = self._rollouts.get(id)
        if live is None:
            await self._must_be(id)
        if live is None or live.ended or live.rollout.state == model.CANCELLED:
            raise Conflict(f"Roll-out {id} has ended.", "id")
        changes: dict[str, Any] = {"state": model.CANCELLED, "ended_at": self._now()}
        await self._decide(id, by, "cancel roll-out", changes)
        self._rollouts.cancelled(replace(live.rollout, **changes))
        return await self.get(id)

    @to_its_end
    async def resume(self, id: int, by: str) -> dict[str, Any]:
        """Go on with a roll-out that stopped; boards that failed try again."""
        return await self._in_turn(self._resume(id, by))

    async def _resume(self, id: int, by: str) -> dict[str, Any]:
        live = self._rollouts.get(id)
        if live is None:
            await self._must_be(id)
        if live is None or live.rollout.state != model.STOPPED:
            raise Conflict(f"Roll-out {id} did not stop: there is nothing to resume.", "id")
        await self._release(live.rollout.build)
        changes: dict[str, Any] = {
            "state": model.RUNNING, "reason": "", "wave_at": self._now(), "ended_at": None,
        }
        await self._decide(id, by, "resume roll-out", changes, alone=True)
        self._rollouts.resumed(replace(live.rollout, **changes))
        return await self.get(id)

    async def get(self, id: int) -> dict[str, Any]:
        """A roll-out with its boards, or NotFound."""
        live = self._rollouts.get(id)
        if live is not None:
            rollout, boards = live.rollout, list(live.boards.values())
        else:
            rollout = await self._must_be(id)
            boards = await self._store.read(records.boards_of, id)
        return {**summary(rollout, model.tally(boards)), "boards": boards_json(boards)}

    async def page(self, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Roll-outs from below an id on, newest first, without their boards."""
        found = await self._store.read(records.list_rollouts, limit, before)
        return [self._summary(rollout, tally) for rollout, tally in found]

    def _summary(self, rollout: Rollout, tally: Tally) -> dict[str, Any]:
        live = self._rollouts.get(rollout.id)
        if live is not None:
            rollout, tally = live.rollout, model.tally(live.boards.values())
        return summary(rollout, tally)

    async def _must_be(self, id: int) -> Rollout:
        rollout: Rollout | None = await self._store.read(records.get_rollout, id)
        if rollout is None:
            raise NotFound(f"There is no roll-out {id}.", "id")
        return rollout

    async def _release(self, build: int | None) -> Release:
        """One that is as it was signed; Conflict says why none can be had."""
        if build is None:
            release = await self._in_thread(self._releases.newest)
            if release is None:
                raise Conflict("There is no release yet: make one first.", "build")
        else:
            release = await self._in_thread(self._releases.get, build)
            if release is None:
                raise Invalid(f"There is no build {build}.", "build")
        if release.fault:
            raise Conflict(f"Build {release.build} can't be offered: {release.fault}.", "build")
        found: Release = release
        return found

    async def _decide(
        self, id: int, by: str, action: str, changes: dict[str, Any], alone: bool = False
    ) -> None:
        now = self._now()

        def write(connection: Any) -> None:
            if alone:
                records.must_be_none_running(connection)
            records.change_rollout(connection, id, changes)
            write_audit(connection, now, by, action, f"roll-out {id}")

        await self._store.run(write)

    def _in_turn(self, work: Coroutine[Any, Any, dict[str, Any]]) -> Deferred[dict[str, Any]]:
        # a decision judges what the one before it has left, and what is on disk
        self._rollouts.save()
        return self._lock.run(Deferred.fromCoroutine, work)

    def _audit(self, *line: str) -> Deferred[Any]:
        return self._store.run(write_audit, self._now(), *line)


def release_json(release: Release) -> dict[str, Any]:
    """A release as the API shows it."""
    return {
        "id": release.build, "build": release.build, "version": release.version,
        "made_at": rfc3339(release.made_at) if release.made_at else None,
        "kinds": sorted(release.kinds), "fault": release.fault,
    }
