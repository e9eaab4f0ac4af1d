"""Which batches of the spool come next: fresh ones from memory, all others from the disk.

Ids of batches count up by one. A batch is taken from memory only if it is the very next one;
whatever does not fit (too many wait, something older lies on the disk) is read from there, so
that nothing is passed over, whatever was told or not told.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Awaitable, Callable, Sequence

from iotd.campus.batches import Batch

FRESH = 50_000  # messages that are kept in memory on their way: 15 MB, and 5 us less for each
READ = 200  # batches of one read of the spool

#: A batch and its id.
Numbered = tuple[int, Batch]


class Waiting:
    """``read(after, batches, messages)`` gives the next on the disk, [] when there is none."""

    def __init__(
        self, read: Callable[[int, int, int], Awaitable[list[Numbered]]], at_once: int
    ) -> None:
        self._read, self._at_once = read, at_once
        self._fresh: deque[Numbered] = deque()
        self._messages = 0
        self._taken = 0  # the id up to which all was handed out
        self._newest = 0  # the highest id that was told of
        #: Nothing lies on the disk but what is in memory.
        self.whole = False

    @property
    def messages(self) -> int:
        """How many are in memory."""
        return self._messages

    @property
    def anything(self) -> bool:
        """Whether there may be a next one."""
        return bool(self._fresh) or not self.whole

    def put(self, id: int, batch: Batch) -> None:
        """A batch is on the disk."""
        self._newest = max(self._newest, id)
        last = self._fresh[-1][0] if self._fresh else self._taken
        if not self.whole or id <= last:
            return
        if id != last + 1 or self._messages >= FRESH:
            self.whole = False  # from here on all is read
            return
        self._fresh.append((id, batch))
        self._messages += len(batch.heard)

    async def take(self) -> list[Numbered]:
        """The next ones, about ``at_once`` messages; [] when nothing waits."""
        if not self._fresh and not self.whole:
            return await self._take_from_disk()
        chosen: list[Numbered] = []
        messages = 0
        while self._fresh and messages < self._at_once:
            id, batch = self._fresh.popleft()
            chosen.append((id, batch))
            messages += len(batch.heard)
        self._messages -= messages
        if chosen:
            self._taken = chosen[-1][0]
        return chosen

    async def _take_from_disk(self) -> list[Numbered]:
        told = self._newest
        found = await self._read(self._taken, READ, self._at_once)
        if found:
            self._taken = found[-1][0]
        else:
            # what was told of before this read is not there any more
            self._taken = max(self._taken, told)
        # nothing lies behind what was read if that is the newest of which anybody knows, or if
        # there was nothing; without a word of any (at start) only the latter says so
        self.whole = self._taken >= self._newest and (bool(self._newest) or not found)
        return found

    def again(self, batches: Sequence[Numbered]) -> None:
        """Taken in vain: they, and all behind them, are read from the disk later."""
        self._taken = batches[0][0] - 1
        self._fresh.clear()
        self._messages, self.whole = 0, False

    def change(self, change: Callable[[Batch], Batch]) -> None:
        """Put others in the place of those in memory."""
        self._fresh = deque((id, change(batch)) for id, batch in self._fresh)


def read_in_thread(spool: Any, in_thread: Callable[..., Awaitable[Any]]) -> Any:
    """``read`` for :class:`Waiting`, of a spool whose calls block."""
    async def read(after: int, batches: int, messages: int) -> list[Numbered]:
        found: list[Numbered] = await in_thread(spool.read, after, batches, messages)
        return found

    return read
