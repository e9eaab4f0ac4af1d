"""What handlers return and raise, as the browser gets it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from iotd import errors
from iotd.site.app import build_site
from iotd.site.problems import Elsewhere
from iotd.site.request import PIECE
from iotd.site.routes import route
from tests.site.house import ANN, HouseTestCase, Reply, request_bytes


class AnswerTests(HouseTestCase):
    """JSON, pages, bytes and nothing."""

    def test_json(self) -> None:
        """A dict is JSON with its length."""
        reply = self.house.ask("GET", "/api/v1/kettles/7", who="ann")
        self.assertEqual(reply.json, {"id": 7})
        self.assertEqual(reply.header("content-type"), "application/json")
        self.assertEqual(reply.header("content-length"), str(len(reply.body)))

    def test_nothing(self) -> None:
        """None is 204 without a body or type."""
        reply = self.house.ask("DELETE", "/api/v1/kettles/7", who="ann")
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertIsNone(reply.header("content-type"))

    def test_page(self) -> None:
        """A page is escaped HTML that knows its assets by content hash."""
        reply = self.house.ask("GET", "/kettle", who="ann")
        self.assertEqual(reply.header("content-type"), "text/html; charset=utf-8")
        self.assertIn(b"&lt;b&gt;K&amp;K&lt;/b&gt; It&#39;s /static/app.js?v=", reply.body)

    def test_initial(self) -> None:
        """A page holds who is signed in and the CSRF token, safe inside a script."""
        self.house.people.cookies[b"ann"] = replace(ANN, name="</script><b>")
        body = self.house.ask("GET", "/", who="ann").body
        self.assertEqual(body.count(b"<"), 2)
        self.assertIn(b'"csrf":"csrf-of-ann"', body)

    def test_head(self) -> None:
        """HEAD gives what GET gives, but the body."""
        for path in ("/hello", "/api/v1/kettles", "/", "/static/app.js", "/api/openapi.json"):
            full = self.house.ask("GET", path, who="ann")
            head = self.house.ask("HEAD", path, who="ann")
            self.assertEqual((head.status, head.body), (200, b""), path)
            self.assertEqual(head.header("content-length"), full.header("content-length"))
        self.assertEqual(self.house.ask("HEAD", "/cameras/c/stream", who="ann").status, 200)

    def test_elsewhere(self) -> None:
        """A handler may lead to another page."""
        self.house.room.error = Elsewhere("/kettle")
        reply = self.house.ask("GET", "/api/v1/fail", who="ann")
        self.assertEqual((reply.status, reply.header("location")), (303, "/kettle"))

    def test_large_answers_wait_for_the_reader(self) -> None:
        """A client that does not read holds up one piece, and gets all once it reads."""
        self.house.room.big = bytes(range(256)) * 8 * 1024
        transport = Narrow()
        line = self.house.connect(transport=transport)
        line.send(request_bytes("GET", "/big", who="ann"))
        self.assertLess(len(transport.value()), 2 * PIECE)
        while transport.full:
            transport.drain()
        self.assertEqual(line.reply().body, self.house.room.big)

    def test_large_answers_are_not_held_for_ever(self) -> None:
        """A client that takes nothing of a large answer for 75 s is cut."""
        self.house.room.big = b"x" * 10 * PIECE
        line = self.house.connect(transport=Narrow())
        line.send(request_bytes("GET", "/big", who="ann"))
        self.house.clock.advance(74)
        line.transport.drain()
        self.house.clock.advance(74)
        self.assertFalse(line.closed)
        self.house.clock.advance(1)
        self.assertTrue(line.transport.aborting)


class RefusalTests(HouseTestCase):
    """Errors for people and programs."""

    def raised(self, error: Exception) -> Reply:
        self.house.room.error = error
        return self.house.ask("GET", "/api/v1/fail", who="ann")

    def test_statuses(self) -> None:
        """Each of our errors has its status, and is a problem with its sentence."""
        for error, status in (
            (errors.Invalid("i"), 422), (errors.NotFound("n"), 404), (errors.Conflict("c"), 409),
            (errors.Denied("d"), 403), (errors.Unauthenticated("u"), 401),
            (errors.TooMany("t", 7.2), 429), (errors.Unavailable("a"), 503),
        ):
            reply = self.raised(error)
            self.assertEqual((reply.status, reply.json["detail"]), (status, str(error)))
            self.assertEqual(reply.header("content-type"), "application/problem+json")

    def test_members(self) -> None:
        """Field and further facts are members, and a pause is Retry-After."""
        problem = self.raised(errors.Conflict("Boils.", "kettle", boiling=True)).json
        self.assertEqual(problem, {"type": "about:blank", "title": "Conflict", "status": 409,
                                   "detail": "Boils.", "field": "kettle", "boiling": True})
        self.assertEqual(self.raised(errors.TooMany("t", 7.2)).header("retry-after"), "8")
        otp = self.raised(errors.Unauthenticated("u", otp_required=True))
        self.assertTrue(otp.json["otp_required"])

    def test_unforeseen(self) -> None:
        """A failure says nothing but the name that one log entry has too."""
        reply = self.raised(RuntimeError("SELECT secret FROM /var/lib/iotd"))
        self.assertEqual(reply.status, 500)
        for hint in (b"SELECT", b"/var", b"Traceback", b"RuntimeError", b"py"):
            self.assertNotIn(hint, reply.body)
        logged = self.flushLoggedErrors(RuntimeError)
        self.assertEqual(len(logged), 1)
        self.assertRegex(reply.json["error"], "^[0-9a-f]{8}$")

    def test_unknown_paths(self) -> None:
        """Nothing is at an unknown path: a problem under /api, else a page."""
        reply = self.house.ask("GET", "/api/v1/nothing")
        self.assertEqual((reply.status, reply.json["status"]), (404, 404))
        reply = self.house.ask("GET", "/nothing", headers={"Accept": "text/html"})
        self.assertEqual((reply.status, reply.header("content-type")),
                         (404, "text/html; charset=utf-8"))
        self.assertIn(b"<h1>Not found</h1>", reply.body)

    def test_wrong_methods(self) -> None:
        """A wrong method is told which are right, whatever it is called."""
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "BREW"):
            reply = self.house.ask(method, "/api/v1/kettles", who="ann")
            self.assertEqual((reply.status, reply.header("allow")), (405, "GET, HEAD, POST"))
        self.assertEqual(self.house.ask("get", "/api/v1/kettles", who="ann").status, 501)

    def test_error_page_may_fail(self) -> None:
        """When the error page is broken the problem is told as JSON."""
        broken = self.build()
        environment = broken.site._answers._templates._environment
        environment.cache.clear()
        (broken.folder / "templates" / "error.html").write_text("{{ gone.away }}")
        self.assertEqual(broken.ask("GET", "/nothing").json["status"], 404)
        self.assertEqual(len(self.flushLoggedErrors()), 1)


class LeavingTests(HouseTestCase):
    """Browsers that leave in the middle."""

    def test_writes_are_carried_through(self) -> None:
        """A change that has begun ends as it would, though its browser left."""
        self.house.room.gate = Deferred()
        line = self.house.connect()
        line.send(request_bytes("POST", "/api/v1/kettles", json_body={"name": "k"}, who="ann"))
        line.channel.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.house.room.carried_through, 0)
        self.house.room.gate.callback(None)
        self.assertEqual(self.house.room.carried_through, 1)

    def test_failures_after_leaving_are_logged(self) -> None:
        """When such a change fails the log has it."""
        self.house.room.gate = Deferred()
        line = self.house.connect()
        line.send(request_bytes("POST", "/api/v1/kettles", json_body={"name": "k"}, who="ann"))
        line.channel.connectionLost(Failure(ConnectionLost()))
        self.house.room.gate.errback(RuntimeError())
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_streams_end(self) -> None:
        """A stream's handler ends with its browser, and all clocks with it."""
        line = self.house.connect()
        line.send(request_bytes("GET", "/cameras/c/stream", who="ann"))
        self.assertTrue(line.transport.value().endswith(b"\r\n\r\nc"))
        line.channel.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.house.clock.getDelayedCalls(), [])


class AssemblyTests(HouseTestCase):
    """Mistakes in routes are told at start."""

    def test_twins(self) -> None:
        """Two handlers for one method and path are refused."""
        with self.assertRaisesRegex(ValueError, "both GET /hello"):
            self.build(Twin())

    def test_rights(self) -> None:
        """A route without a row in the rights table is refused."""
        with self.assertRaisesRegex(ValueError, "room.hello"):
            self.build(rights={"site.healthz": ["*"]})

    def test_built_as_documented(self) -> None:
        """Every argument of build_site is by name."""
        self.assertRaises(TypeError, build_site, [], None, Path(), Path())


class Twin:
    """A route that is there already."""

    @route("GET", "/hello", name="room.twin")
    async def hello(self, call: object) -> None:
        """The same again."""


class Narrow(StringTransport):
    """A socket that is full after each write, until it is drained."""

    full = False
    aborting = False

    def write(self, data: bytes) -> None:
        """Take ``data`` and be full."""
        super().write(data)
        if len(data) >= PIECE:
            self.full = True
            self.producer.pauseProducing()

    def abortConnection(self) -> None:
        """The server gives up."""
        self.aborting = True

    def drain(self) -> None:
        """The client read all."""
        self.full = False
        self.producer.resumeProducing()
