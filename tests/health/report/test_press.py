"""Processes that make reports: few at once, each bounded, none left behind."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from iotd.errors import Unavailable
from iotd.health.report import press
from iotd.health.report.press import Press
from tests.health.report.room import FONTS, told

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
FAILS = (sys.executable, "-c", "import sys; sys.exit('Ouch at somewhere.py:7')")
SAYS = (sys.executable, "-c", "print('no PDF')")
ECHOES = (sys.executable, "-c", "import sys; print('%PDF ' + sys.stdin.read(), end='')")


def is_gone(pid: int) -> bool:
    """Whether there is no process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class PressTest(TestCase):
    """``press(command)`` is stopped at the end of the test."""

    def press(self, command: tuple[str, ...] = press.COMMAND, seconds: float = 60.0) -> Press:
        """A press of real processes."""
        made = Press(reactor, command, seconds)
        self.addCleanup(made.stop_service)
        return made

    async def running(self, made: Press, count: int) -> list[int]:
        """The process ids, once there are so many."""
        while len(made.pids) < count:
            await deferLater(reactor, 0.005)  # type: ignore[arg-type]
        return made.pids

    async def refused(self, waiting: Deferred[Any]) -> str:
        """What who waited was told."""
        return str(await self.assertFailure(waiting, Unavailable))


class OneTests(PressTest):
    """One report."""

    async def test_made(self) -> None:
        """The real process makes a PDF of data that goes in by a pipe only."""
        data = json.dumps({"fonts": str(FONTS), **vars(told())}).encode()
        pdf = await self.press().make(data)
        self.assertEqual((pdf[:8], pdf.rstrip()[-5:]), (b"%PDF-1.7", b"%%EOF"))

    async def test_bad_data(self) -> None:
        """A process that fails is told of without a word of the data, which is a person's."""
        made = self.press()
        with_logs = made.make(b'{"fonts": "/nowhere", "patient": {"name": "Anna Berg"}}')
        self.assertEqual(await self.refused(with_logs), press.FAILED)

    async def test_failed(self) -> None:
        """One that ends with an error, and one that says something else, made nothing."""
        for command in (FAILS, SAYS, ("/nowhere/at/all",)):
            self.assertEqual(await self.refused(self.press(command).make(b"")), press.FAILED)

    async def test_late(self) -> None:
        """One that takes too long is killed, and who waits is told so."""
        made = self.press(SLEEPS, 0.2)
        waiting = made.make(b"")
        pid, = await self.running(made, 1)
        self.assertEqual(await self.refused(waiting), press.LATE)
        await made.stop_service()
        self.assertTrue(is_gone(pid))

    async def test_killed(self) -> None:
        """One that somebody kills made nothing; the next is made as ever."""
        made = self.press(SLEEPS)
        waiting = made.make(b"")
        os.kill((await self.running(made, 1))[0], 9)
        self.assertEqual(await self.refused(waiting), press.FAILED)
        self.assertEqual(made.pids, [])

    async def test_nobody_waits(self) -> None:
        """When who waits goes away the process ends."""
        made = self.press(SLEEPS)
        waiting = made.make(b"")
        pid, = await self.running(made, 1)
        waiting.cancel()
        await self.assertFailure(waiting, CancelledError)
        await made.stop_service()
        self.assertTrue(is_gone(pid))

    async def test_too_large(self) -> None:
        """A process that says more than any report is killed."""
        self.patch(press, "MOST_BYTES", 1000)
        endless = (sys.executable, "-c", "while True: print('%PDF' * 1000)")
        self.assertEqual(await self.refused(self.press(endless).make(b"")), press.FAILED)


class ManyTests(PressTest):
    """Several at once."""

    async def test_in_turn(self) -> None:
        """Two are made at once, the others in turn, each for who asked for it."""
        made = self.press(ECHOES)
        asked = [made.make(str(number).encode()) for number in range(10)]
        self.assertLessEqual(len(made.pids), press.AT_ONCE)
        pdfs = await gatherResults(asked)
        self.assertEqual(pdfs, [f"%PDF {number}".encode() for number in range(10)])

    async def test_full(self) -> None:
        """Behind two and eight that wait, another is refused at once."""
        made = self.press(SLEEPS)
        asked = [made.make(b"") for _ in range(press.AT_ONCE + press.WAITING)]
        self.assertEqual(await self.refused(made.make(b"")), press.BUSY)
        await made.stop_service()
        for each in asked:
            self.assertEqual(await self.refused(each), press.STOPPING)

    async def test_gave_up_waiting(self) -> None:
        """No process is begun for who gave up while others were made."""
        made = self.press(ECHOES)
        asked = [made.make(str(number).encode()) for number in range(4)]
        asked[2].cancel()
        await self.assertFailure(asked[2], CancelledError)
        self.assertEqual(await asked[3], b"%PDF 3")
        await gatherResults(asked[:2])

    async def test_stop(self) -> None:
        """Stopping kills what runs, refuses what waits and what comes, and then nothing is left."""
        made = self.press(SLEEPS)
        asked = [made.make(b"") for _ in range(3)]
        pids = await self.running(made, 2)
        await gatherResults([made.stop_service(), made.stop_service()])
        self.assertTrue(all(is_gone(pid) for pid in pids))
        for each in (*asked, made.make(b"")):
            self.assertEqual(await self.refused(each), press.STOPPING)
