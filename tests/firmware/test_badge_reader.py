"""The badge reader: its driver against a model of the chip, with all kinds of cards before it."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
import iso14443
from common.errors import SensorError
from mfrc522 import Mfrc522

model = rig.fake("mfrc522_model")
CHANCE = random.Random(7)
FOUR, SEVEN, TEN = bytes.fromhex("04a1b2c3"), bytes(range(7)), bytes(range(10, 20))


class SelectPin:
    """The pin that selects the chip."""

    def __init__(self, chip: Any) -> None:
        self.chip = chip

    def value(self, level: int) -> None:
        self.chip.select(10, level)


class Bus:
    """SPI as machine has it."""

    def __init__(self, chip: Any) -> None:
        self.write = chip.spi_write
        self.write_readinto = chip.spi_write_readinto


class ReaderTests(SynchronousTestCase):
    """Mfrc522 over a field of cards."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.field = model.Field()
        self.dead = False
        self.chip = model.Mfrc522Model(lambda: self.field, lambda: self.dead)
        self.reader = self.open()

    def open(self) -> Any:
        return Mfrc522(Bus(self.chip), SelectPin(self.chip), self.clock)

    def read(self, *uids: bytes, seconds: int = 2) -> list[bytes]:
        """What is told while these are held up."""
        self.field.hold(list(uids))
        told = []
        for _ in range(seconds * 100):
            self.clock.sleep_ms(10)
            uid = self.reader.poll()
            if uid is not None:
                told.append(uid)
        return told

    def test_each_length(self) -> None:
        """Numbers of 4, 7 and 10 bytes are read whole, each once however long it is held up."""
        for uid in (FOUR, SEVEN, TEN):
            self.assertEqual(self.read(uid, seconds=20), [uid])
            self.assertEqual(self.read(), [])

    def test_again(self) -> None:
        """Taken away and held up again it counts again, but not within three seconds."""
        self.assertEqual(self.read(FOUR, seconds=1), [FOUR])
        self.read(seconds=1)
        self.assertEqual(self.read(FOUR, seconds=1), [])
        self.read(seconds=4)
        self.assertEqual(self.read(FOUR), [FOUR])

    def test_several(self) -> None:
        """A wallet of cards: all are told, one after the other."""
        for _ in range(20):
            cards = [CHANCE.randbytes(size) for size in (4, 4, 7, 10, 7)]
            cards = [b"\x01" + card[1:] for card in cards]  # none begins as a cascade does
            self.assertEqual(sorted(self.read(*cards)), sorted(cards))
            self.read()

    def test_alike(self) -> None:
        """Cards that differ in one bit only, whichever, are told apart."""
        for bit in range(32):
            other = (int.from_bytes(FOUR, "little") ^ 1 << bit).to_bytes(4, "little")
            if other[0] == iso14443.CASCADE:
                continue
            self.assertEqual(sorted(self.read(FOUR, other)), sorted([FOUR, other]))
            self.read(seconds=4)

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(st.sets(st.integers(0, 0xFFFFFFFF).map(lambda n: n.to_bytes(4, "big"))
                   .filter(lambda uid: uid[0] != 0x88), min_size=1, max_size=6))
    def test_any(self, cards: set[bytes]) -> None:
        """Any set of cards is read whole."""
        self.field = model.Field()
        self.reader = self.open()
        self.assertEqual(sorted(self.read(*cards)), sorted(cards))

    def test_no_chip(self) -> None:
        """No chip is said in words, at its start and when it dies at work."""
        self.dead = True
        self.assertRaises(SensorError, self.open)
        self.assertRaises(SensorError, self.read, FOUR)
        self.dead = False
        self.reader = self.open()
        self.assertEqual(self.read(FOUR), [FOUR])

    def test_power_dip(self) -> None:
        """A chip that was reset behind our back is noticed, though it answers."""
        self.assertEqual(self.read(), [])
        self.chip._reset()
        self.assertRaises(Exception, self.read, FOUR)

    def test_noise(self) -> None:
        """Answers that are cut, spoilt or foreign give no number, and no exception."""
        for _ in range(2000):
            def exchange(data: bytes, bits: int, align: int) -> Any:
                size = CHANCE.randrange(0, 7)
                collision = CHANCE.choice([None, None, CHANCE.randrange(0, 40)])
                return CHANCE.choice([None, (CHANCE.randbytes(size), collision)])

            self.assertIsNone(iso14443.read_uid(exchange))

    def test_crc(self) -> None:
        """The check of HALT is the one that the standard prints."""
        self.assertEqual(iso14443.crc_a(b"\x50\x00"), b"\x57\xcd")
        for size in range(20):
            data = CHANCE.randbytes(size)
            self.assertEqual(iso14443.crc_a(data), model.crc(data))
