"""An ArduCAM mini as seen from its buses: registers, a FIFO, and a sensor on I2C.

Written from the board's data sheet, not from our driver. It runs in the VM and
under CPython alike.
"""

import os


def frames_of(folder: str) -> list:
    """The bytes of every JPEG in a folder, by name."""
    frames = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".jpg"):
            with open(folder + "/" + name, "rb") as file:
                frames.append(file.read())
    return frames


class ArduCamModel:
    """One board; ``sensor`` is "ov2640" or "ov5642", told apart by their I2C address."""

    chip_select = 10

    def __init__(self, frames: list, sensors=("ov2640", "ov5642")):
        self.frames = frames
        self.sensors = sensors
        self.registers = {0x00: 0, 0x41: 0}
        self.sensor_registers = {}
        self.ready_after = 3
        self._selected = False
        self._bursting = False
        self._taken = 0
        self._fifo = b""
        self._at = 0
        self._waits = 0
        self._address = None
        self._bank = 0

    def select(self, pin: int, level: int) -> None:
        """The level of a pin; ours is low while the chip is spoken to."""
        if pin == self.chip_select:
            self._selected = level == 0
            self._bursting = False

    # ---- SPI

    def spi_write(self, data) -> None:
        assert self._selected, "SPI without chip select"
        if len(data) == 1:
            assert data[0] == 0x3C, data
            self._bursting = True
            return
        register, value = data[0], data[1]
        assert register & 0x80, "a write needs bit 7"
        self._store(register & 0x7F, value)

    def spi_write_readinto(self, out, into) -> None:
        assert self._selected, "SPI without chip select"
        into[1] = self._load(out[0])

    def spi_readinto(self, into) -> None:
        assert self._selected and self._bursting, "a read outside a burst"
        piece = self._fifo[self._at:self._at + len(into)]
        into[:len(piece)] = piece
        self._at += len(piece)

    def _store(self, register: int, value: int) -> None:
        self.registers[register] = value
        if register == 0x04 and value & 0x01:
            self.registers[0x41] = 0
        if register == 0x04 and value & 0x02:
            self._expose()

    def _load(self, register: int) -> int:
        if register == 0x41 and self._fifo:
            self._waits += 1
            return 0x08 if self._waits > self.ready_after else 0
        size = len(self._fifo)
        sizes = {0x42: size & 0xFF, 0x43: size >> 8 & 0xFF, 0x44: size >> 16}
        return sizes.get(register, self.registers.get(register, 0))

    def _expose(self) -> None:
        """The FIFO holds a stray byte, the picture, and what was there before."""
        jpeg = self.frames[self._taken % len(self.frames)]
        self._taken += 1
        self._fifo = b"\x00" + jpeg + bytes(self._taken % 8) + b"\x15\xff\xd9\x00"
        self._at = 0
        self._waits = 0

    # ---- I2C

    def i2c_writeto(self, address: int, data) -> None:
        kind = {0x30: "ov2640", 0x3C: "ov5642"}.get(address)
        if kind not in self.sensors:
            raise OSError(19)
        wide = 2 if kind == "ov5642" else 1
        self._address = int.from_bytes(bytes(data[:wide]), "big")
        if len(data) == wide:
            return
        if wide == 1 and self._address == 0xFF:
            self._bank = data[1]
        key = self._address if wide == 2 else (self._bank, self._address)
        self.sensor_registers.setdefault(key, []).append(data[wide])

    def i2c_readfrom(self, address: int, count: int) -> bytes:
        ids = {(0x30, 0x0A): 0x26, (0x30, 0x0B): 0x42, (0x3C, 0x300A): 0x56, (0x3C, 0x300B): 0x42}
        return bytes([ids[(address, self._address)]])
