"""HX711: the converter of a load cell, read bit by bit over two pins.

It pulls its data pin low when a value is ready, 10 times a second, and gives 24
bits, highest first, one for each pulse of the clock. One to three pulses more
choose channel and gain of the next value.
"""

from common.errors import SensorError

#: Channel A with gain 128 or 64, channel B with gain 32 -> pulses in all.
PULSES = {128: 25, 32: 26, 64: 27}
#: At 10/s a value is due every 100 ms, after power-on within 400 ms.
TIMEOUT_MS = 1000
#: Both ends of the range say only that the cell is overloaded, or not connected.
LOWEST, HIGHEST = -0x800000, 0x7FFFFF


class NoGuard:
    """Where nothing can interrupt."""

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return False


class IrqGuard:
    """No interrupts within: a clock pulse of over 60 us would switch the chip off."""

    def __init__(self, disable, enable):
        self._disable = disable
        self._enable = enable
        self._state = None

    def __enter__(self):
        self._state = self._disable()
        return self

    def __exit__(self, *problem):
        self._enable(self._state)
        return False


class Hx711:
    """``data`` and ``clock_pin`` have value(); ``guard`` surrounds each pulse."""

    def __init__(self, data, clock_pin, clock, gain: int = 128, guard=NoGuard()):
        self._data = data
        self._pin = clock_pin
        self._clock = clock
        self._pulses = PULSES[gain]
        self._guard = guard
        self._heard = clock.ticks_ms()
        clock_pin.value(0)
        self._chosen = False

    def poll(self):
        """The next value, -2^23 to 2^23 - 1, or None while none is ready.

        Raises SensorError after a second without one.
        """
        if self._data.value():
            self._check()
            return None
        value = self._take()
        self._heard = self._clock.ticks_ms()
        if not self._chosen:
            self._chosen = True  # this first one was still with whatever gain there was
            return None
        if not LOWEST < value < HIGHEST:
            raise SensorError("the load cell is overloaded or not connected")
        return value

    def _check(self) -> None:
        silent = self._clock.ticks_diff(self._clock.ticks_ms(), self._heard)
        if silent > TIMEOUT_MS:
            self._heard = self._clock.ticks_ms()
            raise SensorError("no value from the HX711: look at its data and clock pins")

    def _take(self) -> int:
        value = 0
        for count in range(self._pulses):
            with self._guard:
                self._pin.value(1)
                bit = self._data.value()
                self._pin.value(0)
            if count < 24:
                value = value << 1 | bit
        return value - 0x1000000 if value & 0x800000 else value


def open_hx711(scale: dict, clock) -> Hx711:
    """The converter on the pins that settings.json names."""
    import machine

    guard = IrqGuard(machine.disable_irq, machine.enable_irq)
    return Hx711(machine.Pin(scale["data"], machine.Pin.IN),
                 machine.Pin(scale["clock"], machine.Pin.OUT), clock, scale["gain"], guard)
