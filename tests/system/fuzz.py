"""Random sessions over real sockets, many at a time, from one seed."""

from __future__ import annotations

import random
import socket
import struct
from contextlib import suppress

from tests.system import wire
from tests.wire.fuzz import session

AT_ONCE = 40
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


def fuzz(port: int, sessions: int, seed: int) -> None:
    """So many sessions, each in one to four pieces, ended in one of three ways."""
    rng = random.Random(seed)
    for start in range(0, sessions, AT_ONCE):
        crowd = []
        for _ in range(min(AT_ONCE, sessions - start)):
            source = f"127.0.{rng.randrange(20, 24)}.{rng.randrange(1, 255)}"
            with suppress(OSError):
                crowd.append(wire.dial(port, source))
        talks = [(sock, _pieces(rng)) for sock in crowd]
        for turn in range(4):
            for sock, pieces in talks:
                if turn < len(pieces):
                    wire.send(sock, pieces[turn])
        for sock, _ in talks:
            _leave(sock, rng.choice("hlr"))


def _pieces(rng: random.Random) -> list[bytes]:
    data = session(rng)
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(4)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:]) if a < b]


def _leave(sock: socket.socket, how: str) -> None:
    with suppress(OSError):
        if how == "h":
            sock.shutdown(socket.SHUT_WR)
        elif how == "r":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()
