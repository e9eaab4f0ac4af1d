"""A cabinet's camera: reads settings.json, joins the Wi-Fi, and takes pictures when asked."""

import time

from cabinet_camera_app import CabinetCameraApp
from cabinet_camera_settings import load_settings
from common.board import serve, start
from common.lamp import open_lamp
from common.led import open_led
from common.watchdog import open_watchdog
from sensors import open_sensor


def run(settings: dict) -> None:
    """Build the parts and never return."""
    camera, lamp = settings["camera"], settings["lamp"]
    warm_ms = lamp["warm_ms"] if "pin" in lamp else 0
    app = CabinetCameraApp(lambda: open_sensor(camera, time), open_led(settings["led"]),
                           open_lamp(lamp), time, camera["skip"], warm_ms)
    watchdog = open_watchdog(settings["watchdog_seconds"], time)
    serve(settings, "dev", watchdog, app)


start(load_settings, run)
