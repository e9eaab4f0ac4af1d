"""``iotd image``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from iotd.flashing.chips import named
from tests.cli.command import CommandCase
from tests.flashing.rom_image import image_for


class ImageTests(CommandCase):
    """Images of MicroPython by hand."""

    def setUp(self) -> None:
        super().setUp()
        self.data = image_for(named("esp32s3"), 4)
        folder = Path(self.mktemp())
        folder.mkdir()
        self.file = folder / "own.bin"
        self.file.write_bytes(self.data)

    def test_add_and_list(self) -> None:
        """What is added is told with its SHA-256, and listed from then on."""
        digest = hashlib.sha256(self.data).hexdigest()
        said = self.iotd("image", "add", str(self.file))
        self.assertEqual(said.code, 0)
        self.assertIn("MicroPython 1.29.0 for the ESP32-S3", said.out)
        self.assertIn(f"SHA-256 {digest}", said.out)
        self.assertIn(digest, self.iotd("image", "list").out)
        item, = json.loads(self.iotd("image", "list", "--json").out)["items"]
        self.assertEqual(
            (item["name"], item["chip"], item["sha256"], item["fault"]),
            ("own.bin", "ESP32-S3", digest, None),
        )

    def test_damaged(self) -> None:
        """One that was changed afterwards is listed with its fault."""
        self.iotd("image", "add", str(self.file))
        (self.data_dir / "images" / "own.bin").write_bytes(self.data[:-9])
        item, = json.loads(self.iotd("image", "list", "--json").out)["items"]
        self.assertIn("cut short", item["fault"])

    def test_refused(self) -> None:
        """What is no image, a chip without one, a chip that nobody knows."""
        self.file.write_bytes(b"hello")
        said = self.iotd("image", "add", str(self.file))
        self.assertEqual((said.code, said.out), (1, ""))
        self.assertIn("no image for an ESP32", said.err)
        said = self.iotd("image", "fetch", "esp32p4")
        self.assertEqual(said.code, 1)
        self.assertIn("download/ESP32_GENERIC_P4/", said.err)
        said = self.iotd("image", "fetch", "z80", "--json")
        self.assertEqual(json.loads(said.err)["error"]["kind"], "NotFound")
