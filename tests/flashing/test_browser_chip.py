"""esptool-js as the dialog uses it, against a boot loader that answers as recorded chips did."""

from __future__ import annotations

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.flashing.chips import Chip, named
from iotd.flashing.shelf import chips_json
from tests.firmware.vm import ready_node
from tests.flashing.rom import ESP32, ESP32_C3, ESP32_S3, Rom
from tests.flashing.rom_image import image_for

HERE = Path(__file__).resolve().parent
SECONDS = 40.0


class NoInflating(Rom):
    """A flasher that loses count of what it inflates, as some did (esptool-js issues 233, 255)."""

    def _do_11(self, body: bytes, check: int) -> int:
        return 0xC9 if self.blocks >= 1 else super()._do_11(body, check)


class ChipTests(SynchronousTestCase):
    """Node runs the dialog's module; its port is a pipe to the chip here."""

    def write(
        self, rom: Rom, chip: Chip, image: bytes, cut: Callable[[], bool] = lambda: False,
    ) -> Any:
        """What came of writing an image, as the page would know it."""
        path = Path(self.mktemp()).absolute()
        path.write_bytes(image)
        told = json.dumps({"image": str(path), "offset": chip.offset, "chips": chips_json()})
        process = subprocess.Popen(
            [ready_node(), str(HERE / "browser_chip.mjs"), told],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        assert process.stdin and process.stdout and process.stderr
        while select.select([process.stdout], [], [], SECONDS)[0]:
            heard = os.read(process.stdout.fileno(), 65536)
            if not heard:
                break
            said = rom.hear(heard)
            if cut():
                process.stdin.close()
                break
            process.stdin.write(said)
            process.stdin.flush()
        lines = process.stderr.read().decode().splitlines()
        process.wait(SECONDS)
        for stream in (process.stdout, process.stderr):
            stream.close()
        return json.loads(lines[-1])

    def test_all_of_it_is_there(self) -> None:
        """Each kind of chip is recognised, emptied, and holds the image where it starts from."""
        for model in (ESP32, ESP32_S3, ESP32_C3):
            rom, chip = Rom(model), named(model.name)
            image = image_for(chip)
            came = self.write(rom, chip, image)
            self.assertEqual(came.get("chip"), chip.title, came)
            self.assertEqual(came["image"], chip.title)
            self.assertEqual(bytes(rom.flash[chip.offset:chip.offset + len(image)]), image)
            self.assertTrue(rom.erased and rom.stub)
            done, total = came["told"][-1]
            self.assertEqual(done, total)

    def test_as_it_is(self) -> None:
        """Where a compressed image fails half way, it is written as it is."""
        chip, rom = named("esp32s3"), NoInflating(ESP32_S3)
        image = image_for(chip, 64)
        came = self.write(rom, chip, image)
        self.assertEqual(came.get("chip"), chip.title, came)
        self.assertEqual(bytes(rom.flash[chip.offset:chip.offset + len(image)]), image)

    def test_a_bit_that_does_not_stay(self) -> None:
        """Flash that does not keep what was written is found out, and said in words."""
        chip = named("esp32")
        came = self.write(Rom(ESP32, flip=(0x8010, 3)), chip, image_for(chip))
        self.assertEqual(came["fault"]["code"], "verify")

    def test_cable_out(self) -> None:
        """A cable that comes out in the middle ends it at once, with what to do next."""
        chip, rom = named("esp32"), Rom(ESP32)
        image = image_for(chip, 256)
        came = self.write(rom, chip, image, lambda: rom.erased and rom.blocks >= 2)
        self.assertEqual(came["fault"]["code"], "lost")
        self.assertIn("again", came["fault"]["next"])
