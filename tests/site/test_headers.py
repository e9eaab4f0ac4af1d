"""The headers that every response carries, and the session's cookie."""

from __future__ import annotations

from iotd.site.headers import ALWAYS, clear_session_cookie, set_session_cookie
from iotd.site.routes import Call, route
from tests.site.house import HouseTestCase, Reply


class HeaderTests(HouseTestCase):
    """The same headers on everything."""

    def check(self, reply: Reply) -> None:
        for name, value in ALWAYS:
            if name != b"Cache-Control":
                self.assertEqual(reply.headers.getRawHeaders(name), [value])
        self.assertIsNone(reply.header("strict-transport-security"))
        self.assertIsNotNone(reply.header("cache-control"))

    def test_every_response(self) -> None:
        """Every header is there on every route, page, stream, refusal and failure."""
        self.house.room.error = RuntimeError()
        tag = self.house.ask("GET", "/static/app.js").header("etag")
        for method, path, options in (
            *((each.method, each.path.replace("<int:id>", "7"), {"who": "ann"})
              for each in self.house.site.routes),
            ("GET", "/nothing", {}), ("BREW", "/", {}), ("GET", "/kettle", {}),
            ("POST", "/x", {"headers": {"Content-Length": "99999999"}}),
            ("GET", "/static/app.js", {"headers": {"If-None-Match": tag}}),
            ("GET", "/%ff", {}), ("GET", "/..%2f", {}), ("GET", "/", {"headers": {"Host": "a b"}}),
            ("GET", "/", {"headers": {"No colon": "x"}}), ("SP ACE", "/", {}),
        ):
            with self.subTest(path=path, method=method):
                if path != "/metrics":
                    self.check(self.house.ask(method, path, **options))
        self.flushLoggedErrors(RuntimeError)

    def test_channel_refusals(self) -> None:
        """What never becomes a request is refused with every header too."""
        for raw in (b"rubbish\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 20_000,
                    b"GET / HTTP/1.1\r\nA: " + b"b" * 20_000,
                    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 600 + b"\r\n"):
            line = self.house.connect()
            line.send(raw)
            self.check(line.reply())
            self.assertGreaterEqual(line.reply().status, 400)
            self.assertTrue(line.closed)

    def test_tls(self) -> None:
        """Only who came by TLS, be it to a believed proxy, is told to stay with it."""
        told = {"X-Forwarded-Proto": "https"}
        behind = self.build(trusted_proxies=["10.0.0.0/8"])
        reply = behind.ask("GET", "/hello", headers=told)
        self.assertEqual(reply.header("strict-transport-security"), "max-age=31536000")
        self.check(self.house.ask("GET", "/hello", headers=told))

    def test_nothing_tells_versions(self) -> None:
        """No response names Twisted, Klein or a version."""
        for path in ("/hello", "/nothing", "/api/v1/nothing"):
            reply = self.house.ask("GET", path)
            self.assertEqual(reply.header("server"), "iotd")
            self.assertNotIn(b"wisted", reply.body)


class Jar:
    """Gives and takes the cookie."""

    @route("GET", "/give", name="room.give", kind="plain")
    async def give(self, call: Call) -> str:
        """Here you are."""
        set_session_cookie(call.request, "secret", 60)
        return "given"

    @route("GET", "/take", name="room.take", kind="plain")
    async def take(self, call: Call) -> str:
        """Thank you."""
        clear_session_cookie(call.request)
        return "taken"


class CookieTests(HouseTestCase):
    """iotd_session."""

    def cookie(self, path: str, **options: object) -> set[str]:
        house = self.build(Jar(), trusted_proxies=["10.0.0.9"])
        reply = house.ask("GET", path, who="bot", **options)
        return set((reply.header("set-cookie") or "").lower().split("; "))

    def test_given(self) -> None:
        """The cookie is out of scripts' and other sites' reach."""
        wanted = {"iotd_session=secret", "max-age=60", "path=/", "httponly", "samesite=lax"}
        self.assertEqual(self.cookie("/give"), wanted)

    def test_secure(self) -> None:
        """Under TLS the cookie stays there."""
        self.assertIn("secure", self.cookie("/give", headers={"X-Forwarded-Proto": "https"}))

    def test_taken(self) -> None:
        """Taking it leaves an empty one that has run out."""
        self.assertLessEqual({"iotd_session=", "max-age=0"}, self.cookie("/take"))
