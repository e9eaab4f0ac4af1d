"""Refusals as people and programs read them: ``application/problem+json``."""

from __future__ import annotations

import math
from typing import Any, Mapping

from pydantic_core import to_json
from twisted.web.http import RESPONSES

from iotd import errors
from iotd.store.errors import StoreError

STATUS_OF: dict[type[errors.IotdError], int] = {
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Denied: 403,
    errors.Unauthenticated: 401,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

# twisted.web knows the codes of an older RFC
REASONS = {**RESPONSES, 413: b"Content Too Large", 422: b"Unprocessable Content",
           429: b"Too Many Requests", 431: b"Request Header Fields Too Large"}

TITLES = {
    400: "Not understood",
    401: "Please sign in",
    403: "Not allowed",
    404: "Not found",
    408: "Too slow",
    413: "Too large",
    422: "Something is not right",
    429: "Too often",
    500: "Something went wrong",
    503: "Not available now",
}


class Refusal(Exception):
    """The web's own refusals, with a status; ``str()`` is the sentence for people."""

    def __init__(
        self,
        status: int,
        detail: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.field = field
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class Elsewhere(Exception):
    """What was asked for is to be found at ``location``, a path of this site (303)."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def refusal_of(error: errors.IotdError) -> Refusal:
    """The refusal that says the same as ``error``; of the store only that it is away."""
    if isinstance(error, StoreError):
        return Refusal(503, "The database can't be used at this moment. Try again in a minute.")
    kinds = [kind for kind in type(error).__mro__ if kind in STATUS_OF]
    headers = {}
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    status = STATUS_OF[kinds[0]] if kinds else 500
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="iotd"'
    return Refusal(status, str(error), error.field, headers, error.extra)


def problem(refusal: Refusal) -> dict[str, Any]:
    """The members of RFC 9457, the field that is at fault, and what else is known."""
    members: dict[str, Any] = {
        "type": "about:blank",
        "title": reason_of(refusal.status).decode(),
        "status": refusal.status,
        "detail": str(refusal),
    }
    if refusal.field is not None:
        members["field"] = refusal.field
    return {**refusal.extra, **members}


def problem_bytes(refusal: Refusal) -> bytes:
    """The problem as JSON."""
    return to_json(problem(refusal), inf_nan_mode="null")


def reason_of(status: int) -> bytes:
    """The standard's words for a status."""
    return REASONS.get(status, b"Error")


def title_of(status: int) -> str:
    """A heading for people."""
    return TITLES.get(status, reason_of(status).decode())
