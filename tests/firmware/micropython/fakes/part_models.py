"""The parts of watch and cabinet as seen from their buses, written from their data sheets.

They run in the VM and under CPython alike; time in ms comes in as a function.
"""

import math


def shape_of_a_beat() -> list:
    """One beat in hundredths of its interval: a steep rise, and a dicrotic wave after it."""
    return [math.exp(-(((at - 20) / 8) ** 2) / 2) + 0.35 * math.exp(-(((at - 52) / 11) ** 2) / 2)
            for at in range(100)]


class Heart:
    """A finger: how high its pulse stands now, 0 to about 1; no finger is None."""

    def __init__(self, now_ms, rate_now):
        self._now = now_ms
        self._rate = rate_now
        self._shape = shape_of_a_beat()
        self._at = 0.0  # in beats
        self._seen = now_ms()

    def pulse(self, ms=None):
        """The wave at a moment, the present one unless told otherwise."""
        rate = self._rate()
        ms = self._now() if ms is None else ms
        if not rate:
            self._seen = ms
            return None
        self._at += (ms - self._seen) * rate / 60000
        self._seen = ms
        return self._shape[int(self._at * 100) % 100]


class Max30102Model:
    """Two LEDs, a FIFO of 32 samples, and the registers that a driver needs."""

    address = 0x57
    ratio = 0.6  # of the pulse in red to that in infrared

    def __init__(self, now_ms, heart):
        self._now = now_ms
        self._heart = heart
        self.registers = bytearray(256)
        self.registers[0xFF] = 0x15
        self._fifo = []
        self._lost = 0
        self._at = None  # when the next sample is due

    def readfrom_mem(self, register: int, count: int) -> bytes:
        self._run()
        if register == 0x07:
            data = b"".join(self._fifo[:count // 6])
            self.registers[6] = self.registers[6] + count // 6 & 31
            self._fifo = self._fifo[count // 6:]
            return data + bytes(count - len(data))
        return bytes(self.registers[register:register + count])

    def writeto_mem(self, register: int, data) -> None:
        self._run()
        if register == 0x09 and data[0] & 0x40:
            part = self.registers[0xFF]
            self.registers[:] = bytes(256)
            self.registers[0xFF] = part
            self._at = None
            return
        self.registers[register] = data[0]
        if register == 0x06:
            self._fifo = []

    def _run(self) -> None:
        """What was sampled since the last look: 100/s, averaged as the configuration says."""
        if self.registers[0x09] & 7 != 3:
            return
        every = 10 << (self.registers[0x08] >> 5)
        if self._at is None:
            self._at = self._now() + every
        while self._at <= self._now():
            self._sample(self._at)
            self._at += every

    def _sample(self, ms: int) -> None:
        pulse = self._heart.pulse(ms)
        if pulse is None:
            red = ir = 1500
        else:
            ir = int(4500 * self.registers[0x0D] * (1 - 0.012 * pulse))
            red = int(3500 * self.registers[0x0C] * (1 - 0.012 * self.ratio * pulse))
        sample = min(red, 0x3FFFF).to_bytes(3, "big") + min(ir, 0x3FFFF).to_bytes(3, "big")
        self._fifo.append(sample)
        self.registers[4] = self.registers[4] + 1 & 31
        if len(self._fifo) > 32:
            self._fifo.pop(0)
            self.registers[6] = self.registers[6] + 1 & 31
            self.registers[5] = min(self.registers[5] + 1, 31)


class Mlx90614Model:
    """Two temperatures, each word with its checksum; ``spoilt`` answers are sent wrong first."""

    address = 0x5A

    def __init__(self, celsius_now):
        self._celsius = celsius_now
        self.spoilt = 0

    def readfrom_mem(self, register: int, count: int) -> bytes:
        celsius = {6: 24.0, 7: self._celsius()}[register]
        raw = 0x8000 if celsius is None else int((celsius + 273.15) / 0.02 + 0.5)
        word = bytes([raw & 0xFF, raw >> 8])
        check = smbus_crc(bytes([0xB4, register, 0xB5]) + word)
        if self.spoilt:
            self.spoilt -= 1
            check ^= 0x10
        return (word + bytes([check]))[:count]


def smbus_crc(data: bytes) -> int:
    """CRC-8 with polynomial 0x107, by long division of the whole message."""
    value = int.from_bytes(data, "big") << 8
    for bit in range(len(data) * 8 + 7, 7, -1):
        if value >> bit & 1:
            value ^= 0x107 << bit - 8
    return value


class Ssd1306Model:
    """128 x 64 points in pages; ``memory`` is what the panel shows once it is on."""

    address = 0x3C

    def __init__(self, told=None):
        self.memory = bytearray(1024)
        self.commands = []
        self.on = self.charged = False
        self._page = self._column = 0
        self._told = told

    def writeto(self, data) -> None:
        if data[0] == 0x40:
            for byte in data[1:]:
                self.memory[self._page * 128 + self._column] = byte
                self._column = self._column + 1 & 127
            if self._told:
                self._told(self, self._page)
            return
        assert data[0] == 0x80 and len(data) == 2, data
        self._command(data[1])

    def _command(self, byte: int) -> None:
        self.commands.append(byte)
        if byte & 0xF8 == 0xB0:
            self._page = byte & 7
        elif byte < 0x10 and self.charged:
            self._column = self._column & 0xF0 | byte
        elif byte < 0x20 and self.charged:
            self._column = self._column & 0x0F | (byte & 0x0F) << 4
        elif byte in (0xAE, 0xAF):
            self.on = byte == 0xAF
        self.charged = self.charged or self.commands[-2:] == [0x8D, 0x14]


class Hx711Model:
    """A load cell's converter: data falls when ready, one bit a pulse, highest first."""

    def __init__(self, now_ms, counts_now):
        self._now = now_ms
        self._counts = counts_now
        self._pulses = 0
        self._level = 0
        self._bits = 0
        self._ready = now_ms() + 400
        self.gains = []

    def data(self) -> int:
        """The level of its data pin."""
        self._settle()
        if self._pulses == 0:
            return 0 if self._now() >= self._ready and self._counts() is not None else 1
        return self._bits >> 24 - self._pulses & 1 if self._pulses <= 24 else 1

    def clock(self, level: int) -> None:
        """Whoever reads it moves its clock pin."""
        rising = level and not self._level
        self._level = level
        if not rising:
            return
        if self._pulses == 0:
            assert self._now() >= self._ready, "clocked before it was ready"
            self._bits = int(self._counts()) & 0xFFFFFF
        self._pulses += 1
        self._ready = self._now() + 100

    def _settle(self) -> None:
        """25 to 27 pulses and a pause: the next conversion has begun, and its gain is chosen."""
        if self._pulses >= 25 and not self._level and self._now() >= self._ready - 90:
            self.gains.append({25: 128, 26: 32, 27: 64}[self._pulses])
            self._pulses = 0
