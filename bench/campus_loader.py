"""Publishes what gates say, packets made beforehand; one socket, no library.

``python -m bench.campus_loader PORT BASE`` reads lines from stdin and answers each. ``hello``:
every gate says that it is there. ``make FIRST COUNT`` makes packets. ``go RATE`` (0: as fast as
the broker takes them) publishes them; the answer comes once the broker has acknowledged all.
It ends with its stdin.
"""

from __future__ import annotations

import socket
import sys
import time

from bench.campus_field import messages, online, packets
from iotd.wire.mqtt import Connect, encode

CHUNK = 50  # messages of one piece
AHEAD = 5_000  # sent and not yet acknowledged
PUBACK = 4  # bytes


class Loader:
    """One connection to the broker."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.sendall(encode(Connect("bench-loader", keepalive=0)))
        answer = self._socket.recv(4)
        if answer[3:] != b"\0":
            raise ConnectionRefusedError(answer.hex())
        self._sent = self._bytes = 0

    def publish(self, pieces: list[bytes], rate: float, chunk: int = CHUNK) -> None:
        """All of them, so many messages a second; until they are acknowledged."""
        begin = time.monotonic()
        first = self._sent
        for piece in pieces:
            if rate:
                time.sleep(max(0.0, begin + (self._sent - first) / rate - time.monotonic()))
            self._socket.sendall(piece)
            self._sent += chunk
            self._read_until(AHEAD)
        self._read_until(0)

    def _read_until(self, left: int) -> None:
        while self._sent - self._bytes // PUBACK > left:
            data = self._socket.recv(1 << 16)
            if not data:
                raise EOFError("the broker closed the connection")
            self._bytes += len(data)


def main(port: str, base: str) -> None:
    """Do what stdin says."""
    loader, pieces = Loader(int(port)), list[bytes]()
    print("ready", flush=True)
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "go":
            loader.publish(pieces, float(numbers[0]))
        elif word == "hello":
            loader.publish([*packets(online(), 1)], 0.0, 1)
        else:
            first, count = map(int, numbers)
            pieces = [*packets(messages(first, count, float(base)), CHUNK)]
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
