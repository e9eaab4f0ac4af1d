"""A client of a broker that waits for each answer: for a thread that asks a few questions."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Callable, Sequence, TypeVar

from iotd.mqtt.address import Address
from iotd.wire.errors import RemoteProtocolError
from iotd.wire.events import NeedData
from iotd.wire.mqtt_client import (
    ConnAck, MqttClient, MqttEvent, PingResp, PubAck, Publish, SubAck,
)

SECONDS = 5.0  # for each answer
FAULTS = (OSError, RemoteProtocolError)

E = TypeVar("E", bound=MqttEvent)


class Refused(ConnectionError):
    """The broker does not let this client in; ``code`` of its CONNACK."""

    def __init__(self, answer: ConnAck) -> None:
        super().__init__(answer.reason)
        self.code = answer.code


class PlainClient:
    """Signed in once made; every call may raise one of FAULTS. Use it as a context."""

    def __init__(
        self, address: Address, client_id: str, *, clean: bool = True, anonymous: bool = False,
        tls: ssl.SSLContext | None = None, made: Callable[[Any], None] = lambda connected: None,
    ) -> None:
        """``made`` gets the socket, to close it from another thread."""
        name, password = (None, None) if anonymous else (address.username, address.password)
        self._mqtt = MqttClient(client_id, clean=clean, username=name, password=password)
        self._socket: Any = socket.create_connection((address.host, address.port), SECONDS)
        try:
            if address.tls:
                context = tls or ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=address.host)
            made(self._socket)
            self._heard: list[Publish] = []
            self._send(self._mqtt.connect())
            answer = self._until(ConnAck)
            if answer.code:
                raise Refused(answer)
        except BaseException:
            self._socket.close()
            raise
        self.session_present = answer.session_present

    def __enter__(self) -> PlainClient:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave in order, if that is still possible."""
        try:
            self._send(self._mqtt.disconnect())
        except OSError:
            pass
        self._socket.close()

    def subscribe(self, *topics: str) -> tuple[int, ...]:
        """The codes of the answer."""
        self._send(self._mqtt.subscribe(*topics))
        return self._until(SubAck).codes

    def publish(self, topic: str, payloads: Sequence[bytes]) -> None:
        """At QoS 1; returns when all are acknowledged."""
        self._send(b"".join([self._mqtt.publish(topic, payload, 1) for payload in payloads]))
        while self._mqtt.waiting:
            self._until(PubAck)

    def heard(self) -> list[Publish]:
        """All that the broker had for us up to now; it is not acknowledged yet."""
        self._send(self._mqtt.ping())
        self._until(PingResp)
        heard, self._heard = self._heard, []
        return heard

    def acknowledge(self, messages: Sequence[Publish]) -> None:
        """The broker need not keep them for us."""
        numbers = [each.packet_id for each in messages if each.packet_id is not None]
        self._send(b"".join([self._mqtt.puback(number) for number in numbers]))

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _until(self, kind: type[E]) -> E:
        """The next packet of a kind; publishes that come before it are kept."""
        while True:
            event = self._mqtt.next_event()
            if isinstance(event, kind):
                return event
            if isinstance(event, Publish):
                self._heard.append(event)
            elif isinstance(event, NeedData):
                data = self._socket.recv(1 << 16)
                if not data:
                    raise ConnectionResetError("the broker closed the connection")
                self._mqtt.receive_data(data)
