"""How long a camera connection may take over what it began; all times monotonic.

Silence is lawful for a field camera: only a begun hello, proof, header or frame
has a deadline, and a keyed camera must show now and then that it lives.
"""

from __future__ import annotations

SETTLE_SECONDS = 1.0  # so much silence makes it a field camera
SILENT_LIMIT = 30.0  # for the hello; also for silence under keyed enrolment
PROOF_LIMIT = 10.0  # the nonce is good for so long
FRAME_LIMIT = 20.0  # from a frame's first byte to its last
PING_AFTER, GONE_AFTER = 20.0, 45.0  # seconds without a byte from a keyed camera


class Deadlines:
    """The clock readings of one connection, and which limit is passed.

    The methods that name a fault give a sentence with the value and the limit.
    """

    def __init__(self, now: float) -> None:
        self.connected_at = self.heard_at = self.began_at = now
        self.nonce_at: float | None = None
        self._pinged = False

    def heard(self, now: float, going_on: bool) -> None:
        """Bytes came; ``going_on``: they continue something begun before."""
        self.heard_at = now
        self._pinged = False
        if not going_on:
            self.began_at = now

    def late_proof(self, now: float) -> str | None:
        """The fault of a proof that is still due, or comes only now."""
        if self.nonce_at is None or now - self.nonce_at <= PROOF_LIMIT:
            return None
        return f"no proof within {PROOF_LIMIT:g} s of the nonce"

    def silent_too_long(self, now: float) -> bool:
        """Whether the time for a hello is over."""
        return now - self.connected_at > SILENT_LIMIT

    def late_frame(self, now: float, received: int) -> str | None:
        """The fault of a begun frame, line or header of which ``received`` bytes came."""
        # no rate is asked for: a field board that is cut in a pause of its Wi-Fi
        # stays away until somebody switches it off and on
        lasted = now - self.began_at
        if received == 0 or lasted <= FRAME_LIMIT:
            return None
        return f"{received} bytes of a frame in {lasted:.0f} s; allowed are {FRAME_LIMIT:g} s"

    def gone(self, now: float) -> str | None:
        """The fault of a keyed camera that says nothing any more."""
        quiet = now - self.heard_at
        if quiet <= GONE_AFTER:
            return None
        return f"not a byte for {quiet:.0f} s; allowed are {GONE_AFTER:g} s"

    def ping_due(self, now: float) -> bool:
        """Whether to ask a keyed camera if it lives; once for each silence."""
        due = now - self.heard_at > PING_AFTER and not self._pinged
        self._pinged = self._pinged or due
        return due
