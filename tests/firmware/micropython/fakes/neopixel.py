"""Addressable LEDs whose colour is told to the test."""

import _host


class NeoPixel:
    def __init__(self, pin, count):
        self._pin = pin.number
        self._colours = [(0, 0, 0)] * count

    def __setitem__(self, index, colour):
        self._colours[index] = colour

    def write(self):
        red, green, blue = self._colours[0]
        _host.pixel(self._pin, red, green, blue)
