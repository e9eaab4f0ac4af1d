"""esptool itself against a boot loader on a pseudo terminal, and all that can go wrong there."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from unittest import mock

import psutil
from twisted.trial.unittest import TestCase

from iotd.errors import Conflict, Invalid, IotdError, NotFound, Unavailable
from iotd.flashing import chips, esptool_run
from iotd.flashing.esptool_run_faults import fault
from iotd.flashing.esptool_runner import Patience
from tests.flashing.rom import ESP32, ESP32_C3, ESP32_H2, ESP32_S3, Rom
from tests.flashing.rom_image import image_for
from tests.flashing.rom_line import Board

ONCE = ("--connect-attempts", "1")
BOOT_LOG = b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nconfigsip: 0\r\n"
#: Of esptool's own settings: it tries less often and waits less than at a real board.
HURRY = (
    "[esptool]\ntimeout = 0.3\nconnect_attempts = 1\nwrite_block_attempts = 1\n"
    "erase_write_timeout_per_mb = 1\n"
    # a pseudo terminal has no lines that reset a board: what stands for that is a wait
    "custom_reset_sequence = W0.05\n"
)


class EsptoolCase(TestCase):
    """An image for an ESP32, and esptool in a hurry."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        self.esp32 = chips.named("esp32")
        self.data = image_for(self.esp32, 128)
        self.image = folder / "image.bin"
        self.image.write_bytes(self.data)
        settings = folder / "esptool.cfg"
        settings.write_text(HURRY)
        patched = mock.patch.dict(os.environ, ESPTOOL_CFGFILE=str(settings))
        patched.start()
        self.addCleanup(patched.stop)
        self.told: list[tuple[int, int]] = []

    def write(self, port: str, **more: object) -> None:
        """The ESP32's image onto what hangs on the port."""
        esptool_run.write(
            port, self.esp32, self.image, lambda *each: self.told.append(each), more=ONCE,
            **more,  # type: ignore[arg-type]
        )

    def refused(self, kind: type[IotdError], port: str, *words: str) -> IotdError:
        """What writing says, which is this kind of error and has these words."""
        told = self.assertRaises(kind, self.write, port)
        for word in words:
            self.assertIn(word, str(told))
        self.assertNotIn("\n", str(told))
        return told


class WritingTests(EsptoolCase):
    """A board that is whole."""

    def test_all_of_it_is_there(self) -> None:
        """Each kind of chip is recognised, and holds the image where its boot loader looks."""
        for model in (ESP32, ESP32_S3, ESP32_C3):
            rom = Rom(model)
            with Board(rom) as port:
                chip = chips.recognise(port)
                self.assertEqual(chip.title, model.name)
                data = image_for(chip, 24)
                self.image.write_bytes(data)
                esptool_run.write(port, chip, self.image, lambda *each: None)
            self.assertEqual(bytes(rom.flash[chip.offset:chip.offset + len(data)]), data)
            self.assertTrue(rom.stub)
            self.assertEqual((rom.baud, rom.flash_size), (460_800, 4 << 20))

    def test_progress(self) -> None:
        """Bytes sent of all there are, growing, ending with all."""
        with Board(Rom()) as port:
            self.write(port)
        self.assertGreater(len(self.told), 4)
        self.assertEqual(self.told, sorted(self.told))
        self.assertEqual(self.told[-1], (len(self.data), len(self.data)))

    def test_erase(self) -> None:
        """What was elsewhere in the flash stays, or goes when that is wanted."""
        for erase, left in ((False, b"old"), (True, b"\xff\xff\xff")):
            rom = Rom()
            rom.flash[0x200000:0x200003] = b"old"
            with Board(rom) as port:
                self.write(port, erase=erase)
            self.assertEqual(rom.flash[0x200000:0x200003], left)
            self.assertEqual(rom.flash[0x1000:0x1000 + len(self.data)], self.data)

    def test_start_again(self) -> None:
        """A board that was only asked what it is can be started again."""
        with Board(Rom(ESP32_C3)) as port:
            chip = chips.recognise(port)
            esptool_run.reset(port, chip)


class FaultTests(EsptoolCase):
    """Each ends in one sentence that says what to do, with esptool's own last lines beside."""

    def test_image_of_another_chip(self) -> None:
        """Nothing is sent to the board when the image is for another chip."""
        rom = Rom(ESP32_S3)
        self.image.write_bytes(image_for(chips.named("esp32c3")))
        with Board(rom) as port:
            told = self.refused(Invalid, port, "for an ESP32-C3", "has an ESP32")
        self.assertEqual(told.field, "image")
        self.assertEqual((rom.blocks, rom.loaded), (0, {}))

    def test_other_chip_than_was_said(self) -> None:
        """Nor when the chip is not the one it was taken for."""
        rom = Rom(ESP32_S3)
        with Board(rom) as port:
            self.refused(Conflict, port, "ESP32-S3, not an ESP32:", "nothing was written")
        self.assertEqual((rom.blocks, rom.loaded), (0, {}))

    def test_cable_out(self) -> None:
        """A cable pulled half way, and the same board written afterwards."""
        rom = Rom()
        with Board(rom, cut_after=2) as port:
            told = self.refused(Unavailable, port, "broke", "plug the cable in")
        self.assertIn("Lost connection", told.extra["detail"])
        again = Rom(flash=rom.flash)
        with Board(again) as port:
            self.write(port)
        self.assertEqual(again.flash[0x1000:0x1000 + len(self.data)], self.data)

    def test_bit_that_does_not_stay(self) -> None:
        """A single bit that the flash does not keep is found."""
        with Board(Rom(flip=(0x12345, 5))) as port:
            told = self.refused(Unavailable, port, "is not what was sent")
        self.assertIn("MD5", told.extra["detail"])

    def test_nothing_answers(self) -> None:
        """A silent board: hold BOOT."""
        with Board(Rom(), says=lambda heard: b"") as port:
            self.refused(Conflict, port, "Nothing answers", "BOOT")

    def test_noise(self) -> None:
        """Bytes that mean nothing."""
        with Board(Rom(), says=lambda heard: b"\x83\x11\xc0\x55\xdb") as port:
            self.refused(Conflict, port, "no answer of an ESP32's boot loader", "BOOT")

    def test_program_that_prints_without_end(self) -> None:
        """A program of its own that goes on printing."""
        with Board(Rom(), says=lambda heard: b"", prints=b"hello world\r\n" * 9) as port:
            self.refused(Conflict, port, "no answer of an ESP32's boot loader", "BOOT")

    def test_answers_between_noise(self) -> None:
        """A boot loader whose answers come with other bytes between, whatever esptool makes of
        them."""
        with Board(Rom(), prints=b"\x00\xff" * 9) as port:
            told = self.assertRaises((Conflict, Unavailable), self.write, port)
        self.assertNotIn("esptool failed", str(told))

    def test_not_in_the_boot_loader(self) -> None:
        """A board that says that it started its program."""
        with Board(Rom(), says=lambda heard: b"", prints=BOOT_LOG) as port:
            self.refused(Conflict, port, "runs its program", "BOOT")

    def test_stops_answering(self) -> None:
        """A board that falls silent in the middle."""
        rom = Rom()
        with Board(rom, says=lambda heard: rom.hear(heard) if rom.blocks < 2 else b"") as port:
            self.refused(Unavailable, port, "stopped answering", "shorter cable")

    def test_port_in_use(self) -> None:
        """A port that another program has."""
        with Board(Rom()) as port:
            held = os.open(port, os.O_RDWR | os.O_NOCTTY)
            self.addCleanup(os.close, held)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.refused(Conflict, port, "Another program uses", port)

    def test_no_such_port(self) -> None:
        """A port that is not there."""
        self.refused(NotFound, "/dev/ttyUSB99", "There is no /dev/ttyUSB99")

    def test_chip_that_is_none_of_ours(self) -> None:
        """One for which there is no MicroPython is named."""
        with Board(Rom(ESP32_H2)) as port:
            told = self.assertRaises(Conflict, chips.recognise, port)
        self.assertIn("an ESP32-H2, for which there is no MicroPython", str(told))

    def test_what_needs_other_boards(self) -> None:
        """Words of esptool for what this boot loader is not: each a sentence of ours."""
        for said, kind, word in (
            ("ERROR: A fatal error occurred: 'x.bin' requires chip revision in range v0.3 - v1.99"
             " (this chip is revision v0.0). Use --force to flash anyway.", Invalid,
             "revision in range v0.3 - v1.99, and the one on P is of 0.0:"),
            ("ERROR: A fatal error occurred: File 'x' (length 9) at offset 0x00001000 will not fit"
             " in 1048576 bytes of flash.", Invalid, "1048576"),
            ("ERROR: A fatal error occurred: Secure Boot V1 detected, writing …", Conflict,
             "locked by its maker"),
            ("Permission denied\nERROR: Could not open P, the port is busy or doesn't exist.\n"
             "([Errno 13] could not open port P: [Errno 13] Permission denied: 'P')", Conflict,
             "dialout"),
            ("/usr/bin/python: No module named esptool", Unavailable, "pip install esptool"),
            ("Segmentation fault", Unavailable, "Segmentation fault"),
            ("", Unavailable, "it printed nothing"),
        ):
            told = fault(said, "P")
            self.assertIsInstance(told, kind)
            self.assertIn(word, str(told))
            self.assertNotIn("--force", str(told))


class DeadlineTests(EsptoolCase):
    """Nothing outlasts its time, and no process is left."""

    def test_too_long(self) -> None:
        """A board that says nothing for longer than there is patience."""
        began = time.monotonic()
        with Board(Rom(), says=lambda heard: b"") as port:
            told = self.assertRaises(
                Unavailable, chips.recognise, port, patience=Patience(0.4, 0.4),
                more=("--connect-attempts", "0"),
            )
        self.assertIn("took too long", str(told))
        self.assertLess(time.monotonic() - began, 4.0)
        self.assertEqual(left(), [])

    def test_whoever_listens_gives_up(self) -> None:
        """What is raised while it writes, an interrupt too, ends it."""
        def give_up(done: int, total: int) -> None:
            if done:
                raise KeyboardInterrupt

        with Board(Rom()) as port:
            self.assertRaises(
                KeyboardInterrupt, esptool_run.write, port, self.esp32, self.image, give_up
            )
        self.assertEqual(left(), [])

    def test_what_it_is_given(self) -> None:
        """Nothing of the environment that holds passwords, and options of its own neither."""
        given: list[dict[str, str]] = []

        def look(done: int, total: int) -> None:
            given.extend(each.environ() for each in psutil.Process().children(recursive=True))

        secrets = {"IOTD_STORE__URL": "mysql://user:secret@host/db", "ESPTOOL_CHIP": "esp8266"}
        with mock.patch.dict(os.environ, secrets), Board(Rom()) as port:
            esptool_run.write(port, self.esp32, self.image, look)
        self.assertTrue(given)
        for each in given:
            self.assertFalse({"IOTD_STORE__URL", "ESPTOOL_CHIP"} & set(each))


def left() -> list[str]:
    """esptool among the processes of this one."""
    lines = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
    return [line for line in lines if "esptool" in line]
