"""A camera board: reads settings.json, joins the Wi-Fi, and serves the daemon for ever."""

import os
import time

from camera_app import CameraApp
from camera_settings import load_settings
from common.backoff import Backoff
from common.errors import SettingsError
from common.led import open_led
from common.link import Link
from common.watchdog import open_watchdog
from common.wifi import Wifi, open_station
from sensors import open_sensor


class NoLamp:
    """A board without a flash."""

    def value(self, level: int) -> None:
        """Nothing to switch."""


class Lamp:
    """A flash on a pin; ``on`` is the level that lights it."""

    def __init__(self, pin, on: int):
        self._pin = pin
        self._on = on
        self.value(0)

    def value(self, level: int) -> None:
        """1 lights it."""
        self._pin.value(self._on if level else 1 - self._on)


def open_lamp(lamp: dict):
    """The flash that settings.json names, or none."""
    if "pin" not in lamp:
        return NoLamp()
    from machine import Pin

    return Lamp(Pin(lamp["pin"], Pin.OUT), 0 if lamp.get("active_low") else 1)


def hardware_random() -> float:
    """0 <= x < 1 from the chip's noise: boards switched on together must not agree."""
    return int.from_bytes(os.urandom(3), "big") / 0x1000000


def run(settings: dict) -> None:
    """Build the parts and never return."""
    watchdog = open_watchdog(settings["watchdog_seconds"], time)
    led = open_led(settings["led"])
    camera = settings["camera"]
    app = CameraApp(lambda: open_sensor(camera, time), led, open_lamp(settings["lamp"]),
                    time, camera["fps"])
    cap_ms = settings["retry_seconds"] * 1000
    wifi = Wifi(open_station(settings["id"]), settings["wifi"]["ssid"],
                settings["wifi"]["password"], Backoff(hardware_random, cap_ms=cap_ms), watchdog)
    link = Link(settings, "cam", wifi, Backoff(hardware_random, cap_ms=cap_ms), watchdog, time)
    link.run(app.serve)


def main() -> None:
    """Run, or say what is wrong with settings.json and leave the board to its console."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        for fault in problem.faults:
            print("settings.json:", fault)
        return
    run(settings)


main()
