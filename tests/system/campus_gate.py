"""A gate with our firmware, as contract and firmware/gate say.

Every message has the next number of its boot and stays in the ring; it is told in order until
the broker acknowledges it, and again when the daemon asks. What was on its way when a
connection ended is sent again on the next one.
"""

from __future__ import annotations

import heapq
import secrets
import socket
import time
from collections import deque
from random import Random
from typing import Any, Iterable

from iotd.campus.model import Heard
from iotd.wire.gate_messages import backlog_payload
from iotd.wire.mqtt_client import NEED_DATA, ConnAck, MqttClient, Publish, Will
from iotd.wire.sightings import parse_replay
from tests.system.campus_plan import Sight

WINDOW = 20  # packets on their way at once
LIST = 12  # messages of a backlog in one
REST = 0.1, 0.4  # seconds between two tries to connect

#: Boot and number of a message.
Name = tuple[str, int]


class CampusGate:
    """One gate; ``made`` is all that it saw and did not lose, as the oracle takes it."""

    def __init__(self, id: str, key: str | None, chance: Random) -> None:
        self.id, self._key, self._chance = id, key, chance
        self.made: list[Heard] = []
        self.lost: set[Name] = set()
        self.asked = self.replayed = self.connections = self.last_told = 0
        self._ring: dict[Name, tuple[str, bytes]] = {}
        self._untold: deque[Name] = deque()
        self._later: list[tuple[float, Name]] = []
        self._again: deque[list[Name]] = deque()
        self.socket: socket.socket | None = None
        self._client: MqttClient | None = None
        self._waiting: dict[int, tuple[str, bytes, bool]] = {}
        self._out = bytearray()
        self._next_try = 0.0
        self.begin_boot()

    # -- what it sees

    def begin_boot(self) -> None:
        """The power was away; the ring is on flash."""
        self.boot, self.seq, self.last_told = secrets.token_hex(4), 0, 0

    def see(self, sight: Sight, late: float = 0.0, twice: bool = False) -> None:
        """One more message; told ``late`` seconds later than it could be, or two times."""
        name = self._note(sight)
        if late:
            heapq.heappush(self._later, (time.monotonic() + late, name))
        else:
            self._untold.append(name)
        if twice:
            heapq.heappush(self._later, (time.monotonic() + 2 * late + 0.05, name))

    def take(self, sight: Sight) -> tuple[str, bytes]:
        """One more message, which somebody else is to publish: its topic and payload."""
        what, payload = self._ring[self._note(sight)]
        return self._topic(what), payload

    def _note(self, sight: Sight) -> Name:
        self.seq += 1
        self.last_told = self.seq
        name = self.boot, self.seq
        self._ring[name] = sight.what, sight.payload(*name)
        self.made.append(sight.heard(*name))
        return name

    def lose(self) -> None:
        """Something is seen that nobody ever hears of, such as on a worn flash."""
        self.seq += 1
        self.lost.add((self.boot, self.seq))

    @property
    def idle(self) -> bool:
        """Whether all was told and acknowledged."""
        client = self._client
        return not (
            self._untold or self._later or self._again or client is None or not client.connected
            or client.waiting or self._out
        )

    # -- its connection

    def live(self, port: int, now: float) -> None:
        """Connect if need be, and send what can be sent; never waits."""
        while self._later and self._later[0][0] <= now:
            self._untold.append(heapq.heappop(self._later)[1])
        if self.socket is None and now >= self._next_try:
            self._connect(port, now)
        if self._client is not None and self._client.connected:
            self._tell()
        self._flush()

    def hear(self) -> None:
        """There is something to read."""
        if self.socket is None or self._client is None:
            return
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.cut()
            return
        self._client.receive_data(data)
        while self._client is not None and (event := self._client.next_event()) is not NEED_DATA:
            self._take(event)
        self._flush()

    def cut(self) -> None:
        """Lose the connection, as by a cable pulled out."""
        if self.socket is not None:
            self.socket.close()
        if self._client is not None:
            self._waiting = dict(self._client.waiting)
        self.socket = self._client = None
        self._out.clear()
        self._next_try = time.monotonic() + self._chance.uniform(*REST)

    def _connect(self, port: int, now: float) -> None:
        self._next_try = now + self._chance.uniform(*REST)
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=1)
        except OSError:
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._client = MqttClient(
            self.id, username=self.id if self._key else None, password=self._key,
            will=Will(self._topic("status"), b"offline"), keepalive=30,
        )
        self._send(self._client.connect())

    def _take(self, event: Any) -> None:
        client = self._client
        assert client is not None
        if isinstance(event, ConnAck):
            if event.code == 3:  # it is there, but not for gates yet
                self.cut()
                return
            if event.code:
                raise AssertionError(f"{self.id}: {event.reason}")
            self.connections += 1
            self._send(client.subscribe(self._topic("replay")))
            self._send(client.resend(self._waiting))
            self._send(client.publish(self._topic("status"), b"online", 1, retain=True))
        elif isinstance(event, Publish):
            if event.packet_id is not None:
                self._send(client.puback(event.packet_id))
            self._replay(event.payload)

    def _replay(self, payload: bytes) -> None:
        wish = parse_replay(payload)
        self.asked += 1
        names = [(wish.boot, seq) for seq in range(wish.first, wish.last + 1)]
        found = [name for name in names if name in self._ring]
        self.replayed += len(found)
        self._again += [found[at:at + LIST] for at in range(0, len(found), LIST)]

    def _tell(self) -> None:
        client = self._client
        assert client is not None
        while len(client.waiting) < WINDOW:
            if self._again:
                self._publish(self._again.popleft())
            elif self._untold:
                some = LIST if len(self._untold) > 2 * LIST else 1
                self._publish([self._untold.popleft() for _ in range(some)])
            else:
                break

    def _publish(self, names: Iterable[Name]) -> None:
        """Of each topic one message, or a list of them."""
        client = self._client
        assert client is not None
        by_topic: dict[str, list[bytes]] = {}
        for name in names:
            what, payload = self._ring[name]
            by_topic.setdefault(what, []).append(payload)
        for what, payloads in by_topic.items():
            payload = payloads[0] if len(payloads) == 1 else backlog_payload(payloads)
            self._send(client.publish(self._topic(what), payload, 1))

    def _send(self, data: bytes) -> None:
        self._out += data

    def _flush(self) -> None:
        try:
            while self._out and self.socket is not None:
                del self._out[:self.socket.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self.cut()

    def _topic(self, what: str) -> str:
        return f"iotd/gate/{self.id}/{what}"
