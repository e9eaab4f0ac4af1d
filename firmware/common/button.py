"""A push button or a door switch, without its bouncing."""

#: Contacts bounce for 1 to 10 ms; a finger holds for 60 ms at least.
STEADY_MS = 30


class Button:
    """``pin`` has value(); ``pressed`` is the level that means pressed or closed."""

    def __init__(self, pin, pressed: int, clock):
        self._pin = pin
        self._pressed = pressed
        self._clock = clock
        #: Whether it is pressed, as far as that is settled.
        self.down = self._seen = pin.value() == pressed
        self._since = clock.ticks_ms()

    def poll(self) -> bool:
        """Look at the pin; whether ``down`` has just changed."""
        seen = self._pin.value() == self._pressed
        now = self._clock.ticks_ms()
        if seen != self._seen:
            self._seen = seen
            self._since = now
        if seen == self.down or self._clock.ticks_diff(now, self._since) < STEADY_MS:
            return False
        self.down = seen
        return True


def open_button(given: dict, clock) -> Button:
    """The button on ``given["pin"]``; to ground with the chip's pull-up unless active_high."""
    from machine import Pin

    high = bool(given.get("active_high"))
    pull = Pin.PULL_DOWN if high else Pin.PULL_UP
    return Button(Pin(given["pin"], Pin.IN, pull), 1 if high else 0, clock)
