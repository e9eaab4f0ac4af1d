"""The chips: what esptool knows of them, what we call them."""

from __future__ import annotations

import json
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import NotFound
from iotd.flashing.chips import CHIPS, named, title_of

ASKED = (
    "import json; from esptool.targets import CHIP_DEFS;"
    "print(json.dumps({n: [c.CHIP_NAME, c.IMAGE_CHIP_ID, c.BOOTLOADER_FLASH_OFFSET]"
    " for n, c in CHIP_DEFS.items() if n != 'esp8266'}))"
)


class ChipTests(SynchronousTestCase):
    """The table."""

    def test_as_esptool_has_it(self) -> None:
        """Names, ids and where the boot loader begins are those that esptool writes by."""
        told = json.loads(subprocess.run(
            [sys.executable, "-c", ASKED], capture_output=True, check=True, timeout=30,
        ).stdout)
        for chip in CHIPS:
            self.assertEqual(told[chip.name], [chip.title, chip.id, chip.offset])

    def test_spellings(self) -> None:
        """A chip is found by what people and programs write."""
        for text in ("esp32s3", "ESP32-S3", "ESP32_S3", " esp32-s3"):
            self.assertEqual(named(text).title, "ESP32-S3")
        fault = self.assertRaises(NotFound, named, "esp8266")
        self.assertIn("ESP32-C3", str(fault))

    def test_titles(self) -> None:
        """Ids of images are told in words, strange ones too."""
        self.assertEqual([title_of(0), title_of(9), title_of(77)],
                         ["ESP32", "ESP32-S3", "chip number 77"])
