"""How a route is declared, and what its handler is given.

A room declares its routes as methods of a class::

    class CamerasApi:
        @route("GET", "/api/v1/cameras", answer=CameraList)
        async def list_cameras(self, call: Call) -> dict: ...

``iotd.site.app`` binds instances of such classes to one Klein app; the guard,
the body cap and OpenAPI all read the same :class:`Route`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from pydantic import BaseModel
from twisted.web.server import Request

BODY_LIMIT = 64 * 1024  # bytes of a request body unless a route says more


@dataclass(frozen=True)
class Identity:
    """Who asks. ``session`` is a stable id of the session or token, for ending
    what it holds open; ``csrf`` is None for bearer tokens, which need none."""

    name: str
    role: str
    session: str
    user_id: int | None = None
    csrf: str | None = None


@dataclass(frozen=True)
class Route:
    """Everything the kernel knows about one method of one path.

    ``kind``: "api" answers JSON, "page" HTML, "stream" writes on its own,
    "plain" whatever it says. ``name`` is the key in the rights table. ``raw``: the
    media type of a body that the handler is given as bytes.
    """

    method: str
    path: str
    name: str
    summary: str
    kind: str = "api"
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    raw: str | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    body_limit: int = BODY_LIMIT


@dataclass
class Call:
    """One request, already guarded and validated."""

    request: Request
    route: Route
    identity: Identity | None
    query: Any = None
    body: Any = None
    now: float = 0.0
    address: str = ""

    @property
    def who(self) -> Identity:
        """The identity of a route that nobody reaches without one."""
        assert self.identity is not None
        return self.identity


@dataclass(frozen=True)
class Answer:
    """A result with its own status, headers or raw bytes as body."""

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


@dataclass(frozen=True)
class Page:
    """A template and what it shows; ``data`` is also put into the page as JSON
    (``<script type="application/json" id="initial">``) for its module."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    status: int | None = None


def route(method: str, path: str, *, name: str | None = None, **options: Any) -> Callable:
    """Mark a method as handler; its docstring's first line is the summary.

    The name defaults to ``<module's room>.<method name>``, e.g. "cameras.start".
    """

    def mark(handler: Callable) -> Callable:
        summary = (handler.__doc__ or "").strip().split("\n")[0]
        known = Route(
            method, path, name or _name_of(handler), summary, **options
        )
        handler.routes = (*getattr(handler, "routes", ()), known)  # type: ignore[attr-defined]
        return handler

    return mark


def _name_of(handler: Callable) -> str:
    return f"{handler.__module__.split('.')[1]}.{handler.__name__}"


def routes_of(owner: object) -> list[tuple[Route, Callable]]:
    """Every declared route of an instance, with its bound handler."""
    found = []
    for attribute in dir(type(owner)):
        handler = getattr(owner, attribute)
        for known in getattr(handler, "routes", ()):
            found.append((known, handler))
    return sorted(found, key=lambda pair: (pair[0].path, pair[0].method))
