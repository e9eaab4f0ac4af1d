"""Every answer of every route: its headers, and nothing in it that helps an attacker."""

from __future__ import annotations

import http.client
import platform
import re
from typing import Any, Iterator

import twisted

from iotd import __version__
from tests.running_daemon import ROOT, Answer
from tests.system import wire
from tests.system.house import SystemTest

WANTED = {
    "server": "iotd", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
}
LEAKS = re.compile(
    r"Traceback|File \"|line \d+, in |sqlalchemy|sqlite3?\.|OperationalError|SELECT .* FROM|"
    r"INSERT INTO|site-packages|twisted\.|klein|werkzeug|pydantic|Python/|0x[0-9a-f]{8}", re.I
)
ENDLESS = ("/api/v1/events", "stream.mjpeg", "wall.multipart")


class HeaderTests(SystemTest):
    """Crawled by what the API says of itself."""

    shared = True

    def setUp(self) -> None:
        super().setUp()
        self.described = self.daemon.ask("GET", "/api/openapi.json").json
        self.camera()

    def calls(self) -> Iterator[tuple[str, str]]:
        """Every route, of something that is there, that is not, and that can't be."""
        for path, methods in self.described["paths"].items():
            for method in (*methods, "trace"):
                for thing in (self.cam, "nothing", "%27--", "a" * 300):
                    yield method.upper(), re.sub(r"\{\w+\}", thing, path)

    def test_everywhere(self) -> None:
        """All headers are on every answer, to strangers, viewers and operators alike."""
        seen: dict[int, int] = {}
        asked = dict.fromkeys(self.calls())
        for role in (None, "viewer", "operator"):
            for method, path in asked:
                if method == "DELETE" or "/revoke" in path or path.endswith("/key"):
                    continue
                with self.daemon.open(method, path, b"{}", role=role, headers={
                        "Content-Type": "application/json"}) as response:
                    told = {name.lower(): value for name, value in response.getheaders()}
                    endless = response.status == 200 and path.endswith(ENDLESS)
                    body = b"" if endless else response.read()
                self.check(f"{role} {method} {path}", Answer(response.status, told, body))
                seen[response.status] = seen.get(response.status, 0) + 1
        self.assertGreater(sum(seen.values()), 400)
        self.assertTrue({200, 401, 403, 404, 405, 422} <= set(seen), seen)
        self.assertNotIn(500, seen)

    def check(self, what: str, answer: Answer) -> None:
        """One answer's headers and words."""
        for name, value in WANTED.items():
            self.assertEqual(answer.headers.get(name), value, (what, name))
        policy = answer.headers.get("content-security-policy", "")
        self.assertIn("default-src 'none'", policy, what)
        self.assertNotIn("unsafe", policy, what)
        if answer.status >= 400:
            self.harmless(what, answer)

    def harmless(self, what: str, answer: Answer) -> None:
        """A refusal tells nothing of how the house is built."""
        text = answer.body.decode("utf-8", "replace") + str(answer.headers)
        self.assertIsNone(LEAKS.search(text), (what, text[:500]))
        for secret in (str(ROOT), str(self.daemon.folder), twisted.__version__,
                       platform.python_version(), f"iotd/{__version__}"):
            self.assertNotIn(secret, text, what)
        self.assertEqual(answer.headers.get("cache-control"), "no-store", what)

    def test_broken_requests(self) -> None:
        """What is no HTTP at all is answered with the same headers, in problem+json."""
        for sent in (b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"get / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                     b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%ff HTTP/1.1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X" * 20_000 + b"\r\n\r\n",
                     b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", b"key~abc\n\r\n\r\n"):
            sock = wire.dial(self.daemon.ports["web"])
            self.addCleanup(sock.close)
            wire.send(sock, sent)
            response = http.client.HTTPResponse(sock)
            response.begin()
            told = {name.lower(): value for name, value in response.getheaders()}
            self.assertGreaterEqual(response.status, 400, sent[:40])
            self.check(repr(sent[:40]), Answer(response.status, told, response.read()))

    def test_bad_bodies(self) -> None:
        """JSON that is none, too deep, too long or of the wrong shape is 400 or 422 in words."""
        bodies: list[Any] = [b"", b"{", b"[" * 50_000, b'{"username":' * 4000, b"\xff", b"null",
                             b"1e999", b'{"username": 1e400, "password": []}', b"[]", b"NaN",
                             b'{"username":"a","username":"b","password":"c"}',
                             b'{"username":"\\ud800","password":"x"}',
                             b'{"username":"\\u0000","password":"x"}']
        for body in bodies:
            answer = self.daemon.ask("POST", "/api/v1/session", body, role=None,
                                     headers={"Content-Type": "application/json"})
            self.assertIn(answer.status, (400, 401, 422, 429), body[:40])
            self.check(repr(body[:40]), answer)

    def test_metrics_are_for_this_machine(self) -> None:
        """Figures are for this machine and for tokens, not for who comes through a proxy."""
        self.assertEqual(self.daemon.ask("GET", "/metrics", role=None).status, 200)
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            headers = {name: "192.0.2.1"}
            answer = self.daemon.ask("GET", "/metrics", role=None, headers=headers)
            self.assertEqual(answer.status, 401, name)
        figures = self.daemon.ask("GET", "/metrics").body.decode()
        ours = [row for row in figures.splitlines() if row and not row.startswith("#")]
        self.assertTrue(all(row.startswith("iotd_") for row in ours))
