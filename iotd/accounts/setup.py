"""The first run: a one-use address under which the admin account is made."""

from __future__ import annotations

from iotd.accounts.model import MINUTE, new_secret
from iotd.accounts.second_factor import same

GOOD_FOR = 30 * MINUTE


class SetupToken:
    """256 random bits, kept in memory only: each start, and every half hour, new ones."""

    def __init__(self) -> None:
        self.text: str | None = None
        self._made_at = 0.0

    def renew(self, now: float) -> None:
        """A new token; the one before is worth nothing any more."""
        self.text, self._made_at = new_secret(), now

    def end(self) -> None:
        """There is an account now."""
        self.text = None

    def is_stale(self, now: float) -> bool:
        """Whether it is time for a new one."""
        return self.text is not None and now - self._made_at >= GOOD_FOR

    def fits(self, text: str, now: float) -> bool:
        """Whether this is the token of now."""
        return self.text is not None and not self.is_stale(now) and same(self.text, text)
