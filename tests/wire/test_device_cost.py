"""CPU and memory on the device wire stay linear and bounded, however hostile the bytes.

Bounds are about five times what a quiet 2.5 GHz core needs, so that a busy one
passes too; what matters is that nothing here is quadratic.
"""

from __future__ import annotations

import base64
import time
import tracemalloc
from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.conversation import MAX_WAITING_BYTES, DeviceConversation
from tests.wire.device_drive import KEYED_OPENING, QUIET, DeviceDaemon, fed
from tests.wire.drive import pieces
from tests.wire.jpegs import jpeg
from tests.wire.test_cost import seconds

LIMIT = 1024 * 1024
WEIGHTS = b"size-13\nbfr-1023.4567"


def spent(data: bytes, size: int, opening: bytes = b"new~wch") -> float:
    """CPU seconds that ``data`` in pieces of ``size`` bytes costs."""
    return seconds(lambda: fed([opening, *pieces(data, size)], limit=LIMIT))


class CpuTests(SynchronousTestCase):
    """Linear in bytes."""

    def test_one_byte_pieces(self) -> None:
        """A big message byte by byte costs the same per byte as a small one."""
        for opening, end in ((b"new~img", b""), (KEYED_OPENING, b"\n")):
            def cost(size: int) -> float:
                declared = [opening, b"size-%d" % size + end, QUIET]
                return seconds(lambda: fed([*declared, *pieces(bytes(size), 1)], limit=LIMIT))

            small = cost(20_000)
            self.assertLess(cost(200_000), 25 * small)
            self.assertLess(small, 0.2)

    def test_base64_in_one_byte_pieces(self) -> None:
        """So does base64 text, also where its own size was not declared."""
        def cost(scale: int) -> float:
            picture = jpeg(64 * scale, 64)
            text = base64.b64encode(picture)
            for size in (len(text), len(picture)):
                whole = fed([b"new~img", b"size-%d" % size, QUIET, text], limit=LIMIT)
                self.assertEqual(len(whole.heard), 3)
            start = [b"new~img", b"size-%d" % len(picture), QUIET]
            return seconds(lambda: fed([*start, *pieces(text, 1)], limit=LIMIT)) / len(text)

        self.assertLess(cost(16), 5 * cost(2))

    def test_glued_readings(self) -> None:
        """Ten thousand readings in one piece cost no more each than a hundred: 50 us at most."""
        one = b"72.00,bpm36.50,temp"
        few, many = spent(one * 100, 9999) / 100, spent(one * 5000, LIMIT) / 5000
        self.assertLess(many, 5 * few)
        self.assertLess(many, 100e-6)

    def test_readings_byte_by_byte(self) -> None:
        """20 us a byte at most."""
        data = b"72.00,bpm36.50,temp" * 100
        self.assertLess(spent(data, 1) / len(data), 20e-6)

    def test_glued_lines(self) -> None:
        """A keyed device's lines: 50 us each at most, in one piece or many."""
        data = b"72.00,bpm\n" * 2000
        for size in (LIMIT, 512):
            self.assertLess(spent(data, size, KEYED_OPENING) / 2000, 100e-6)

    def test_hostile_texts(self) -> None:
        """16 KiB that make little sense, byte by byte or whole: 40 us a byte at most."""
        for unit in (b"7", b"x", b" ", b"\0", b"\n", b"x ", b"7 ", b"size-9 ", b"0,", b",", b"5,x",
                     b"new~wch", b"\xff", b"72.00,", b"s", b"+", b"0,ab", b"-,-"):
            data = (unit * 16384)[:16384]
            for size in (1, 16384):
                for opening in (b"new~wch", KEYED_OPENING):
                    start = time.process_time()
                    fed([opening, *pieces(data, size)])
                    cost = (time.process_time() - start) / len(data)
                    self.assertLess(cost, 40e-6, (unit, size))

    def test_no_comma(self) -> None:
        """64 KiB without a comma end the connection within the first 1025 bytes."""
        for unit in (b"7", b"x", b" ", b"\0", b"\n", b"x ", b"7 ", b"\xff", b"hello\n"):
            daemon = fed([b"new~wch", *pieces(unit * 65536, 1)][:1027 + len(unit)])
            self.assertIsNotNone(daemon.error, unit)


class MemoryTests(SynchronousTestCase):
    """What a connection holds."""

    def grown(self, work: Callable[[], object]) -> tuple[int, int]:
        """Bytes held afterwards, and at the most while working."""
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        kept = work()
        now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        return now, peak

    def test_five_thousand_watches(self) -> None:
        """A started watch takes less than 1 KiB, after a reading and before the next."""
        def watch() -> DeviceConversation:
            conversation = fed([b"new~wch72.00,bpm36.50,temp36."]).conversation
            return conversation

        now, _ = self.grown(lambda: [watch() for _ in range(5000)])
        self.assertLess(now / 5000, 1024)

    def test_declared_sizes_cost_nothing(self) -> None:
        """A thousand cabinets that each declare 1 MiB take less than 2 KiB each."""
        parts = [b"new~cab", b"size-1048576", QUIET, b"\xff\xd8"]
        now, _ = self.grown(lambda: [fed(parts, limit=LIMIT).conversation for _ in range(1000)])
        self.assertLess(now / 1000, 2048)

    def test_a_picture_leaves_nothing(self) -> None:
        """Once a picture is told its bytes are no longer held by the conversation."""
        picture = jpeg(320, 240)

        def work() -> DeviceDaemon:
            daemon = fed([b"new~img", b"size-%d" % len(picture), QUIET, picture], limit=LIMIT)
            daemon.heard = []
            return daemon

        now, _ = self.grown(work)
        self.assertLess(now, 4096)

    def test_floods(self) -> None:
        """Who floods while it is our turn is cut off after 1024 bytes."""
        for opening in (b"new~wch", KEYED_OPENING):
            daemon = fed([opening, *pieces(b"x" * 10_000, 100)], kind=None)
            self.assertIn(f"more than {MAX_WAITING_BYTES} bytes", daemon.error or "no error")
