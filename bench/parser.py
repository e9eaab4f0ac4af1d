"""What the parser of the camera wire costs alone, by the size of pieces and of frames."""

from __future__ import annotations

import time

from bench.frames import jpeg
from bench.report import Table
from iotd.wire.camera import NEED_DATA, CameraConversation
from iotd.wire.frames import encode_frame

LIMIT = 4_194_304
SMALL, BIG = 1_000_000, 4_000_001  # lengths that are legal in one byte order only
PIECES = (65_536, 1460, 512, 1)


def run(tries: int) -> Table:
    """One frame of 1 MB and one of 4 MB, padded as a FIFO is, in pieces of each size."""
    table = Table(
        "The camera wire's parser alone, no socket",
        ("piece", "CPU-s per MB, 1 MB frame", "CPU-s per MB, 4 MB frame", "ratio"),
    )
    worst = 0.0
    for piece in PIECES:
        # the least of some tries: what a busy machine adds is not the parser's
        small, big = (min(_cost(size, piece) for _ in range(tries)) for size in (SMALL, BIG))
        worst = max(worst, big / small)
        table.add(f"{piece:,} B", f"{small:.4f}", f"{big:.4f}", f"{big / small:.2f}")
    table.aim("cost per MB at 4 times the bytes, the worst of all pieces", worst, most=1.5,
              unit="×")
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
