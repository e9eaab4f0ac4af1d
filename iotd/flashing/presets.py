"""Boards that are known: for each kind of firmware what is wired to which pins.

The first preset of a kind is what the wiring in firmware/README.md shows.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from iotd.errors import Invalid

Settings = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """Hardware settings under a name; ``about`` says which board and what it needs beside."""

    name: str
    title: str
    about: str
    settings: Settings


@dataclass(frozen=True)
class Kind:
    """A kind of firmware as people know it, and its presets, the usual one first."""

    name: str
    title: str
    about: str
    presets: tuple[Preset, ...]


_NEOPIXEL: Settings = {"led": {"neopixel": 48}}
_ARDUCAM: Settings = {
    "spi": {"bus": 1, "sck": 12, "mosi": 11, "miso": 13, "cs": 10},
    "i2c": {"bus": 0, "scl": 9, "sda": 8},
}
_BADGES: Settings = {"badge": {"enabled": True,
                               "spi": {"sck": 12, "mosi": 11, "miso": 13, "cs": 10}}}
#: The flash of an AI-Thinker ESP32-CAM; its red LED is alone, and two are needed.
_FLASH: Settings = {"lamp": {"pin": 4}}
_WATCH: Settings = {
    **_NEOPIXEL, "i2c": {"bus": 0, "scl": 9, "sda": 8}, "button": {"pin": 4},
    "dial": {"a": 5, "b": 6},
}
_MODULE = "MicroPython must be a build with the camera module for this very board."


def _gate(direction: str, badges: bool) -> Settings:
    scan = {"seconds": 3, "count": 5, "min_rssi": -85}
    return {**_NEOPIXEL, "direction": direction, "scan": scan, **(_BADGES if badges else {})}


def _cameras(picture: Settings) -> tuple[Preset, ...]:
    """The boards that see, for the camera and for the one in a cabinet."""
    return (
        Preset("esp32s3-arducam", "ESP32-S3 with ArduCAM OV2640",
               "An ESP32-S3-DevKitC-1 and an ArduCAM Mini 2MP Plus on SPI and I2C.",
               {**_NEOPIXEL, "camera": {"sensor": "arducam_ov2640", **picture, **_ARDUCAM}}),
        Preset("esp32s3-arducam-5mp", "ESP32-S3 with ArduCAM OV5642",
               "An ESP32-S3-DevKitC-1 and an ArduCAM Mini 5MP Plus on SPI and I2C.",
               {**_NEOPIXEL, "camera": {"sensor": "arducam_ov5642", **picture, **_ARDUCAM}}),
        Preset("esp32-cam", "ESP32-CAM (AI-Thinker)", f"Its own camera and flash. {_MODULE}",
               {**_FLASH, "camera": {"sensor": "builtin", **picture}}),
        Preset("builtin", "Another board with a camera of its own", _MODULE,
               {"camera": {"sensor": "builtin", **picture}}),
    )


KINDS: tuple[Kind, ...] = (
    Kind("camera", "Camera", "Shows what it sees on the cameras' page.",
         _cameras({"framesize": "QVGA", "quality": 80, "fps": 5})),
    Kind("watch", "Watch", "Measures pulse, oxygen and temperature.", (
        Preset("max30102", "MAX30102, MLX90614 and display",
               "An ESP32-S3 with both sensors and an SSD1306 on one I2C bus.",
               {**_WATCH, "pulse": {"sensor": "max30102", "led_milliamperes": 7},
                "thermometer": {"offset": 0}, "display": {"address": 60}}),
        Preset("pulse-sensor", "PulseSensor, MLX90614 and display",
               "An ESP32-S3 with an analogue PulseSensor on GPIO 1.",
               {**_WATCH, "pulse": {"sensor": "pulse_sensor", "pin": 1},
                "thermometer": {"offset": 0}, "display": {"address": 60}}),
    )),
    Kind("cabinet", "Cabinet", "Weighs what is taken out and put in.", (
        Preset("esp32s3-hx711", "ESP32-S3 with HX711",
               "A load cell, a door switch, a strip of lights, a servo as lock, a metal handle.",
               {**_NEOPIXEL, "scale": {"data": 16, "clock": 17}, "button": {"pin": 4},
                "lights": {"pin": 18, "count": 12, "colour": "ffe8d0", "brightness": 50},
                "door": {"pin": 13, "open_angle": 90, "closed_angle": 0, "degrees_a_second": 60},
                "handle": {"pin": 14}}),
    )),
    Kind("cabinet_camera", "Camera in a cabinet", "Takes one picture whenever the cabinet closes.",
         _cameras({"framesize": "SVGA", "quality": 85, "skip": 1})),
    Kind("gate", "Gate", "Tells which phones and badges pass.", (
        Preset("entry", "Way in, with badge reader", "An ESP32-S3 with an MFRC522 on SPI.",
               _gate("entry", True)),
        Preset("exit", "Way out, with badge reader", "An ESP32-S3 with an MFRC522 on SPI.",
               _gate("exit", True)),
        Preset("entry-phones", "Way in, phones alone", "An ESP32-S3 and nothing else.",
               _gate("entry", False)),
        Preset("exit-phones", "Way out, phones alone", "An ESP32-S3 and nothing else.",
               _gate("exit", False)),
    )),
)


def kinds() -> list[dict[str, Any]]:
    """Every kind with its presets, as JSON."""
    return [
        {"kind": kind.name, "title": kind.title, "about": kind.about, "presets": [
            {"name": each.name, "title": each.title, "about": each.about,
             "settings": copy.deepcopy(each.settings)} for each in kind.presets
        ]} for kind in KINDS
    ]


def kind_of(name: str) -> Kind:
    """The kind of this name, or Invalid."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    raise Invalid(f"There is no firmware for {name[:40]!r}: {known}.", "kind")


def preset_of(kind: str, name: str | None) -> Preset:
    """A preset of a kind, its usual one for None, or Invalid."""
    presets = kind_of(kind).presets
    found = next((each for each in presets if name in (None, each.name)), None)
    if found is None:
        known = ", ".join(each.name for each in presets)
        raise Invalid(f"There is no preset {str(name)[:40]!r} for a {kind}: {known}.", "preset")
    return found
