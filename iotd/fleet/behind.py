"""What is written behind: news of boards and what happened to them, in one write every few s.

A thousand boards tell of themselves every half minute; a commit for each of them would wear
out a memory card for figures that the next report replaces.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.fleet import records
from iotd.fleet.model import KEPT_EVENTS, KEPT_SECONDS, Board, Event
from iotd.store.engine import Store

MAX_WAITING = 20_000  # events while the store is away; then the oldest go
TRIM_AFTER = 100  # events of one board until its oldest are looked for


class Behind:
    """Gathers, and writes when it is told to."""

    _log = Logger()

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._boards: dict[str, Board] = {}
        self._events: list[Event] = []
        self._heard: dict[str, tuple[str | None, int | None]] = {}
        self._written: Counter[str] = Counter()
        self._writing: Deferred[Any] | None = None
        self._pruning = False
        self.lost = 0  # events that found no place while the store was away

    def board(self, board: Board) -> None:
        """This is how it is now."""
        self._boards[board.device] = board

    def heard(self, id: str, firmware: str | None, rssi: int | None) -> None:
        """These are a device's firmware and signal now."""
        self._heard[id] = firmware, rssi

    def event(self, event: Event) -> None:
        """This happened."""
        self._events.append(event)
        over = len(self._events) - MAX_WAITING
        if over > 0:
            del self._events[:over]
            self.lost += over

    def forget(self, id: str) -> None:
        """The device was removed; one of the same name that comes is another one."""
        self._boards.pop(id, None)
        self._heard.pop(id, None)
        self._written.pop(id, None)
        self._events = [event for event in self._events if event.device != id]

    def flush(self) -> Deferred[Any] | None:
        """Write what is there unless a write is on its way; None when there is nothing to write.

        Fires when the write ended, well or not: what was not written is tried again.
        """
        if self._writing is not None or not (self._boards or self._events or self._heard):
            return self._writing
        boards, events, heard = self._boards, self._events, self._heard
        self._boards, self._events, self._heard = {}, [], {}
        written = self._writing = self._store.run(
            records.write_news, list(boards.values()), events, heard
        )
        written.addCallbacks(
            lambda _: self._done(events), lambda f: self._again(f, boards, events, heard)
        )
        return written

    async def settle(self, id: str) -> None:
        """What happened to this board so far is written, or could not be."""
        if self._writing is not None or any(event.device == id for event in self._events):
            await self.finish()

    async def finish(self) -> None:
        """Wait for the write that is on its way, and write the rest."""
        for _ in range(2):
            written = self.flush()
            if written is not None:
                await written

    def _done(self, events: list[Event]) -> None:
        self._writing = None
        self._written.update(event.device for event in events)
        for id in [id for id, count in self._written.items() if count >= TRIM_AFTER]:
            self._trim(id)

    def _again(
        self, failure: Any, boards: dict[str, Board], events: list[Event],
        heard: dict[str, tuple[str | None, int | None]],
    ) -> None:
        self._writing = None
        self._log.warn("news of boards wait: {why}", why=failure.getErrorMessage())
        self._boards, self._heard = {**boards, **self._boards}, {**heard, **self._heard}
        late, self._events = self._events, events
        for event in late:
            self.event(event)

    def prune(self) -> None:
        """Let old events go; called every hour."""
        for id in tuple(self._written):
            self._trim(id)
        if not self._pruning:
            self._pruning = True
            pruned = Deferred.fromCoroutine(self._drop_old())
            pruned.addErrback(self._stay).addBoth(self._pruned)

    async def _drop_old(self) -> None:
        before = self._now() - KEPT_SECONDS
        while await self._store.run(records.drop_old, before):
            pass  # some at a time: others want to write too

    def _pruned(self, result: Any) -> None:
        self._pruning = False

    def _trim(self, id: str) -> None:
        del self._written[id]
        self._store.run(records.trim, id, KEPT_EVENTS).addErrback(self._stay)

    def _stay(self, failure: Any) -> None:
        self._log.warn("old events of boards stay: {why}", why=failure.getErrorMessage())
