"""A transport in memory that takes TCP's options."""

from __future__ import annotations

from twisted.internet.testing import StringTransport


class Link(StringTransport):
    """A StringTransport that can be asked to send small pieces at once."""

    no_delay = False

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Remember it."""
        self.no_delay = enabled
