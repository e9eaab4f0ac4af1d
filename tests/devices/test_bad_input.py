"""Bad input and slow devices on the device wire: told apart, counted, nobody else disturbed."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from iotd.bus import ReadingHeard, WeightHeard
from iotd.devices.faults import Faults
from tests.devices.room import DevicePartsTest


class FaultTests(DevicePartsTest):
    """Bad input: counted, told now and then, nobody else disturbed."""

    def test_bad_readings(self) -> None:
        """Readings that are none are counted, and logged at 1, 2, 4, 8."""
        board = self.started("wch")
        lines: list[Any] = []
        self.patch(Faults, "_log", Logger(observer=lines.append))
        for _ in range(9):
            board.say(b"nan,bpm")
        board.say(b"72.00,bpm")
        self.assertEqual(self.count("iotd_device_faults_total", cause="reading"), 9)
        self.assertEqual([line["count"] for line in lines], [1, 2, 4, 8])
        self.assertIn("nan", lines[0]["reason"])
        self.assertEqual(len(self.of(ReadingHeard)), 1)

    def test_bad_message(self) -> None:
        """A message that is nothing is counted, and the device goes on."""
        board = self.started("cab")
        board.say(b"size-9")
        self.advance(0.4)
        board.say(b"xyz-1023.4567")
        self.advance(0.4)
        self.assertEqual(self.count("iotd_device_faults_total", cause="message"), 1)
        self.weigh(board, "bfr")
        self.assertEqual(len(self.of(WeightHeard)), 1)

    def test_bad_sizes(self) -> None:
        """A size that is none, or over the limit, ends the connection with one line."""
        other = self.started("wch")
        for wrong in (b"size--5", b"size-1_0", "size-\u0665".encode(), b"size-" + b"9" * 5000,
                      b"size-10001"):
            board = self.started("cab")
            board.say(wrong)
            self.advance(0.2)
            self.assertTrue(board.cut, wrong)
            board.leave()
        self.assertFalse(other.cut)
        refusals = self.registry.admissions.refusals.items()
        self.assertEqual([(r["id"], r["count"]) for r in refusals], [("cab", 5)])
        self.assertIn("10000", refusals[0]["reason"])

    def test_no_comma(self) -> None:
        """64 KiB without a comma end the connection."""
        board = self.started("wch")
        board.say(b"7" * 65536)
        self.assertTrue(board.cut)

    def test_flood(self) -> None:
        """What one device says beyond fifty readings in a second is dropped and counted."""
        board = self.started("wch")
        board.say(b"72.00,bpm" * 70)
        self.assertEqual(len(self.of(ReadingHeard)), 50)
        self.assertEqual(self.count("iotd_device_faults_total", cause="flood"), 20)
        self.advance(1)
        board.say(b"72.00,bpm")
        self.assertEqual(len(self.of(ReadingHeard)), 51)

    def test_flood_of_bad_ones(self) -> None:
        """Bad readings share the fifty: what is beyond is counted as too many, and told at
        1, 2, 4, 8 … like all that devices get wrong."""
        board = self.started("wch")
        lines: list[Any] = []
        self.patch(Faults, "_log", Logger(observer=lines.append))
        board.say(b"nan,bpm72.00,bpm" * 100)
        self.assertEqual(len(self.of(ReadingHeard)), 25)
        self.assertEqual(self.count("iotd_device_faults_total", cause="reading"), 25)
        self.assertEqual(self.count("iotd_device_faults_total", cause="flood"), 150)
        self.assertLess(len(lines), 16)
        self.assertFalse(board.cut)

    def test_endless_commas(self) -> None:
        """More than a thousand of anything in a second end the connection, however they come:
        the rest is not even read, and it may begin anew."""
        for piece in (b",", b"x,y", b"1,q", b"72.00,bpm", b"0,rep", b"\n0,a"):
            board = self.started("wch")
            before = self.faults()
            board.say((piece * 65536)[:65536])
            self.assertTrue(board.cut, piece)
            self.assertLessEqual(self.faults() - before, 1000)
            board.leave()
            self.advance(1)
        self.assertIn("1000", self.registry.admissions.refusals.items()[0]["reason"])

    def test_nearly_too_many(self) -> None:
        """Nearly a thousand in each second are no reason to close."""
        board = self.started("wch")
        for _ in range(3):
            board.say(b"x,y " * 990)
            self.assertFalse(board.cut)
            self.advance(1)

    def faults(self) -> float:
        """All that devices got wrong."""
        found = self.metrics.collect()
        return sum(sample.value for family in found if family.name == "iotd_device_faults"
                   for sample in family.samples if sample.name.endswith("_total"))

    def test_a_stranger(self) -> None:
        """Who says neither new~ nor key~ is closed and leaves no row."""
        board = self.board()
        board.say(b"GET / HTTP/1.1\r\n")
        self.assertTrue(board.cut)
        self.assertEqual(self.states(), [])


class DeadlineTests(DevicePartsTest):
    """What takes too long."""

    def test_hello(self) -> None:
        """A name is complete within 30 s of connecting."""
        silent, slow = self.board(), self.board()
        slow.say(b"new~w")
        self.advance(29)
        self.assertFalse(silent.cut or slow.cut)
        self.advance(3)
        self.assertTrue(silent.cut and slow.cut)

    def test_message(self) -> None:
        """A message is complete within 15 s of `send`, however its bytes come."""
        board = self.started("img")
        board.say(b"size-9000")
        self.advance(0.1)
        for second in range(17):
            self.assertFalse(board.cut and second < 15)
            board.say(b"x")
            self.advance(1)
        self.assertTrue(board.cut)
        self.assertIn("15 s", self.registry.admissions.refusals.items()[0]["reason"])

    def test_begun_reading(self) -> None:
        """Half a reading may take for ever; words wait 30 s for its end, and no longer."""
        board = self.started("wch")
        board.say(b"72.0")
        self.devices.say("wch", "bpm")
        self.advance(29)
        self.assertEqual(board.heard(), b"")
        self.advance(3)
        self.assertEqual(board.heard(), b"bpm")
        self.advance(3600)
        board.say(b"0,bpm")
        self.assertFalse(board.cut)
        self.assertEqual([event.value for event in self.of(ReadingHeard)], [72.0])

    def test_begun_size(self) -> None:
        """Half a `size-` has 30 s: its cabinet waits for `send`, and hears nothing else."""
        board = self.started("cab")
        board.say(b"siz")
        self.advance(29)
        self.assertFalse(board.cut)
        self.advance(3)
        self.assertTrue(board.cut)

    def test_silence_is_lawful(self) -> None:
        """A watch that says nothing for an hour stays, and costs the watch over all nothing."""
        board = self.started("wch")
        self.assertFalse(board.protocol.needs_check)
        self.clock.pump([1] * 3600)
        self.assertFalse(board.cut)
