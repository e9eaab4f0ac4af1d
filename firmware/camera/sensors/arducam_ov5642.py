"""ArduCAM mini 5 MP: an OV5642, up to 2592x1944, behind ArduCAM's SPI chip.

Registers have 16-bit addresses. The array is always read whole and scaled by
the sensor, so every size shows the same view, at about 7 frames a second.
"""

from binascii import unhexlify

from sensors import quantisation, size_of
from sensors.arduchip import TIMING, VSYNC_ACTIVE_HIGH, ArduChip, identify, open_buses
from sensors.ov5642_registers import PICTURE, SYSTEM

ADDRESS = 0x3C
ID_HIGH, ID_LOW = 0x300A, 0x300B
IDS = ((0x56, 0x42),)
WIDTH, HEIGHT = 2592, 1944

CLOCK_SELECT, CLOCK_FROM_PLL = 0x3103, 0x93
SYSTEM_CONTROL, SYSTEM_RESET, SYSTEM_STANDBY = 0x3008, 0x82, 0x42
BLOCK_RESET, BLOCK_COMPRESSION = 0x3002, 0x0C
EXPOSURE_MODE, MANUAL, AUTOMATIC = 0x3503, 0x07, 0x00
OUTPUT_SIZE = 0x3808
QUANTISATION = 0x4407


class Ov5642:
    """The sensor interface of this package."""

    def __init__(self, chip, i2c, clock):
        self._chip = chip
        self._i2c = i2c
        self._clock = clock
        chip.reset()
        identify(ADDRESS, (ID_HIGH, ID_LOW), IDS, self._get)
        self._set(CLOCK_SELECT, CLOCK_FROM_PLL)
        self._set(SYSTEM_CONTROL, SYSTEM_RESET)
        clock.sleep_ms(100)
        self._set(EXPOSURE_MODE, MANUAL)
        self._set_all(SYSTEM)
        self._set_all(PICTURE)
        self._set(EXPOSURE_MODE, AUTOMATIC)
        chip.write(TIMING, VSYNC_ACTIVE_HIGH)

    def capture(self):
        """One JPEG with the FIFO's own bytes around it."""
        return self._chip.capture()

    def configure(self, framesize=None, quality=None) -> None:
        """Size by name, quality in per cent."""
        if framesize is not None:
            self._resize(*size_of(framesize, WIDTH, HEIGHT))
        if quality is not None:
            self._set(QUANTISATION, quantisation(quality))

    def close(self) -> None:
        """Into standby."""
        self._set(SYSTEM_CONTROL, SYSTEM_STANDBY)

    def _resize(self, width: int, height: int) -> None:
        for index, value in enumerate((width >> 8, width & 0xFF, height >> 8, height & 0xFF)):
            self._set(OUTPUT_SIZE + index, value)
        # The compressor must not go on with half a frame of the old size
        self._set(BLOCK_RESET, BLOCK_COMPRESSION)
        self._set(BLOCK_RESET, 0)
        self._clock.sleep_ms(300)

    def _set_all(self, runs: tuple) -> None:
        for address, values in runs:
            for index, value in enumerate(unhexlify(values)):
                self._set(address + index, value)

    def _set(self, register: int, value: int) -> None:
        self._i2c.writeto(ADDRESS, bytes([register >> 8, register & 0xFF, value]))

    def _get(self, register: int) -> int:
        # SCCB knows no repeated start: two transfers
        self._i2c.writeto(ADDRESS, bytes([register >> 8, register & 0xFF]))
        return self._i2c.readfrom(ADDRESS, 1)[0]


def open_sensor(camera: dict, clock) -> Ov5642:
    """The sensor on the pins that settings.json names."""
    spi, cs, i2c = open_buses(camera)
    return Ov5642(ArduChip(spi, cs, clock), i2c, clock)
