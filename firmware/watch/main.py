"""A watch: reads settings.json, joins the Wi-Fi, and measures for the daemon for ever."""

import time

from common.board import serve, start
from common.button import open_button
from common.led import open_led
from common.part import Part
from common.watchdog import open_watchdog
from dial import open_dial
from doctor import Doctor
from mlx90614 import Mlx90614, NoThermometer, Thermometer
from pulse_meter import open_meter
from ssd1306 import open_display
from watch_app import WatchApp
from watch_pages import COUNT
from watch_screen import Screen
from watch_settings import load_settings

#: The thermometer is an SMBus part and does no more.
BUS_HZ = 100000


def open_bus(i2c: dict):
    """The I2C bus of thermometer, display and MAX30102, or None."""
    if "scl" not in i2c:
        return None
    from machine import I2C, Pin

    return I2C(i2c["bus"], scl=Pin(i2c["scl"]), sda=Pin(i2c["sda"]), freq=BUS_HZ)


def open_thermometer(settings: dict, bus):
    """The thermometer, or none."""
    if not settings["thermometer"]["enabled"]:
        return NoThermometer()
    return Thermometer(Mlx90614(bus), settings["thermometer"]["offset"], time)


def open_screen(settings: dict, bus, doctor, view) -> Screen:
    """Display, button and dial."""
    address = settings["display"]["address"]
    display = Part("display", lambda: open_display(bus, address), time)
    return Screen(display, open_button(settings["button"], time),
                  open_dial(settings["dial"], COUNT), doctor, view, time)


def run(settings: dict) -> None:
    """Build the parts and never return."""
    bus = open_bus(settings["i2c"])
    meter = Part("pulse", lambda: open_meter(settings["pulse"], bus, time), time)
    doctor = Doctor(time)
    app = WatchApp(settings, meter, open_thermometer(settings, bus), doctor,
                   open_led(settings["led"]), time)
    if settings["display"]["enabled"]:
        app.screen = open_screen(settings, bus, doctor, app)
    watchdog = open_watchdog(settings["watchdog_seconds"], time, app.work)
    serve(settings, "dev", watchdog, app, app.say)


start(load_settings, run)
