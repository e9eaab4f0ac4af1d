"""Thousands of field watches in one process: registered unasked, asked, answered.

    python -m bench.watch_boards PORT COUNT FIRST_ADDRESS POLL_SECONDS

Each has a loopback address of its own. A word on stdin: ``figures`` prints what was
seen since the last time as one line of JSON, anything else ends it.
"""

from __future__ import annotations

import heapq
import json
import select
import socket
import sys
import time
from ipaddress import IPv4Address
from typing import Any

# a real one takes 15 s, in which it can't be asked again: quick ones ask more of the daemon
MEASURE_SECONDS = 0.2
JOINS_PER_TURN = 20
SHOWN = 50  # whose answers a page is open for


class Watch:
    """One socket, and when it answered last."""

    __slots__ = ("sock", "source", "answered_at", "polls", "shown")

    def __init__(self, port: int, source: str, shown: bool) -> None:
        self.sock = socket.socket()
        self.sock.bind((source, 0))
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.sock.send(b"new~wch")
        self.answered_at: float | None = None
        self.polls = 0
        self.source, self.shown = source, shown


class Wrists:
    """All of them, on one epoll."""

    def __init__(self, port: int, count: int, first: str, poll_seconds: float) -> None:
        self._port, self._count, self._first = port, count, IPv4Address(first)
        self._poll_seconds = poll_seconds
        self._poll = select.epoll()
        self._watches: dict[int, Watch] = {}
        self._due: list[tuple[float, int]] = []
        self._late: list[float] = []
        self._answers = self._closed = 0
        self._sent: dict[str, list[float]] = {}  # of the first ones, by address

    def run(self) -> None:
        """Until stdin says so."""
        self._poll.register(sys.stdin, select.EPOLLIN)
        while True:
            self._join_some()
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else 0.1
            for handle, _ in self._poll.poll(min(wait, 0.1)):
                if handle == sys.stdin.fileno():
                    if sys.stdin.readline().strip() != "figures":
                        return
                    print(json.dumps(self.figures()), flush=True)
                else:
                    self._hear(handle)
            self._answer()

    def figures(self) -> dict[str, Any]:
        """Seconds that polls came after they were due, sorted; answers; who was cut off."""
        late, self._late = sorted(self._late), []
        answers, self._answers = self._answers, 0
        polled = sum(watch.polls > 0 for watch in self._watches.values())
        return {
            "connected": len(self._watches), "closed": self._closed, "polled": polled,
            "answers": answers, "sent": self._sent,
            "late": late[:: max(1, len(late) // 1000)] + late[-1:],
        }

    def _join_some(self) -> None:
        for _ in range(min(JOINS_PER_TURN, self._count - len(self._watches) - self._closed)):
            number = len(self._watches)
            watch = Watch(self._port, str(self._first + number), number < SHOWN)
            self._watches[watch.sock.fileno()] = watch
            self._poll.register(watch.sock, select.EPOLLIN)

    def _hear(self, handle: int) -> None:
        watch, now = self._watches[handle], time.monotonic()
        try:
            chunk = watch.sock.recv(1024)
        except OSError:
            chunk = b""
        if not chunk:
            self._closed += 1
            self._poll.unregister(handle)
            self._watches.pop(handle).sock.close()
        elif chunk == b"bpm":
            watch.polls += 1
            if watch.answered_at is not None:
                self._late.append(now - watch.answered_at - self._poll_seconds)
            heapq.heappush(self._due, (now + MEASURE_SECONDS, handle))

    def _answer(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            watch = self._watches.get(heapq.heappop(self._due)[1])
            if watch is not None:
                rate, heat = 60 + watch.polls % 4 * 4, 36.5 + watch.polls % 7 * 0.05
                watch.sock.send(b"%.2f,bpm%.2f,temp" % (rate, heat))
                watch.answered_at = time.monotonic()
                self._answers += 1
                if watch.shown:
                    self._sent.setdefault(watch.source, []).append(watch.answered_at)


if __name__ == "__main__":
    Wrists(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])).run()
