"""The frame hub: who is shown what, and what busy viewers skip."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from iotd.cameras.hub import Feed, Frame
from iotd.cameras.resize import Resized, shrink
from iotd.cameras.viewers import Tally, Viewer, WallViewer
from tests.parts import picture


class Line:
    """A stream whose socket takes ``room`` parts before it is full."""

    def __init__(self, room: int = 10**6) -> None:
        self.room, self.got = room, []  # type: ignore[var-annotated]
        self.on_ready: Any = None

    @property
    def busy(self) -> bool:
        """Whether the socket is full."""
        return self.room <= 0

    def offer(self, part: bytes) -> bool:
        """Take a part while there is room."""
        if self.busy:
            return False
        self.room -= 1
        self.got.append(part)
        return True

    def drain(self, room: int) -> None:
        """The socket has room again."""
        self.room = room
        self.on_ready()


def frame(number: int, at: float = 0.0, camera: str = "cam-1") -> Frame:
    """A numbered frame."""
    return Frame(camera, b"jpeg%d" % number, 32, 24, at)


def numbers(line: Line) -> list[int]:
    """Which frames a line got."""
    return [int(part.split(b"jpeg")[-1].split(b"\r")[0]) for part in line.got]


class ViewerTests(SynchronousTestCase):
    """One camera, several viewers."""

    def setUp(self) -> None:
        self.feed, self.tally = Feed(), Tally()

    def view(self, line: Line, fps: float | None = None) -> Any:
        """Watch the feed on ``line``."""
        return self.feed.watch(Viewer(line, self.feed, self.tally, fps))  # type: ignore[arg-type]

    def test_the_same_bytes_for_everyone(self) -> None:
        """The part is built once: every viewer is given the very same object."""
        lines = [Line(), Line()]
        for line in lines:
            self.view(line)
        self.feed.put(frame(1))
        self.assertIs(lines[0].got[0], lines[1].got[0])

    def test_busy_viewers_skip(self) -> None:
        """A busy viewer skips, gets the newest frame when ready, and delays nobody."""
        slow, good = Line(room=1), Line()
        self.view(slow), self.view(good)
        for number in range(5):
            self.feed.put(frame(number))
        slow.drain(2)
        self.feed.put(frame(5))
        self.assertEqual((numbers(slow), numbers(good)), ([0, 4, 5], [0, 1, 2, 3, 4, 5]))
        self.assertEqual((self.tally.skipped, self.tally.sent), (3, 9))

    def test_ready_without_news(self) -> None:
        """A viewer that missed nothing is not shown a frame twice."""
        line = Line(room=1)
        self.view(line)
        self.feed.put(frame(1))
        line.drain(1)
        self.assertEqual(numbers(line), [1])

    def test_fps(self) -> None:
        """A viewer that asks for 5 fps of 25 gets every fifth frame, evenly."""
        line = Line()
        self.view(line, fps=5)
        for number in range(100):
            self.feed.put(frame(number, at=1000 + number / 25))
        self.assertEqual(numbers(line), list(range(0, 100, 5)))

    def test_fps_above_the_camera(self) -> None:
        """Asking for more than the camera gives shows every frame, also when it jitters."""
        line = Line()
        self.view(line, fps=10)
        times = [1000 + n / 4 + (n % 3) * 0.01 for n in range(20)]
        for number, at in enumerate(times):
            self.feed.put(frame(number, at))
        self.assertEqual(numbers(line), list(range(20)))

    def test_a_clock_set_back(self) -> None:
        """When the clock jumps back an hour the viewer goes on watching."""
        line = Line()
        self.view(line, fps=5)
        for number, at in enumerate((5000, 1400, 1400.2, 1400.4)):
            self.feed.put(frame(number, at))
        self.assertEqual(numbers(line), [0, 1, 2, 3])

    def test_leaving(self) -> None:
        """Who left is shown nothing more, and leaving twice does nothing."""
        line = Line()
        leave = self.view(line)
        leave(), leave()
        self.feed.put(frame(1))
        self.assertEqual(line.got, [])


class WallTests(SynchronousTestCase):
    """Several cameras in one stream."""

    def test_every_tile_has_its_turn(self) -> None:
        """On a slow line no camera starves, and each shows its newest frame."""
        line, tallies = Line(room=1), [Tally(), Tally(), Tally()]
        wall = WallViewer(line)  # type: ignore[arg-type]
        tiles = [wall.tile(tally, None) for tally in tallies]
        for number in range(4):
            for which, tile in enumerate(tiles):
                tile.offer(frame(number * 10 + which, camera=f"cam-{which}"))
        line.drain(2)
        line.drain(5)
        self.assertEqual(numbers(line), [0, 31, 32, 30])
        self.assertEqual([t.sent for t in tallies], [2, 1, 1])
        self.assertIn(b"X-Camera: cam-1\r\n", line.got[1])


class ResizeTests(SynchronousTestCase):
    """Smaller pictures."""

    def setUp(self) -> None:
        self.waiting: list[tuple[Deferred[Frame], Any]] = []
        self.feed = Feed()
        self.sized = Resized(self.feed, 160, self.in_thread)

    def in_thread(self, function: Any, *args: Any) -> Deferred[Frame]:
        """Work that is done when the test says so."""
        done: Deferred[Frame] = Deferred()
        self.waiting.append((done, lambda: function(*args)))
        return done

    def work(self) -> None:
        """Do the oldest piece of work."""
        done, function = self.waiting.pop(0)
        done.callback(function())

    def source(self, number: int) -> Frame:
        """A VGA picture."""
        return Frame("cam-1", picture(number, (640, 480)), 640, 480, float(number))

    def test_size(self) -> None:
        """The picture has the width asked for and keeps its shape and its time."""
        small = shrink(self.source(3), 160)
        self.assertEqual(Image.open(io.BytesIO(small.jpeg)).size, (160, 120))
        self.assertEqual((small.width, small.height, small.at), (160, 120, 3.0))

    def test_never_larger(self) -> None:
        """A width beyond the picture's own gives the picture itself."""
        source = self.source(1)
        self.assertIs(shrink(source, 640), source)

    def test_absurd_sizes_are_not_decoded(self) -> None:
        """A picture that claims 65,000 x 65,000 pixels is never decoded."""
        monster = Frame("cam-1", b"not decoded", 65000, 65000, 0.0)
        self.assertIs(shrink(monster, 160), monster)

    def test_once_for_all(self) -> None:
        """Three viewers of one size cost one piece of work a frame."""
        lines = [Line(), Line(), Line()]
        for line in lines:
            self.sized.watch(Viewer(line, self.sized, Tally(), None))  # type: ignore[arg-type]
        self.feed.put(self.source(1))
        self.assertEqual(len(self.waiting), 1)
        self.work()
        self.assertEqual([len(line.got) for line in lines], [1, 1, 1])

    def test_newest_wins(self) -> None:
        """Frames that come while one is in work are skipped but for the newest."""
        line = Line()
        self.sized.watch(Viewer(line, self.sized, Tally(), None))  # type: ignore[arg-type]
        for number in range(1, 6):
            self.feed.put(self.source(number))
        self.work(), self.work()
        self.assertEqual(self.waiting, [])
        for number, part in zip((1, 5), line.got):
            self.assertIn(b"X-Timestamp: %d." % number, part)

    def test_nobody_watches(self) -> None:
        """Without viewers nothing is made smaller."""
        viewer = Viewer(Line(), self.sized, Tally(), None)  # type: ignore[arg-type]
        self.sized.watch(viewer)()
        self.feed.put(self.source(1))
        self.assertEqual((self.waiting, self.feed.sinks), ([], ()))

    def test_undecodable(self) -> None:
        """A picture that can't be decoded is skipped and the next one is shown."""
        line = Line()
        self.sized.watch(Viewer(line, self.sized, Tally(), None))  # type: ignore[arg-type]
        self.feed.put(Frame("cam-1", b"\xff\xd8rubbish\xff\xd9", 640, 480, 0.0))
        done, function = self.waiting.pop(0)
        self.assertRaises(OSError, function)
        done.errback(OSError("cannot identify image"))
        self.feed.put(self.source(2))
        self.work()
        self.assertEqual(len(line.got), 1)
