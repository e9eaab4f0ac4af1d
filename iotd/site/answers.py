"""What a handler gave, made into the response: JSON, a page, bytes, or a refusal."""

from __future__ import annotations

import secrets
from typing import Any, Mapping

from pydantic_core import to_json
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.errors import IotdError
from iotd.site.problems import (
    Elsewhere, Refusal, problem, problem_bytes, reason_of, refusal_of, title_of,
)
from iotd.site.request import Request
from iotd.site.routes import Answer, Identity, Page, Route
from iotd.site.templates import Templates

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class Answers:
    """Writes responses."""

    _log = Logger()

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def give(
        self, request: Request, route: Route, identity: Identity | None, result: Any
    ) -> None:
        """Answer with what the handler of ``route`` returned."""
        if isinstance(result, Page):
            data = {**result.data, "events": request.event_mark}
            body = self._templates.render(result.template, identity, data, result.title)
            self._send(request, result.status or route.status, body, HTML)
            return
        answer = result if isinstance(result, Answer) else Answer(result)
        if answer.body is None:
            status = answer.status or (204 if route.status == 200 else route.status)
            self._send(request, status, b"", None, answer.headers)
            return
        body, content_type = _encoded(answer.body)
        content_type = answer.content_type or content_type
        self._send(request, answer.status or route.status, body, content_type, answer.headers)

    def refuse(
        self, request: Request, error: Exception, identity: Identity | None = None
    ) -> None:
        """Answer with an error of ours; anything else is a 500 that the log names."""
        if isinstance(error, Elsewhere):
            self._send(request, 303, b"", None, {"Location": error.location})
            return
        if isinstance(error, IotdError):
            error = refusal_of(error)
        if not isinstance(error, Refusal):
            error = self.failed(request, Failure(error))
        page = self._error_page(error, identity) if _wants_page(request) else None
        if page is not None:
            self._send(request, error.status, page, HTML, error.headers)
        else:
            self._send(request, error.status, problem_bytes(error), PROBLEM, error.headers)

    def _error_page(self, error: Refusal, identity: Identity | None) -> bytes | None:
        data = {**problem(error), "message": None}
        try:
            return self._templates.render("error.html", identity, data, title_of(error.status))
        except Exception:
            self._log.failure("the error page itself failed")
            return None

    def failed(self, request: Request, failure: Failure) -> Refusal:
        """Log an unforeseen failure under an id, and the refusal that names the id."""
        mark = secrets.token_hex(4)
        name = request.route.name if request.route else "a request"
        self._log.failure("{name} failed, error {mark}", failure, name=name, mark=mark)
        said = f"This went wrong on our side. The log has it as error {mark}."
        return Refusal(500, said, extra={"error": mark})

    def _send(
        self,
        request: Request,
        status: int,
        body: bytes,
        content_type: str | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if request.finished or request._disconnected:
            return
        if request.startedWriting:
            request.loseConnection()  # what is out can't be taken back
            return
        request.setResponseCode(status, reason_of(status))
        request.defaultContentType = None
        if content_type is not None:
            request.setHeader("Content-Type", content_type)
        for name, value in (headers or {}).items():
            request.setHeader(name, value)
        request.answer(body)


def _encoded(body: Any) -> tuple[bytes, str]:
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), TEXT
    return to_json(body, inf_nan_mode="null"), JSON


def _wants_page(request: Request) -> bool:
    """Whether a refusal is to be read by a person in a browser."""
    if (request.path or b"").startswith(b"/api/"):
        return False
    accepted = request.getHeader(b"accept")
    if b"text/html" in (accepted or b""):
        return True
    known = request.route
    if known is not None and known.kind != "page":
        return False
    return accepted is None or b"*/*" in accepted
