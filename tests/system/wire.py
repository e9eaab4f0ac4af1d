"""The camera wire by plain sockets, written after its description and sharing nothing with iotd."""

from __future__ import annotations

import hashlib
import hmac
import io
import socket
import struct
from contextlib import suppress
from typing import Iterable

SOON = 10.0


def dial(port: int, source: str = "127.0.0.1", seconds: float = SOON) -> socket.socket:
    """A connection from ``source``; reading from it gives up after ``seconds``."""
    return socket.create_connection(("127.0.0.1", port), seconds, source_address=(source, 0))


def mac(key: str, id: str, nonce: str, wire: str = "cam") -> str:
    """The proof for 64 hex digits of a key."""
    said = f"iotd1|{wire}|{id}|{nonce}".encode()
    return hmac.new(bytes.fromhex(key), said, hashlib.sha256).hexdigest()


def frame(payload: bytes, order: str = ">") -> bytes:
    """Length and payload; ``order`` is struct's."""
    return struct.pack(f"{order}I", len(payload)) + payload


def line(sock: socket.socket) -> bytes:
    """The next line, without what may follow it; b"" when the other side closed."""
    got = b""
    while not got.endswith(b"\n"):
        more = sock.recv(1)
        if not more:
            return got
        got += more
    return got


def say_hello(sock: socket.socket, id: str, key: str) -> None:
    """The keyed hello up to the proof; what is answered is still to be read."""
    sock.sendall(b"key~%b\n" % id.encode())
    nonce = line(sock)
    if not nonce.startswith(b"nonce~"):
        raise ConnectionRefusedError(nonce)
    sock.sendall(b"mac~%b\n" % mac(key, id, nonce[6:-1].decode()).encode())


def keyed(port: int, id: str, key: str, source: str = "127.0.0.1") -> socket.socket:
    """A connection that has sent its proof."""
    sock = dial(port, source)
    say_hello(sock, id, key)
    return sock


def rest(sock: socket.socket, seconds: float = SOON) -> bytes:
    """All that comes until the other side closes; TimeoutError when it does not."""
    sock.settimeout(seconds)
    got = io.BytesIO()
    try:
        while more := sock.recv(65536):
            got.write(more)
    except ConnectionResetError:
        pass  # closed, with bytes of ours unread
    return got.getvalue()


def closed(sock: socket.socket) -> bool:
    """Whether the other side has closed, now."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def send(sock: socket.socket, data: bytes) -> None:
    """Send what the other side still takes."""
    with suppress(OSError):
        sock.sendall(data)


def hang_up(socks: Iterable[socket.socket]) -> None:
    """Close them all."""
    for sock in socks:
        sock.close()
