"""What every main.py does: settings, the link with all it needs, and faults told in words."""

import os
import time

from common.backoff import Backoff
from common.errors import SettingsError
from common.link import Link
from common.reporting import Reporter
from common.wifi import Wifi, open_station


def hardware_random() -> float:
    """0 <= x < 1 from the chip's noise: boards switched on together must not agree."""
    return int.from_bytes(os.urandom(3), "big") / 0x1000000


def open_link(settings: dict, wire: str, watchdog, say=print, link=Link) -> Link:
    """The keyed link of this board; ``wire`` is "cam", "dev" or, with MqttLink, "mqtt"."""
    cap_ms = settings["retry_seconds"] * 1000
    wifi = Wifi(open_station(settings["id"]), settings["wifi"]["ssid"],
                settings["wifi"]["password"], Backoff(hardware_random, cap_ms=cap_ms), watchdog,
                say)
    return link(settings, wire, wifi, Backoff(hardware_random, cap_ms=cap_ms), watchdog, time,
                say=say)


def serve(settings: dict, wire: str, watchdog, app, say=print, link=Link, busy=None,
          closing=None, boot: str = "") -> None:
    """Link the app to the daemon and never return; it tells of itself, and takes updates."""
    linked = open_link(settings, wire, watchdog, say, link)
    app.wifi = linked.wifi
    app.reporter = Reporter(settings, linked.wifi, watchdog, time, say, busy, closing, boot)
    linked.run(app.serve)


def start(load_settings, run) -> None:
    """Run, or say what is wrong with settings.json and leave the board to its console."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        for fault in problem.faults:
            print("settings.json:", fault)
        return
    run(settings)
