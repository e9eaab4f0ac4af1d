"""What a gate saw, in few bytes for the ring file, and as the JSON that the daemon reads.

    flags(1) seq(4) time(6) data      time in ms: since 1970, or since power-on without a clock

Whole numbers throughout: the floats of an ESP32 have 24 bits, a date needs 41.
"""

from hashlib import sha256

EXIT, NO_CLOCK, BADGE = 1, 2, 16
SEEN = 32
HEAD = 11
SIGHT_BYTES = 7


def pack(key: bytes, boot: str, seq: int, flags: int, ms: int, data: bytes) -> bytes:
    """One message; ``flags`` has SEEN or BADGE. Addresses and badges are not in clear in it."""
    head = bytes([flags]) + seq.to_bytes(4, "big") + ms.to_bytes(6, "big")
    return head + _masked(key, boot, head[1:5], data)


def seq_of(record: bytes) -> int:
    """Its number within its boot."""
    return int.from_bytes(record[1:5], "big")


def is_badge(record: bytes) -> bool:
    """Whether it goes to the topic of badges."""
    return bool(record[0] & BADGE)


def sights(found) -> bytes:
    """The data of SEEN out of (address of 6 bytes, rssi)."""
    return b"".join(bytes(mac) + bytes([rssi & 255]) for mac, rssi in found)


def to_json(key: bytes, boot: str, record: bytes, unix_of) -> str:
    """As the daemon reads it; ``unix_of(ms since power-on)`` gives ms since 1970 or None.

    So what was seen before the clock was set has its time by the time it is sent.
    """
    flags, ms = record[0], int.from_bytes(record[5:HEAD], "big")
    if flags & NO_CLOCK:
        ms = unix_of(ms)
    data = _masked(key, boot, record[1:5], record[HEAD:])
    head = '{{"boot":"{}","seq":{},"ts":{},"direction":"{}",'.format(
        boot, seq_of(record), _seconds(ms), "exit" if flags & EXIT else "entry")
    if flags & BADGE:
        return head + '"uid":"{}","method":"rfid"}}'.format(_hex(data, "").upper())
    return head + '"seen":[{}]}}'.format(",".join(
        '{{"mac":"{}","rssi":{}}}'.format(_hex(data[at:at + 6], ":"), _signed(data[at + 6]))
        for at in range(0, len(data), SIGHT_BYTES)))


def _masked(key: bytes, boot: str, seq: bytes, data: bytes) -> bytes:
    """There and back: no address stands on the flash as it is."""
    masked = bytearray(data)
    for block in range(0, len(data), 32):
        stream = sha256(key + b"ring" + boot.encode() + seq + bytes([block >> 5])).digest()
        for at in range(block, min(block + 32, len(data))):
            masked[at] ^= stream[at - block]
    return bytes(masked)


def _seconds(ms) -> str:
    return "null" if ms is None else "{}.{:03d}".format(ms // 1000, ms % 1000)


def _hex(data: bytes, between: str) -> str:
    return between.join("{:02x}".format(byte) for byte in data)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
