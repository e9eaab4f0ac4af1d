"""The part of settings.json that only a camera has."""

from common.settings import COMMON, load, number
from sensors.rules import SENSOR, missing_pins

RULES = dict(COMMON)
RULES.update(SENSOR)
RULES["camera.fps"] = (number(1, 60), 5)


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a camera board; SettingsError names every fault."""
    return load(path, RULES, missing_pins)
