"""The site as twisted.web serves it: connections in, requests to the Klein app."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import unquote

from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web.server import Site
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from iotd.site.answers import Answers
from iotd.site.channel import Channel
from iotd.site.figures import Figures
from iotd.site.guard import Authenticator
from iotd.site.places import Places, crowd_of
from iotd.site.problems import Refusal
from iotd.site.proxies import Surroundings, peer_of
from iotd.site.request import Request
from iotd.site.routes import BODY_LIMIT, Route

if TYPE_CHECKING:
    from iotd.site.events import EventFeed


class Front(Site):
    """What listens; made by :func:`iotd.site.app.build_site`.

    ``routes`` lists every route, ``openapi`` is the description of them,
    ``feed`` takes further events for the live pages.
    """

    noisy = False
    protocol = Channel  # type: ignore[assignment]
    requestFactory = Request
    noisy = False
    routes: list[Route]
    openapi: dict[str, Any]
    feed: EventFeed

    def __init__(
        self,
        resource: Any,
        clock: Any,
        now: Callable[[], float],
        answers: Answers,
        surroundings: Surroundings,
        places: Places,
        figures: Figures,
        authenticator: Authenticator,
        url_map: Map,
        routes: dict[str, Route],
    ) -> None:
        super().__init__(resource, parsePOSTFormSubmission=False, timeout=None, reactor=clock)
        self.surroundings = surroundings
        self.places = places
        self.loops: list[Any] = []  # have start() and stop()
        self._now = now
        self._answers = answers
        self._figures = figures
        self._authenticator = authenticator
        self._url_map = url_map
        self._unlike = any(each.body_limit != BODY_LIMIT for each in routes.values())
        self._by_endpoint = routes
        self.routes = list(routes.values())

    def buildProtocol(self, addr: IAddress | None) -> Channel | None:  # type: ignore[override]
        """A channel, when there is a place for it."""
        channel: Any = super().buildProtocol(addr)
        peer = peer_of(addr)
        limited = not self.surroundings.trusts(peer)
        return channel if self.places.enter(channel, crowd_of(peer), limited) else None

    def startFactory(self) -> None:
        """The first listener is up."""
        for loop in self.loops:
            loop.start()

    def stopFactory(self) -> None:
        """The last listener is gone."""
        for loop in self.loops:
            loop.stop()

    def acceptableProtocols(self) -> list[bytes]:
        """For TLS: our channel speaks this one only."""
        return [b"http/1.1"]

    def getContentFile(self, length: int | None) -> BytesIO:
        """Bodies stay in memory: they are capped as they come."""
        return BytesIO()

    def close_all(self) -> None:
        """Close every connection; for stopping."""
        for channel in self.places.all():
            channel.abort()

    def body_limit(self, request: Request, method: bytes, uri: Any) -> int:
        """Bytes that the body of this request may have; more than 64 KiB only
        for those who may call the route."""
        if not self._unlike:
            return BODY_LIMIT
        path = unquote(uri.partition(b"?")[0].decode("latin-1"))
        try:
            endpoint, _ = self._url_map.bind("localhost").match(path, method.decode())
        except HTTPException:
            return BODY_LIMIT
        known = self._by_endpoint[endpoint]
        if known.body_limit <= BODY_LIMIT:
            return known.body_limit
        request.parseCookies()
        identity = self._authenticator.identify(request, self._now())
        may = self._authenticator.may(identity, known.name, False)
        return known.body_limit if may else BODY_LIMIT

    def refuse(self, request: Request, refusal: Refusal) -> None:
        """Answer a request that reaches no route."""
        self._answers.refuse(request, refusal)

    def failed(self, request: Request, failure: Failure) -> None:
        """Answer a request that failed outside its handler."""
        self._answers.refuse(request, self._answers.failed(request, failure))

    def log(self, request: Any) -> None:
        """Count a finished request; who asked for what is nobody's business."""
        self.count(request)

    def count(self, request: Request) -> None:
        """Count a request by its route's name and what became of it."""
        name = request.route.name if request.route else "none"
        self._figures.count(name, int(request.code))

    def count_refused(self, status: int) -> None:
        """Count what never became a request."""
        self._figures.count("none", status)
