"""CPU and memory stay linear and bounded, however hostile the bytes.

Bounds are about five times what a quiet 2.5 GHz core needs, so that a busy one
passes too; what matters is that nothing here is quadratic.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Callable, Iterator

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.camera import NEED_DATA, CameraConversation
from iotd.wire.frames import FrameReader, encode_frame
from iotd.wire.jpeg import trim
from tests.wire.drive import fed, pieces
from tests.wire.jpegs import jpeg, segment

LIMIT = 4 * 1024 * 1024
MB = 1_000_000


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def feed(data: bytes, size: int) -> int:
    """Through a whole conversation in pieces; how many events came of it."""
    conversation, events = CameraConversation(LIMIT), 0
    for piece in pieces(data, size):
        conversation.receive_data(piece)
        while conversation.next_event() is not NEED_DATA:
            events += 1
    return events


def payloads(data: bytes) -> Iterator[bytes]:
    """All frames that were received in one piece."""
    reader = FrameReader(LIMIT)
    reader.receive_data(data)
    while (payload := reader.next_frame()) is not NEED_DATA:
        yield payload


def frames(count: int) -> bytes:
    """Pictures of 30 KB, FIFO padding included."""
    picture = jpeg(320, 240, quality=28)
    return encode_frame(picture + bytes(30_000 - len(picture))) * count


class CpuTests(SynchronousTestCase):
    """Linear in bytes."""

    def test_whole_path(self) -> None:
        """Receive, trim and event of a 30 KB frame: 500 us at most."""
        data = frames(50)
        for size in (512, 1460, 65536):
            self.assertEqual(feed(data, size), 51)
            self.assertLess(seconds(lambda: feed(data, size)) / 50, 500e-6, size)

    def test_one_byte_pieces(self) -> None:
        """One big frame byte by byte costs the same per byte as a small one."""
        small, big = encode_frame(bytes(MB // 10)), encode_frame(bytes(MB))
        cost = seconds(lambda: feed(small, 1))
        self.assertLess(seconds(lambda: feed(big, 1)), 25 * cost)
        self.assertLess(cost * 10, 2.0)

    def test_glued_empty_frames(self) -> None:
        """A flood of zeros costs no more than pictures do: 50 ms a MB at most."""
        self.assertEqual(feed(bytes(MB), MB), 2)
        for size in (65536, MB):
            self.assertLess(seconds(lambda: feed(bytes(MB), size)), 0.05, size)

    def test_glued_small_frames(self) -> None:
        """A hundred thousand small frames in one piece cost no more each than a thousand."""
        def read(count: int) -> float:
            data = encode_frame(b"x") * count
            return seconds(lambda: list(payloads(data))) / count

        self.assertLess(read(100_000), 5 * read(1000))

    def test_hostile_payloads(self) -> None:
        """4 MB made to make the walk of a picture expensive: 0.5 s at most."""
        start = b"\xff\xd8" + segment(0xC0, b"\x08\x00\x10\x00\x10\x01\x01\x11\x00")
        for name, unit in {
            "beginnings": b"\xff\xd8\xff", "segments": segment(0xFE, b""), "filling": b"\xff",
            "scans": segment(0xDA, b"") + b"\x00", "restarts": b"\xff\xd0", "zeros": b"\x00",
            "stuffing": b"\xff\x00", "thumbnails": b"\xff\xd8\xff\xe1\xff\xff",
        }.items():
            payload = start + segment(0xDA, b"") + unit * (LIMIT // len(unit))
            payload, other = payload[:LIMIT], (start + unit * (LIMIT // len(unit)))[:LIMIT]
            self.assertLess(seconds(lambda: (trim(payload), trim(other))), 1.0, name)


class MemoryTests(SynchronousTestCase):
    """Never more than a frame and what was received last."""

    def grown(self, work: Callable[[], object]) -> int:
        """Bytes that were held at the most while working."""
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        work()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    def test_declared_lengths_cost_nothing(self) -> None:
        """A thousand conversations that each declare 4 MB take less than 2 KB each."""
        header = (LIMIT - 1).to_bytes(4, "big")
        peak = self.grown(lambda: [fed([header], max_frame_bytes=LIMIT) for _ in range(1000)])
        self.assertLess(peak, 2_000_000)

    def test_small_frames(self) -> None:
        """10 MB of frames through one conversation leave nothing behind."""
        data = frames(1)

        def work() -> None:
            conversation = CameraConversation(LIMIT)
            for _ in range(333):
                conversation.receive_data(data)
                while conversation.next_event() is not NEED_DATA:
                    pass

        self.assertLess(self.grown(work), 200_000)

    def test_a_frame_that_never_ends(self) -> None:
        """What is held stays under the limit, the growth of its buffer and one piece."""
        limit = 1_000_000
        data = limit.to_bytes(4, "big") + b"\xee" * 10_000_000

        def work() -> None:
            daemon = fed(pieces(data, 65536), max_frame_bytes=limit)
            self.assertIn("impossible frame length 4008636142", str(daemon.error))

        # the buffer, its growth by an eighth, the payload taken out of it
        self.assertLess(self.grown(work), 2.5 * limit)
