"""Everything that goes wrong while a board is flashed: a clear sentence, and it still boots."""

from __future__ import annotations

import os
import random
import tty
from typing import Any
from unittest import mock

from iotd.errors import Invalid
from iotd.exit_codes import FAULT, TRY_AGAIN, exit_code
from iotd.flashing import esptool_run
from iotd.flashing.chips import named
from iotd.flashing.micropython import Tools
from iotd.flashing.service import Surroundings, flash
from iotd.flashing.trouble import (
    BadFlash, BoardGone, NoBoard, NoisyLine, NoRoom, WrongBoard,
)
from iotd.flashing.wishes import Wishes
from tests.firmware.terminal import SerialBoard
from tests.flashing.bench import USUAL, FlashCase, Person, contents
from tests.flashing.rom import ESP32_S3, Rom
from tests.flashing.rom_image import image_for
from tests.flashing.test_esptool_run import HURRY

RUNS = r"wifi: no '"
#: A change that every file of settings shows.
OTHER = {"camera": {"fps": 7}}


class FaultTests(FlashCase):
    """One board; before each fault it runs, and afterwards it runs."""

    def test_cable_out_half_way(self) -> None:
        """Wherever the cable is pulled the board boots what it had, and the next run does the
        rest alone."""
        self.flashed()
        (self.on_board / "a/common/link.mpy").write_bytes(b"")  # so that all is written anew
        self.put(a__main_py="print('the old one runs')")
        for bytes in (9_000, 40_000):
            caught = self.assertRaises(BoardGone, self.flash, self.board(cut_after=bytes))
            self.assertIn("plug the cable in", str(caught))
            self.assertEqual(exit_code(caught), TRY_AGAIN)
            self.assertEqual((self.on_board / "slot").read_text(), "a")
            self.boots("the old one runs")
        half = [name for name in contents(self.on_board) if name.startswith("b/")]
        self.assertGreater(len(half), 10)
        done = self.flash(self.board())
        self.assertEqual(done.slot, "b")
        self.assertLess(len(done.written), 40 - len(half) + 5)
        self.boots(RUNS)

    def test_cable_out_of_an_empty_board(self) -> None:
        """A board that had nothing is at its prompt afterwards, and is written by the next run."""
        self.assertRaises(BoardGone, self.flash, self.board(cut_after=20_000))
        self.boots(">>> ")
        self.assertEqual(self.flash(self.board()).state, "online")
        self.boots(RUNS)

    def test_full_flash(self) -> None:
        """Too little room is told in bytes before anything is written."""
        self.put(main_py="print('mine')", notes=b"x" * 60_000)
        board = self.board(size=100_000)
        caught = self.assertRaises(NoRoom, self.flash, board)
        self.assertRegex(str(caught), r"[\d,]{6,} bytes are needed and \d\d,\d{3} are free")
        self.assertEqual((exit_code(caught), self.daemon.calls), (FAULT, []))
        self.assertEqual(set(contents(self.on_board)), {"main.py", "notes"})
        self.boots("mine")

    def test_flash_that_fills_up(self) -> None:
        """A flash with less room than it says ends in words, and boots what it had."""
        self.flashed()
        self.put(a__main_py="print('the old one runs')")
        caught = self.assertRaises(BadFlash, self.flash, self.board(hidden=1_950_000))
        self.assertIn("full", str(caught))
        self.assertEqual(exit_code(caught), FAULT)
        self.boots("the old one runs")

    def test_wrong_chip(self) -> None:
        """A board of another family is named and left alone, running."""
        self.put(main_py="print('mine')")
        board = self.board(machine="Raspberry Pi Pico W with RP2040")
        caught = self.assertRaises(WrongBoard, self.flash, board)
        self.assertIn("Raspberry Pi Pico W with RP2040, not an ESP32", str(caught))
        self.assertEqual(exit_code(caught), FAULT)
        self.restarted(board)
        self.assertEqual(set(contents(self.on_board)), {"main.py"})
        self.boots("mine")

    def test_noise_now_and_then(self) -> None:
        """Rubbish before and garbled bytes both ways cost tries, and no wrong byte stays."""
        noise = random.Random(5).randbytes(400).hex()
        done = self.flash(self.board(noise=noise, garble=7, deaf=30_011))
        self.assertEqual(done.state, "online")
        self.boots(RUNS)

    def test_restarts_by_itself(self) -> None:
        """A board whose watchdog bites while questions are answered, and once more while it is
        written, is written all the same."""
        self.flashed()
        (self.on_board / "a/common/link.mpy").write_bytes(b"")
        board = self.board()
        self.daemon.keys["cam-box"] = "a" * 64
        self.person = Person(yes="yes")
        self.person.meanwhile = {"--yes": board.reset, 9: board.reset}
        self.assertEqual(self.flash(board).state, "online")
        self.boots(RUNS)

    def test_noise_alone(self) -> None:
        """A line on which no answer arrives whole ends in words; the board runs."""
        self.put(main_py="print('mine')")
        caught = self.assertRaises(NoisyLine, self.flash, self.board(garble=1))
        self.assertIn("shorter cable", str(caught))
        self.assertEqual(exit_code(caught), TRY_AGAIN)
        self.boots("mine")

    def test_nobody_answers(self) -> None:
        """A port on which nothing answers is told as such."""
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        tty.setraw(theirs)
        wished = Wishes(port=os.ttyname(theirs), no_image=True, **USUAL)
        around = Surroundings(self.person, self.daemon, self.folder, patience=1.0)
        caught = self.assertRaises(NoBoard, flash, wished, around)
        self.assertIn("No MicroPython answers", str(caught))
        self.assertEqual(exit_code(caught), TRY_AGAIN)

    def test_no_port(self) -> None:
        """Without a board, and with a port that is not there, the next step is told."""
        around = Surroundings(self.person, self.daemon, self.folder, infos=lambda: [])
        caught = self.assertRaises(NoBoard, flash, Wishes(), around)
        self.assertIn("dialout", str(caught))
        caught = self.assertRaises(NoBoard, flash, Wishes(port="/dev/ttyUSB77"), around)
        self.assertIn("There is no /dev/ttyUSB77", str(caught))


class BareChipTests(FlashCase):
    """A chip without MicroPython: its boot loader first, esptool itself, then the VM."""

    def setUp(self) -> None:
        super().setUp()
        self.rom = Rom(ESP32_S3)
        self.image = self.folder / "image.bin"
        self.image.write_bytes(image_for(named("esp32s3"), 24))
        config = self.folder / "esptool.cfg"
        config.write_text(HURRY)
        patched = mock.patch.dict(os.environ, ESPTOOL_CFGFILE=str(config))
        patched.start()
        self.addCleanup(patched.stop)
        self.bare = SerialBoard(self.on_board, speed=50.0)
        self.addCleanup(self.bare.stop)
        self.bare.instead(self.rom.hear)

    def write(self, *args: Any, **more: Any) -> None:
        """As esptool does; a pseudo-terminal has no line by which it starts the board."""
        esptool_run.write(*args, **more)
        self.bare.start()

    def around(self) -> Surroundings:
        return Surroundings(self.person, self.daemon, self.folder, patience=1.0,
                            tools=Tools(write=self.write))

    def wishes(self, **more: Any) -> Wishes:
        return Wishes(port=self.bare.port, image=self.image, **USUAL, **more)

    def test_from_the_first_byte(self) -> None:
        """The chip is recognised, a person agrees, its flash is erased and the image stands in
        it; then MicroPython answers and the board comes online."""
        self.person.answers["yes"] = "yes"
        self.assertEqual(flash(self.wishes(), self.around()).state, "online")
        image = self.image.read_bytes()
        self.assertEqual((self.rom.erased, bytes(self.rom.flash[:len(image)])), (True, image))
        self.assertIn((len(image), len(image)), self.person.progress)
        self.boots(RUNS)

    def test_nothing_without_leave(self) -> None:
        """A dry run, a person who does not agree and an image for another chip write nothing."""
        done = flash(self.wishes(dry_run=True), self.around())
        self.assertEqual((done.state, done.micropython), ("planned", "image.bin"))
        self.assertIn("ESP32-S3", done.message)
        self.assertRaises(Invalid, flash, self.wishes(), self.around())
        self.image.write_bytes(image_for(named("esp32c3"), 24))
        self.person.answers["yes"] = "yes"
        told = self.assertRaises(Invalid, flash, self.wishes(), self.around())
        self.assertIn("ESP32-C3", str(told))
        self.assertEqual((self.rom.blocks, self.rom.erased, self.daemon.calls), (0, False, []))
