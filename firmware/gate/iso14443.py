"""ISO 14443-3 A: how a reader learns the number of a card, of 4, 7 or 10 bytes, among several.

``exchange(data, bits, align)`` sends; ``bits`` is how many of the last byte, 0 is all, and
the answer's first bit goes to bit ``align`` of its first byte. It gives (bytes, number of the
first bit where two cards differ, or None), or None when nobody answers.
"""

REQUEST = b"\x26"  # of 7 bits: cards that were not halted
SELECT = (0x93, 0x95, 0x97)  # one for each four bytes of a number
CASCADE = 0x88  # in place of a number's byte: there is more
MORE = 0x04  # in the answer to a selection: the number goes on
HALT = b"\x50\x00"


def crc_a(data: bytes) -> bytes:
    """The check of a frame, low byte first."""
    crc = 0x6363
    for byte in data:
        byte ^= crc & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return bytes([crc & 0xFF, crc >> 8])


def read_uid(exchange):
    """The number of one card in the field, which is halted then; None when there is none."""
    if exchange(REQUEST, 7, 0) is None:
        return None
    uid = b""
    for select in SELECT:
        part = _anticollide(exchange, select)
        more = None if part is None else _choose(exchange, select, part)
        if more is None:
            return None
        if not more:
            uid += part[:4]
            break
        if part[0] != CASCADE:
            return None
        uid += part[1:4]
    # Nobody answers this: a card that does was never there
    exchange(HALT + crc_a(HALT), 0, 0)
    return uid if len(uid) in (4, 7, 10) else None


def _anticollide(exchange, select: int):
    """Four bytes and their check of one card on this level; None when the cards were too quick."""
    known, bits = bytearray(5), 0
    for _ in range(33):
        whole, rest = bits >> 3, bits & 7
        frame = bytes([select, 0x20 + (whole << 4) + rest])
        answer = exchange(frame + bytes(known[:whole + (1 if rest else 0)]), rest, rest)
        if answer is None:
            return None
        data, collision = answer
        if collision is None and len(data) != 5 - whole:
            return None
        _merge(known, data, whole, rest)
        if collision is None:
            return bytes(known) if known[0] ^ known[1] ^ known[2] ^ known[3] == known[4] else None
        # Two cards differ here: go on with those that have a one
        bits += collision - rest + 1
        if not 0 < bits <= 32:
            return None
        _keep(known, bits)
        known[bits - 1 >> 3] |= 1 << (bits - 1 & 7)
    return None


def _merge(known: bytearray, data: bytes, whole: int, rest: int) -> None:
    """What came, behind the bits that were known; low bits come first."""
    mask = (1 << rest) - 1
    data = (bytes(data) + bytes(5))[:5 - whole]  # nothing follows a collision for certain
    known[whole] = known[whole] & mask | data[0] & ~mask & 0xFF
    known[whole + 1:] = data[1:]


def _keep(known: bytearray, bits: int) -> None:
    """The first so many bits; the others are 0."""
    for at in range(5):
        left = max(0, min(8, bits - 8 * at))
        known[at] &= (1 << left) - 1


def _choose(exchange, select: int, part: bytes):
    """Whether this card's number goes on; None when it did not answer as it must."""
    frame = bytes([select, 0x70]) + part
    answer = exchange(frame + crc_a(frame), 0, 0)
    if answer is None or answer[1] is not None or len(answer[0]) != 3:
        return None
    data = bytes(answer[0])
    return bool(data[0] & MORE) if crc_a(data[:1]) == data[1:] else None
