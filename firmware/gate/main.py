"""A gate: reads settings.json, joins the Wi-Fi, and tells whom it sees for ever."""

import time

import records
from common.board import serve, start
from common.led import open_led
from common.mqtt_session import MqttLink
from common.part import Part
from common.reporting import new_boot
from common.wall_clock import WallClock
from common.watchdog import open_watchdog
from common.wifi import open_station
from gate_app import GateApp
from gate_settings import load_settings
from mfrc522 import open_mfrc522
from ring import SEGMENT_BYTES, Ring
from scanner import Scanner, open_helper

#: Not /ring: a folder of that name would hide ring.py.
FOLDER = "/log"


def open_scanner(settings: dict):
    """What looks for phones, or None. The gate's own network is nobody's phone."""
    scan = settings["scan"]
    if not scan["enabled"]:
        return None
    ignored = [settings["wifi"]["ssid"]] + scan["ignore"]
    return Scanner(open_station(settings["id"]), scan["seconds"] * 1000, scan["count"],
                   scan["min_rssi"], ignored, time, open_helper)


def open_reader(badge: dict):
    """What reads badges, or None."""
    if not badge["enabled"]:
        return None
    return Part("badge", lambda: open_mfrc522(badge["spi"], time), time)


def run(settings: dict) -> None:
    """Build the parts and never return."""
    boot = new_boot()
    segments = settings["ring"]["kilobytes"] * 1024 // SEGMENT_BYTES
    ring = Ring(FOLDER, boot, records.seq_of, segments)
    app = GateApp(settings, boot, ring, open_scanner(settings), open_reader(settings["badge"]),
                  WallClock(settings["time"]["server"], time), open_led(settings["led"]), time)
    watchdog = open_watchdog(settings["watchdog_seconds"], time, app.work)
    serve(settings, "mqtt", watchdog, app, link=MqttLink, closing=ring.flush, boot=boot)


start(load_settings, run)
