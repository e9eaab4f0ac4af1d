"""What boards that stand in the field have in common: a plain socket, a thread of their own.

They know nothing of iotd: what they do was read off boards that exist and can't be
changed.
"""

from __future__ import annotations

import socket
import threading
from typing import TypeVar

READ_BYTES = 1024

Self = TypeVar("Self", bound="FieldBoard")


class FieldBoard:
    """Connects, lives until its server goes, and never connects again by itself.

    ``heard`` holds every chunk that was read. ``failure`` says what broke the
    board's loop, where something other than its server's going did.
    """

    def __init__(self, host: str, port: int, *, source: str | None = None) -> None:
        self.address, self.source = (host, port), source
        self.heard: list[bytes] = []
        self.failure: Exception | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def power_on(self: Self) -> Self:
        """Connect (raises OSError when nobody listens) and run until the server goes."""
        source = (self.source, 0) if self.source else None
        self._socket = socket.create_connection(self.address, 5.0, source_address=source)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._run, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def power_off(self) -> None:
        """Pull the plug; the thread has ended and the socket is closed on return."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the server was faster
        if self._thread is not None:
            self._thread.join(10.0)
        if self._socket is not None:
            self._socket.close()

    @property
    def running(self) -> bool:
        """Whether the board's loop still runs; once it ended only ``power_on`` brings it back."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self, sock: socket.socket) -> None:
        try:
            self._live(sock)
        except OSError:
            pass  # a peer that goes ends this board too
        except Exception as failure:
            self.failure = failure
        finally:
            self._ended(sock)

    def _live(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def _ended(self, sock: socket.socket) -> None:
        sock.close()

    def _read(self, sock: socket.socket, size: int = READ_BYTES) -> bytes:
        chunk = sock.recv(size)
        if not chunk:
            raise ConnectionResetError("the server has gone")
        self.heard.append(chunk)
        return chunk
