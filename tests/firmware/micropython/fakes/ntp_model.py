"""A time server, by RFC 4330; it runs in the VM and under CPython alike."""

#: From 1900 to 1970, in seconds.
EPOCH = 2208988800


def stamp(unix_ms: int) -> bytes:
    """64 bits: seconds since 1900, which wrap in 2036, and their fraction."""
    seconds, ms = unix_ms // 1000 + EPOCH, unix_ms % 1000
    return (seconds & 0xFFFFFFFF).to_bytes(4, "big") + ((ms << 32) // 1000).to_bytes(4, "big")


def answer(question: bytes, unix_ms: int, first: int = 0x24, stratum: int = 2) -> bytes:
    """What a server of this stratum says at that moment: version 4, mode 4, no warning."""
    assert len(question) == 48 and question[0] == 0x23
    now = stamp(unix_ms)
    return bytes([first, stratum]) + bytes(14) + now + question[40:48] + now + now
