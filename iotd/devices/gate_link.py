"""A gate that is heard over MQTT, as a link of the registry: a broker holds its connection."""

from __future__ import annotations

from iotd.errors import Invalid


class GateLink:
    """There from its first message until it said that it goes, or was silent for long.

    ``heard`` and ``heard_at``: when its last message came, in Unix and in monotonic seconds.
    """

    def __init__(self, address: str, heard: float, heard_at: float) -> None:
        self.address = address
        self.heard, self.heard_at = heard, heard_at
        self.closed = False

    def last_heard(self, now: float) -> float:
        """When its last message came."""
        return self.heard

    def admitted(self, id: str) -> None:
        """What it says counts from its next message on."""

    def hold(self) -> None:
        """What it says counts no more, by its next message."""

    def close(self, reason: str) -> None:
        """It has to begin anew; its connection is the broker's to end."""
        self.closed = True

    def command(self, text: str, by: str) -> None:
        """Nothing can be told to a gate."""
        raise Invalid("A gate takes no commands.", "command")
