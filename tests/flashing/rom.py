"""The boot loader in an ESP32's ROM, and the flasher it can be given, as bytes on a line.

After Espressif's "Serial Protocol" (docs.espressif.com, esptool, advanced topics): SLIP frames,
a header of direction, command, size and value, status bytes behind the answer (four from the
ROM, two from the flasher). What the text leaves open is as recorded from chips in issues of
esptool; test_rom.py holds those recordings against this.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from typing import Callable

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
FLASH_BYTES = 4 << 20
_FLASH_ID = 0x1640EF  # Winbond, 2 ** 0x16 bytes
_SFDP = 0x50444653  # "SFDP", with which the flash's table of itself begins
_RUN = 1 << 18  # in the register of commands to the flash


@dataclass(frozen=True)
class Model:
    """What differs from chip to chip: its id where it tells one, how it answers SYNC, where
    its registers are."""

    name: str
    chip_id: int | None
    magic: int
    sync: int
    spi: int  # base address of the flash's registers
    usr2: int
    word0: int
    clock_divider: int
    mac: int


ESP32 = Model("ESP32", None, 0x00F01D83, 0x55552007, 0x3FF42000, 0x24, 0x80, 0x3FF40014,
              0x3FF5A004)
ESP32_S3 = Model("ESP32-S3", 9, 0x9, 0x20120707, 0x60002000, 0x20, 0x58, 0x60000014, 0x60007044)
ESP32_C3 = Model("ESP32-C3", 5, 0x1B31506F, 0x20120707, 0x60002000, 0x20, 0x58, 0x60000014,
                 0x60008844)

ESP32_H2 = Model("ESP32-H2", 16, 0, 0x20120707, 0x60003000, 0x20, 0x58, 0x60000014, 0x600B0844)


def framed(packet: bytes) -> bytes:
    """One SLIP frame."""
    inner = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + inner + b"\xc0"


class Unframer:
    """SLIP frames out of what comes, whatever it comes in."""

    def __init__(self) -> None:
        self._packet: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now; what stands between frames is passed over."""
        packets = []
        for byte in data:
            if byte == END:
                if self._packet:
                    packets.append(bytes(self._packet))
                    self._packet = None
                else:
                    self._packet = bytearray()
            elif self._packet is not None:
                self._take(byte)
        return packets

    def _take(self, byte: int) -> None:
        assert self._packet is not None
        if self._escaped:
            self._packet.append({ESC_END: END, ESC_ESC: ESC}.get(byte, byte))
            self._escaped = False
        elif byte == ESC:
            self._escaped = True
        else:
            self._packet.append(byte)


def checksum(data: bytes) -> int:
    """As it stands in the header of a block."""
    state = 0xEF
    for byte in data:
        state ^= byte
    return state


@dataclass
class Rom:
    """A chip in its boot loader. ``flip`` (address, bit) is a bit that its flash does not keep."""

    model: Model = ESP32
    flip: tuple[int, int] | None = None
    flash: bytearray = field(default_factory=lambda: bytearray(b"\xff") * FLASH_BYTES)
    stub: bool = False
    loaded: dict[int, bytearray] = field(default_factory=dict)  # into memory, by address
    baud: int = 115_200
    flash_size: int = 0
    erased: bool = False
    blocks: int = 0  # of a write, taken so far
    attached: bool = False
    _registers: dict[int, int] = field(default_factory=dict)
    _value: int = 0
    _segment: bytearray = field(default_factory=bytearray)
    _at: int = 0
    _deflated: "zlib._Decompress | None" = None

    def __post_init__(self) -> None:
        model = self.model
        self._registers = {
            0x40001000: model.magic, model.clock_divider: 347,  # 40 MHz at 115,200 baud
            model.mac: 0x287AD884, model.mac + 4: 0x3E246F,
        }
        self._unframer = Unframer()

    def hear(self, data: bytes) -> bytes:
        """What the chip says to these bytes."""
        said = b""
        for packet in self._unframer.feed(data):
            if len(packet) >= 8 and packet[0] == 0:
                _, command, size, check = struct.unpack_from("<BBHI", packet)
                said += self._do(command, packet[8:8 + size], check & 0xFF)
        return said

    def _do(self, command: int, body: bytes, check: int) -> bytes:
        do: Callable[[bytes, int], bytes | int] | None = getattr(self, f"_do_{command:02x}", None)
        if do is None or (self.model.chip_id is None and not self.stub and command == 0x14):
            return self._answer(command, b"", 0xC3 if self.stub else 5)
        result = do(body, check)
        if isinstance(result, int):
            said = self._answer(command, b"", result)
        else:
            said = self._answer(command, result, 0)
        if command == 0x08:
            return said * 8
        # the flasher's first word, once it runs
        return said + framed(b"OHAI") if command == 0x06 and self.stub else said

    def _answer(self, command: int, body: bytes, error: int) -> bytes:
        status = (bytes([1, error]) if not self.stub else bytes([error, 0])) if error else bytes(2)
        # the flasher that 0x06 starts speaks after the ROM has answered
        rom = not self.stub or command == 0x06
        payload = body + status + (bytes(2) if rom else b"")
        value = self._value if rom or command == 0x0A else 0
        return framed(struct.pack("<BBHI", 1, command, len(payload), value) + payload)

    # registers

    def _do_08(self, body: bytes, check: int) -> int:
        """SYNC"""
        self._value = self.model.sync
        return 0

    def _do_0a(self, body: bytes, check: int) -> int:
        """READ_REG"""
        self._value = self._registers.get(int.from_bytes(body[:4], "little"), 0)
        return 0

    def _do_09(self, body: bytes, check: int) -> int:
        """WRITE_REG, some of which order the flash about"""
        for address, value, mask, _ in struct.iter_unpack("<IIII", body):
            old = self._registers.get(address, 0)
            self._registers[address] = (old & ~mask) | (value & mask)
            if address == self.model.spi and value & _RUN:
                self._registers[address] = 0
                self._registers[self.model.spi + self.model.word0] = self._flash_says()
        return 0

    def _flash_says(self) -> int:
        order = self._registers.get(self.model.spi + self.model.usr2, 0) & 0xFF
        where = self._registers.get(self.model.spi + 4, 0)
        if order == 0x5A:
            return _SFDP if where == 0 else _FLASH_ID & 0xFF
        return _FLASH_ID if order == 0x9F else 0

    def _do_14(self, body: bytes, check: int) -> bytes:
        """GET_SECURITY_INFO: nothing is locked"""
        return struct.pack("<I8BII", 0, *bytes(8), self.model.chip_id or 0, 0)

    def _do_0f(self, body: bytes, check: int) -> int:
        """CHANGE_BAUDRATE, which a pseudo terminal does not feel"""
        self.baud = int.from_bytes(body[:4], "little")
        return 0

    # memory, and the flasher in it

    def _do_05(self, body: bytes, check: int) -> int:
        """MEM_BEGIN"""
        address = struct.unpack("<IIII", body)[3]
        self._segment = self.loaded[address] = bytearray()
        return 0

    def _do_07(self, body: bytes, check: int) -> int:
        """MEM_DATA"""
        if checksum(body[16:]) != check:
            return 7
        self._segment += body[16:]
        return 0

    def _do_06(self, body: bytes, check: int) -> int:
        """MEM_END: what was loaded begins to run"""
        self.stub = struct.unpack("<II", body)[0] == 0
        return 0

    # the flash

    def _do_0d(self, body: bytes, check: int) -> int:
        """SPI_ATTACH"""
        self.attached = True
        return 0

    def _do_0b(self, body: bytes, check: int) -> int:
        """SPI_SET_PARAMS"""
        self.flash_size = struct.unpack_from("<II", body)[1]
        return 0

    def _do_02(self, body: bytes, check: int) -> int:
        """FLASH_BEGIN"""
        size, _, _, self._at = struct.unpack_from("<IIII", body)
        self._deflated = None
        self._begin(size)
        return 0

    def _do_10(self, body: bytes, check: int) -> int:
        """FLASH_DEFL_BEGIN"""
        size, _, _, self._at = struct.unpack_from("<IIII", body)
        self._deflated = zlib.decompressobj()
        self._begin(size)
        return 0

    def _begin(self, size: int) -> None:
        self.blocks = 0
        first, last = self._at & ~0xFFF, (self._at + size + 0xFFF) & ~0xFFF
        self.flash[first:last] = b"\xff" * (last - first)

    def _do_03(self, body: bytes, check: int) -> int:
        """FLASH_DATA, of which blocks come in order"""
        return self._block(body, check, lambda data: data)

    def _do_11(self, body: bytes, check: int) -> int:
        """FLASH_DEFL_DATA"""
        if self._deflated is None:
            return 0xC6
        return self._block(body, check, self._deflated.decompress)

    def _block(self, body: bytes, check: int, plain: Callable[[bytes], bytes]) -> int:
        size, number = struct.unpack_from("<II", body)
        data = body[16:]
        if len(data) != size or number != self.blocks:
            return 0xC0 if self.stub else 5
        if checksum(data) != check:
            return 0xC1 if self.stub else 7
        self.blocks += 1
        self._program(plain(data))
        return 0

    def _program(self, data: bytes) -> None:
        # a flash only clears bits; what was not erased before would show
        for at, byte in enumerate(data, self._at):
            self.flash[at] &= byte
        if self.flip and self._at <= self.flip[0] < self._at + len(data):
            self.flash[self.flip[0]] ^= 1 << self.flip[1]
        self._at += len(data)

    def _do_04(self, body: bytes, check: int) -> int:
        """FLASH_END"""
        return 0

    def _do_12(self, body: bytes, check: int) -> int:
        """FLASH_DEFL_END"""
        return 0

    def _do_13(self, body: bytes, check: int) -> bytes:
        """SPI_FLASH_MD5: digits from the ROM, bytes from the flasher"""
        address, size = struct.unpack_from("<II", body)
        digest = hashlib.md5(self.flash[address:address + size])
        return digest.digest() if self.stub else digest.hexdigest().encode()

    def _do_d0(self, body: bytes, check: int) -> int:
        """ERASE_FLASH, of the flasher alone"""
        if not self.stub:
            return 5
        self.flash[:] = b"\xff" * len(self.flash)
        self.erased = True
        return 0
