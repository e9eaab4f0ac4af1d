"""What comes next of the spool: each batch once and in order, whatever is told when."""

from __future__ import annotations

from typing import Any, Coroutine

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus import waiting
from iotd.campus.batches import Batch
from iotd.campus.model import Heard
from iotd.campus.waiting import Numbered, Waiting

#: what happens: a batch is spooled, somebody is told, batches are taken, taken in vain
STEPS = st.lists(st.sampled_from(["spool", "spool", "tell", "take", "fail"]), max_size=60)


class Disk:
    """A spool in memory; ``told`` follows ``batches``, as the reactor follows the thread."""

    def __init__(self, before: int) -> None:
        self.batches: list[Numbered] = []
        self.told = before  # what was there before the start is never told of
        self.during: list[str] = []
        self.reads = 0
        for _ in range(before):
            self.spool()
        self.waiting = Waiting(self.read, at_once=3)
        self.got: list[int] = []

    def spool(self) -> None:
        """One more, of two messages."""
        id = len(self.batches) + 1
        heard = [Heard("g", "b", id * 2 + n, 0, 0, 0, 4, (), 0) for n in range(2)]
        self.batches.append((id, Batch(heard)))

    def tell(self) -> None:
        """Of the next that is on the disk."""
        if self.told < len(self.batches):
            self.waiting.put(*self.batches[self.told])
            self.told += 1

    async def read(self, after: int, batches: int, messages: int) -> list[Numbered]:
        """Two batches at most; something happens before the reactor hears of them."""
        self.reads += 1
        found = self.batches[after:after + 2]
        for step in self.during:
            self.spool() if step == "spool" else self.tell()
        self.during = []
        return found

    def take(self, in_vain: bool = False) -> bool:
        """Whether anything came."""
        found = now(self.waiting.take())
        if found and in_vain:
            self.waiting.again(found)
        else:
            self.got += [id for id, _ in found]
        return bool(found)


def now(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


class WaitingTests(SynchronousTestCase):
    """Against a list."""

    @settings(max_examples=500, deadline=None)
    @given(st.integers(0, 7), STEPS, st.lists(st.sampled_from(["spool", "tell"]), max_size=5))
    def test_each_once_and_in_order(
        self, before: int, steps: list[str], during: list[str]
    ) -> None:
        """Nothing is passed over, though reads give little and memory holds little."""
        self.patch(waiting, "FRESH", 5)
        disk = Disk(before)
        for step in steps:
            if step in ("take", "fail"):
                disk.during = during if step == "take" else []
                disk.take(in_vain=step == "fail")
            else:
                getattr(disk, step)()
        disk.during = []
        while disk.told < len(disk.batches):
            disk.tell()
        while disk.waiting.anything:
            disk.take()
        self.assertEqual(disk.got, [*range(1, len(disk.batches) + 1)])

    def test_a_steady_stream_stays_in_memory(self) -> None:
        """Once nothing older lies on the disk, it is not read any more."""
        disk = Disk(before=1)
        while disk.waiting.anything:
            disk.take()
        reads = disk.reads
        for _ in range(5):
            disk.spool()
            disk.tell()
            self.assertTrue(disk.take())
        self.assertEqual(disk.reads, reads)

    def test_a_spool_begun_anew(self) -> None:
        """What was told of and is gone holds up nothing."""
        disk = Disk(before=0)
        while disk.waiting.anything:
            disk.take()
        disk.waiting.put(5, Batch())  # 1 to 4 are in a file that was damaged
        self.assertFalse(disk.take())
        disk.waiting.put(6, disk_batch())
        self.assertEqual(now(disk.waiting.take())[0][0], 6)


def disk_batch() -> Batch:
    """One message."""
    return Batch([Heard("g", "b", 1, 0, 0, 0, 4, (), 0)])
