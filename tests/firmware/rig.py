"""Firmware under CPython: its modules on the path, and hardware that keeps virtual time."""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parent.parent.parent / "firmware"
FAKES = Path(__file__).resolve().parent / "micropython" / "fakes"

# Behind everything else: `sensors` and the like must not hide a module of the same name
BOARDS = ("camera", "watch", "cabinet", "cabinet_camera", "gate")
sys.path.extend(str(path) for path in (FIRMWARE, *(FIRMWARE / board for board in BOARDS))
                if str(path) not in sys.path)


class FakeClock:
    """The part of MicroPython's time module that firmware uses; sleeping moves it."""

    PERIOD = 2**30

    def __init__(self, start: int = PERIOD - 10_000) -> None:
        self.now = start  # so that ticks wrap early in every test

    def ticks_ms(self) -> int:
        return self.now % self.PERIOD

    def ticks_add(self, ticks: int, ms: int) -> int:
        return (ticks + ms) % self.PERIOD

    def ticks_diff(self, end: int, start: int) -> int:
        half = self.PERIOD // 2
        return (end - start + half) % self.PERIOD - half

    def sleep_ms(self, ms: int) -> None:
        self.now += ms


class FakeWatchdog:
    """Keeps the longest time that it went unfed."""

    slice_ms = 1000

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.fed = self.began = clock.now
        self.hunger = 0

    def uptime_s(self) -> int:
        return (self.clock.now - self.began) // 1000

    def feed(self) -> None:
        self.hunger = max(self.hunger, self.clock.now - self.fed)
        self.fed = self.clock.now

    def sleep_ms(self, ms: int) -> None:
        for _ in range(0, ms, 1000):
            self.clock.sleep_ms(1000)
            self.feed()


class FakeSocket:
    """A peer in memory: ``arrives`` is what it will say, each piece at its time in ms."""

    def __init__(self, clock: FakeClock, arrives: list[tuple[int, bytes]] | None = None) -> None:
        self.clock = clock
        self.began = clock.now
        self.arrives = arrives or []
        self.sent = b""
        self.room: int | None = None  # bytes it still takes; None is without end
        self.closed = False

    def setblocking(self, blocking: bool) -> None:
        assert not blocking

    def due(self) -> bool:
        """Whether something can be received by now."""
        return bool(self.arrives) and self.clock.now - self.began >= self.arrives[0][0]

    def recv(self, size: int) -> bytes:
        if not self.due():
            raise OSError(errno.EAGAIN, "nothing there")
        _, data = self.arrives.pop(0)
        assert len(data) <= size
        return data

    def send(self, data: Any) -> int:
        count = len(data) if self.room is None else min(len(data), self.room)
        if count == 0:
            raise OSError(errno.EAGAIN, "no room")
        if self.room is not None:
            self.room -= count
        self.sent += bytes(data[:count])
        return count

    def close(self) -> None:
        self.closed = True


class FakePoll:
    """select.poll over one FakeSocket; waiting moves its clock, 10 ms at a time."""

    def register(self, sock: FakeSocket, events: int) -> None:
        self.sock, self.events = sock, events

    modify = register

    def unregister(self, sock: FakeSocket) -> None:
        pass

    def poll(self, ms: int) -> list[Any]:
        until = self.sock.clock.now + ms
        while not self._ready() and self.sock.clock.now < until:
            self.sock.clock.now += min(10, until - self.sock.clock.now)
        return [(self.sock, self.events)] if self._ready() else []

    def _ready(self) -> bool:
        if self.events == 4:  # POLLOUT
            return self.sock.room != 0
        return self.sock.due()


def fake(name: str) -> Any:
    """A module of the fakes, under CPython; others there hide some of the standard library."""
    sys.path.append(str(FAKES))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FAKES))
