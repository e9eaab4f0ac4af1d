"""settings.json of watch, cabinet, its camera and gate: the examples, and every fault at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
import cabinet_camera_settings
import cabinet_settings
import camera_settings
import gate_settings
import watch_settings
from common.errors import SettingsError

LOADERS = {"watch": watch_settings, "cabinet": cabinet_settings, "camera": camera_settings,
           "cabinet_camera": cabinet_camera_settings, "gate": gate_settings}


class SettingsTests(SynchronousTestCase):
    """load_settings() of each board."""

    def example(self, kind: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(
            (rig.FIRMWARE / kind / "settings.example.json").read_text())
        return {**told, "key": "0f" * 32}

    def load(self, kind: str, given: Any) -> Any:
        path = Path(self.mktemp())
        path.write_text(json.dumps(given))
        return LOADERS[kind].load_settings(str(path))

    def faults(self, kind: str, **given: Any) -> list[str]:
        """The first words of what is said of the example with these changes."""
        error = self.assertRaises(SettingsError, self.load, kind, {**self.example(kind), **given})
        return [fault.split()[0] for fault in error.faults]

    def test_examples(self) -> None:
        """The example beside each board is taken once its key is filled in, and not before."""
        for kind in LOADERS:
            self.load(kind, self.example(kind))
            self.assertRaises(SettingsError, LOADERS[kind].load_settings,
                              str(rig.FIRMWARE / kind / "settings.example.json"))

    def test_watch(self) -> None:
        """Wrong values, missing pins of bus, sensor and button: all in one go."""
        self.assertEqual(
            self.faults("watch", pulse={"sensor": "pulse_sensor", "led_milliamperes": 99},
                        i2c={}, button={}, thermometer={"offset": "hot"}, dial={"a": 3},
                        server={"host": "x"}, strap="red"),
            ["button.pin", "dial", "i2c.scl", "i2c.sda", "pulse.led_milliamperes", "pulse.pin",
             "server.port", "strap", "thermometer.offset"])

    def test_bare_watch(self) -> None:
        """A PulseSensor alone needs neither bus nor button."""
        settings = self.load("watch", {
            **{key: self.example("watch")[key] for key in ("id", "key", "wifi", "server")},
            "pulse": {"sensor": "pulse_sensor", "pin": 1}, "display": {"enabled": False},
            "thermometer": {"enabled": False}})
        self.assertEqual(settings["thermometer"]["offset"], 0)

    def test_curve(self) -> None:
        """A curve of one's own is three numbers."""
        good = {"sensor": "max30102", "oxygen_curve": [0, -17, 104]}
        self.assertEqual(self.load("watch", {**self.example("watch"), "pulse": good})
                         ["pulse"]["oxygen_curve"], [0, -17, 104])
        self.assertEqual(self.faults("watch", pulse={**good, "oxygen_curve": [1, 2]}),
                         ["pulse.oxygen_curve"])

    def test_cabinet(self) -> None:
        """Wrong gain, colour and angle, a lock without a handle: all in one go."""
        self.assertEqual(
            self.faults("cabinet", scale={"data": 1, "gain": 100}, handle={},
                        lights={"pin": 2, "colour": "white"}, door={"pin": 3, "open_angle": 270}),
            ["door.open_angle", "handle.pin", "lights.colour", "scale.clock", "scale.gain"])

    def test_handle_alone(self) -> None:
        """A handle without a lock opens nothing."""
        self.assertEqual(self.faults("cabinet", door={}), ["door.pin"])

    def test_cabinet_camera(self) -> None:
        """The sensor's own rules are those of every camera; frames a second are not its own."""
        self.assertEqual(
            self.faults("cabinet_camera", camera={"sensor": "arducam_ov2640", "fps": 3},
                        lamp={"warm_ms": -1}),
            ["camera.fps", "camera.i2c.scl", "camera.i2c.sda", "camera.spi.cs",
             "camera.spi.miso", "camera.spi.mosi", "camera.spi.sck", "lamp.warm_ms"])

    def test_gate(self) -> None:
        """Direction, what is scanned for, the reader's pins, the ring's size: all in one go."""
        self.assertEqual(
            self.faults("gate", direction="both", badge={"enabled": True, "spi": {"sck": 1}},
                        scan={"seconds": 1, "count": 99, "min_rssi": 5, "ignore": [""]},
                        ring={"kilobytes": 1}),
            ["badge.spi.cs", "badge.spi.miso", "badge.spi.mosi", "direction", "ring.kilobytes",
             "scan.count", "scan.ignore", "scan.min_rssi", "scan.seconds"])

    def test_gate_that_looks_for_nothing(self) -> None:
        """A gate without scan and reader would never say a word."""
        self.assertEqual(self.faults("gate", scan={"enabled": False}, badge={}),
                         ["scan.enabled"])

    def test_gate_at_the_exit(self) -> None:
        """The other example is the same gate on the way out."""
        told = json.loads((rig.FIRMWARE / "gate" / "settings.exit.example.json").read_text())
        settings = self.load("gate", {**told, "key": "0f" * 32})
        entry = self.load("gate", self.example("gate"))
        self.assertEqual({**entry, "id": settings["id"], "direction": "exit"}, settings)
