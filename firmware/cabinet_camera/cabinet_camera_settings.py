"""The part of settings.json that only a cabinet's camera has."""

from common.settings import COMMON, load, number
from sensors.rules import SENSOR, missing_pins

RULES = dict(COMMON)
RULES.update(SENSOR)
RULES.update({
    "camera.skip": (number(0, 10), 1),
    "lamp.warm_ms": (number(0, 2000), 300),
})


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a cabinet's camera; SettingsError names every fault."""
    return load(path, RULES, missing_pins)
