"""A small room of routes, people who may use it, and a browser without a network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict, Field
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from iotd import errors
from iotd.bus import Bus
from iotd.site.app import build_site
from iotd.site.channel import Channel
from iotd.site.front import Front
from iotd.site.routes import Answer, Call, Identity, Page, route
from iotd.site.streams import OpenStreams, Stream, until_ended

NOW = 1_700_000_000.0
TEMPLATES = {
    "error.html": "<h1>{{ title }}</h1><p>{{ initial.detail }}</p>",
    "home.html": '<script type="application/json" id="initial">{{ initial | tojson }}</script>',
    "kettle.html": "{{ initial.name }} {{ title }} {{ asset('app.js') }}",
}
PUBLIC = {"room.hello", "room.login_page", "room.log_in", "site.healthz", "site.readyz",
          "site.static", "site.openapi"}


class Colour(BaseModel):
    """Part of a body."""

    model_config = ConfigDict(extra="forbid")
    red: int = Field(ge=0, le=255)


class Kettle(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    litres: float = 1.0
    colour: Colour | None = None


class Limits(BaseModel):
    """A query."""

    limit: int = Field(default=100, ge=1, le=1000)
    after: str | None = None


class Room:
    """One route of each kind."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.gate: Deferred[None] | None = None
        self.carried_through = 0
        self.error: Exception = errors.Conflict("It boils already.", "kettle", boiling=True)
        self.big = b""

    @route("GET", "/hello", name="room.hello", kind="plain")
    async def hello(self, call: Call) -> Answer:
        """Anyone may say hello."""
        return Answer("hello")

    @route("GET", "/login", name="room.login_page", kind="page")
    async def login_page(self, call: Call) -> Page:
        """Sign in here."""
        return Page("home.html", {"next": "/"}, "Sign in")

    @route("POST", "/api/v1/session", name="room.log_in", body=Kettle)
    async def log_in(self, call: Call) -> dict[str, str]:
        """Anyone may try to sign in."""
        return {"csrf": "made"}

    @route("GET", "/api/v1/kettles", name="room.list_kettles", query=Limits)
    async def list_kettles(self, call: Call) -> dict[str, Any]:
        """All kettles."""
        self.calls.append(call)
        return {"items": [], "limit": call.query.limit, "next": None}

    @route("POST", "/api/v1/kettles", name="room.add", body=Kettle, answer=Kettle, status=201)
    async def add(self, call: Call) -> Kettle:
        """A new kettle."""
        self.calls.append(call)
        if self.gate is not None:
            await self.gate
        self.carried_through += 1
        return call.body

    @route("GET", "/api/v1/kettles/<int:id>", name="room.get_kettle")
    async def get_kettle(self, call: Call, id: int) -> dict[str, int]:
        """One kettle."""
        return {"id": id}

    @route("DELETE", "/api/v1/kettles/<int:id>", name="room.remove")
    async def remove(self, call: Call, id: int) -> None:
        """No more kettle."""

    @route("POST", "/api/v1/admin", name="room.admin_only")
    async def admin_only(self, call: Call) -> dict[str, str]:
        """For admins."""
        return {"who": call.who.name, "address": call.address}

    @route("POST", "/api/v1/upload", name="room.upload", body=Kettle, body_limit=256 * 1024)
    async def upload(self, call: Call) -> dict[str, int]:
        """Takes more than others."""
        return {"length": len(call.body.name)}

    @route("GET", "/api/v1/fail", name="room.fail")
    async def fail(self, call: Call) -> None:
        """Raises what it is told to."""
        raise self.error

    @route("GET", "/big", name="room.big", kind="plain")
    async def get_big(self, call: Call) -> Answer:
        """A large answer."""
        return Answer(self.big)

    @route("GET", "/kettle", name="room.page", kind="page")
    async def page(self, call: Call) -> Page:
        """A page for those signed in."""
        return Page("kettle.html", {"name": "<b>K&K</b>"}, "It's")

    @route("GET", "/cameras/<id>/stream", name="room.stream", kind="stream")
    async def stream(self, call: Call, id: str) -> None:
        """A response without an end."""
        stream = Stream(call.request, b"video/x-test")
        stream.write(id.encode())
        await until_ended(stream)


ANN = Identity("ann", "admin", "session-ann", 1, "csrf-of-ann")
VIC = Identity("vic", "viewer", "session-vic", 2, "csrf-of-vic")
BOT = Identity("bot", "admin", "token-bot")


class People:
    """Who is known by which cookie or token."""

    def __init__(self) -> None:
        self.cookies = {b"ann": ANN, b"vic": VIC}
        self.tokens = {b"Bearer bot": BOT}
        self.first_account = True
        self.valid = True

    def identify(self, request: Any, now: float) -> Identity | None:
        """A token outranks a cookie."""
        bearer = request.getHeader(b"authorization")
        if bearer is not None:
            return self.tokens.get(bearer)
        return self.cookies.get(request.getCookie(b"iotd_session"))

    def may(self, identity: Identity | None, route_name: str, loopback: bool) -> bool:
        """Viewers may all but what has admin in its name."""
        if route_name in PUBLIC or (route_name == "site.metrics" and loopback):
            return True
        return identity is not None and (identity.role == "admin" or "admin" not in route_name)

    def hears(self, identity: Identity, event_name: str) -> bool:
        """Viewers hear of cameras."""
        return identity.role == "admin" or event_name == "camera"

    def still_valid(self, identity: Identity, now: float) -> bool:
        """As the test wishes."""
        return self.valid

    def set_up(self) -> bool:
        """As the test wishes."""
        return self.first_account


class House:
    """A whole site over a temporary folder."""

    def __init__(self, folder: Path, *owners: object, **options: Any) -> None:
        self.folder, self.clock, self.bus = folder, Clock(), Bus()
        self.room, self.people = Room(), People()
        self.metrics = CollectorRegistry()
        self.streams = OpenStreams(self.bus, self.people)
        for name, text in TEMPLATES.items():
            (folder / "templates").mkdir(exist_ok=True)
            (folder / "templates" / name).write_text(text)
        static = folder / "static"
        if not static.is_dir():
            static.mkdir()
            (static / "app.js").write_text("let a = 1;\n" * 500)
        self.site: Front = build_site(**{
            "owners": (self.room, *owners), "authenticator": self.people,
            "templates": folder / "templates", "static_dir": static, "clock": self.clock,
            "now": lambda: NOW, "registry": self.metrics, "bus": self.bus,
            "streams": self.streams, "public_url": "https://iotd.example", **options,
        })

    def connect(self, address: str = "10.0.0.9", transport: Any = None) -> Line:
        """A new connection from ``address``."""
        return Line(self, address, transport or StringTransport())

    def ask(self, method: str, path: str, *, address: str = "10.0.0.9", **options: Any) -> Reply:
        """One request on a connection of its own, and its whole answer."""
        line = self.connect(address)
        line.send(request_bytes(method, path, **options))
        return line.reply(method)


class HouseTestCase(SynchronousTestCase):
    """A test with a house of its own."""

    def setUp(self) -> None:
        self.house = self.build()

    def build(self, *owners: object, **options: Any) -> House:
        """A house in a fresh folder."""
        folder = Path(self.mktemp())
        folder.mkdir()
        return House(folder, *owners, **options)


class Line:
    """A connection; ``channel`` is None when it was refused."""

    def __init__(self, house: House, address: str, transport: Any) -> None:
        peer = IPv4Address("TCP", address, 40000)
        transport.peerAddr = peer
        self.transport = transport
        self.clock = house.clock
        self.channel: Channel | None = house.site.buildProtocol(peer)
        if self.channel is not None:
            self.channel.makeConnection(transport)

    def send(self, data: bytes) -> None:
        """Bytes from the client."""
        assert self.channel is not None
        self.channel.dataReceived(data)

    @property
    def closed(self) -> bool:
        """Whether the server let go."""
        gone = self.transport.disconnecting or self.transport.disconnected
        return bool(gone or getattr(self.transport, "aborting", False))

    def reply(self, method: str = "GET") -> Reply:
        """The one response that is there."""
        return read_reply(self.transport.value())

    def replies(self) -> list[Reply]:
        """All responses that are there, each with its Content-Length."""
        rest, found = self.transport.value(), []
        while rest:
            reply = read_reply(rest)
            found.append(reply)
            length = int((reply.header("content-length") or "0"))
            rest = reply.body[length:]
            reply.body = reply.body[:length]
        return found


@dataclass
class Reply:
    """A response, taken apart."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's last value."""
        values = self.headers.getRawHeaders(name)
        return values[-1] if values else None

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def read_reply(data: bytes) -> Reply:
    """The first response in ``data`` with all that follows as its body."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = Headers()
    for line in lines:
        name, _, value = line.partition(b": ")
        headers.addRawHeader(name, value)
    return Reply(int(first.split(b" ")[1]), headers, body)


def request_bytes(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    json_body: Any = None,
    body: bytes | None = None,
    who: str | None = None,
    csrf: bool = True,
) -> bytes:
    """A request as a browser writes it; ``who`` is a cookie's or token's name."""
    lines = {"Host": "iotd.example"}
    if json_body is not None:
        body = json.dumps(json_body).encode()
        lines["Content-Type"] = "application/json"
    if body is not None:
        lines["Content-Length"] = str(len(body))
    if who == "bot":
        lines["Authorization"] = "Bearer bot"
    elif who is not None:
        lines["Cookie"] = f"iotd_session={who}"
        if csrf and method not in ("GET", "HEAD"):
            lines["X-CSRF-Token"] = f"csrf-of-{who}"
    lines.update(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")
