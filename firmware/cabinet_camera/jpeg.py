"""Where the picture is in what a sensor gives: its FIFO pads, and keeps old bytes behind."""

START = b"\xff\xd8\xff"
END = b"\xff\xd9"
SCAN = 0xDA
#: Markers without a length: fillers, restarts, a second start.
BARE = (0x01, 0xFF, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8)


def trimmed(payload):
    """A memoryview of the JPEG from its start to its own end, or None when there is no whole one.

    The segments before the scan are stepped over, so the end of a thumbnail in
    one of them is not taken for the picture's.
    """
    data = bytes(payload)
    start = data.find(START)
    while start >= 0:
        scan = _scan(data, start + 2)
        end = data.find(END, scan) if scan else -1
        if end >= 0:
            return memoryview(data)[start:end + 2]
        start = data.find(START, start + 1)
    return None


def _scan(data: bytes, at: int) -> int:
    """Where the entropy-coded part begins; 0 when the segments lead nowhere."""
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in BARE:
            at += 1 if marker == 0xFF else 2
            continue
        length = data[at + 2] << 8 | data[at + 3]
        at += 2 + length
        if marker == SCAN and at <= len(data):
            return at
        if marker == 0xD9 or length < 2:
            return 0
    return 0
