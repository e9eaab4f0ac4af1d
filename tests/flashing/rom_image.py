"""Whole images as MicroPython's are built: boot loader, table of partitions, program."""

from __future__ import annotations

import hashlib
import random
import struct

from iotd.flashing.chips import Chip

PROGRAM_AT = 0x10000  # of the flash


def image_for(chip: Chip, kilobytes: int = 24, version: str = "1.29.0", seed: int = 1) -> bytes:
    """An image for a chip with a program of that size, of which half does not compress."""
    chance = random.Random(seed)
    prompt = f"MicroPython v{version} on 2026-08-24\r\n".encode()
    body = prompt + chance.randbytes(kilobytes * 512) + bytes(kilobytes * 512)
    parts = {chip.offset: program(chip.id, b"boot" * 200), 0x8000: _table(),
             PROGRAM_AT: program(chip.id, body)}
    data = bytearray(b"\xff") * (PROGRAM_AT - chip.offset)
    for at, part in parts.items():
        data[at - chip.offset:at - chip.offset + len(part)] = part
    return bytes(data)


def program(chip_id: int, body: bytes) -> bytes:
    """One program as a boot loader reads it: header, a segment, checksum and SHA-256."""
    body += bytes(-len(body) % 4)
    header = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000)
    more = struct.pack("<B3xHBHH4xB", 0xEE, chip_id, 0, 0, 0xFFFF, 1)
    data = header + more + struct.pack("<II", 0x40080000, len(body)) + body
    check = 0xEF
    for byte in body:
        check ^= byte
    data += bytes(15 - len(data) % 16) + bytes([check])
    return data + hashlib.sha256(data).digest()


def _table() -> bytes:
    rows = ((1, 2, 0x9000, 0x6000, b"nvs"), (1, 1, 0xF000, 0x1000, b"phy_init"),
            (0, 0, PROGRAM_AT, 0x1F0000, b"factory"))
    return b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, at, size, name, 0)
        for kind, sub, at, size, name in rows
    ) + b"\xff" * 32
