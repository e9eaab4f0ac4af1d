"""A camera board: reads settings.json, joins the Wi-Fi, and serves the daemon for ever."""

import time

from camera_app import CameraApp
from camera_settings import load_settings
from common.board import serve, start
from common.lamp import open_lamp
from common.led import open_led
from common.watchdog import open_watchdog
from sensors import open_sensor


def run(settings: dict) -> None:
    """Build the parts and never return."""
    watchdog = open_watchdog(settings["watchdog_seconds"], time)
    led = open_led(settings["led"])
    camera = settings["camera"]
    app = CameraApp(lambda: open_sensor(camera, time), led, open_lamp(settings["lamp"]),
                    time, camera["fps"])
    serve(settings, "cam", watchdog, app)


start(load_settings, run)
