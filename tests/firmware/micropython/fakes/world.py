"""What lies around a board: a finger, a temperature, a weight, levels of pins; the test says which.

The test's word is a JSON object: pulse (per minute, 0 is no finger), celsius, counts
(of the load cell), pins, adc and touch by number, near (access points), wifi, badges (in
hex, held up to the reader), ntp (Unix seconds at power-on).
"""

import json
import time

import _host
from part_models import Heart, Hx711Model, Max30102Model, Mlx90614Model, Ssd1306Model

_start = time.ticks_ms()
_text = ""
_told = {}


def now_ms() -> int:
    """Since power-on, without a wrap."""
    return time.ticks_diff(time.ticks_ms(), _start)


def told(name: str, default):
    """What the test says of this."""
    global _text, _told
    text = _host.inputs()
    if text != _text:
        _text = text
        _told = json.loads(text)
    return _told.get(name, default)


def of_pin(name: str, number: int, default):
    """What the test says of this pin."""
    return told(name, {}).get(str(number), default)


#: Its pins are those of firmware/cabinet's example.
HX711_DATA, HX711_CLOCK = 16, 17

heart = Heart(now_ms, lambda: told("pulse", 0))
load_cell = Hx711Model(now_ms, lambda: told("counts", 0))


def badge_reader():
    """An MFRC522 that sees the badges which the test holds up."""
    from mfrc522_model import Field, Mfrc522Model

    field = Field()

    def held_up():
        field.hold([bytes.fromhex(uid) for uid in told("badges", [])])
        return field

    return Mfrc522Model(held_up, lambda: "badge" in told("broken", []))


class Screen:
    """Reads the panel's points back into letters."""

    def __init__(self):
        import framebuf

        points = bytearray(8)
        frame = framebuf.FrameBuffer(points, 8, 8, framebuf.MONO_VLSB)
        self._letters = {}
        for code in range(126, 31, -1):
            frame.fill(0)
            frame.text(chr(code), 0, 0, 1)
            self._letters[bytes(points)] = chr(code)

    def changed(self, panel, page: int) -> None:
        row = panel.memory[page * 128:(page + 1) * 128]
        text = "".join(self._letters.get(bytes(row[at:at + 8]), "") for at in range(0, 128, 8))
        _host.display(page, text)
        if page == 4:
            _host.display(8, self._big(panel.memory))

    def _big(self, memory) -> str:
        """Figures three times as large, over pages 2 to 4."""
        return "".join(self._letters.get(self._small(memory, left), "?")
                       for left in range(0, 120, 24)).strip()

    def _small(self, memory, left: int) -> bytes:
        columns = bytearray(8)
        for column in range(8):
            for row in range(8):
                y = 16 + row * 3
                if memory[y // 8 * 128 + left + column * 3] >> y % 8 & 1:
                    columns[column] |= 1 << row
        return bytes(columns)


class WatchBus:
    """The I2C bus of a watch."""

    def __init__(self):
        self._parts = {0x57: Max30102Model(now_ms, heart),
                       0x5A: Mlx90614Model(lambda: told("celsius", 36.5)),
                       0x3C: Ssd1306Model(Screen().changed)}

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        return self._part(address).readfrom_mem(register, count)

    def writeto_mem(self, address: int, register: int, data) -> None:
        self._part(address).writeto_mem(register, data)

    def writeto(self, address: int, data) -> None:
        self._part(address).writeto(data)

    def _part(self, address: int):
        if address not in self._parts or address in told("broken", []):
            raise OSError(19)
        return self._parts[address]
