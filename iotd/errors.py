"""What can go wrong, told apart by what the caller should do about it.

``str(error)`` is the sentence a person reads; the web turns each class into
a status, the command line into an exit code.
"""

from __future__ import annotations

from typing import Any


class IotdError(Exception):
    """Root of all errors meant for people; ``field`` names the offending input."""

    def __init__(
        self, message: str, field: str | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.field = field
        self.extra = extra


class Invalid(IotdError):
    """A value can't be taken; says which and what is allowed (422)."""


class NotFound(IotdError):
    """There is no such thing, or this person may not know of it (404)."""


class Hidden(NotFound):
    """It is there and hidden from this person (404, in the same words); ``patient`` and
    ``section`` say what was asked for, to nobody but the audit."""

    def __init__(self, message: str, field: str, patient: str, section: str | None) -> None:
        super().__init__(message, field)
        self.patient, self.section = patient, section


class Conflict(IotdError):
    """The thing is in a state, or already exists, that forbids this (409)."""


class Denied(IotdError):
    """Known person, wrong role (403)."""


class Unauthenticated(IotdError):
    """Nobody we know, or a second factor is missing (401)."""


class TooMany(IotdError):
    """Tried too often; ``retry_after`` is in seconds (429)."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(IotdError):
    """A part that this needs is away or full; trying later may work (503)."""
