"""A mail server and webhooks that are none."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from iotd.mail import NotDelivered


class Post:
    """A mail server and a webhook that remember, or fail while ``broken``."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.calls: list[tuple[str, str, Any]] = []
        self.broken = False

    def send(self, mail: Any, now: float) -> Deferred[None]:
        """Take a mail."""
        return self._taken(lambda: self.mails.append(mail))

    def post(self, url: str, key: str, body: Any) -> Deferred[None]:
        """Take a call."""
        return self._taken(lambda: self.calls.append((url, key, body)))

    def _taken(self, take: Any) -> Deferred[None]:
        if self.broken:
            return fail(NotDelivered("it is broken"))
        take()
        return succeed(None)
