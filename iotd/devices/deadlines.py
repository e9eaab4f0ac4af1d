"""How long a connection may take over what it began; all times are monotonic seconds.

Silence is lawful once a device has a name: only what is begun has a deadline,
and a keyed device must show now and then that it lives.
"""

from __future__ import annotations

SILENT_LIMIT = 30.0  # for the hello
PROOF_LIMIT = 10.0  # the nonce is good for so long
MESSAGE_LIMIT = 15.0  # from our `send` to the end of the message
BEGUN_LIMIT = 30.0  # for a size or a line: the link itself is given up after that
PING_AFTER, GONE_AFTER = 20.0, 45.0  # seconds without a byte from a keyed device


class Deadlines:
    """The clock readings of one connection, and which limit is passed.

    The methods that name a fault give a sentence with the value and the limit.
    """

    __slots__ = ("connected_at", "heard_at", "began_at", "nonce_at", "granted_at", "_pinged")

    def __init__(self, now: float) -> None:
        self.connected_at = self.heard_at = self.began_at = now
        self.nonce_at: float | None = None
        self.granted_at: float | None = None
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

    def late_message(self, now: float, received: int) -> str | None:
        """The fault of a granted message of which ``received`` bytes came."""
        if self.granted_at is None or now - self.granted_at <= MESSAGE_LIMIT:
            return None
        lasted = now - self.granted_at
        return (
            f"{received} bytes of a message {lasted:.0f} s after send;"
            f" allowed are {MESSAGE_LIMIT:g} s"
        )

    def late(self, now: float, received: int, what: str, limit: float = BEGUN_LIMIT) -> str | None:
        """The fault of something begun of which ``received`` bytes came; 0: nothing is begun."""
        # no rate is asked for: a field board that is cut in a pause of its Wi-Fi
        # stays away until somebody switches it off and on
        lasted = now - self.began_at
        if received == 0 or lasted <= limit:
            return None
        return f"{received} bytes of {what} in {lasted:.0f} s; allowed are {limit:g} s"

    def gone(self, now: float) -> str | None:
        """The fault of a keyed device that says nothing any more."""
        quiet = now - self.heard_at
        if quiet <= GONE_AFTER:
            return None
        return f"not a byte for {quiet:.0f} s; allowed are {GONE_AFTER:g} s"

    def ping_due(self, now: float) -> bool:
        """Whether to ask a keyed device if it lives; once for each silence."""
        due = now - self.heard_at > PING_AFTER and not self._pinged
        self._pinged = self._pinged or due
        return due
