"""Which gate a topic is of, and whether it may speak: judged once, then looked up."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Mapping

from iotd.campus.gate import Gate
from iotd.campus.routes import Route
from iotd.devices.gate_admission import GateDoor
from iotd.devices.model import FIELD_GATES, RESERVED, Admission, Approval
from iotd.wire.hello import is_gate_id

PREFIX = "iotd/gate/"
WHATS = ("seen", "badge", "status")
MAX_TOPICS = 4096  # that are remembered; a stranger can make up any number
JUDGED_FOR = 60.0  # seconds until what was refused is judged again, and told again

Found = tuple[Route, Gate]


class GateRoutes:
    """Routes by topic; ``dropped`` counts what nobody may say, by the reason in one word.

    ``gate_of(id)`` gives or makes the gate of a device; ``floors`` are those of single gates.
    """

    def __init__(
        self, door: GateDoor, legacy_topic: str, seconds: Callable[[], float],
        gate_of: Callable[[str], Gate], floors: Mapping[str, int],
    ) -> None:
        self._door, self._legacy, self._seconds = door, legacy_topic, seconds
        self._gate_of, self._floors = gate_of, floors
        self._found: dict[str, Found] = {}
        self._field: dict[str, Found] = {}
        self._refused: dict[str, float] = {}
        self.dropped: Counter[str] = Counter(pending=0, refused=0, retained=0, topic=0, text=0)

    def find(self, message: Any) -> Found | None:
        """The route of a message and its gate, which may be a pending one; None to drop it."""
        found = self._found.get(message.topic)
        if found is not None:
            return found
        return self.of(message.topic, message.payload, message.retained)

    def of(self, topic: str, payload: bytes, retained: bool = False) -> Found | None:
        """As :meth:`find`. What a broker kept makes no new gate: it may be gone for long."""
        if topic == self._legacy and topic:
            return self._of_field(payload)
        if topic in self._found:
            return self._found[topic]
        id, _, what = topic.removeprefix(PREFIX).partition("/")
        if not topic.startswith(PREFIX) or what not in WHATS or not _is_id(id):
            self.dropped["topic"] += 1
            return None
        if retained and not self._door.knows(id):
            self.dropped["retained"] += 1
            return None
        found = self._judge(id, what, False, topic)
        if found is not None:
            if len(self._found) >= MAX_TOPICS:
                self._found.clear()
            self._found[topic] = found
        return found

    def forget(self, id: str) -> None:
        """Judge this device anew: somebody decided about it."""
        for topic in [f"{PREFIX}{id}/{what}" for what in WHATS] + [id]:
            self._found.pop(topic, None)
            self._field.pop(topic, None)
            self._refused.pop(topic, None)

    def clear(self) -> None:
        """Judge all anew."""
        self._found.clear()
        self._field.clear()
        self._refused.clear()

    def _of_field(self, payload: bytes) -> Found | None:
        first = payload.lstrip()[:1]
        if first not in (b"0", b"1"):
            self.dropped["text"] += 1
            return None
        id = FIELD_GATES[first == b"1"]
        found = self._field.get(id)
        if found is None:
            found = self._judge(id, "text", True, id)
            if found is not None:
                self._field[id] = found
        return found

    def _judge(self, id: str, what: str, field: bool, key: str) -> Found | None:
        now = self._seconds()
        if self._refused.get(key, now) > now:
            self.dropped["refused"] += 1
            return None
        admission: Admission = self._door.judge(id, field)
        if admission.refused:
            self.dropped["refused"] += 1
            if len(self._refused) >= MAX_TOPICS:
                self._refused.clear()
            self._refused[key] = now + JUDGED_FOR
            return None
        gate = self._gate_of(id)
        gate.approved = admission.approval is Approval.APPROVED
        return Route(id, what, gate.approved, self._floors.get(id)), gate


def _is_id(text: str) -> bool:
    return is_gate_id(text) and text not in RESERVED
