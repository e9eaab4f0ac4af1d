"""The status light: red while idle or offline, green while streaming."""

#: Full brightness of a NeoPixel hurts the eye and draws 20 mA a colour.
BRIGHTNESS = 24

COLOURS = {"off": (0, 0), "red": (1, 0), "green": (0, 1)}


class NoLed:
    """A board without a light."""

    def show(self, colour: str) -> None:
        """Nothing to see."""


class PinLed:
    """Two LEDs on two pins, or a two-colour one; ``on`` is the level that lights them."""

    def __init__(self, red, green, on: int = 1):
        self._red = red
        self._green = green
        self._on = on
        self.show("off")

    def show(self, colour: str) -> None:
        """ "red", "green" or "off"."""
        red, green = COLOURS[colour]
        self._red.value(self._on if red else 1 - self._on)
        self._green.value(self._on if green else 1 - self._on)


class NeoPixelLed:
    """One addressable LED, such as the one on ESP32-S3 boards."""

    def __init__(self, pixels):
        self._pixels = pixels
        self.show("off")

    def show(self, colour: str) -> None:
        """ "red", "green" or "off"."""
        red, green = COLOURS[colour]
        self._pixels[0] = (red * BRIGHTNESS, green * BRIGHTNESS, 0)
        self._pixels.write()


def open_led(pins: dict):
    """The light that settings.json names: neopixel, or red and green, or none."""
    if not pins:
        return NoLed()
    from machine import Pin

    if "neopixel" in pins:
        from neopixel import NeoPixel

        return NeoPixelLed(NeoPixel(Pin(pins["neopixel"], Pin.OUT), 1))
    red, green = Pin(pins["red"], Pin.OUT), Pin(pins["green"], Pin.OUT)
    return PinLed(red, green, 0 if pins.get("active_low") else 1)
