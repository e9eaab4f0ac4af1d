"""How long a camera connection may take over what it began; all times monotonic.

Silence is lawful for a field camera: only a begun hello, proof, header or frame
has a deadline, and a keyed camera must show now and then that it lives.
"""

from __future__ import annotations

from iotd.devices import deadlines

SETTLE_SECONDS = 1.0  # so much silence makes it a field camera
FRAME_LIMIT = 20.0  # from a frame's first byte to its last


class Deadlines(deadlines.Deadlines):
    """The clock readings of one camera connection."""

    __slots__ = ()

    def late_frame(self, now: float, received: int) -> str | None:
        """The fault of a begun frame, line or header of which ``received`` bytes came."""
        return self.late(now, received, "a frame", FRAME_LIMIT)
