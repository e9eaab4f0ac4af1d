"""Clients that fetch a list of files from a plain HTTP server, each over one connection.

    python -m bench.board_fetchers PORT CLIENTS PIECE NAME=SIZE …

``PIECE`` 0 asks for whole files, else for ranges of so many bytes, one after the other, as a
board asks for its parts. Prints seconds and bytes as JSON when all have all.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from typing import Iterator, Sequence

AT_ONCE = 50  # that begin in one turn


def requests(files: Sequence[tuple[str, int]], piece: int) -> Iterator[tuple[bytes, int]]:
    """What to ask, and how many bytes come of it."""
    for name, size in files:
        step = piece or size
        for offset in range(0, size, step):
            length = min(step, size - offset)
            wanted = f"Range: bytes={offset}-{offset + length - 1}\r\n" if piece else ""
            yield f"GET /{name} HTTP/1.1\r\nHost: bench\r\n{wanted}\r\n".encode(), length


class Client:
    """One board's part."""

    def __init__(self, port: int, files: Sequence[tuple[str, int]], piece: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = requests(files, piece)
        self._heard, self._due = b"", 0
        self.got = 0

    def ask(self) -> bool:
        """The next piece; False when it has all."""
        request, self._due = next(self._left, (b"", 0))
        if request:
            self.sock.send(request)
        return bool(request)

    def hear(self) -> bool:
        """Read what is there; False when that was the last of all."""
        self._heard += self.sock.recv(262_144)
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found or len(body) < self._due:
            return True
        if head[9:12] not in (b"200", b"206") or len(body) != self._due:
            raise SystemExit(f"not what was asked for: {head[:200]!r}")
        self.got, self._heard = self.got + len(body), b""
        return self.ask()


def main(port: int, count: int, piece: int, files: Sequence[tuple[str, int]]) -> None:
    """All of them, at once."""
    begin, got, poll = time.monotonic(), 0, select.epoll()
    open_now: dict[int, Client] = {}
    while count or open_now:
        for _ in range(min(AT_ONCE, count)):
            client = Client(port, files, piece)
            open_now[client.sock.fileno()] = client
            poll.register(client.sock, select.EPOLLIN)
            client.ask()
            count -= 1
        for handle, _ in poll.poll(0.01 if count else 10):
            if not open_now[handle].hear():
                client = open_now.pop(handle)
                got += client.got
                client.sock.close()
    print(json.dumps({"seconds": time.monotonic() - begin, "bytes": got}), flush=True)


if __name__ == "__main__":
    pairs = [word.rpartition("=") for word in sys.argv[4:]]
    port, count, piece = map(int, sys.argv[1:4])
    main(port, count, piece, [(name, int(size)) for name, _, size in pairs])
