"""Home Assistant at the embedded broker: who it is, and what it may hear and say."""

from __future__ import annotations

from typing import Callable

from iotd.mqtt.discovery_messages import ROOT, birth_topic

#: A topic on which nobody speaks, in place of one that is not granted: a client that asks for
#: many at once is answered for each, and hears nothing of this one.
NOWHERE = ROOT + "-"


class Readers:
    """``session_of(secret)`` names the session of a token that may see devices, or is None."""

    def __init__(self, prefix: str, session_of: Callable[[str], str | None]) -> None:
        self._prefix, self.session_of = prefix, session_of

    def hears(self, topic: str) -> bool:
        """Whether a topic, or a filter, is about discovery and nothing else."""
        return topic.startswith((f"{self._prefix}/", ROOT))

    def says(self, topic: str) -> bool:
        """Whether it may publish there: only that it is there."""
        return topic == birth_topic(self._prefix)
