"""settings.json: good ones, and every fault of bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from camera_settings import load_settings
from common.errors import SettingsError

GOOD: dict[str, Any] = {
    "id": "cam-door", "key": "0f" * 32,
    "wifi": {"ssid": "home", "password": "secret"},
    "server": {"host": "192.0.2.1", "port": 9001},
    "camera": {"sensor": "builtin"},
}


class SettingsTests(SynchronousTestCase):
    """load_settings()."""

    def load(self, text: Any) -> Any:
        path = Path(self.mktemp())
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return load_settings(str(path))

    def faults(self, text: Any) -> list[str]:
        error = self.assertRaises(SettingsError, self.load, text)
        return list(error.faults)

    def test_defaults(self) -> None:
        """What must be there is enough; the rest has defaults, and the key becomes bytes."""
        settings = self.load(GOOD)
        self.assertEqual(settings["key"], b"\x0f" * 32)
        self.assertEqual((settings["retry_seconds"], settings["watchdog_seconds"]), (60, 60))
        self.assertEqual(settings["camera"]["framesize"], "QVGA")
        self.assertEqual((settings["led"], settings["lamp"]), ({}, {}))

    def test_the_example(self) -> None:
        """Every example in the read-me is accepted once id and key are filled in."""
        examples = (rig.FIRMWARE / "README.md").read_text().split("```json\n")[1:]
        self.assertTrue(examples)
        for example in examples:
            self.load({**GOOD, **json.loads(example.split("```")[0]), "key": "0f" * 32})

    def test_all_at_once(self) -> None:
        """Every fault is told, with its key and what is allowed."""
        faults = self.faults({
            "id": "Cam 1", "wifi": {"ssid": ""}, "server": {"host": "x", "port": "9001"},
            "camera": {"sensor": "webcam", "fsp": 5}, "led": {"red": 4}, "colour": "blue"})
        self.assertEqual([fault.split()[0] for fault in faults],
                         ["camera.fsp", "camera.sensor", "colour", "id", "key", "led",
                          "server.port", "wifi.ssid"])
        self.assertIn("server.port is '9001': allowed is a whole number from 1 to 65535", faults)

    def test_secrets(self) -> None:
        """A wrong key or password is not shown on the console."""
        bad = {**GOOD, "key": "abc123", "wifi": {"ssid": "home", "password": "p" * 65}}
        text = " ".join(self.faults(bad))
        self.assertIn("key is not right", text)
        self.assertNotIn("abc123", text)
        self.assertNotIn("ppp", text)

    def test_unreadable(self) -> None:
        """A file that is missing, no JSON, or no object is said to be so."""
        self.assertIn("not JSON", self.faults("{'id': 1}")[0])
        self.assertIn("one object", self.faults("[]")[0])
        error = self.assertRaises(SettingsError, load_settings, self.mktemp())
        self.assertIn("there is no ", str(error))

    def test_arducam_pins(self) -> None:
        """An ArduCAM needs its pins, each of them."""
        faults = self.faults({**GOOD, "camera": {"sensor": "arducam_ov2640", "spi": {"sck": 1}}})
        self.assertEqual(len(faults), 5)
        self.assertIn("camera.i2c.scl is missing: the pin it is wired to", faults)
