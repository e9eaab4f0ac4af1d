"""Hostile browsers: slow, large, disguised and forged requests over real sockets."""

from __future__ import annotations

import http.client
import os
import re
import socket
import threading
import time
from typing import Any, Callable

from tests.running_daemon import until
from tests.system import wire
from tests.system.house import SystemTest, cookie_of, tell

FOREIGN = ("http://evil.example", "null", "http://localhost.evil.example", "file://")


class HttpTest(SystemTest):
    """Requests by hand."""

    shared = True

    def setUp(self) -> None:
        super().setUp()
        self.daemon.token()  # so that no measured request waits for its making

    def dial(self) -> socket.socket:
        """A connection to the web part."""
        sock = wire.dial(self.daemon.ports["web"])
        self.addCleanup(sock.close)
        return sock

    def pour(self, head: bytes, piece: bytes, pieces: int) -> tuple[bytes, float, int]:
        """What is answered to a body of so many pieces, after how long, and bytes taken."""
        sock, sent, begun = self.dial(), 0, time.monotonic()
        try:
            sock.sendall(head)
            for _ in range(pieces):
                sock.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            answer = wire.rest(sock)
        except OSError:
            answer = b""
        return answer, time.monotonic() - begun, sent

    def at_once(self, times: int, *pouring: Any) -> None:
        """The same body from so many at a time."""
        crowd = [threading.Thread(target=self.pour, args=pouring) for _ in range(times)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()

    def worst_beside(self, attack: Callable[[], None]) -> float:
        """Seconds of the slowest of many requests made while ``attack`` runs."""
        running = threading.Thread(target=attack, daemon=True)
        running.start()
        slowest, asked = 0.0, 0
        while running.is_alive() or asked < 20:
            begun = time.monotonic()
            self.assertEqual(self.daemon.ask("GET", "/api/v1/cameras").status, 200)
            slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
        return slowest


class SlowTests(HttpTest):
    """Those who dribble."""

    def test_dribbled_headers(self) -> None:
        """500 dribbled heads are cut after 10 s whatever comes, and nobody waits for them."""
        crowd = [self.dial() for _ in range(500)]
        begun, slowest = time.monotonic(), 0.0
        for sock in crowd:
            wire.send(sock, b"GET / HTTP/1.1\r\nX: ")
        while time.monotonic() < begun + 9:
            asked = time.monotonic()
            self.assertEqual(self.daemon.ask("GET", "/api/v1/cameras").status, 200)
            slowest = max(slowest, time.monotonic() - asked)
            for sock in crowd[::10]:
                wire.send(sock, b"x")
            time.sleep(0.1)
        self.assertFalse(any(wire.closed(sock) for sock in crowd[:50]))
        until(lambda: all(map(wire.closed, crowd)), "all are cut", 4.0)
        tell("500 dribbled heads", f"all cut after {time.monotonic() - begun:.1f} s, "
             f"slowest page beside them {slowest * 1000:.0f} ms")
        self.assertLess(slowest, 0.5)


class LargeTests(HttpTest):
    """Bodies beyond every cap."""

    HEAD = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: %b\r\n"

    def test_300_mb_to_nowhere(self) -> None:
        """300 MB for an address that does not exist are cut within a second, unread."""
        head = self.HEAD % (b"/nowhere", b"text/plain") + b"Content-Length: 300000000\r\n\r\n"
        answer, took, sent = self.pour(head, b"\0" * 65536, 4578)
        tell("300 MB to nowhere", f"cut after {took:.2f} s and {sent / 1e6:.1f} MB")
        self.assertLess(took, 2.0)
        self.assertLess(sent, 16e6)  # what the kernel's own buffers took among it
        self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 413 "), answer[:200])

    def test_64_mb_forms(self) -> None:
        """20 forms of 64 MB at once cost no memory, and no page beside them waits."""
        head = self.HEAD % (b"/api/v1/session", b"application/x-www-form-urlencoded")
        head += b"Content-Length: 64000000\r\n\r\n"
        before = self.daemon.rss()
        slowest = self.worst_beside(lambda: self.at_once(20, head, b"a=1&" * 16384, 977))
        grown = self.daemon.rss() - before
        tell("20 forms of 64 MB", f"slowest page beside them {slowest * 1000:.0f} ms, "
             f"{grown:+.1f} MB")
        self.assertLess(slowest, 1.0)
        self.assertLess(grown, 20)

    def test_chunked(self) -> None:
        """Chunks are counted like a declared length."""
        head = self.HEAD % (b"/api/v1/session", b"application/json")
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        answer, took, sent = self.pour(head, b"4000\r\n" + b" " * 0x4000 + b"\r\n", 2000)
        self.assertLess(sent, 16e6)
        self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 413 "), answer[:200])
        self.assertLess(took, 2.0)

    def test_tiny_chunks(self) -> None:
        """20 bodies of 60,000 chunks of one byte are refused, and no page beside them waits."""
        head = self.HEAD % (b"/api/v1/session", b"application/json")
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        slowest = self.worst_beside(lambda: self.at_once(20, head, b"1\r\n \r\n" * 10_000, 6))
        tell("20 x 60,000 chunks of one byte", f"slowest page beside {slowest * 1000:.0f} ms")
        self.assertLess(slowest, 0.5)

    def test_many_parts(self) -> None:
        """A form of 100,000 parts is not taken apart: too large, and small ones a wrong type."""
        part = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n"
        for parts, status in ((100_000, b"413"), (1000, b"415")):
            body = part * parts
            head = self.HEAD % (b"/api/v1/session", b"multipart/form-data; boundary=x")
            head += b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            answer, took, _ = self.pour(head, body, 1)
            self.assertIn(answer[9:12], (status, b"") if parts > 1000 else (status,))
            self.assertLess(took, 2.0)

    def test_many_headers(self) -> None:
        """Heads of 64 KiB, of 10,000 lines and of one endless line are refused."""
        for piece, times in ((b"X: y\r\n", 12_000), (b"x" * 1000, 100), (b"\r\n ", 40_000)):
            answer, took, _ = self.pour(b"GET / HTTP/1.1\r\nX: ", piece, times)
            self.assertIn(answer[9:12], (b"400", b"431", b""), piece[:10])
            self.assertLess(took, 2.0)


class PathTests(HttpTest):
    """Addresses of files outside."""

    def test_traversal(self) -> None:
        """Of 150 disguises of a path to a file outside none gives a byte of it."""
        canary = self.daemon.folder / "canary.txt"
        canary.write_text("canary-bytes")
        targets = [str(canary).lstrip("/"), "etc/passwd", "var/secret.key", "iotd.toml"]
        dots = ("..", "%2e%2e", "%252e%252e", "..%00", "%c0%ae%c0%ae", "..;", "%2e.", "....")
        slashes = ("/", "%2f", "\\", "%5c", "//")
        paths = [f"/static/{(dot + slash) * depth}{target}" for dot in dots for slash in slashes
                 for depth in (1, 9) for target in targets]
        over = http.client.HTTPConnection("127.0.0.1", self.daemon.ports["web"], timeout=10)
        self.addCleanup(over.close)
        for path in paths:
            answer = self.daemon.ask("GET", path, over=over)
            self.assertIn(answer.status, (400, 404), path)
            for secret in (b"canary-bytes", b"root:", b"data_dir", os.fsencode(canary)):
                self.assertNotIn(secret, answer.body)
        self.assertGreater(len(paths), 150)

    def test_symlinks_and_folders(self) -> None:
        """A folder of assets is not listed."""
        for path in ("/static", "/static/", "/static/dist", "/static/dist/"):
            self.assertEqual(self.daemon.ask("GET", path).status, 404, path)


class ForgeryTests(HttpTest):
    """What other sites make a browser send."""

    def test_every_write(self) -> None:
        """Each write that the API describes is refused without the session's own token."""
        person = self.person(f"f-{self.cam}", "operator")
        other = self.person(f"g-{self.cam}", "operator")
        described = self.daemon.ask("GET", "/api/openapi.json").json["paths"]
        writes = [(method.upper(), re.sub(r"{\w+}", "1", path))
                  for path, methods in described.items()
                  for method in methods if method not in ("get", "head")]
        self.assertGreater(len(writes), 20)
        open_to_all = (
            "/api/v1/session", "/api/v1/setup", "/api/v1/campus/registrations",
            "/api/v1/sign-ups", "/api/v1/password/forgot", "/api/v1/password/reset",
            "/api/v1/shared",
        )
        for method, path in writes:
            for token in ("", other.csrf, person.csrf[:-1], person.cookie):
                answer = person.ask(method, path, {}, **{"X-CSRF-Token": token})
                if (method, path) not in [("POST", each) for each in open_to_all]:
                    self.assertEqual(answer.status, 403, (method, path))
        self.assertEqual(person.ask("GET", "/api/v1/session").status, 200)

    def test_foreign_pages(self) -> None:
        """With everything right but the Origin a write is refused, and no stream is opened."""
        person = self.person(f"f-{self.cam}", "operator")
        self.camera()
        start = f"/api/v1/cameras/{self.cam}/start"
        for origin in FOREIGN:
            self.assertEqual(person.ask("POST", start, Origin=origin).status, 403, origin)
            for path in (f"/cameras/{self.cam}/stream.mjpeg", "/api/v1/events"):
                self.assertEqual(person.ask("GET", path, Origin=origin).status, 403, origin)
        cross = {"Sec-Fetch-Site": "cross-site"}
        self.assertEqual(person.ask("POST", start, **cross).status, 403)
        own = f"http://127.0.0.1:{self.daemon.ports['web']}"
        self.assertEqual(person.ask("POST", start, Origin=own).status, 200)

    def test_form_login(self) -> None:
        """A log-in sent as a form by another site is refused, and so is one from its pages."""
        body = b"username=a&password=b"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        for headers, status in ((kind, 415), ({"Content-Type": "text/plain"}, 415),
                                ({**kind, "Origin": FOREIGN[0]}, 403)):
            answer = self.daemon.ask("POST", "/api/v1/session", body, role=None, headers=headers)
            self.assertEqual(answer.status, status, headers)

    def test_fixation(self) -> None:
        """A planted cookie is never the session; signing in again ends the session before."""
        person = self.person(f"f-{self.cam}", "viewer")
        planted = "A" * 43
        answer = person.sign_in(Cookie=f"iotd_session={planted}")
        first = cookie_of(answer)
        self.assertNotEqual(first, planted)
        self.assertGreaterEqual(len(first), 43)
        second = cookie_of(person.sign_in(Cookie=f"iotd_session={first}"))
        for cookie, status in ((planted, 401), (first, 401), (second, 200)):
            headers = {"Cookie": f"iotd_session={cookie}"}
            told = self.daemon.ask("GET", "/api/v1/session", role=None, headers=headers)
            self.assertEqual(told.status, status)
        flags = answer.headers["set-cookie"].lower()
        for flag in ("httponly", "samesite=lax", "path=/"):
            self.assertIn(flag, flags)
