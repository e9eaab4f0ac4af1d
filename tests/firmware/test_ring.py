"""The gate's offline log: whole after a power failure at any byte, bounded, seldom written."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any, Callable

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig  # noqa: F401
import records
from ring import Ring
from segment import Segment

from iotd.wire.sightings import parse_badge, parse_seen

KEY = bytes(range(32))
MAC = bytes.fromhex("aabbccddeeff")


def message(seq: int, size: int = 1) -> bytes:
    """One that saw so many."""
    return records.pack(KEY, "b", seq, records.SEEN, 1_790_000_000_000 + seq,
                        records.sights([(MAC, -45)] * size))


class PowerFailure(BaseException):
    """In the middle of a write."""


class RingTestCase(SynchronousTestCase):
    """Rings in a folder of the test's own."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        self.said: list[str] = []

    def ring(self, boot: str = "b1", **more: Any) -> Any:
        """As after power-on."""
        return Ring(self.folder, boot, records.seq_of, say=self.said.append, **more)

    def told(self, ring: Any, most: int = 1000) -> list[tuple[str, int]]:
        """All that is untold, as (boot, seq), and it is told now."""
        found = [(boot, records.seq_of(each)) for boot, each in ring.take(most)]
        ring.done()
        return found

    def put(self, ring: Any, *seqs: int) -> None:
        for seq in seqs:
            ring.append(message(seq))


class OrderTests(RingTestCase):
    """What goes in comes out once, in order."""

    def test_memory_and_flash(self) -> None:
        """Told from memory and from flash alike; what was not well told comes again."""
        ring = self.ring()
        self.put(ring, 1, 2)
        self.assertEqual(self.told(ring, 1), [("b1", 1)])
        ring.flush()
        self.put(ring, 3)
        self.assertEqual([records.seq_of(each) for _, each in ring.take(9)], [2, 3])
        ring.done(well=False)
        self.assertEqual(self.told(ring), [("b1", 2), ("b1", 3)])
        self.assertEqual(self.told(ring), [])

    def test_nothing_moves_meanwhile(self) -> None:
        """Between take and done nothing is written; afterwards it is, and nothing is twice."""
        ring = self.ring()
        self.put(ring, 1, 2)
        ring.take(1)
        self.assertFalse(ring.flush())
        self.put(ring, 3)
        ring.done()
        self.assertTrue(ring.flush())
        self.assertEqual(self.told(ring), [("b1", 2), ("b1", 3)])

    def test_power_off(self) -> None:
        """After power-off what was told up to the last write is not told again."""
        ring = self.ring()
        self.put(ring, 1, 2, 3)
        self.told(ring, 2)
        ring.flush()
        again = self.ring("b2")
        self.put(again, 1)
        self.assertEqual(self.told(again), [("b1", 3), ("b2", 1)])
        again.flush()
        self.assertEqual(self.told(self.ring("b3")), [])

    def test_find(self) -> None:
        """A replay finds what was told, by boot and number, on flash and in memory."""
        ring = self.ring(segment_bytes=200)
        for seq in range(1, 30):
            self.put(ring, seq)
            if seq % 3 == 0:
                ring.flush()
        self.told(ring)
        found = ring.find("b1", 5, 28, 500)
        self.assertEqual([records.seq_of(each) for each in found], list(range(5, 29)))
        self.assertEqual(len(ring.find("b1", 1, 99, 7)), 7)
        self.assertEqual(ring.find("other", 1, 99, 9), [])
        again = self.ring("b2")
        self.assertEqual(len(again.find("b1", 1, 99, 99)), 27)

    @settings(deadline=None, derandomize=True, max_examples=150)
    @given(st.lists(st.sampled_from("aaaaafttsrx"), max_size=120), st.integers(120, 600))
    def test_stories(self, story: list[str], segment_bytes: int) -> None:
        """Whatever happens, everything that reached flash is told in order, at least once."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.boots, self.seq = 1, 0
        ring = self.ring("b1", segment_bytes=segment_bytes, segments=500)
        put: list[tuple[str, int]] = []
        heard: list[tuple[str, int]] = []
        for step in story:
            if step == "a":
                self.seq += 1
                self.put(ring, self.seq)
                put.append((f"b{self.boots}", self.seq))
            elif step == "f":
                ring.flush()
            elif step in "ts":
                heard += self.told(ring, 4)
            elif step == "x":
                ring.take(3)
                ring.done(well=False)
            else:
                ring.flush()
                self.boots, self.seq = self.boots + 1, 0
                ring = self.ring(f"b{self.boots}", segment_bytes=segment_bytes, segments=500)
        while found := self.told(ring, 5):
            heard += found
        self.assertEqual(list(dict.fromkeys(heard)), put)
        self.assertEqual(len(heard), len(put))  # every restart was in order


class PowerFailureTests(RingTestCase):
    """Power goes at any byte."""

    def test_every_byte(self) -> None:
        """A file cut at any byte, with or without rubbish behind, gives what was whole in it."""
        ring = self.ring()
        self.put(ring, 1, 2)
        ring.flush()
        self.put(ring, 3, 4)
        ring.flush()
        path = Path(self.folder, "00000001.log")
        whole = path.read_bytes()
        ends = self.ends(whole)
        for at in range(len(whole) + 1):
            for rubbish in (b"", b"\0" * 40, b"\xff" * 300, b"\x05rubbish"):
                shutil.rmtree(self.folder)
                os.mkdir(self.folder)
                path.write_bytes(whole[:at] + rubbish)
                again = self.ring("b2")
                self.put(again, 1)
                again.flush()
                count = sum(end <= at for end in ends)
                expected = [("b1", seq) for seq in range(1, count + 1)] + [("b2", 1)]
                self.assertEqual(self.told(self.ring("b3")), expected, (at, rubbish))

    def ends(self, data: bytes) -> list[int]:
        """Where each message ends."""
        segment = Segment(self.folder, 1)
        return [end for _, _, end in segment.messages(0, "", len(data), 99)]

    def test_foreign_files(self) -> None:
        """What somebody else put there is left alone, and in nobody's way."""
        os.mkdir(self.folder)
        for name in ("notes.log", "x.tmp", "1", ".log"):
            Path(self.folder, name).write_bytes(b"hello")
        ring = self.ring()
        self.put(ring, 1)
        ring.flush()
        self.assertEqual(self.told(self.ring("b2")), [("b1", 1)])
        self.assertEqual(len(os.listdir(self.folder)), 5)

    def test_every_step(self) -> None:
        """Power goes before any change of the file system, a rotation and a repair included."""
        count = 0
        while self.fails_at(count):
            count += 1
        self.assertGreater(count, 15)

    def fails_at(self, number: int) -> bool:
        """A story that stops at this change, and what is there afterwards; False: it ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
        steps = Steps(number)
        safe: list[int] = []
        try:
            with steps:
                self.story(safe)
            return False
        except PowerFailure:
            pass
        again = self.ring("b2", segment_bytes=150, segments=99)
        told = [seq for boot, seq in self.told(again) if boot == "b1"]
        self.assertEqual(told[:len(safe)], safe, number)
        self.assertEqual(told, list(range(1, len(told) + 1)), number)
        self.put(again, 1)
        self.assertTrue(again.flush())
        self.assertEqual(self.told(self.ring("b3", segment_bytes=150, segments=99))[-1], ("b2", 1))
        return True

    def story(self, safe: list[int]) -> None:
        ring = self.ring("b1", segment_bytes=150, segments=99)
        for seq in range(1, 8):
            self.put(ring, seq)
            ring.flush()
            safe.append(seq)
        last = sorted(Path(self.folder).iterdir())[-1]
        last.write_bytes(last.read_bytes() + b"\x09torn")
        ring = self.ring("b1x", segment_bytes=150, segments=99)
        self.put(ring, 1)
        ring.flush()


class Steps:
    """Counts changes of the file system that the ring makes, and fails before one of them."""

    NAMES = ("remove", "rename", "mkdir")

    def __init__(self, number: int) -> None:
        self.left = number

    def __enter__(self) -> None:
        import ring
        import ring_files

        self.kept: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in self.NAMES}
        for name, real in self.kept.items():
            setattr(os, name, self.counted(real))
        for module in (ring, ring_files):
            module.open = self.open  # type: ignore[attr-defined]

    def __exit__(self, *problem: Any) -> None:
        import ring
        import ring_files

        for name, real in self.kept.items():
            setattr(os, name, real)
        for module in (ring, ring_files):
            del module.open  # type: ignore[attr-defined]

    def counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.step()
            return real(*args)

        return call

    def step(self) -> None:
        if self.left == 0:
            raise PowerFailure
        self.left -= 1

    def open(self, path: str, mode: str) -> Any:
        if mode == "rb":
            return open(path, mode)
        self.step()
        file = open(path, mode)
        real = file.write

        def write(data: bytes) -> int:
            if self.left == 0:
                real(data[:len(data) // 2])
            self.step()
            return real(data)

        file.write = write  # type: ignore
        return file


class BoundTests(RingTestCase):
    """Room and wear."""

    def size(self) -> int:
        return sum(path.stat().st_size for path in Path(self.folder).iterdir())

    def test_bounded(self) -> None:
        """A year offline takes no more room than it may; the newest is kept, and it is said."""
        ring = self.ring(segment_bytes=1000, segments=5)
        for seq in range(1, 2001):
            self.put(ring, seq)
            if seq % 7 == 0:
                ring.flush()
        self.assertLessEqual(self.size(), 5000)
        seqs = [seq for _, seq in self.told(ring, 9999)]
        self.assertEqual(seqs, list(range(seqs[0], 2001)))
        self.assertGreater(len(seqs), 100)
        self.assertIn("the oldest messages are lost", self.said[0])

    def test_marks_survive_rotation(self) -> None:
        """What was told is not told again after the file with its mark is gone."""
        ring = self.ring(segment_bytes=300, segments=3)
        for seq in range(1, 100):
            self.put(ring, seq)
            self.told(ring)
            ring.flush()
        self.assertEqual(self.told(self.ring("b2")), [])
        self.assertEqual(self.said, [])

    def test_no_flash(self) -> None:
        """A flash that takes nothing: told from memory all the same, bounded, said once."""
        ring = self.ring()
        self.put(ring, 1)
        ring.flush()
        Path(self.folder, "00000001.log").unlink()
        os.mkdir(Path(self.folder, "00000001.log"))  # not even root writes into that
        heard = []
        for seq in range(2, 2000):
            self.put(ring, seq)
            ring.flush()
            if seq % 50 == 0:
                heard += [seq for _, seq in self.told(ring)]
        self.assertEqual(heard, list(range(2, 1951)))
        self.assertLess(ring.tail_bytes, 9000)
        self.assertEqual(len(self.said), 1, self.said)


class RecordTests(SynchronousTestCase):
    """What stands in the ring, as the daemon reads it."""

    def test_seen(self) -> None:
        """Five addresses, exit, with the clock set: as the daemon's own reader has it."""
        found = [(bytes([2, 0, 0, 0, 0, n]), -40 - n) for n in range(5)]
        record = records.pack(KEY, "9f2c", 17, records.SEEN | records.EXIT, 1732150000200,
                              records.sights(found))
        text = records.to_json(KEY, "9f2c", record, lambda ms: None)
        [[seen], faults] = parse_seen(text.encode())
        self.assertEqual((seen.boot, seen.seq, seen.ts, seen.direction, faults),
                         ("9f2c", 17, 1732150000.2, 1, []))
        self.assertEqual(seen.seen, tuple((mac.hex(), rssi) for mac, rssi in found))

    def test_badge(self) -> None:
        """A badge of ten bytes, at the entry, without a clock."""
        flags = records.BADGE | records.NO_CLOCK
        record = records.pack(KEY, "b", 1, flags, 5000, bytes(range(10)))
        text = records.to_json(KEY, "b", record, lambda ms: None)
        [[badge], faults] = parse_badge(text.encode())
        self.assertEqual((badge.ts, badge.direction, badge.uid, faults),
                         (None, 0, bytes(range(10)).hex().upper(), []))

    def test_clock_set_late(self) -> None:
        """Once the clock is set, what was seen before has its time too."""
        record = records.pack(KEY, "b", 1, records.SEEN | records.NO_CLOCK, 5000, b"")
        told = json.loads(records.to_json(KEY, "b", record, lambda ms: 1_790_000_000_000 + ms))
        self.assertEqual(told["ts"], 1790000005.0)

    def test_not_in_clear(self) -> None:
        """Neither addresses nor badges stand in a record, and no two look alike."""
        chance = random.Random(1)
        seen = {records.pack(KEY, "b", seq, records.SEEN, 1, records.sights([(MAC, -45)] * 16))
                for seq in range(50)}
        for record in seen:
            self.assertNotIn(MAC, record)
            self.assertNotIn(MAC[:3], record)
        self.assertEqual(len({record[records.HEAD:] for record in seen}), 50)
        uid = chance.randbytes(7)
        self.assertNotIn(uid, records.pack(KEY, "b", 1, records.BADGE, 1, uid))
