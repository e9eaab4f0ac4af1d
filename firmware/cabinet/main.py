"""A cabinet: reads settings.json, joins the Wi-Fi, and tells the daemon what its door saw."""

import time

from cabinet_app import CabinetApp
from cabinet_settings import load_settings
from common.board import serve, start
from common.button import open_button
from common.led import open_led
from common.part import Part
from common.watchdog import open_watchdog
from door import open_door
from hx711 import open_hx711
from lights import open_lights
from scale import Scale, load


def open_scale(settings: dict) -> Scale:
    """The scale with the calibration that is stored on this board, if any."""
    converter = Part("scale", lambda: open_hx711(settings["scale"], time), time)
    calibration = load()
    if calibration is None:
        print("cabinet: the scale is not calibrated: Ctrl-C, import calibrate, calibrate.main()")
    return Scale(converter, calibration, time)


def run(settings: dict) -> None:
    """Build the parts and never return."""
    button = open_button(settings["button"], time)
    app = CabinetApp(open_scale(settings), open_door(settings["door"], settings["handle"], time),
                     button, open_lights(settings["lights"], time), open_led(settings["led"]),
                     time, settings["lights"]["lon_seconds"] * 1000)
    watchdog = open_watchdog(settings["watchdog_seconds"], time, app.work)
    serve(settings, "dev", watchdog, app, busy=app.busy)


start(load_settings, run)
