"""PulseSensor (and other analogue ones): a voltage that rises with each pulse."""

from evener import Evener

HZ = 50
#: A reading at either end of the converter's 16 bits says only that it is too much.
LOWEST, HIGHEST = 1000, 64500
#: The smallest rise that is a pulse: 10 mV of 3.3 V.
FLOOR = 200


class PulseSensor:
    """The sensor interface of the pulse meter, over an ADC with read_u16().

    poll() -> a list of samples (pulse, None, None), and None where some are missing
    """

    hz = HZ
    floor = FLOOR
    #: Even as the board's own clock.
    pace = 1.0

    def __init__(self, adc, clock):
        self._adc = adc
        self._clock = clock
        self._evener = Evener(HZ, clock)
        self.finger = True  # it can't tell: what it sees without one has no quality

    def poll(self) -> list:
        """Take a sample now; call it every 10 ms."""
        value = self._adc.read_u16()
        even = self._evener.add(self._clock.ticks_ms(), value)
        if not LOWEST <= value <= HIGHEST:
            even.append(None)
        return [None if sample is None else (sample, None, None) for sample in even]


def open_sensor(pulse: dict, bus, clock) -> PulseSensor:
    """The sensor on ``pulse.pin``, one of the pins of ADC1: the other converter is the Wi-Fi's."""
    from machine import ADC, Pin

    adc = ADC(Pin(pulse["pin"]))
    adc.atten(ADC.ATTN_11DB)  # the whole range up to 3.1 V
    return PulseSensor(adc, clock)
