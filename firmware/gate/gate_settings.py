"""The part of settings.json that only a gate has."""

from common.settings import COMMON, PIN, REQUIRED, choice, flag, load, number, text

NAMES = (lambda value: isinstance(value, list) and len(value) <= 8
         and all(isinstance(name, str) and 1 <= len(name) <= 32 for name in value),
         "a list of up to 8 names of networks")

RULES = dict(COMMON)
RULES.update({
    "direction": (choice("entry", "exit"), REQUIRED),
    "scan.enabled": (flag(), True),
    "scan.seconds": (number(3, 60), 3),
    "scan.count": (number(1, 16), 5),
    "scan.min_rssi": (number(-100, -20), -100),
    "scan.ignore": (NAMES, []),
    "badge.enabled": (flag(), False),
    "badge.spi.bus": (number(1, 2), 1),
    "badge.spi.baudrate": (number(100000, 10000000), 1000000),
    "badge.spi.sck": (PIN, None),
    "badge.spi.mosi": (PIN, None),
    "badge.spi.miso": (PIN, None),
    "badge.spi.cs": (PIN, None),
    "time.server": (text(1, 253), "pool.ntp.org"),
    "ring.kilobytes": (number(64, 8192), 512),
})


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a gate; SettingsError names every fault."""
    return load(path, RULES, _between)


def _between(settings: dict) -> list:
    badge = settings["badge"]
    if not badge["enabled"]:
        if not settings["scan"]["enabled"]:
            return ["scan.enabled is false: then badge.enabled must be true"]
        return []
    return ["badge.spi.{} is missing: the pin the reader is wired to".format(pin)
            for pin in ("sck", "mosi", "miso", "cs") if pin not in badge["spi"]]
