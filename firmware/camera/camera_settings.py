"""The part of settings.json that only a camera has."""

from common.errors import SettingsError
from common.settings import COMMON, PIN, REQUIRED, choice, load, number, table, text
from sensors import FRAME_SIZES, NAMES

RULES = dict(COMMON)
RULES.update({
    "camera.sensor": (choice(*NAMES), REQUIRED),
    "camera.framesize": (choice(*sorted(FRAME_SIZES)), "QVGA"),
    "camera.quality": (number(1, 100), 80),
    "camera.fps": (number(1, 60), 5),
    "camera.spi": (table(), {}),
    "camera.i2c": (table(), {}),
    "camera.pins": (table(), {}),
    "camera.folder": (text(1, 64), "/frames"),
    "lamp.pin": (PIN, None),
    "lamp.active_low": ((lambda value: isinstance(value, bool), "true or false"), None),
})

SPI_PINS = ("sck", "mosi", "miso", "cs")
I2C_PINS = ("scl", "sda")


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a camera board; SettingsError names every fault."""
    settings = load(path, RULES)
    camera = settings["camera"]
    if camera["sensor"].startswith("arducam"):
        faults = _missing(camera, "spi", SPI_PINS) + _missing(camera, "i2c", I2C_PINS)
        if faults:
            raise SettingsError(faults)
    return settings


def _missing(camera: dict, bus: str, pins: tuple) -> list:
    return ["camera.{}.{} is missing: the pin it is wired to".format(bus, pin)
            for pin in pins if pin not in camera[bus]]
