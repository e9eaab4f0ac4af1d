"""Answers what boards fetch: parts of manifests and files, one at a time for each board."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from iotd.errors import IotdError
from iotd.updates.figures import Figures
from iotd.updates.plan import Plan
from iotd.updates.release_file import NoFirmware
from iotd.updates.releases import Releases
from iotd.updates.signing import Unreadable
from iotd.wire.board_lines import PART_BYTES, Fetch, gone, part

PARTS_A_SECOND = 200  # of one board
KEPT_BYTES = 8 << 20  # of files, in memory; all kinds of a release are less than 1 MiB
KEPT_PLANS = 32
PLAN_SECONDS = 60.0  # until a release's signature is looked at again
IDLE_SECONDS = 60.0  # until a board that fetches nothing is forgotten
#: A disk gives nothing for so long before a release counts as broken. A board that is not
#: answered asks three times, 10 s apart.
TROUBLE_SECONDS = 15.0

Reply = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What a board is to have: a build for its kind and its version of byte code."""

    build: int
    kind: str
    mpy: int | None
    older: bool


@dataclass
class _Turn:
    """Of one board: the latest thing that it asked, and when it may be answered."""

    number: int = 0
    due: float = 0.0
    call: Any = None


class Serving:
    """``progress(id, done, total)`` hears what a board has of all bytes, ``broken(build, why)``
    of a release that is not what was signed, ``unfit(id, build, why)`` of a board for which
    there is nothing in it."""

    _log = Logger()

    def __init__(
        self, *, releases: Releases, clock: Any, in_thread: Callable[..., Deferred[Any]],
        key_of: Callable[[str], bytes | None], figures: Figures,
        progress: Callable[[str, int, int], None], broken: Callable[[int, str], None],
        unfit: Callable[[str, int, str], None],
    ) -> None:
        self._releases, self._clock, self._in_thread = releases, clock, in_thread
        self._key_of, self._figures = key_of, figures
        self._progress, self._broken, self._unfit = progress, broken, unfit
        self._trouble: dict[int, tuple[float, float]] = {}  # by build: since when, and the last
        self._turns: dict[str, _Turn] = {}
        self._plans: OrderedDict[Wanted, tuple[float, Plan]] = OrderedDict()
        self._making, self._files = _Once(), _Kept(KEPT_BYTES)
        self._stopped = False

    def fetch(self, id: str, wanted: Wanted, fetch: Fetch, reply: Reply) -> None:
        """Answer it in its turn; what this board asked before and did not get yet is dropped."""
        if self._stopped:
            return
        turn = self._turns.setdefault(id, _Turn())
        turn.number += 1
        if turn.call is not None:
            turn.call.cancel()
            turn.call = None
        wait = turn.due - self._clock.seconds()
        if wait > 0:
            turn.call = self._clock.callLater(wait, self._begin, id, wanted, fetch, reply)
        else:
            self._begin(id, wanted, fetch, reply)

    def refuse(self, fetch: Fetch, reply: Reply) -> None:
        """There is nothing for who asks."""
        self._figures.gone.inc()
        reply(gone(fetch.offset))

    def prune(self) -> None:
        """Forget boards that fetch nothing; called now and then."""
        over = self._clock.seconds() - IDLE_SECONDS
        for id in [id for id, turn in self._turns.items() if turn.due < over and not turn.call]:
            del self._turns[id]

    def forget(self, build: int) -> None:
        """Look at this release anew."""
        for wanted in [each for each in self._plans if each.build == build]:
            del self._plans[wanted]

    def stop(self) -> None:
        """Answer nobody any more."""
        self._stopped = True
        for turn in self._turns.values():
            if turn.call is not None:
                turn.call.cancel()
        self._turns.clear()

    def _begin(self, id: str, wanted: Wanted, fetch: Fetch, reply: Reply) -> None:
        turn = self._turns[id]
        turn.call, turn.due = None, self._clock.seconds() + 1 / PARTS_A_SECOND
        number = turn.number

        def answer(line: str) -> None:
            if self._turns.get(id) is turn and turn.number == number:
                reply(line)

        work = Deferred.fromCoroutine(self._answer(id, wanted, fetch, answer))
        work.addErrback(lambda f: self._log.failure("{id} was told no part", f, id=id))

    async def _answer(self, id: str, wanted: Wanted, fetch: Fetch, reply: Reply) -> None:
        try:
            plan = await self._plan(wanted)
            data = await self._file(plan, fetch.sha256) if fetch.sha256 else None
        except IotdError as fault:
            if self._is_final(id, wanted.build, fault):
                self.refuse(fetch, reply)
            return
        self._trouble.pop(wanted.build, None)
        # a key is unsealed for a manifest only: no part of a file needs it
        if fetch.nonce and (key := self._key_of(id)) is not None:
            data = plan.for_board(key, id, fetch.nonce)
        if data is None or fetch.offset >= max(1, len(data)):
            self.refuse(fetch, reply)
            return
        piece = data[fetch.offset:fetch.offset + PART_BYTES]
        self._figures.bytes.inc(len(piece))
        reply(part(len(data), fetch.offset, piece))
        if not self._stopped:
            self._progress(id, *plan.after(fetch.sha256, fetch.offset + len(piece)))

    def _is_final(self, id: str, build: int, fault: IotdError) -> bool:
        """Tell of it; False when the board, which hears nothing, may ask again."""
        if isinstance(fault, NoFirmware):
            self._unfit(id, build, str(fault))
        elif not isinstance(fault, Unreadable) or self._lasts(build, fault):
            self._broken(build, str(fault))
        else:
            return False
        return True

    def _lasts(self, build: int, fault: Unreadable) -> bool:
        now = self._clock.seconds()
        since, last = self._trouble.get(build, (now, now))
        since = now if now - last > IDLE_SECONDS else since
        self._trouble[build] = since, now
        if since == now:
            self._log.warn("build {build} is tried again: {fault}", build=build, fault=str(fault))
        return now - since >= TROUBLE_SECONDS

    async def _plan(self, wanted: Wanted) -> Plan:
        now = self._clock.seconds()
        seen_at, plan = self._plans.get(wanted, (now - PLAN_SECONDS, None))
        if plan is not None and now - seen_at < PLAN_SECONDS:
            return plan
        made: Plan = await self._making.get(wanted, self._make)
        return made

    async def _make(self, wanted: Wanted) -> Plan:
        made = Plan(await self._in_thread(
            self._releases.manifest, wanted.build, wanted.kind, wanted.mpy, wanted.older
        ))
        self._plans.pop(wanted, None)
        self._plans[wanted] = (self._clock.seconds(), made)
        while len(self._plans) > KEPT_PLANS:
            self._plans.popitem(last=False)
        return made

    async def _file(self, plan: Plan, sha256: str) -> bytes | None:
        """None for a file that is not of this board's firmware."""
        if sha256 not in plan:
            return None
        return await self._files.get(sha256, self._read)

    async def _read(self, sha256: str) -> bytes:
        data: bytes | None = await self._in_thread(self._releases.blob, sha256)
        if data is None:
            raise IotdError(f"the file {sha256[:12]}… is missing, or is not what was signed")
        return data


class _Once:
    """Who asks for what is on its way already waits for the same."""

    def __init__(self) -> None:
        self._waiting: dict[Any, list[Deferred[Any]]] = {}

    def get(self, name: Any, read: Callable[[Any], Any]) -> Deferred[Any]:
        """What ``read(name)`` gives; one read for all."""
        wanted: Deferred[Any] = Deferred()
        waiting = self._waiting.setdefault(name, [])
        waiting.append(wanted)
        if len(waiting) == 1:
            Deferred.fromCoroutine(read(name)).addBoth(self._came, name)
        return wanted

    def _came(self, result: Any, name: Any) -> None:
        for wanted in self._waiting.pop(name):
            wanted.callback(result)  # a Failure is taken as one


class _Kept:
    """The files that were asked for last, up to so many bytes; each is read once at a time."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._reading = _Once()

    def get(self, name: str, read: Callable[[str], Any]) -> Deferred[bytes]:
        """What ``read(name)`` gives, perhaps from before."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return succeed(self._kept[name])
        return self._reading.get(name, partial(self._read, read))

    async def _read(self, read: Callable[[str], Any], name: str) -> bytes:
        data: bytes = await read(name)
        self._kept[name] = data
        self._size += len(data)
        while self._size > self._most:
            self._size -= len(self._kept.popitem(last=False)[1])
        return data
