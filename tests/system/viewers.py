"""Those who watch: one that reads all, slow ones, and ones that never read."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from tests.running_daemon import RunningDaemon, picture_in


class Reading(threading.Thread):
    """Reads lines of a response until it ends."""

    def __init__(self, response: Any) -> None:
        super().__init__(daemon=True)
        self.ended_at: float | None = None
        self._response = response
        self.start()

    def run(self) -> None:
        """Until it ends, in whatever way."""
        try:
            while self.take(self._response):
                pass
        except (OSError, EOFError, ValueError, AttributeError):
            pass  # cut off, or closed by ourselves
        finally:
            self.ended_at = time.monotonic()

    def take(self, response: Any) -> bool:
        """Read the next thing; whether there was one."""
        return bool(response.readline())


class Watching(Reading):
    """Reads pictures; ``parts`` holds arrival time, headers and picture."""

    def __init__(self, response: Any) -> None:
        self.parts: list[tuple[float, dict[str, str], bytes]] = []
        super().__init__(response)

    def take(self, response: Any) -> bool:
        headers, picture = picture_in(response)
        self.parts.append((time.time(), headers, picture))
        return True

    def pictures(self) -> list[bytes]:
        """All so far."""
        return [picture for _, _, picture in list(self.parts)]


def stalled(daemon: RunningDaemon, camera: str, receive_buffer: int = 4096) -> socket.socket:
    """A viewer that asked for a stream and will never read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(10)
    sock.connect(("127.0.0.1", daemon.ports["web"]))
    sock.sendall(
        b"GET /cameras/%b/stream.mjpeg HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Bearer %b\r\n\r\n" % (camera.encode(), daemon.token().encode())
    )
    return sock


def slow_ages(sock: socket.socket, bytes_per_second: float, seconds: float) -> list[float]:
    """How old each picture is when the next one replaces it, on a line of so many bytes/s."""
    ages: list[float] = []
    shown = 0.0
    data, begun, taken = b"", time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        due = int(passed * bytes_per_second) - taken
        if due < 512:
            time.sleep(0.01)
            continue
        more = sock.recv(due)
        taken, data = taken + len(more), data + more
        while (cut := data.find(b"\r\n--iotdframe\r\n")) >= 0:
            head, data = data[:cut], data[cut + 15:]
            _, _, told = head.partition(b"X-Timestamp: ")
            if told:
                if shown:
                    ages.append(time.time() - shown)
                shown = float(told.split(b"\r\n")[0])
    return ages
