"""A flash beside the camera, or none."""


class NoLamp:
    """A board without a flash."""

    def value(self, level: int) -> None:
        """Nothing to switch."""


class Lamp:
    """A flash on a pin; ``on`` is the level that lights it."""

    def __init__(self, pin, on: int):
        self._pin = pin
        self._on = on
        self.value(0)

    def value(self, level: int) -> None:
        """1 lights it."""
        self._pin.value(self._on if level else 1 - self._on)


def open_lamp(lamp: dict):
    """The flash that settings.json names, or none."""
    if "pin" not in lamp:
        return NoLamp()
    from machine import Pin

    return Lamp(Pin(lamp["pin"], Pin.OUT), 0 if lamp.get("active_low") else 1)
