"""ArduCAM's mini boards: a sensor, a frame FIFO, and one chip that speaks SPI.

The chip has byte registers (address with bit 7 set writes) and a burst read of
the FIFO; the sensor hangs on I2C beside it.
"""

from common.errors import SensorError

TEST = 0x00
FRAMES = 0x01
TIMING = 0x03
FIFO = 0x04
RESET = 0x07
TRIGGER = 0x41
SIZE_LOW, SIZE_MIDDLE, SIZE_HIGH = 0x42, 0x43, 0x44
BURST_READ = 0x3C

WRITE = 0x80
FIFO_CLEAR = 0x01
FIFO_START = 0x02
CAPTURE_DONE = 0x08
VSYNC_ACTIVE_HIGH = 0x02

#: A QSXGA frame of the 5 MP sensor takes 0.3 s in the dark; 3 s is broken.
CAPTURE_MS = 3000
#: More is no JPEG but a FIFO that ran over: the finest QSXGA pictures have 2 MB.
MAX_FRAME_BYTES = 4 * 1024 * 1024
READ_BYTES = 4096


class ArduChip:
    """The SPI side; ``cs`` is the chip-select pin, low while spoken to."""

    def __init__(self, spi, cs, clock):
        self._spi = spi
        self._cs = cs
        self._clock = clock
        self._two = bytearray(2)
        self._picture = bytearray(READ_BYTES)
        cs.value(1)

    def reset(self) -> None:
        """Start the chip anew; SensorError when none answers."""
        self.write(RESET, 0x80)
        self._clock.sleep_ms(100)
        self.write(RESET, 0x00)
        self._clock.sleep_ms(100)
        self.write(TEST, 0x55)
        if self.read(TEST) != 0x55:
            raise SensorError("no ArduCAM on SPI: look at sck, mosi, miso, cs and its 5 V")

    def write(self, register: int, value: int) -> None:
        """Set one register."""
        self._two[0], self._two[1] = register | WRITE, value
        self._cs.value(0)
        self._spi.write(self._two)
        self._cs.value(1)

    def read(self, register: int) -> int:
        """The value of one register."""
        self._two[0], self._two[1] = register & 0x7F, 0
        self._cs.value(0)
        self._spi.write_readinto(self._two, self._two)
        self._cs.value(1)
        return self._two[1]

    def capture(self):
        """The FIFO after one frame, as a memoryview that the next call overwrites.

        Bytes before the JPEG's start and after its end are the FIFO's own habit
        and left in: the daemon cuts them off.
        """
        self.write(FIFO, FIFO_CLEAR)
        self.write(FRAMES, 0)
        self.write(FIFO, FIFO_START)
        self._wait()
        size = self._size()
        if size > len(self._picture):
            self._picture = None  # first let go: both together may not fit
            self._picture = bytearray(size + size // 4)
        picture = memoryview(self._picture)[:size]
        self._burst(picture)
        self.write(FIFO, FIFO_CLEAR)
        return picture

    def _wait(self) -> None:
        waited = 0
        while not self.read(TRIGGER) & CAPTURE_DONE:
            if waited > CAPTURE_MS:
                raise SensorError("no frame within {} s".format(CAPTURE_MS // 1000))
            self._clock.sleep_ms(2)
            waited += 2

    def _size(self) -> int:
        high = self.read(SIZE_HIGH) & 0x7F
        size = high << 16 | self.read(SIZE_MIDDLE) << 8 | self.read(SIZE_LOW)
        if not 0 < size <= MAX_FRAME_BYTES:
            raise SensorError("a FIFO of {} bytes".format(size))
        return size

    def _burst(self, picture) -> None:
        self._cs.value(0)
        self._spi.write(bytes([BURST_READ]))
        for start in range(0, len(picture), READ_BYTES):
            self._spi.readinto(picture[start:start + READ_BYTES])
        self._cs.value(1)


def open_buses(camera: dict) -> tuple:
    """SPI, chip select and I2C on the pins that settings.json names."""
    from machine import I2C, SPI, Pin

    spi, i2c = camera["spi"], camera["i2c"]
    return (
        SPI(spi.get("bus", 1), baudrate=spi.get("baudrate", 8000000), polarity=0, phase=0,
            sck=Pin(spi["sck"]), mosi=Pin(spi["mosi"]), miso=Pin(spi["miso"])),
        Pin(spi["cs"], Pin.OUT),
        I2C(i2c.get("bus", 0), scl=Pin(i2c["scl"]), sda=Pin(i2c["sda"]), freq=100000),
    )


def identify(address: int, registers: tuple, expected: tuple, read) -> None:
    """SensorError unless a sensor answers there with one of the expected ids."""
    try:
        found = tuple(read(register) for register in registers)
    except OSError:
        found = None
    if found not in expected:
        seen = "nothing" if found is None else "id {:02x}{:02x}".format(found[0], found[1])
        raise SensorError("on I2C 0x{:02x} is {}: look at scl and sda".format(address, seen))
