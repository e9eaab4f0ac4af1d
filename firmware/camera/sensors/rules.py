"""The keys of settings.json that belong to a sensor, and the pins that one needs."""

from common.settings import PIN, REQUIRED, choice, flag, number, table, text
from sensors import FRAME_SIZES, NAMES

SENSOR = {
    "camera.sensor": (choice(*NAMES), REQUIRED),
    "camera.framesize": (choice(*sorted(FRAME_SIZES)), "QVGA"),
    "camera.quality": (number(1, 100), 80),
    "camera.spi": (table(), {}),
    "camera.i2c": (table(), {}),
    "camera.pins": (table(), {}),
    "camera.folder": (text(1, 64), "/frames"),
    "lamp.pin": (PIN, None),
    "lamp.active_low": (flag(), None),
}

SPI_PINS = ("sck", "mosi", "miso", "cs")
I2C_PINS = ("scl", "sda")


def missing_pins(settings: dict) -> list:
    """One fault for each pin that the named sensor needs and settings.json doesn't tell."""
    camera = settings["camera"]
    if not str(camera.get("sensor")).startswith("arducam"):
        return []
    return _missing(camera, "spi", SPI_PINS) + _missing(camera, "i2c", I2C_PINS)


def _missing(camera: dict, bus: str, pins: tuple) -> list:
    return ["camera.{}.{} is missing: the pin it is wired to".format(bus, pin)
            for pin in pins if pin not in camera[bus]]
