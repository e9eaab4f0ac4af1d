"""The counter with its real worker process, on the real reactor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter as Tally
from pathlib import Path
from unittest import mock

from twisted.internet.defer import CancelledError
from twisted.internet.error import ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet import count_jobs
from iotd.cabinet.counter import MAX_QUEUE, CountFailed, Counter, Photo, Reference
from iotd.cabinet.vision_messages import MAX_PICTURE, MessageReader, encode
from iotd.cabinet.vision_process import VisionProcess
from iotd.errors import Unavailable
from tests.cabinet.vision import CounterTest, picture, references, rested, until

PARENT = """
import sys
from twisted.internet import reactor
from iotd.cabinet.counter import Counter
counter = Counter(reactor)
counter.start_service()
def told(_):
    print(counter.pid, flush=True)
reactor.callWhenRunning(lambda: counter.barcodes(b"x").addBoth(told))
reactor.run()
"""


class Counting(CounterTest):
    """What a healthy counter does."""

    async def test_counts(self) -> None:
        """A picture comes back with its packages, each with a name, four corners and a score."""
        counter = self.counter()
        jpeg, truths = picture(1)
        seen = await counter.count(jpeg, references())
        self.assertEqual(Tally(box.item for box in seen.boxes),
                         Tally(truth.item for truth in truths))
        self.assertEqual((seen.width, seen.height, seen.weak), (640, 480, ()))
        self.assertTrue(all(len(box.corners) == 4 and 0 < box.score <= 1 for box in seen.boxes))
        self.assertGreater(seen.seconds, 0)

    async def test_photos_are_taught_once(self) -> None:
        """The second picture takes less: its photos are known; a changed one is learned anew."""
        counter = self.counter()
        jpeg, _ = picture(1)
        await counter.count(jpeg, references())
        first = set(counter._learned)
        await counter.count(jpeg, references())
        self.assertEqual(set(counter._learned), first)
        other = Photo(references()[0].photos[0].id, references()[1].photos[0].jpeg)
        await counter.count(jpeg, [Reference("other", (other,))])
        self.assertEqual(len(counter._learned), len(first) + 1)

    async def test_weak_photos(self) -> None:
        """A photo that is none is told by its id, and the others still count."""
        seen = await self.counter().count(
            picture(1)[0], [*references(), Reference("void", (Photo(99, b"no picture"),))])
        self.assertEqual(seen.weak, (99,))
        self.assertTrue(seen.boxes)

    async def test_started_when_needed_and_ended_when_not(self) -> None:
        """No process before the first picture, none some time after the last."""
        counter = self.counter(idle_seconds=0.05)
        self.assertIsNone(counter.pid)
        await counter.barcodes(picture(1)[0])
        pid = counter.pid
        self.assertIsNotNone(pid)
        await until(lambda: counter.pid is None and not _alive(pid))
        self.assertEqual(await counter.barcodes(picture(1)[0]), [])

    async def test_not_installed(self) -> None:
        """Without OpenCV it says what to install, and starts nothing."""
        with mock.patch.object(count_jobs.importlib.util, "find_spec", return_value=None):
            counter = self.counter()
        self.assertFalse(counter.available)
        self.assertIn("pip install iotd[vision]", counter.why)
        failure = await self.failing(counter, Unavailable)
        self.assertEqual(str(failure), counter.why)
        self.assertIsNone(counter.pid)

    async def failing(self, counter: Counter, kind: type, jpeg: bytes = b"x") -> Exception:
        """The error of a count that must fail."""
        error: Exception = await self.assertFailure(counter.count(jpeg, ()), kind)
        return error

    async def test_no_picture(self) -> None:
        """What is no JPEG, is cut off, or is too large fails by itself; the next one counts."""
        counter, jpeg = self.counter(), picture(1)[0]
        for bad, words in ((b"GIF89a nothing", "neither a JPEG nor a PNG"),
                           (jpeg[:3000], "cut off"), (b"", "neither"),
                           (b"x" * (MAX_PICTURE + 1), "at most")):
            self.assertIn(words, str(await self.failing(counter, CountFailed, bad)))
        self.assertEqual((await counter.count(jpeg, ())).boxes, ())

    async def test_too_many_pixels(self) -> None:
        """A small file that stands for gigabytes of pixels is never decoded."""
        bomb = picture(1)[0]
        at = bomb.index(b"\xff\xc0")
        bomb = bomb[:at + 5] + b"\xff\xf0\xff\xf0" + bomb[at + 9:]
        self.assertIn("40 million", str(await self.failing(self.counter(), CountFailed, bomb)))

    async def test_who_goes_away(self) -> None:
        """A count that is cancelled while it waits is not done, and disturbs no other."""
        counter, jpeg = self.counter(), picture(1)[0]
        first, second = counter.count(jpeg, ()), counter.count(jpeg, ())
        second.cancel()
        await self.assertFailure(second, CancelledError)
        await first
        await counter.count(jpeg, ())
        self.assertEqual(counter.waiting, 0)


class Trouble(CounterTest):
    """What a worker or a picture can do to it."""

    async def busy(self, counter: Counter) -> int:
        """Start the worker, stop it, and give it a picture that it can't finish."""
        await counter.barcodes(picture(1)[0])
        pid = counter.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        return pid

    async def test_hangs(self) -> None:
        """A worker that hangs is killed; that picture fails, the queue goes on with a new one."""
        counter = self.counter(max_seconds=1.5)
        pid = await self.busy(counter)
        hung = counter.barcodes(picture(1)[0])
        behind = counter.barcodes(picture(1)[0])
        error = await self.assertFailure(hung, CountFailed)
        self.assertIn("not counted within 1.5 s", str(error))
        self.assertEqual(await behind, [])
        self.assertFalse(_alive(pid))
        self.assertNotEqual(counter.pid, pid)

    async def test_crashes_once(self) -> None:
        """A picture whose worker died is tried once more, and counts."""
        counter = self.counter()
        pid = await self.busy(counter)
        counted = counter.barcodes(picture(1)[0])
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(await counted, [])

    async def test_poison(self) -> None:
        """A picture that kills the worker twice is given up; the one behind it counts."""
        counter = self.counter()
        pid = await self.busy(counter)
        poison, behind = counter.barcodes(picture(1)[0]), counter.barcodes(picture(1)[0])
        os.kill(pid, signal.SIGKILL)
        await until(lambda: counter._job is not None and counter.pid not in (None, pid))
        os.kill(counter.pid, signal.SIGKILL)  # type: ignore[arg-type]
        error = await self.assertFailure(poison, CountFailed)
        self.assertIn("crashed more than once", str(error))
        self.assertEqual(await behind, [])

    async def test_queue_is_bounded(self) -> None:
        """Sixteen wait, the next is refused at once; all that wait come to an end."""
        counter = self.counter()
        pid = await self.busy(counter)
        waiting = [counter.barcodes(picture(1)[0]) for _ in range(MAX_QUEUE)]
        await self.assertFailure(counter.barcodes(picture(1)[0]), Unavailable)
        os.kill(pid, signal.SIGCONT)
        for one in waiting:
            self.assertEqual(await one, [])

    async def test_stop_while_busy(self) -> None:
        """Stopping fails what is in work and what waits, and leaves no process."""
        counter = self.counter()
        pid = await self.busy(counter)
        waiting = [counter.count(picture(1)[0], references()) for _ in range(2)]
        stopped = counter.stop_service()
        for one in waiting:
            await self.assertFailure(one, Unavailable)
        await stopped
        self.assertFalse(_alive(pid))
        await self.assertFailure(counter.barcodes(b"x"), Unavailable)

    async def test_cannot_start(self) -> None:
        """A worker that never comes up keeps nobody waiting for ever."""
        def broken(reactor: object, process: object) -> None:
            raise OSError("no more processes")

        counter = self.counter(start=broken)
        error = await self.assertFailure(counter.barcodes(b"x"), Unavailable)
        self.assertIn("does not start", str(error))

    async def test_says_it_cannot(self) -> None:
        """A worker that can't import what it needs makes the counter unavailable, with the why."""
        counter = self.counter()
        waiting = counter.barcodes(b"x")
        worker = counter._worker
        assert worker is not None
        counter._heard(worker, {"ready": False, "why": "ImportError: libGL.so.1"})
        await self.assertFailure(waiting, Unavailable)
        self.assertIn("libGL", counter.why)
        self.assertFalse(counter.available)


class Process(CounterTest):
    """The worker's own bounds."""

    async def test_bounds(self) -> None:
        """It is nice, bounded in memory, and knows nothing of the daemon's settings."""
        os.environ["IOTD_STORE__URL"] = "mysql://user:secret@host/db"
        self.addCleanup(os.environ.pop, "IOTD_STORE__URL")
        counter = self.counter()
        await counter.barcodes(picture(1)[0])
        folder = Path(f"/proc/{counter.pid}")
        self.assertNotIn(b"secret", (folder / "environ").read_bytes())
        self.assertIn(f"{2 * 2**30}", (folder / "limits").read_text())
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, counter.pid or 0),
                         min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5))

    async def test_orphan(self) -> None:
        """When the daemon is killed its worker ends with it, also one that is stopped."""
        parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE,
                                  cwd=Path(__file__).parents[2])
        self.addCleanup(parent.wait)
        self.addCleanup(parent.kill)
        assert parent.stdout is not None
        with parent.stdout:
            pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)
        parent.kill()
        await until(lambda: not _alive(pid))

    async def test_daemon_stays_free_of_opencv(self) -> None:
        """Importing the counter imports neither OpenCV nor numpy."""
        code = ("import sys, iotd.cabinet.counter;"
                "sys.exit(bool({'cv2', 'numpy', 'onnxruntime'} & set(sys.modules)))")
        done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
        self.assertEqual(done.returncode, 0)

    async def test_never_blocks(self) -> None:
        """While a picture is counted the reactor turns."""
        counter = self.counter()
        counted = counter.count(picture(1)[0], references())
        longest, last = 0.0, time.monotonic()
        while not counted.called:
            await rested(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        await counted
        self.assertLess(longest, 0.5)


class Pipes:
    """What stands between daemon and worker, without a worker."""

    pid = 1

    def __init__(self) -> None:
        self.reader, self.sent, self.killed, self.closed = MessageReader(), [], False, False

    def write(self, data: bytes) -> None:
        """A message to the worker."""
        self.sent += [head["do"] for head, _ in self.reader.receive(data)]

    def signalProcess(self, name: str) -> None:
        """It is killed."""
        self.killed = name == "KILL"

    def closeStdin(self) -> None:
        """It is to end."""
        self.closed = True


class Time(SynchronousTestCase):
    """Limits on a fake clock, with no process."""

    def setUp(self) -> None:
        self.clock, self.pipes = Clock(), Pipes()
        self.counter = Counter(self.clock, start=self.start)
        self.counter.start_service()

    def start(self, reactor: object, process: VisionProcess) -> None:
        """In place of spawning."""
        self.process = process
        process.makeConnection(self.pipes)

    def says(self, head: dict[str, object]) -> None:
        """The worker's message."""
        self.process.outReceived(encode(head))

    def ends(self) -> None:
        """The worker's end."""
        self.process.processEnded(Failure(ProcessTerminated(9, 9)))

    def test_each_photo_has_its_time(self) -> None:
        """Twenty seconds are for each photo that is learned, and for the picture after them."""
        counted = self.counter.count(b"jpeg", [Reference("a", (Photo(1, b"x"), Photo(2, b"y")))])
        self.says({"ready": True})
        self.assertEqual(self.pipes.sent, ["learn", "learn", "count"])
        for key in ("1", "2"):
            self.clock.advance(19)
            self.says({"learned": key})
        self.clock.advance(19)
        self.assertFalse(self.pipes.killed)
        self.clock.advance(1)
        self.assertTrue(self.pipes.killed)
        self.ends()
        self.failureResultOf(counted, CountFailed)
        self.clock.advance(60)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_start_has_its_time(self) -> None:
        """A worker that says nothing is killed and tried again, three times, ever later."""
        waiting = self.counter.barcodes(b"jpeg")
        for wait in (0.5, 1.0, None):
            self.clock.advance(30)
            self.assertTrue(self.pipes.killed)
            self.pipes.killed = False
            self.ends()
            self.clock.advance(wait or 0)
        self.failureResultOf(waiting, Unavailable)
        self.clock.advance(60)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_rests(self) -> None:
        """After five minutes without a picture its stdin is closed; no timer is left."""
        counted = self.counter.barcodes(b"jpeg")
        self.says({"ready": True})
        self.says({"texts": ["1"], "number": 1})
        self.assertEqual(self.successResultOf(counted), ["1"])
        self.clock.advance(300)
        self.assertTrue(self.pipes.closed)
        self.ends()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_rubbish(self) -> None:
        """A worker that is not understood is killed."""
        self.counter.barcodes(b"jpeg").addErrback(lambda _: None)
        self.process.outReceived(bytes(8))
        self.assertTrue(self.pipes.killed)
        self.ends()
        self.counter.stop_service()
        self.assertEqual(self.clock.getDelayedCalls(), [])


def _alive(pid: int | None) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
