"""A bare Python loop that writes the same parts as c/loop.c: the limit of the language.

``python -m bench.loop FRAMES FRAME_BYTES FPS`` prints its port and ends with its stdin.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from pathlib import Path

HEAD = (
    b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=iotdframe\r\n\r\n"
    b"--iotdframe\r\n"
)
PART = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: %.3f\r\n\r\n%b\r\n" \
    b"--iotdframe\r\n"


class Parts:
    """The parts to send, in order; each is stamped when it is made."""

    def __init__(self, frames: Path, size: int) -> None:
        data = frames.read_bytes()
        self._frames = [data[at:at + size] for at in range(0, len(data), size)]
        self._number = 0

    def next(self) -> bytes:
        """One multipart part with its closing boundary."""
        frame = self._frames[self._number % len(self._frames)]
        stamp = b"BENCH%010d%020d" % (self._number, time.monotonic_ns())
        at = frame.find(b"BENCH", 0, 64)
        if at >= 0:
            frame = frame[:at] + stamp + frame[at + len(stamp):]
        self._number += 1
        return PART % (len(frame), time.time(), frame)


class Loop:
    """One epoll, one listener, and the viewers by file number."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(0, select.EPOLLIN | select.EPOLLHUP)
        self._all: dict[int, socket.socket] = {}
        self._streaming: dict[int, socket.socket] = {}
        self._rest: dict[int, memoryview] = {}

    def run(self, parts: Parts, fps: float) -> None:
        """Write a part to every viewer each tick, until stdin ends."""
        due = time.monotonic() + 1 / fps
        while self._turn(max(0.0, due - time.monotonic())):
            if time.monotonic() >= due:
                self._tick(parts.next())
                due = max(due + 1 / fps, time.monotonic())

    def _tick(self, part: bytes) -> None:
        rest = self._rest
        for number, viewer in tuple(self._streaming.items()):
            if number in rest:
                continue
            try:
                sent = viewer.send(part)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._leave(number)
                continue
            if sent < len(part):
                rest[number] = memoryview(part)[sent:]
                self._poll.modify(number, select.EPOLLIN | select.EPOLLOUT)

    def _turn(self, timeout: float) -> bool:
        for number, events in self._poll.poll(timeout, 4096):
            if number == 0:
                return False
            if number == self._listener.fileno():
                self._accept()
                continue
            if events & select.EPOLLOUT and number in self._rest:
                self._send_rest(number)
            if events & ~select.EPOLLOUT:
                self._answer(number)
        return True

    def _accept(self) -> None:
        try:
            while True:
                viewer, _ = self._listener.accept()
                viewer.setblocking(False)
                viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._all[viewer.fileno()] = viewer
                self._poll.register(viewer, select.EPOLLIN)
        except BlockingIOError:
            pass

    def _answer(self, number: int) -> None:
        viewer = self._all[number]
        try:
            request = viewer.recv(4096)
        except OSError:
            request = b""
        if not request:
            self._leave(number)
        elif number not in self._streaming and b"\r\n\r\n" in request:
            viewer.send(HEAD)
            self._streaming[number] = viewer

    def _send_rest(self, number: int) -> None:
        rest = self._rest[number]
        try:
            rest = rest[self._all[number].send(rest):]
        except OSError:
            return
        if rest:
            self._rest[number] = rest
        else:
            del self._rest[number]
            self._poll.modify(number, select.EPOLLIN)

    def _leave(self, number: int) -> None:
        self._streaming.pop(number, None)
        self._rest.pop(number, None)
        self._all.pop(number).close()


def main(frames: str, size: str, fps: str) -> None:
    """Serve until stdin ends."""
    loop = Loop()
    print(loop.port, flush=True)
    loop.run(Parts(Path(frames), int(size)), float(fps))


if __name__ == "__main__":
    main(*sys.argv[1:])
