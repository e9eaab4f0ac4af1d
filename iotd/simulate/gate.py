"""A virtual gate: its log of messages, and one connection that tells it.

As our firmware does: numbered within a boot, told in order, not forgotten before the broker
acknowledged it, told again when the daemon asks.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any, Iterable

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from iotd.simulate.firmware import Firmware, Telling
from iotd.simulate.virtual import Tell
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.gate_messages import backlog_payload, seen_payload, text_payload
from iotd.wire.mqtt_client import (
    NEED_DATA, ConnAck, MqttClient, MqttEvent, PubAck, Publish, Will,
)
from iotd.wire.sightings import Sight, parse_replay

KEPT = 20_000  # messages: 16 hours of one each 3 s
WINDOW = 20  # of them on their way at once, as Mosquitto's default allows
LIST = 100  # messages of a backlog in one
PING_SECONDS, KEEPALIVE = 20.0, 30


class GateLog:
    """What one boot has seen; survives connections, not the process."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.seq = 0
        self._kept: dict[int, bytes] = {}
        self._untold: deque[int] = deque()

    def add(self, ts: float | None, direction: int, seen: Iterable[Sight]) -> None:
        """One more message."""
        self.seq += 1
        self._kept[self.seq] = seen_payload(self.boot, self.seq, ts, direction, seen)
        self._untold.append(self.seq)
        if len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            if self._untold[0] == oldest:
                self._untold.popleft()

    def take(self, most: int) -> list[int]:
        """Numbers of the oldest that were not told yet."""
        return [self._untold.popleft() for _ in range(min(most, len(self._untold)))]

    def give_back(self, numbers: Iterable[int]) -> None:
        """They were not told after all."""
        self._untold = deque(sorted({*numbers, *self._untold}))

    def payload(self, numbers: Iterable[int]) -> bytes | None:
        """One message, or several as a list; None when they are gone."""
        found = [self._kept[number] for number in numbers if number in self._kept]
        if not found:
            return None
        return found[0] if len(found) == 1 else backlog_payload(found)

    def known(self, first: int, last: int) -> list[int]:
        """Those numbers from ``first`` to ``last`` that are still there."""
        within = range(max(1, first), min(self.seq, last) + 1)
        return [number for number in within if number in self._kept]

    @property
    def waiting(self) -> int:
        """How many were not told yet."""
        return len(self._untold)


class MqttBoard(Protocol):
    """A connection to the broker; ``tell(state, detail)`` hears: connected, denied, lost."""

    transport: Any

    def __init__(self, clock: Any, client: MqttClient, tell: Tell) -> None:
        self._clock, self._client, self._tell = clock, client, tell
        self._timer: Any = None
        self._unanswered = 0
        self.denied = self.rebooted = False
        self.up = False

    def connectionMade(self) -> None:
        """Sign in."""
        self.transport.setTcpNoDelay(True)
        self.transport.write(self._client.connect())
        self._later()

    def dataReceived(self, data: bytes) -> None:
        """Hear the broker."""
        self._unanswered = 0
        self._client.receive_data(data)
        try:
            while (event := self._client.next_event()) is not NEED_DATA:
                self._hear(event)  # type: ignore[arg-type]
        except RemoteProtocolError as problem:
            self._tell("confused", str(problem))
            self.hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Stop the timer."""
        self.up = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._tell("lost", "denied by the broker" if self.denied else reason.getErrorMessage())

    def hang_up(self) -> None:
        """Pull the plug."""
        self.transport.abortConnection()

    def started(self) -> None:
        """The broker has taken it in."""

    def event(self, event: MqttEvent) -> None:
        """Anything else that it says."""

    def _hear(self, event: MqttEvent) -> None:
        if not isinstance(event, ConnAck):
            self.event(event)
        elif event.code == 0:
            self.up = True
            self._tell("connected", "to the broker")
            self.started()
        else:
            self.denied = event.code in (4, 5)
            self._tell("denied", event.reason)
            self.hang_up()

    def _later(self) -> None:
        self._timer = self._clock.callLater(PING_SECONDS, self._ping)

    def _ping(self) -> None:
        self._timer = None
        self._unanswered += 1
        if self._unanswered > 2 or not self.up:
            self.hang_up()
            return
        self.transport.write(self._client.ping())
        self._later()


class GateBoard(MqttBoard):
    """A gate with our firmware: QoS 1, last will, backlog in lists, replays."""

    def __init__(
        self, clock: Any, id: str, log: GateLog, tell: Tell, key: bytes | None = None,
        firmware: Firmware | None = None,
    ) -> None:
        self._telling = Telling(clock, firmware, self._say, self._reboot) if firmware else None
        self._topic = f"iotd/gate/{id}/"
        self._log = log
        self._out: dict[int, list[int]] = {}
        user = id if key is not None else None
        super().__init__(clock, MqttClient(
            id, username=user, password=key.hex() if key is not None else None,
            will=Will(self._topic + "status", b"offline"), keepalive=KEEPALIVE,
        ), tell)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """What was on its way is told on the next one."""
        self._log.give_back(number for numbers in self._out.values() for number in numbers)
        self._out.clear()
        if self._telling is not None:
            self._telling.stop()
        super().connectionLost(reason)

    def started(self) -> None:
        """Say so, hear wishes, tell what waits."""
        self.transport.write(self._client.subscribe(self._topic + "replay"))
        self.transport.write(
            self._client.publish(self._topic + "status", b"online", qos=1, retain=True))
        if self._telling is not None:
            self.transport.write(self._client.subscribe(self._topic + "update"))
            self._telling.start()
        self.news()

    def event(self, event: MqttEvent) -> None:
        """Acknowledgements and wishes."""
        if isinstance(event, PubAck):
            self._out.pop(event.packet_id, None)
            self.news()
        elif isinstance(event, Publish):
            if event.packet_id is not None:
                self.transport.write(self._client.puback(event.packet_id))
            if event.topic == self._topic + "update" and self._telling is not None:
                self._telling.hear(event.payload.decode("ascii", "replace"))
            else:
                self._replay(event.payload)

    def news(self) -> None:
        """Tell what waits, as far as the window allows."""
        while self.up and self._log.waiting and len(self._out) < WINDOW:
            backlog = self._log.waiting > WINDOW
            numbers = self._log.take(LIST if backlog else 1)
            payload = self._log.payload(numbers)
            if payload is not None:
                self._publish(payload)
                self._out[self._client.last_id] = numbers

    def _replay(self, payload: bytes) -> None:
        try:
            wish = parse_replay(payload)
        except RemoteProtocolError as problem:
            self._tell("ignored", str(problem))
            return
        known = iter(self._log.known(wish.first, wish.last) if wish.boot == self._log.boot else ())
        count = 0
        while numbers := list(islice(known, LIST)):
            again = self._log.payload(numbers)
            if again is not None:
                self._publish(again)
            count += len(numbers)
        self._tell("replayed", f"{count} messages")

    def _say(self, text: str) -> None:
        word = text.partition(" ")[0]
        self.transport.write(self._client.publish(self._topic + word, text.encode(), qos=1))

    def _reboot(self) -> None:
        self.rebooted = True
        self._tell("updated", "starts anew")
        self.hang_up()

    def _publish(self, payload: bytes) -> None:
        self.transport.write(self._client.publish(self._topic + "seen", payload, qos=1))


class FieldGateBoard(MqttBoard):
    """A gate in the field: QoS 0, no keepalive, no name, no memory."""

    def __init__(self, clock: Any, id: str, topic: str, tell: Tell) -> None:
        self._topic = topic
        super().__init__(clock, MqttClient(id, keepalive=0), tell)

    def see(self, direction: int, seen: Iterable[Sight]) -> None:
        """Publish it, or never."""
        if self.up:
            self.transport.write(self._client.publish(self._topic, text_payload(direction, seen)))
