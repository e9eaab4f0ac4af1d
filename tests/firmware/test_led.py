"""Lights: the colour that is asked for, on whatever wiring."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common.led import NeoPixelLed, NoLed, PinLed, open_led

assert rig.FIRMWARE.is_dir()


class Level:
    """A pin's level."""

    def __init__(self) -> None:
        self.level = -1

    def value(self, level: int) -> None:
        self.level = level


class Pixels(list[object]):
    """A strip of one; ``shown`` are the colours written out."""

    def __init__(self) -> None:
        super().__init__([None])
        self.shown: list[object] = []

    def write(self) -> None:
        self.shown.append(self[0])


class LedTests(SynchronousTestCase):
    """show() of each kind."""

    def test_pins(self) -> None:
        """Red and green light their own pin alone, whichever level lights."""
        for on in (0, 1):
            red, green = Level(), Level()
            led = PinLed(red, green, on)
            self.assertEqual((red.level, green.level), (1 - on, 1 - on))
            led.show("red")
            self.assertEqual((red.level, green.level), (on, 1 - on))
            led.show("green")
            self.assertEqual((red.level, green.level), (1 - on, on))

    def test_neopixel(self) -> None:
        """A NeoPixel starts dark and shows dim red and green."""
        pixels = Pixels()
        led = NeoPixelLed(pixels)
        led.show("red")
        led.show("green")
        self.assertEqual(pixels.shown, [(0, 0, 0), (24, 0, 0), (0, 24, 0)])

    def test_none(self) -> None:
        """A board without a light does without."""
        self.assertIsInstance(open_led({}), NoLed)
        open_led({}).show("green")
