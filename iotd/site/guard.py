"""Who may pass: identity, role, and that a write was meant by our own pages."""

from __future__ import annotations

import hmac
from typing import Protocol
from urllib.parse import quote

from twisted.web.http import Request

from iotd.errors import Denied, Unauthenticated
from iotd.site.problems import Elsewhere
from iotd.site.proxies import Surroundings
from iotd.site.routes import Identity, Route

READING = ("GET", "HEAD")


class Authenticator(Protocol):
    """What the kernel asks of accounts; every answer comes from memory."""

    def identify(self, request: Request, now: float) -> Identity | None:
        """By ``Authorization: Bearer``, else by the cookie iotd_session."""

    def may(self, identity: Identity | None, route_name: str, loopback: bool) -> bool:
        """Whether this one may call the route."""

    def hears(self, identity: Identity, event_name: str) -> bool:
        """Whether this one may hear server-sent events of that name."""

    def still_valid(self, identity: Identity, now: float) -> bool:
        """Whether the session or token still stands; asked each second for open streams."""

    def set_up(self) -> bool:
        """False until the first account exists."""


class Guard:
    """Lets a request through to its route, or says why not."""

    def __init__(self, authenticator: Authenticator, surroundings: Surroundings) -> None:
        self._authenticator = authenticator
        self._surroundings = surroundings

    def admit(self, request: Request, route: Route, now: float) -> Identity | None:
        """Who asks, once they may; raises Denied, Unauthenticated or Elsewhere."""
        self._surroundings.note_host(request)
        identity = self._authenticator.identify(request, now)
        public = self._authenticator.may(None, route.name, False)
        if route.kind == "page" and identity is None:
            self._lead(request, route, public)
        if not public:
            self._check_role(request, route, identity)
        self._check_origin(request, route, identity)
        if route.method not in READING and not public:
            self._check_token(request, identity)
        return identity

    def _lead(self, request: Request, route: Route, public: bool) -> None:
        if not self._authenticator.set_up() and route.path != "/setup":
            raise Elsewhere("/setup")
        if not public:
            raise Elsewhere("/login?next=" + quote(safe_next(request.uri.decode("latin-1"))))

    def _check_role(self, request: Request, route: Route, identity: Identity | None) -> None:
        loopback = self._surroundings.is_loopback(request)
        if self._authenticator.may(identity, route.name, loopback):
            return
        if identity is None:
            raise Unauthenticated("Sign in first, or send a bearer token.")
        raise Denied(f"The role {identity.role} may not do this.")

    def _check_origin(self, request: Request, route: Route, identity: Identity | None) -> None:
        if identity is not None and identity.csrf is None:
            return  # a browser never adds a bearer token by itself
        writes = route.method not in READING
        if not writes and route.kind != "stream":
            return
        origin = request.getHeader(b"origin")
        if origin is None and writes:
            origin = request.getHeader(b"referer") or None
        if origin is not None and not self._surroundings.is_own(origin.decode("latin-1"), request):
            raise Denied("This was sent by a page of another site.")
        if writes and request.getHeader(b"sec-fetch-site") == b"cross-site":
            raise Denied("This was sent by a page of another site.")

    def _check_token(self, request: Request, identity: Identity | None) -> None:
        if identity is None or identity.csrf is None:
            return
        sent = request.getHeader(b"x-csrf-token") or b""
        if not hmac.compare_digest(sent, identity.csrf.encode()):
            raise Denied("The header X-CSRF-Token is missing or not this session's.")


def safe_next(target: str) -> str:
    """``target`` when it is a path of this site, else "/"."""
    local = target.startswith("/") and not target.startswith(("//", "/\\"))
    plain = target.isprintable() and "\\" not in target and len(target) <= 2000
    return target if local and plain else "/"
