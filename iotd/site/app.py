"""Assembly: the routes of all rooms on one Klein app, behind one guard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Awaitable, Callable, Iterable, Mapping, Sequence

from klein import Klein
from prometheus_client import CollectorRegistry
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from iotd.bus import Bus
from iotd.errors import Hidden, NotFound, Unavailable
from iotd.site.answers import Answers
from iotd.site.events import Audience, EventFeed
from iotd.site.figures import Figures, ReactorLag
from iotd.site.front import Front
from iotd.site.guard import READING, Authenticator, Guard
from iotd.site.inputs import read_body, read_query
from iotd.site.openapi import describe
from iotd.site.places import Places
from iotd.site.problems import Refusal
from iotd.site.proxies import Surroundings
from iotd.site.request import Request
from iotd.site.routes import Call, Route, routes_of
from iotd.site.static import StaticFiles
from iotd.site.streams import OpenStreams
from iotd.site.system import Check, SystemApi
from iotd.site.templates import Templates

LARGEST = 2**63 - 1  # databases refuse larger numbers
Bound = tuple[Route, Callable[..., Awaitable[Any]]]
Gate = Callable[[Call, Mapping[str, Any]], None]  # what a path names may be hidden from some
OnHidden = Callable[[Call, Hidden], None]  # somebody asked for what is hidden from them


class Desk:
    """Takes each request through guard, validation, handler and answer."""

    _log = Logger()

    def __init__(
        self,
        guard: Guard,
        answers: Answers,
        surroundings: Surroundings,
        now: Callable[[], float],
        mark: Callable[[], str],
        closed: Callable[[], str | None],
        gate: Gate,
        hidden: OnHidden,
    ) -> None:
        self._guard = guard
        self._gate, self._hidden = gate, hidden
        self._closed = closed
        self._mark = mark
        self._answers = answers
        self._surroundings = surroundings
        self._now = now

    async def serve(
        self, request: Request, route: Route, handler: Callable[..., Any], path: dict[str, Any]
    ) -> Any:
        """Answer ``request``; a resource is handed back for Klein to render."""
        request.route = route
        # before anything is read for it: a page hears whatever changes from here on
        request.event_mark = self._mark()
        identity = None
        try:
            self._must_be_open(route)
            identity = self._guard.admit(request, route, self._now())
            _check_path(path)
            call = self._call(request, route, identity)
            result = await self._run(handler, call, path)
            if IResource.providedBy(result):
                return result
            if route.kind != "stream" or result is not None:
                self._answers.give(request, route, identity, result)
        except CancelledError:
            raise
        except Exception as error:
            self._answers.refuse(request, error, identity)
        return await _end_of(request)

    def _must_be_open(self, route: Route) -> None:
        why = self._closed()
        if why is not None and route.kind != "plain":
            raise Unavailable(why)

    def _call(self, request: Request, route: Route, identity: Any) -> Call:
        query = read_query(request, route)
        body = None if route.method in READING else read_body(request, route)
        address = self._surroundings.client_address(request)
        return Call(request, route, identity, query, body, self._now(), address)

    async def _run(self, handler: Callable[..., Any], call: Call, path: dict[str, Any]) -> Any:
        try:
            self._gate(call, path)
            return await self._handle(handler, call, path)
        except Hidden as error:
            self._hidden(call, error)
            raise

    async def _handle(self, handler: Callable[..., Any], call: Call, path: dict[str, Any]) -> Any:
        if call.route.kind == "stream" and call.request.method == b"HEAD":
            return b""
        if call.route.method in READING:
            return await handler(call, **path)
        return await self._to_the_end(handler(call, **path))

    def _to_the_end(self, writing: Any) -> Deferred[Any]:
        """What ``writing`` gives. When the browser leaves, only this is cancelled:
        a change that has begun is carried through."""
        told: Deferred[Any] = Deferred()

        def failed(failure: Failure) -> None:
            if told.called:
                self._log.failure("a change failed after its browser left", failure)
            else:
                told.errback(failure)

        Deferred.fromCoroutine(writing).addCallbacks(told.callback, failed)
        return told

    def lost(self, request: Request, failure: Failure) -> Any:
        """Answer what matches no route, or not with this method."""
        error: Any = failure.value
        refusal: Exception = error
        if isinstance(error, MethodNotAllowed):
            allowed = ", ".join(sorted(error.valid_methods or ()))
            said = f"{request.method.decode()} is not possible here, only {allowed}."
            refusal = Refusal(405, said, headers={"Allow": allowed})
        elif isinstance(error, HTTPException):
            refusal = Refusal(404, "There is nothing here.")
        self._answers.refuse(request, refusal)
        return Deferred.fromCoroutine(_end_of(request))


def _check_path(path: dict[str, Any]) -> None:
    if any(isinstance(value, int) and value > LARGEST for value in path.values()):
        raise NotFound("There is nothing here.")


async def _end_of(request: Request) -> None:
    """Wait until a large answer is out, else Klein would cut it short."""
    if not request.finished and not request._disconnected:
        await request.notifyFinish().addErrback(lambda _: None)


def bind(app: Klein, desk: Desk, bound: Iterable[Bound]) -> dict[str, Route]:
    """Put every route on ``app``; routes by their endpoint. ValueError for twins."""
    routes: dict[str, Route] = {}
    app.url_map.merge_slashes = False  # it answers with redirects
    for known, handler in bound:
        endpoint = f"{known.method} {known.path}"
        if endpoint in routes:
            raise ValueError(f"{known.name} and {routes[endpoint].name} are both {endpoint}")
        routes[endpoint] = known
        _bind_one(app, desk, endpoint, known, handler)
    app.handle_errors(Exception)(desk.lost)
    return routes


def _bind_one(
    app: Klein, desk: Desk, endpoint: str, known: Route, handler: Callable[..., Any]
) -> None:
    @app.route(known.path, methods=[known.method], endpoint=endpoint)
    def serve(request: Any, **path: Any) -> Any:
        return desk.serve(request, known, handler, path)


def build_site(
    *,
    owners: Iterable[object],
    authenticator: Authenticator,
    templates: Path,
    static_dir: Path,
    clock: Any,
    now: Callable[[], float],
    registry: CollectorRegistry,
    bus: Bus,
    streams: OpenStreams,
    site_name: str = "iotd",
    timezone: str = "UTC",
    public_url: str = "",
    trusted_proxies: Iterable[str] = (),
    max_connections: int = 8192,
    max_per_address: int = 4096,
    checks: Iterable[tuple[str, Check]] = (),
    rights: Mapping[str, Iterable[str]] | None = None,
    events: Iterable[tuple[type, str, Audience]] = (),
    closed: Callable[[], str | None] = lambda: None,
    warnings: Callable[[], Sequence[str]] = tuple,
    gate: Gate = lambda call, path: None,
    hidden: OnHidden = lambda call, error: None,
) -> Front:
    """The whole web part as a factory to listen with.

    ``owners`` carry routes; ``checks`` are what /readyz asks, ``warnings`` what
    it adds; ``rights`` must have a row for every route, and shows roles in the
    API's description; ``events`` are told to those whom their audience names;
    while ``closed()`` says why, all but what is "plain" answers 503; ``gate`` is
    asked before each handler and raises what keeps a call from it, ``hidden`` is
    told who asked for what they may not know of.
    """
    surroundings = Surroundings(trusted_proxies, public_url)
    places = Places(max_connections, max_per_address, clock.seconds)
    static = StaticFiles(static_dir)
    pages = Templates(templates, static.address, {"name": site_name, "timezone": timezone})
    answers = Answers(pages)
    feed = EventFeed(bus, authenticator, streams, clock)
    desk = Desk(
        Guard(authenticator, surroundings), answers, surroundings, now, feed.mark, closed,
        gate, hidden,
    )
    for told in events:
        feed.register(*told)
    system = SystemApi(clock, registry, checks, warnings)
    everyone = (*owners, static, feed, system)
    bound = [pair for owner in everyone for pair in routes_of(owner)]
    _check_rights(bound, rights)
    app = Klein()
    routes = bind(app, desk, bound)
    front = Front(
        app.resource(), clock, now, answers, surroundings, places,
        Figures(registry, places), authenticator, app.url_map, routes,
    )
    front.feed = feed
    front.openapi = system.openapi = describe(front.routes, rights or {})
    front.loops = [feed, ReactorLag(clock, registry)]
    return front


def _check_rights(bound: Iterable[Bound], rights: Mapping[str, Iterable[str]] | None) -> None:
    missing = [known.name for known, _ in bound if rights is not None and known.name not in rights]
    if missing:
        raise ValueError(f"no row in the rights table for: {', '.join(missing)}")
