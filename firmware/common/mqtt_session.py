"""A board's connection to an MQTT broker: QoS 1, one message at a time, nothing for ever."""

import select

from common import mqtt
from common.errors import Denied, LinkLost
from common.link import Link
from common.stream import Stream

#: What a broker that is there needs for an answer, however busy.
ANSWER_MS = 20000
#: The broker tells the last will after one and a half times this.
KEEPALIVE_SECONDS = 30
#: A ping comes after 20 s of silence, so this is never reached while the board lives.
SPEAK_AFTER_MS = 20000
#: Messages to us that wait while we wait for something else; more are not taken over.
MAX_KEPT = 4

REFUSALS = {1: "it wants another MQTT", 2: "it refuses our id", 3: "it is not ready"}


class MqttSession(Stream):
    """One conversation; every method may raise LinkLost or OSError."""

    def __init__(self, sock, clock, watchdog, poll=select.poll):
        super().__init__(sock, clock, watchdog, poll)
        self._reader = mqtt.PacketReader()
        self._kept = []
        self._last_id = 0
        self._spoke = clock.ticks_ms()

    def connect(self, id: str, password: str, will: tuple) -> None:
        """Sign in; ``will`` is (topic, payload), retained. Denied when the key isn't right."""
        self.send(mqtt.connect(id, password, will, KEEPALIVE_SECONDS))
        body = self._await(mqtt.CONNACK, 0)
        code = body[1] if len(body) == 2 else 3
        if code in (4, 5):
            raise Denied("the broker refuses our id or key")
        if code:
            raise LinkLost("the broker: {}".format(REFUSALS.get(code, code)))

    def subscribe(self, topic: str) -> None:
        """Hear this topic from now on; LinkLost when the broker won't have it."""
        if not self.may_hear(topic):
            raise LinkLost("the broker lets us not hear {}".format(topic))

    def may_hear(self, topic: str) -> bool:
        """Hear this topic from now on, if the broker will have it; whether it will."""
        self.send(mqtt.subscribe(topic, self._next_id()))
        return self._await(mqtt.SUBACK, self._last_id)[2:3] == b"\x01"

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Return once the broker has taken the message over."""
        self.send(mqtt.publish(topic, payload, self._next_id(), retain))
        self._await(mqtt.PUBACK, self._last_id)

    def nudge(self) -> None:
        """Make the broker say something, if it is there."""
        self.send(mqtt.PING)

    def message(self, wait_ms: int):
        """The next (topic, payload), both bytes, or None after ``wait_ms``; looks at least once."""
        began = self._clock.ticks_ms()
        while not self._kept:
            left = wait_ms - self._since(began)
            self._look(left)
            if left <= 0:
                break
        return self._kept.pop(0) if self._kept else None

    def send(self, data) -> None:
        """As every stream does; remembers when."""
        super().send(data)
        self._spoke = self._clock.ticks_ms()

    def _await(self, kind: int, packet_id: int) -> bytes:
        """The body of the answer that is due."""
        began = self._clock.ticks_ms()
        while self._since(began) < ANSWER_MS:
            found = self._look(ANSWER_MS, kind)
            if found is not None and (packet_id == 0 or mqtt.parse_id(found) == packet_id):
                return found
        raise LinkLost("the broker gave no answer for {} s".format(ANSWER_MS // 1000))

    def _look(self, wait_ms: int, kind: int = 0):
        """Take in what there is; the body of the first packet of this kind, if any."""
        self._watchdog.feed()
        packet = self._reader.next_packet()
        if packet is None:
            self._reader.feed(self._receive(max(0, min(wait_ms, self._watchdog.slice_ms))))
            packet = self._reader.next_packet()
        if packet is None:
            self._ping()
            return None
        first, body = packet
        if first & 0xF0 == mqtt.PUBLISH:
            self._keep(first, body)
        elif first == kind:
            return body
        elif first not in (mqtt.PUBACK, mqtt.SUBACK, mqtt.PINGRESP):
            raise LinkLost("the broker sent 0x{:02x}".format(first))
        return None

    def _keep(self, first: int, body: bytes) -> None:
        topic, payload, packet_id = mqtt.parse_publish(first, body)
        if len(self._kept) < MAX_KEPT:
            self._kept.append((topic, payload))
        if packet_id:
            self.send(mqtt.puback(packet_id))

    def _ping(self) -> None:
        due = self._since(self._spoke) > SPEAK_AFTER_MS
        if self._tend() or due:
            self._pinged = True
            self.send(mqtt.PING)

    def _next_id(self) -> int:
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id


class MqttLink(Link):
    """The loop of every board, to a broker: connects, signs in with id and key, comes back."""

    def _speak_on(self, sock) -> MqttSession:
        return MqttSession(sock, self._clock, self._watchdog)

    def _hello(self, session) -> None:
        id = self._settings["id"]
        password = "".join("{:02x}".format(byte) for byte in self._settings["key"])
        session.connect(id, password, ("iotd/gate/{}/status".format(id), b"offline"))
