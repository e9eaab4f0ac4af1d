"""Who speaks in a message: a gate, by the topic, and what it says there."""

from __future__ import annotations


class Route:
    """Of one topic: ``what`` is "seen", "badge", "status" or "text" (the field topic).

    Only what an ``approved`` gate says counts. ``min_rssi``: the gate's own floor in dBm,
    None for the default.
    """

    __slots__ = ("gate", "what", "approved", "min_rssi")

    def __init__(self, gate: str, what: str, approved: bool, min_rssi: int | None = None) -> None:
        self.gate, self.what, self.approved, self.min_rssi = gate, what, approved, min_rssi

    def __repr__(self) -> str:
        return f"Route({self.gate!r}, {self.what!r}, {self.approved}, {self.min_rssi})"
