"""The part of settings.json that only a cabinet has."""

from common.settings import COMMON, PIN, REQUIRED, flag, letters, load, number

GAIN = (lambda value: type(value) is int and value in (32, 64, 128), "128, 64 or 32")

RULES = dict(COMMON)
RULES.update({
    "scale.data": (PIN, REQUIRED),
    "scale.clock": (PIN, REQUIRED),
    "scale.gain": (GAIN, 128),
    "button.pin": (PIN, REQUIRED),
    "button.active_high": (flag(), False),
    "lights.pin": (PIN, REQUIRED),
    "lights.count": (number(1, 300), 8),
    "lights.colour": (letters("0123456789abcdefABCDEF", 6, 6, "6 hex digits: red, green, blue"),
                      "ffe8d0"),
    "lights.brightness": (number(1, 100), 50),
    "lights.lon_seconds": (number(0, 86400), 600),
    "door.pin": (PIN, None),
    "door.open_angle": (number(0, 180), 90),
    "door.closed_angle": (number(0, 180), 0),
    "door.degrees_a_second": (number(5, 600), 60),
    "door.timeout_seconds": (number(2, 600), 10),
    "handle.pin": (PIN, None),
})


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a cabinet; SettingsError names every fault."""
    return load(path, RULES, _between)


def _between(settings: dict) -> list:
    faults = []
    if "pin" in settings["handle"] and "pin" not in settings["door"]:
        faults.append("door.pin is missing: a handle without a lock opens nothing")
    if "pin" in settings["door"] and "pin" not in settings["handle"]:
        faults.append("handle.pin is missing: a lock without a handle never opens")
    return faults
