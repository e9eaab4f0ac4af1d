"""What the parser of the camera wire costs alone, by the size of pieces and of frames."""

from __future__ import annotations

import time

from bench.frames import jpeg
from bench.report import Table
from iotd.wire.camera import NEED_DATA, CameraConversation
from iotd.wire.frames import encode_frame

LIMIT = 2**24 - 1
# The aim compares 1 MB with 4 MB; the third shows whether growth goes on. All are legal
# lengths in one byte order only, so none is read as the smaller one.
SIZES = (1_000_000, 4_000_001, 15_000_001)
PIECES = (65_536, 1460, 512, 1)


def run(tries: int) -> Table:
    """One frame of 1, 4 and 15 MB, padded as a FIFO is, in pieces of each size."""
    table = Table(
        "The camera wire's parser alone, no socket",
        ("piece", "CPU-s per MB, 1 MB frame", "4 MB", "15 MB", "4 MB to 1 MB", "15 MB to 4 MB"),
    )
    costs = {}
    for piece in PIECES:
        # the least of some tries: what a busy machine adds is not the parser's
        times = range(tries if piece > 1 else 2)
        one, four, most = (min(_cost(size, piece) for _ in times) for size in SIZES)
        costs[piece] = one, four
        table.add(f"{piece:,} B", f"{one:.4f}", f"{four:.4f}", f"{most:.4f}",
                  f"{four / one:.2f}", f"{most / four:.2f}")
    table.aim("cost per MB of 4 MB to that of 1 MB, the worst of all pieces",
              max(four / one for one, four in costs.values()), most=1.25, unit="×")
    table.aim("CPU-s per MB in pieces of 1460 bytes", costs[1460][0], most=0.005)
    table.aim("CPU-s per MB in pieces of 1 byte", costs[1][0], most=0.1)
    return table


def _cost(size: int, piece: int) -> float:
    picture = jpeg(0)
    data = encode_frame(picture + bytes(size - len(picture)))
    chunks = [data[at:at + piece] for at in range(0, len(data), piece)]
    conversation, events = CameraConversation(LIMIT), 0
    begin = time.process_time()
    for chunk in chunks:
        conversation.receive_data(chunk)
        while conversation.next_event() is not NEED_DATA:
            events += 1
    cost = time.process_time() - begin
    assert events == 2  # that it is a field camera, and the frame
    return cost / (size / 1e6)
