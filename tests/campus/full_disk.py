"""Run by test_full_disk in a process of its own: ``python -m tests.campus.full_disk STORY FOLDER``.

FOLDER is a small disk; what happened is told as JSON. Where no disk could be made for the
test, files that may not grow stand for it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater, react

from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.intake import Intake
from iotd.campus.model import Heard
from iotd.campus.spool import NAME, RESERVE, Spool
from iotd.errors import Unavailable
from tests.campus.intake_house import HASHER, MACS, ANNA, NOW, SEEN, known, seen

PARCEL = 300
FILE_LIMIT = 2 << 20  # bytes of a file, where that stands for a small disk


class Disk:
    """A small one that is nearly full."""

    def __init__(self, folder: Path) -> None:
        self.real = os.path.ismount(folder)
        self._filler = folder / "filler"
        if self.real:
            spare = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
            self._filler.write_bytes(b"\0" * (spare - FILE_LIMIT - (8 << 20)))
        else:
            _limit(FILE_LIMIT)

    def make_room(self) -> None:
        """As a person would."""
        if self.real:
            self._filler.unlink()
        else:
            _limit(resource.RLIM_INFINITY)


def _limit(size: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size if size != -1 else hard, hard))


class Story:
    """An intake on that disk, with timers by a fake clock."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        self.reactor, self.clock, self.disk = reactor, Clock(), Disk(folder)
        self.spool = Spool(folder / NAME)
        self.spooled: list[int] = []
        self.intake = Intake(
            reactor=reactor, clock=self.clock, now=lambda: NOW, spool=self.spool, hasher=HASHER,
            calendar=Calendar(), min_rssi=-100, anonymous_counts=True, metrics=CollectorRegistry(),
            on_spooled=lambda id, batch, notes: self.spooled.extend(s.seq for s in batch.heard),
        )
        self.seq = 0

    def submit(self) -> Deferred[None]:
        """The next messages."""
        seqs = range(self.seq, self.seq + PARCEL)
        self.seq += PARCEL
        return self.intake.submit([(SEEN, seen(seq, MACS[ANNA])) for seq in seqs])

    def why(self) -> str:
        """What /readyz would say."""
        try:
            self.intake.check()
        except Unavailable as error:
            return str(error)
        return ""

    async def settled(self, *told: Deferred[None]) -> None:
        """Until all of them fired, or the intake says that it can't."""
        while not all(each.called for each in told) and not self.why():
            await deferLater(self.reactor, 0.002)

    def stored(self) -> list[int | None]:
        """All that another look into the file finds."""
        return [one.seq for _, each in self.spool.read(0, 10**6, 10**9) for one in each.heard]

    async def fill(self) -> dict[str, Any]:
        """Full, asked again and again, and room made."""
        await self.intake.start_service()
        await self.intake.identify_all(known())
        told = [self.submit()]
        while not self.why():
            await self.settled(told[-1])
            if told[-1].called:
                told.append(self.submit())
        told += [self.submit(), self.submit()]
        safe = sum(each.called for each in told) * PARCEL
        found = {"real": self.disk.real, "safe": safe, "why": self.why()}
        for _ in range(4):
            self.clock.advance(5)
            await deferLater(self.reactor, 0.02)
        found["stored_when_full"] = self.stored() == [*range(safe)] == self.spooled
        found["told_when_full"] = sum(each.called for each in told) * PARCEL - safe
        self.disk.make_room()
        self.clock.advance(5)
        for each in told:
            await each
        found["why_afterwards"] = self.why()
        found["stored"] = self.stored() == [*range(self.seq)] == self.spooled
        await self.intake.stop_service()
        self.spool.close()
        return found


def drain(folder: Path) -> dict[str, Any]:
    """A spool that filled its disk by itself is emptied without anybody's help."""
    spool = Spool(folder / NAME)
    spool.open()
    kept = Batch([Heard("gate-1", "b", seq, 1, 1, 0, 4, (7,), 0) for seq in range(2000)])
    ids: list[int] = []
    try:
        while True:
            ids.append(spool.append(kept, 1))
    except Unavailable as error:
        why = str(error)
    del spool  # as a crash would
    spool = Spool(folder / NAME)
    spool.open()
    same = [id for id, _ in spool.read(0, 10**6, 10**9)] == ids
    for id in ids[::20]:
        spool.done(id)
        spool.tidy()
    spool.done(ids[-1])
    spool.tidy()
    new = spool.append(kept, 1)
    spool.tidy()
    spool.close()
    return {"batches": len(ids), "why": why, "same": same, "new": new > ids[-1],
            "reserve": (folder / RESERVE).exists()}


async def _main(reactor: Any, story: str, folder: Path) -> None:
    found = drain(folder) if story == "drain" else await Story(reactor, folder).fill()
    print(json.dumps(found))


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(_main(reactor, sys.argv[1], Path(sys.argv[2]))))
