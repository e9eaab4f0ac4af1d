"""Gates as boards: what they tell of themselves and fetch over MQTT, past the campus' spool."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Sequence

from iotd.campus.gate_routes import PREFIX
from iotd.devices.model import Approval
from iotd.devices.service import Registry

TELLS = ("info", "fetch")
LONGEST = 256  # bytes of a line, as on the other wires


class GateBoards:
    """``publish(topic, payload)`` tells a gate something."""

    def __init__(self, registry: Registry, publish: Callable[[str, bytes], Any]) -> None:
        self._registry, self._publish = registry, publish

    def sift(self, messages: Sequence[Any]) -> Sequence[Any]:
        """Take such lines out; the rest is for the campus. What a broker kept is old news."""
        ours = [each for each in messages if _is_ours(each.topic)]
        if not ours:
            return messages
        for message in ours:
            gate = message.topic[len(PREFIX):].partition("/")[0]
            if not message.retained and self._may_tell(gate):
                self._take(gate, message.payload)
        return [each for each in messages if not _is_ours(each.topic)]

    def _take(self, gate: str, payload: bytes) -> None:
        text = payload[:LONGEST].decode("utf-8", "replace")
        self._registry.on_board_line(gate, "mqtt", text, partial(self._reply, gate))

    def _reply(self, gate: str, line: str) -> None:
        self._publish(f"{PREFIX}{gate}/update", line.encode("ascii"))

    def _may_tell(self, id: str) -> bool:
        device = self._registry.find(id)
        if device is None or not device.keyed:
            return False
        return device.kind == "gate" and device.approval is Approval.APPROVED


def _is_ours(topic: str) -> bool:
    # most topics are not, and a campus has many
    if not topic.endswith(TELLS) or not topic.startswith(PREFIX):
        return False
    return topic[len(PREFIX):].partition("/")[2] in TELLS
