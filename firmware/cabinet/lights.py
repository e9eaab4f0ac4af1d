"""The strip of lights: on, off, and off by itself."""


class Lights:
    """``pixels`` is a NeoPixel strip; ``colour`` its red, green and blue when on."""

    def __init__(self, pixels, count: int, colour: tuple, clock):
        self._pixels = pixels
        self._count = count
        self._colour = colour
        self._clock = clock
        self._since = clock.ticks_ms()
        self._limit = 0
        self.lit = False
        self._show((0, 0, 0))

    def on(self, limit_ms: int) -> None:
        """On, for so long at most; 0 is without end."""
        self._since = self._clock.ticks_ms()
        self._limit = limit_ms
        self.lit = True
        self._show(self._colour)

    def off(self) -> None:
        """Dark."""
        self.lit = False
        self._show((0, 0, 0))

    def poll(self) -> None:
        """Out, when they were on for long enough."""
        passed = self._clock.ticks_diff(self._clock.ticks_ms(), self._since)
        if self.lit and self._limit and passed >= self._limit:
            self.off()

    def _show(self, colour: tuple) -> None:
        for place in range(self._count):
            self._pixels[place] = colour
        self._pixels.write()


def colour_of(text: str, per_cent: int) -> tuple:
    """``ffe0c0`` at so much of full brightness."""
    return tuple(int(text[at:at + 2], 16) * per_cent // 100 for at in (0, 2, 4))


def open_lights(lights: dict, clock) -> Lights:
    """The strip that settings.json names."""
    from machine import Pin
    from neopixel import NeoPixel

    pixels = NeoPixel(Pin(lights["pin"], Pin.OUT), lights["count"])
    return Lights(pixels, lights["count"], colour_of(lights["colour"], lights["brightness"]),
                  clock)
