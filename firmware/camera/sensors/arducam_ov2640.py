"""ArduCAM mini 2 MP: an OV2640, up to 1600x1200, behind ArduCAM's SPI chip.

The sensor has two banks of 8-bit registers: its image array, and the signal
processor that scales and compresses. Sizes are worked out, not tabled: the
array gives 800x600 or 1600x1200, the processor halves it as often as it may
and zooms the rest of the way.
"""

from sensors import quantisation, size_of
from sensors.arduchip import ArduChip, identify, open_buses
from sensors.ov2640_registers import ARRAY_HALF, ARRAY_FULL, BASE, JPEG

ADDRESS = 0x30
BANK, BANK_DSP, BANK_SENSOR = 0xFF, 0x00, 0x01
PRODUCT_ID, VERSION = 0x0A, 0x0B
IDS = ((0x26, 0x40), (0x26, 0x41), (0x26, 0x42))
COM7, COM7_RESET = 0x12, 0x80
WIDTH, HEIGHT = 1600, 1200

# The signal processor's bank
DVP_RESET, DVP_RUN = 0x04, 0x00
QUANTISATION = 0x44
CTRL_I, CTRL_I_ROUND_DOWN = 0x50, 0x80


class Ov2640:
    """The sensor interface of this package."""

    def __init__(self, chip, i2c, clock):
        self._chip = chip
        self._i2c = i2c
        self._clock = clock
        chip.reset()
        identify(ADDRESS, (PRODUCT_ID, VERSION), IDS, self._get)
        self._set(COM7, COM7_RESET)
        clock.sleep_ms(100)
        self._set_all(BASE)
        self._set_all(JPEG)

    def capture(self):
        """One JPEG with the FIFO's own bytes around it."""
        return self._chip.capture()

    def configure(self, framesize=None, quality=None) -> None:
        """Size by name, quality in per cent."""
        if framesize is not None:
            self._resize(*size_of(framesize, WIDTH, HEIGHT))
        if quality is not None:
            self._set(BANK, BANK_DSP)
            self._set(QUANTISATION, quantisation(quality))

    def close(self) -> None:
        """Into standby, as far as this board can."""
        self._set(BANK, BANK_SENSOR)
        self._set(0x09, 0x12)  # COM2: standby

    def _resize(self, width: int, height: int) -> None:
        full = width > 400 or height > 300
        self._set_all(ARRAY_FULL if full else ARRAY_HALF)
        self._set_all(window(width, height, 1600 if full else 800, 1200 if full else 600))
        # Exposure settles over some frames; sooner they come out torn or dark
        self._clock.sleep_ms(200)

    def _set_all(self, pairs: bytes) -> None:
        for start in range(0, len(pairs), 2):
            self._i2c.writeto(ADDRESS, pairs[start:start + 2])

    def _set(self, register: int, value: int) -> None:
        self._i2c.writeto(ADDRESS, bytes([register, value]))

    def _get(self, register: int) -> int:
        self._set(BANK, BANK_SENSOR)
        # SCCB knows no repeated start: two transfers
        self._i2c.writeto(ADDRESS, bytes([register]))
        return self._i2c.readfrom(ADDRESS, 1)[0]


def window(width: int, height: int, from_width: int, from_height: int) -> bytes:
    """Register pairs that scale the array's picture to this size."""
    halvings = 0
    while from_width >> halvings + 1 >= width and from_height >> halvings + 1 >= height:
        halvings += 1
    control = halvings << 3 | halvings
    if halvings:
        control |= CTRL_I_ROUND_DOWN
    h_in, v_in, h_out, v_out = from_width // 4, from_height // 4, width // 4, height // 4
    return bytes([
        BANK, BANK_DSP,
        0xE0, DVP_RESET,
        0xC0, from_width // 8, 0xC1, from_height // 8, 0x8C, 0,
        0x86, 0x3D,  # window, scaling and colour stages on
        CTRL_I, control,
        0x51, h_in & 0xFF, 0x52, v_in & 0xFF, 0x53, 0, 0x54, 0,
        0x55, (v_in >> 8 & 1) << 7 | (h_in >> 8 & 1) << 3,
        0x57, (h_in >> 9 & 1) << 7,
        0x5A, h_out & 0xFF, 0x5B, v_out & 0xFF,
        0x5C, (v_out >> 8 & 1) << 2 | h_out >> 8 & 3,
        0xD3, 0x04 if width <= 640 else 0x02,  # pixel clock divider: slower for small ones
        0xE0, DVP_RUN,
    ])


def open_sensor(camera: dict, clock) -> Ov2640:
    """The sensor on the pins that settings.json names."""
    spi, cs, i2c = open_buses(camera)
    return Ov2640(ArduChip(spi, cs, clock), i2c, clock)
