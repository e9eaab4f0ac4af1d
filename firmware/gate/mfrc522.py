"""MFRC522: a badge reader over SPI, by its data sheet (NXP, rev. 3.9).

The first byte of a transfer is the register: bit 7 reads, bits 6 to 1 are its number.
"""

from common.errors import SensorError
from iso14443 import read_uid

COMMAND, IRQ, ERROR = 0x01, 0x04, 0x06
FIFO_DATA, FIFO_LEVEL, BIT_FRAMING, COLLISION = 0x09, 0x0A, 0x0D, 0x0E
MODE, TX_CONTROL, TX_ASK, GAIN = 0x11, 0x14, 0x15, 0x26
TIMER_MODE, TIMER_SCALE, TIMER_HIGH, TIMER_LOW, VERSION = 0x2A, 0x2B, 0x2C, 0x2D, 0x37

IDLE, TRANSCEIVE, SOFT_RESET = 0x00, 0x0C, 0x0F
#: Of 13.56 MHz / (2 * 169 + 1): 25 us a step; 200 are 5 ms, a card answers within 1 ms.
TIMER = ((TIMER_MODE, 0x80), (TIMER_SCALE, 0xA9), (TIMER_HIGH, 0), (TIMER_LOW, 200))
SET_UP = TIMER + ((TX_ASK, 0x40), (MODE, 0x3D), (GAIN, 0x60))
ANTENNA_ON = 0x03
TIMER_ENDED, RECEIVED = 0x01, 0x20
COLLIDED, OTHER_ERRORS = 0x08, 0x13  # buffer overflow, parity, protocol
POSITION_UNKNOWN = 0x20
START_SEND, FLUSH = 0x80, 0x80
CLEAR = 0x7F
#: What chips and their clones call themselves.
NONE = (0x00, 0xFF)

EVERY_MS = 100
#: The timer ends an exchange after 5 ms; a chip that doesn't is stuck.
STUCK_MS = 30
#: Held up at the edge of the field a card comes and goes.
SAME_MS = 3000


class Mfrc522:
    """poll() gives the number of a badge that was just held up, or None.

    ``spi`` and ``select`` (a pin, low while the chip is spoken to) as in machine.
    SensorError when there is no such chip, or it is stuck.
    """

    def __init__(self, spi, select, clock):
        self._spi = spi
        self._select = select
        self._clock = clock
        self._looked = clock.ticks_ms()
        self._last = None
        self._last_at = 0
        self._two = bytearray(2)
        select.value(1)
        self._start()

    def poll(self):
        """Look every 100 ms; one badge that stays is told once."""
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._looked) < EVERY_MS:
            return None
        self._looked = now
        uid = read_uid(self._exchange)
        if uid is None:
            self._check()
            return None
        again = uid == self._last and self._clock.ticks_diff(now, self._last_at) < SAME_MS
        self._last, self._last_at = uid, now
        return None if again else uid

    def _start(self) -> None:
        self._set(COMMAND, SOFT_RESET)
        self._clock.sleep_ms(50)
        self._version = self._get(VERSION)
        if self._version in NONE:
            raise SensorError("no MFRC522 on SPI: look at sck, mosi, miso and cs")
        for register, value in SET_UP:
            self._set(register, value)
        self._set(TX_CONTROL, self._get(TX_CONTROL) | ANTENNA_ON)

    def _check(self) -> None:
        """A reader whose antenna is off after a dip of its power would find no badge for ever."""
        if self._get(VERSION) != self._version:
            raise SensorError("the MFRC522 is gone: look at its wires")
        if self._get(TX_CONTROL) & ANTENNA_ON != ANTENNA_ON:
            raise SensorError("the MFRC522 has forgotten its settings: look at its power")

    def _exchange(self, data: bytes, bits: int, align: int):
        """As iso14443 wants it."""
        self._set(COMMAND, IDLE)
        self._set(IRQ, CLEAR)
        self._set(FIFO_LEVEL, FLUSH)
        self._set(COLLISION, 0)  # received bits after a collision count as 0
        for byte in data:
            self._set(FIFO_DATA, byte)
        self._set(COMMAND, TRANSCEIVE)
        self._set(BIT_FRAMING, START_SEND | align << 4 | bits)
        ended = self._wait()
        self._set(BIT_FRAMING, 0)
        error = self._get(ERROR)
        if not ended & RECEIVED or error & OTHER_ERRORS and not error & COLLIDED:
            return None
        answer = bytes([self._get(FIFO_DATA) for _ in range(self._get(FIFO_LEVEL))])
        if not error & COLLIDED:
            return answer, None
        place = self._get(COLLISION)
        if place & POSITION_UNKNOWN:
            return None
        # Counted from 1 over the bits of the FIFO, the skipped ones of ``align`` included
        return answer, ((place & 0x1F) or 32) - 1

    def _wait(self) -> int:
        began = self._clock.ticks_ms()
        while True:
            ended = self._get(IRQ)
            if ended & (RECEIVED | TIMER_ENDED):
                return ended
            if self._clock.ticks_diff(self._clock.ticks_ms(), began) > STUCK_MS:
                raise SensorError("the MFRC522 is stuck")

    def _get(self, register: int) -> int:
        self._select.value(0)
        try:
            self._spi.write_readinto(bytes([0x80 | register << 1, 0]), self._two)
        finally:
            self._select.value(1)
        return self._two[1]

    def _set(self, register: int, value: int) -> None:
        self._select.value(0)
        try:
            self._spi.write(bytes([register << 1, value]))
        finally:
            self._select.value(1)


def open_mfrc522(spi: dict, clock) -> Mfrc522:
    """The reader on the pins that settings.json names."""
    from machine import SPI, Pin

    bus = SPI(spi["bus"], baudrate=spi["baudrate"], polarity=0, phase=0, sck=Pin(spi["sck"]),
              mosi=Pin(spi["mosi"]), miso=Pin(spi["miso"]))
    return Mfrc522(bus, Pin(spi["cs"], Pin.OUT, value=1), clock)
