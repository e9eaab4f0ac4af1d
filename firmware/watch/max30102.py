"""MAX30102: a red and an infrared LED, and how much of each comes back from a finger.

Blood takes light away, so what comes back falls with each pulse. 100 samples a
second, two averaged: 50/s, of which its FIFO holds 32 (0.6 s).
"""

from common.errors import SensorError

ADDRESS = 0x57
PART_ID = 0x15

FIFO_WRITE, OVERFLOW, FIFO_READ, FIFO_DATA = 0x04, 0x05, 0x06, 0x07
FIFO_CONFIG, MODE, SPO2_CONFIG = 0x08, 0x09, 0x0A
RED_CURRENT, IR_CURRENT = 0x0C, 0x0D
PART = 0xFF

RESET = 0x40
RED_AND_IR = 0x03
AVERAGE_2_ROLLOVER = 0x20 | 0x10
#: 4096 nA full scale, 100/s, 411 us: 18 bits.
RANGE_RATE_WIDTH = 0x20 | 0x04 | 0x03

HZ = 50
FIFO_SAMPLES = 32
SAMPLE_BYTES = 6
#: Two samples: asking more often would only keep the bus busy.
EVERY_MS = 40
FULL = 0x3FFFF

#: LED current in steps of 0.2 mA.
CURRENT = 36
LEAST_CURRENT, MOST_CURRENT = 8, 160
#: Without a finger next to nothing comes back.
FINGER = 20000
#: Where the 18 bits are used well and never overrun.
DARK, BRIGHT = 70000, 220000
#: The smallest rise that is a pulse: 0.03 % of what comes back.
FLOOR = 25
#: Between two changes of the current, so that each shows what it did.
SETTLE_SAMPLES = 25
#: How far its own clock may be off ours, and how long we watch it before believing that.
MAX_DRIFT = 0.05
DRIFT_MS = 20000


class Max30102:
    """The sensor interface of the pulse meter, over I2C.

    poll() -> a list of samples (pulse, red, ir), and None where some are missing.
    ``pace`` is how much faster than 50/s its samples really come.
    """

    hz = HZ
    floor = FLOOR

    def __init__(self, i2c, clock, current: int = CURRENT):
        self._i2c = i2c
        self._clock = clock
        self._current = current
        self._settled = 0
        self._taken = 0
        self._began = None
        self._looked = clock.ticks_ms()
        self.finger = False
        self.pace = 1.0
        self._start()

    def poll(self) -> list:
        """What came in since the last look; call it at least twice a second."""
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._looked) < EVERY_MS:
            return []
        self._looked = now
        write, lost, read = self._i2c.readfrom_mem(ADDRESS, FIFO_WRITE, 3)
        if lost:
            self._empty()
            return [None]
        count = write - read & FIFO_SAMPLES - 1
        if count == 0:
            return []
        self._keep_pace(count)
        data = self._i2c.readfrom_mem(ADDRESS, FIFO_DATA, count * SAMPLE_BYTES)
        samples = [self._sample(data, at) for at in range(0, len(data), SAMPLE_BYTES)]
        ir = samples[-1][2]
        self.finger = ir >= FINGER
        if self._adjust(ir, count):
            samples.append(None)
        return samples

    def _start(self) -> None:
        try:
            part = self._get(PART)
        except OSError:
            part = None
        if part != PART_ID:
            raise SensorError("no MAX30102 on I2C 0x{:02x}: look at scl and sda".format(ADDRESS))
        self._set(MODE, RESET)
        self._clock.sleep_ms(10)
        for register, value in ((FIFO_CONFIG, AVERAGE_2_ROLLOVER), (SPO2_CONFIG, RANGE_RATE_WIDTH),
                                (RED_CURRENT, self._current), (IR_CURRENT, self._current),
                                (MODE, RED_AND_IR)):
            self._set(register, value)
        self._empty()

    def _empty(self) -> None:
        for register in (FIFO_WRITE, OVERFLOW, FIFO_READ):
            self._set(register, 0)
        self._began = None

    def _sample(self, data, at: int) -> tuple:
        red = (data[at] << 16 | data[at + 1] << 8 | data[at + 2]) & FULL
        ir = (data[at + 3] << 16 | data[at + 4] << 8 | data[at + 5]) & FULL
        return (FULL - ir, red, ir)

    def _adjust(self, ir: int, count: int) -> bool:
        """More or less light, when a finger is there and the light is not right for it."""
        self._settled += count
        if not self.finger or DARK <= ir <= BRIGHT or self._settled < SETTLE_SAMPLES:
            return False
        wanted = self._current * 3 // 4 if ir > BRIGHT else self._current * 4 // 3 + 1
        wanted = max(LEAST_CURRENT, min(MOST_CURRENT, wanted))
        self._settled = 0
        if wanted == self._current:
            return False
        self._current = wanted
        self._set(RED_CURRENT, wanted)
        self._set(IR_CURRENT, wanted)
        return True

    def _keep_pace(self, count: int) -> None:
        """Its clock is only so good; ours is a crystal."""
        now = self._clock.ticks_ms()
        if self._began is None:
            self._began = now
            self._taken = 0
            return
        self._taken += count
        passed = self._clock.ticks_diff(now, self._began)
        if passed >= DRIFT_MS:
            pace = self._taken * 1000 / (passed * HZ)
            self.pace = max(1 - MAX_DRIFT, min(1 + MAX_DRIFT, pace))
            self._began = None

    def _get(self, register: int) -> int:
        return self._i2c.readfrom_mem(ADDRESS, register, 1)[0]

    def _set(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(ADDRESS, register, bytes([value]))


def open_sensor(pulse: dict, bus, clock) -> Max30102:
    """The sensor on the watch's I2C bus."""
    return Max30102(bus, clock, pulse["led_milliamperes"] * 5)
