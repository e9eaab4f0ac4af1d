"""The dial that turns pages: a rotary encoder, or a potentiometer."""

#: Old and new level of both contacts -> a quarter step; anything else is bouncing.
STEPS = {(0, 1): 1, (1, 3): 1, (3, 2): 1, (2, 0): 1,
         (1, 0): -1, (3, 1): -1, (2, 3): -1, (0, 2): -1}
#: Between two clicks of the dial both contacts close and open once.
QUARTERS = 4


class Encoder:
    """feed() the levels whenever they change; turned() gives the clicks since the last call."""

    def __init__(self, a, b):
        self._a = a
        self._b = b
        self._level = self._read()
        self._quarters = 0

    def feed(self, pin=None) -> None:
        """Look at both contacts; also what the pins' interrupts call."""
        level = self._read()
        self._quarters += STEPS.get((self._level, level), 0)
        self._level = level

    def turned(self) -> int:
        """Whole clicks, negative to the left."""
        self.feed()
        clicks = int(self._quarters / QUARTERS)
        self._quarters -= clicks * QUARTERS
        return clicks

    def _read(self) -> int:
        return self._a.value() << 1 | self._b.value()


class Potentiometer:
    """Its whole way is ``places`` pages; between two of them it must be turned clearly."""

    def __init__(self, adc, places: int):
        self._adc = adc
        self._width = 65536 // places
        self._places = places
        self._place = None

    def turned(self) -> int:
        """Pages since the last call, negative to the left."""
        value = self._adc.read_u16()
        place = min(value // self._width, self._places - 1)
        if self._place is None:
            self._place = place
        middle = self._place * self._width + self._width // 2
        # A sixth of a page beyond the border, or it would flicker there
        if place == self._place or abs(value - middle) < self._width * 2 // 3:
            return 0
        moved = place - self._place
        self._place = place
        return moved


class NoDial:
    """A watch with a button only."""

    def turned(self) -> int:
        """Never."""
        return 0


def open_dial(dial: dict, places: int):
    """The dial that settings.json names: pins a and b, or one pin, or none."""
    from machine import ADC, Pin

    if "pin" in dial:
        adc = ADC(Pin(dial["pin"]))
        adc.atten(ADC.ATTN_11DB)
        return Potentiometer(adc, places)
    if "a" not in dial:
        return NoDial()
    pins = [Pin(dial[name], Pin.IN, Pin.PULL_UP) for name in ("a", "b")]
    encoder = Encoder(*pins)
    for pin in pins:
        pin.irq(encoder.feed, Pin.IRQ_FALLING | Pin.IRQ_RISING)
    return encoder
