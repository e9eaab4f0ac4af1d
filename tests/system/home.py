"""Home Assistant's part of a test: a client of a real broker that remembers all it heard."""

from __future__ import annotations

from threading import Lock
from typing import Any, Callable

import paho.mqtt.client as paho

from tests.mqtt.home_assistant import HomeAssistant

TOPICS = ("homeassistant/+/+/config", "homeassistant/+/+/+/config", "iotd/ha/#")


class Home:
    """Signed in from its first to its last moment; ``heard`` is every message, in order."""

    def __init__(self, port: int, username: str, password: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._model, self._lock = HomeAssistant(), Lock()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "home-assistant")
        self._client.username_pw_set(username, password)
        self._client.on_message = self._hear
        self._client.on_connect = self._ask
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """Whether a broker has let it in."""
        return self._client.is_connected()

    def birth(self) -> None:
        """Say that it is there."""
        self._client.publish("homeassistant/status", "online")

    def ask(self, what: Callable[[HomeAssistant], Any]) -> Any:
        """Something of what it knows now; None while it knows too little for the question."""
        with self._lock:
            try:
                return what(self._model)
            except KeyError:
                return None

    def shows(self, unique_id: str) -> Any:
        """What an entity shows; None when it is unknown, or there is no such entity."""
        return self.ask(lambda home: home.value(unique_id))

    def _ask(self, client: Any, *_: Any) -> None:
        client.subscribe([(topic, 0) for topic in TOPICS])

    def _hear(self, _: Any, __: Any, message: Any) -> None:
        with self._lock:
            self.heard.append((message.topic, message.payload))
            self._model.hear(message.topic, message.payload)
