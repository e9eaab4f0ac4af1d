"""Presets, and settings.json as the board's own rules see it."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings as tries, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.model import KINDS as DEVICE_KINDS
from iotd.errors import Invalid
from iotd.flashing import ports, presets, settings
from iotd.flashing.wires import WIRES
from iotd.updates.firmware import KINDS, firmware_folder

TOLD = {"id": "cam-1", "host": "192.0.2.9", "port": 9001}
KEY = "ab" * 32
JSON: Any = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                         lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3))


class PresetTests(SynchronousTestCase):
    """Known boards."""

    def test_every_kind(self) -> None:
        """Each kind of firmware has presets, is a kind of device and has a wire."""
        names = [kind.name for kind in presets.KINDS]
        self.assertEqual(sorted(names), sorted(KINDS))
        self.assertLessEqual(set(names), set(DEVICE_KINDS))
        self.assertEqual(set(names), set(WIRES))

    def test_every_preset(self) -> None:
        """Each preset is taken by the board's own rules, encrypted or not."""
        for kind in presets.KINDS:
            for preset in kind.presets:
                for more in ({}, {"tls": True}):
                    settings.build(kind.name, preset.name, {**TOLD, **more}, KEY)

    def test_examples(self) -> None:
        """The pins of each example beside the firmware are those of a preset."""
        for kind in presets.KINDS:
            path = firmware_folder() / kind.name / "settings.example.json"
            wired = settings.hardware(json.loads(path.read_text()))
            pins = [_pins(preset.settings) for preset in kind.presets]
            self.assertTrue(any(_pins(wired).items() >= each.items() for each in pins), kind.name)

    def test_unknown(self) -> None:
        """What is unknown is refused with what is known."""
        self.assertIn("esp32-cam", str(self.assertRaises(
            Invalid, settings.build, "camera", "esp8266", TOLD, KEY)))
        self.assertRaises(Invalid, settings.build, "toaster", None, TOLD, KEY)


class SettingsTests(SynchronousTestCase):
    """Settings put together and checked."""

    def test_layers(self) -> None:
        """What is told lies over the preset, flat, dotted or nested; null takes away."""
        made = settings.build("camera", None, {
            **TOLD, "camera.fps": 7, "camera": {"quality": 60}, "led": None, "tls": True,
        }, KEY)
        self.assertEqual((made["camera"]["fps"], made["camera"]["quality"]), (7, 60))
        self.assertEqual(made["server"], {"host": "192.0.2.9", "port": 9001, "tls": True})
        self.assertEqual((made["id"], made["key"], "led" in made), ("cam-1", KEY, False))

    def test_nothing_borrowed_stays(self) -> None:
        """The board's modules are gone afterwards, and those that were there are as before."""
        before = dict(sys.modules), list(sys.path), sys.dont_write_bytecode
        settings.build("cabinet_camera", None, TOLD, KEY)
        after = dict(sys.modules), list(sys.path), sys.dont_write_bytecode
        boards = [name for name in after[0] if name.endswith("_settings") and "." not in name]
        self.assertEqual(boards, [name for name in before[0] if name in boards])
        self.assertEqual(before[1:], after[1:])
        self.assertIs(before[0].get("common"), after[0].get("common"))

    def test_secrets(self) -> None:
        """No fault shows a key, a password or the name of a network, and nor does it lie
        anywhere on this disk."""
        given = {"id": "cam-1", "key": "zz secret", "server": {"host": "h", "port": 1},
                 "wifi": {"ssid": "secret " * 9, "password": "secret " * 19}}
        faults = self.assertRaises(settings.BadSettings, settings.check, "watch", given).faults
        self.assertEqual(len([each for each in faults if each.startswith(("wifi", "key"))]), 3)
        self.assertFalse([each for each in faults if "secret" in each])

    @tries(max_examples=60, deadline=None)
    @given(st.dictionaries(st.sampled_from(["id", "key", "wifi", "server", "led", "camera", "x"]),
                           JSON, max_size=5))
    def test_anything(self, given: dict[str, Any]) -> None:
        """Whatever JSON it is, there are faults in words or none."""
        try:
            settings.check("camera", given)
        except settings.BadSettings as problem:
            self.assertTrue(problem.faults)

    def test_same_bytes(self) -> None:
        """The same settings are the same bytes, in whatever order they were told."""
        one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
        self.assertEqual(settings.to_json(one), settings.to_json(other))


class PortTests(SynchronousTestCase):
    """Serial ports as pyserial lists them."""

    def test_likely_ones_first(self) -> None:
        """Boards' USB chips come first, what has no USB behind it not at all."""
        infos = [_info("/dev/ttyS0", None), _info("/dev/ttyACM0", 0x2E8A, "Pico"),
                 _info("/dev/ttyUSB0", 0x10C4, "CP2102 USB to UART"),
                 _info("/dev/ttyACM1", 0x303A, "Espressif USB JTAG/serial"),
                 _info("/dev/ttyUSB1", 0x9999, None)]
        found = ports.found(infos)
        self.assertEqual([each.device for each in found],
                         ["/dev/ttyACM1", "/dev/ttyUSB0", "/dev/ttyACM0", "/dev/ttyUSB1"])
        self.assertEqual([each.likely for each in found], [True, True, False, False])
        self.assertEqual(found[1].about, "Silicon Labs CP210x CP2102 USB to UART")


def _info(device: str, vid: int | None, product: str | None = None) -> Any:
    return SimpleNamespace(device=device, vid=vid, pid=1, product=product, manufacturer=None)


def _pins(wired: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Everything of a preset that names a part or a pin, flat."""
    found: dict[str, Any] = {}
    for name, value in wired.items():
        if isinstance(value, dict):
            found |= _pins(value, f"{above}{name}.")
        elif type(value) is int and name not in ("fps", "quality", "skip", "bus", "count"):
            found[above + name] = value
    return found
