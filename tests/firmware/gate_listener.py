"""Who hears gates in tests: one that subscribes to all they say, and asks them for replays."""

from __future__ import annotations

import select
import socket
import time

from iotd.wire.mqtt_client import NEED_DATA, ConnAck, MqttClient, Publish


class GateListener:
    """A plain client of the broker on this port; it connects again when the broker was away."""

    def __init__(self, port: int, gate: str = "gate-a") -> None:
        self._port, self._gate = port, gate
        self._socket: socket.socket | None = None
        self._client = MqttClient("listener", clean=False)
        self.messages: list[Publish] = []
        while self._socket is None or not self._client.connected:
            self.listen(0.02)

    def listen(self, seconds: float) -> None:
        """Take in what is said within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._socket is None and not self._connect():
                time.sleep(min(left, 0.02))
            elif self._socket is not None and select.select([self._socket], [], [], left)[0]:
                self._receive()

    def told(self, what: str) -> list[bytes]:
        """The payloads on this topic of the gate so far, retained ones of before us left out."""
        topic = f"iotd/gate/{self._gate}/{what}"
        return [each.payload for each in self.messages if each.topic == topic]

    def heard(self, what: str) -> list[bytes]:
        """The same, after listening for a moment."""
        self.listen(0.05)
        return self.told(what)

    def ask(self, payload: bytes) -> None:
        """To the gate's replay topic."""
        self.tell("replay", payload)

    def tell(self, what: str, payload: bytes) -> None:
        """To this topic of the gate."""
        assert self._socket is not None
        self._socket.sendall(
            self._client.publish(f"iotd/gate/{self._gate}/{what}", payload, qos=1))

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> bool:
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        except OSError:
            return False
        # An answer to what was heard must not wait for the acknowledgement of that
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = MqttClient("listener", clean=False)
        self._socket.sendall(self._client.connect())
        return True

    def _receive(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._client.receive_data(data)
        while (event := self._client.next_event()) is not NEED_DATA:
            if isinstance(event, ConnAck):
                self._socket.sendall(self._client.subscribe(f"iotd/gate/{self._gate}/+"))
            elif isinstance(event, Publish) and not event.topic.endswith("/replay"):
                self.messages.append(event)
            if isinstance(event, Publish) and event.packet_id is not None:
                self._socket.sendall(self._client.puback(event.packet_id))
