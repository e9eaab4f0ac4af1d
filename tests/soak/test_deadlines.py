"""Every deadline of the whole daemon at once, on the real clock: three quarters of a minute."""

from __future__ import annotations

import socket
import struct
import time

from tests.field_camera import scene
from tests.system import wire
from tests.system.house import SystemTest, tell
from tests.system.viewers import stalled

LARGE = [scene(number, (640, 480), 88) for number in range(4)]


class DeadlineTests(SystemTest):
    """Slow and silent peers of every kind."""

    def test_all(self) -> None:
        """Each is closed when its time is over and not before: see ``limits``."""
        self.begun: dict[str, float] = {}
        peers = self.peers()
        limits = {"no proof": (9, 13), "dribbled head": (9, 13), "a frame of 100 bytes/s": (19, 24),
                  "dribbled hello": (29, 33), "dribbled body": (29, 33),
                  "stalled viewer": (29, 36), "keyed and silent": (44, 49)}
        ends: dict[str, float] = {}
        end = time.monotonic() + 55
        while len(ends) < len(peers) and time.monotonic() < end:
            self.dribble(peers, ends)
            time.sleep(1.0)
        tell("closed after", ", ".join(f"{name}: {took:.1f} s" for name, took in ends.items()))
        for name, (least, most) in limits.items():
            self.assertTrue(least <= ends.get(name, 99) <= most, (name, ends))

    def peers(self) -> dict[str, socket.socket]:
        """One of each kind, by name."""
        cameras, web = self.daemon.ports["cameras"], self.daemon.ports["web"]
        made = self.daemon.call("POST", "/api/v1/devices/hall/key", {"kind": "camera"})
        self.streaming(frames=LARGE, fps=20.0, piece_pause=0.0, padded=False)
        peers = {"stalled viewer": stalled(self.daemon, self.cam),
                 "keyed and silent": wire.keyed(cameras, "hall", made["key"])}
        for name, port, first in (
            ("a frame of 100 bytes/s", cameras, struct.pack(">I", 2_000_000)),
            ("no proof", cameras, b"key~somebody\n"), ("dribbled hello", cameras, b"key~"),
            ("dribbled head", web, b"GET / HTTP/1.1\r\nX: "),
            ("dribbled body", web, b"POST / HTTP/1.1\r\nContent-Length: 999\r\n\r\n"),
        ):
            peers[name] = wire.dial(port, f"127.0.6.{len(peers)}")
            wire.send(peers[name], first)
        self.addCleanup(wire.hang_up, list(peers.values()))
        self.begun = dict.fromkeys(peers, time.monotonic())
        return peers

    def dribble(self, peers: dict[str, socket.socket], ends: dict[str, float]) -> None:
        """A little of each; who is closed by now."""
        for name, sock in peers.items():
            if name in ends:
                continue
            if name == "a frame of 100 bytes/s":
                wire.send(sock, b"x" * 100)
            elif name.startswith("dribbled"):
                wire.send(sock, b"a")
            if gone(sock, reads=name != "stalled viewer"):
                ends[name] = time.monotonic() - self.begun[name]


def gone(sock: socket.socket, reads: bool) -> bool:
    """Whether it is closed; one that does not read learns it from the kernel alone."""
    if reads:
        return wire.closed(sock)
    state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != 1  # TCP_ESTABLISHED
