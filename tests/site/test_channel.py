"""Deadlines, caps and the order of things on one connection."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from iotd.site.channel import BODY_SECONDS, HEAD_SECONDS, REST_SECONDS
from iotd.site.routes import BODY_LIMIT
from tests.site.house import HouseTestCase, Line, request_bytes

GET = b"GET /hello HTTP/1.1\r\nHost: iotd.example\r\n\r\n"
POST = b"POST /nothing HTTP/1.1\r\nHost: iotd.example\r\n"


class ChannelTestCase(HouseTestCase):
    """What the tests of a connection share."""

    def wait(self, seconds: float) -> None:
        self.house.clock.pump([0.25] * int(seconds * 4))


class DeadlineTests(ChannelTestCase):
    """No phase of a connection is extended by bytes."""

    def test_silence(self) -> None:
        """A client that says nothing is let go after 10 s without a word."""
        line = self.house.connect()
        self.wait(HEAD_SECONDS - 0.5)
        self.assertFalse(line.closed)
        self.wait(1)
        self.assertTrue(line.closed)
        self.assertEqual(line.transport.value(), b"")

    def test_dribbled_headers(self) -> None:
        """A byte every second does not keep a connection beyond 10 s."""
        line = self.house.connect()
        for byte in GET[:10]:
            line.send(bytes([byte]))
            self.wait(1)
        self.assertTrue(line.closed)
        self.assertEqual(line.reply().status, 408)

    def test_dribbled_header_lines(self) -> None:
        """Nor does a whole header line every second."""
        line = self.house.connect()
        line.send(b"GET /hello HTTP/1.1\r\n")
        for number in range(10):
            line.send(b"X-%d: y\r\n" % number)
            self.wait(1)
        self.assertEqual((line.closed, line.reply().status), (True, 408))

    def test_dribbled_body(self) -> None:
        """A body of up to 64 KiB has 30 s, however it comes."""
        for kind in (b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
            line = self.house.connect()
            line.send(POST + kind)
            for _ in range(int(BODY_SECONDS)):
                self.assertFalse(line.closed)
                line.send(b"1\r\nx\r\n"[: 6 if b"chunked" in kind else 1])
                self.wait(1)
            self.assertEqual((line.closed, line.reply().status), (True, 408))

    def test_larger_bodies_have_longer(self) -> None:
        """A route that takes four times as much gives four times the time."""
        line = self.house.connect()
        body = {"headers": {"Content-Length": str(4 * BODY_LIMIT)}, "who": "ann"}
        line.send(request_bytes("POST", "/api/v1/upload", **body))
        self.wait(4 * BODY_SECONDS - 1)
        self.assertFalse(line.closed)
        self.wait(2)
        self.assertTrue(line.closed)

    def test_rest(self) -> None:
        """Between requests a connection may rest 75 s, and then begin in 10 s."""
        line = self.house.connect()
        line.send(GET)
        self.wait(REST_SECONDS - 1)
        line.send(GET[:5])
        self.wait(HEAD_SECONDS - 1)
        line.send(GET[5:])
        self.assertEqual([reply.status for reply in line.replies()], [200, 200])
        self.wait(REST_SECONDS - 1)
        self.assertFalse(line.closed)
        self.wait(1)
        self.assertTrue(line.closed)

    def test_second_request_has_its_own_deadline(self) -> None:
        """The time of a second request runs from its own first byte."""
        line = self.house.connect()
        line.send(GET[:5])
        self.wait(8)
        line.send(GET[5:] + GET[:5])
        self.house.clock.advance(0)
        self.wait(HEAD_SECONDS - 1)
        self.assertFalse(line.closed)
        self.wait(2)
        self.assertTrue(line.closed)

    def test_slow_handlers_have_no_deadline(self) -> None:
        """While we work on an answer nothing runs out, and no clock is left after."""
        line = self.house.connect()
        line.send(request_bytes("GET", "/cameras/c/stream", who="ann"))
        self.wait(2 * REST_SECONDS)
        self.assertFalse(line.closed)
        line.channel.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.house.clock.getDelayedCalls(), [])

    def test_closing_is_not_endless(self) -> None:
        """A client that does not take the end is cut off."""
        line = self.house.connect()
        line.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.assertTrue(line.transport.disconnecting)
        self.wait(REST_SECONDS + 1)
        self.assertTrue(line.transport.disconnected)


class CapTests(ChannelTestCase):
    """Bodies are counted as they arrive."""

    def test_declared(self) -> None:
        """A declared length over the cap is refused before a byte of the body."""
        for path in ("/nothing", "/api/v1/kettles", "/hello"):
            line = self.house.connect()
            line.send(request_bytes("POST", path, headers={"Content-Length": "65537"}))
            self.assertEqual((line.closed, line.reply().status), (True, 413))
            self.assertEqual(line.reply().json["detail"], "The body is larger than 65536 bytes.")

    def test_no_invitation(self) -> None:
        """Who asks first is not told to go on with too much."""
        line = self.house.connect()
        told = {"Content-Length": "300000000", "Expect": "100-continue"}
        line.send(request_bytes("POST", "/nothing", headers=told))
        self.assertEqual(line.reply().status, 413)
        line = self.house.connect()
        line.send(request_bytes("POST", "/nothing", headers={**told, "Content-Length": "5"}))
        self.assertEqual(line.transport.value(), b"HTTP/1.1 100 Continue\r\n\r\n")

    def test_chunked(self) -> None:
        """Chunks are counted, and what follows the cap is dropped."""
        line = self.house.connect()
        line.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        line.send(piece * 16)
        self.assertEqual(line.transport.value(), b"")
        line.send(piece * 16 + b"0\r\n\r\n" + GET)
        self.assertEqual([reply.status for reply in line.replies()], [413])
        self.assertTrue(line.closed)

    def test_up_to_the_cap(self) -> None:
        """A body of just the cap is read, from memory."""
        line = self.house.connect()
        line.send(POST + b"Content-Length: 65536\r\n\r\n" + b"x" * 65536)
        self.assertEqual((line.closed, line.reply().status), (False, 404))

    def test_forms_are_not_parsed(self) -> None:
        """A form is refused by its type; nothing takes it apart."""
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            told = {"Content-Type": kind}
            reply = self.house.ask("POST", "/api/v1/kettles", body=b"a=1&" * 9000, headers=told,
                                   who="ann")
            self.assertEqual(reply.status, 415)

    def test_larger_caps_are_for_those_who_may(self) -> None:
        """A route's larger cap holds for those who may call it."""
        body = {"name": "x" * 100_000}
        for who, status in (("ann", 200), (None, 413)):
            reply = self.house.ask("POST", "/api/v1/upload", json_body=body, who=who)
            self.assertEqual(reply.status, status)

    def test_absurd_lengths(self) -> None:
        """Lengths of thousands of digits, signs and both kinds at once are refused."""
        for told in (b"Content-Length: " + b"9" * 5000, b"Content-Length: -1",
                     b"Content-Length: 1_0", b"Content-Length: 5\r\nContent-Length: 6",
                     b"Content-Length: 5\r\nTransfer-Encoding: chunked",
                     b"Transfer-Encoding: gzip, chunked"):
            line = self.house.connect()
            line.send(POST + told + b"\r\n\r\nxxxxx")
            self.assertIn(line.reply().status, (400, 413), told[:40])
            self.assertTrue(line.closed)


class PipelineTests(ChannelTestCase):
    """Requests that come before the last one is answered."""

    def test_in_order_and_in_turn(self) -> None:
        """Pipelined requests are answered in order, each in a turn of its own."""
        line = self.house.connect()
        line.send(b"".join(b"GET /api/v1/kettles/%d HTTP/1.1\r\nCookie: iotd_session=ann\r\n\r\n"
                           % number for number in range(30)))
        self.assertEqual(len(line.replies()), 1)
        for _ in range(29):
            self.house.clock.advance(0)
        self.assertEqual([reply.json["id"] for reply in line.replies()], list(range(30)))

    def test_not_for_a_client_that_does_not_read(self) -> None:
        """While the socket is full no further request is answered."""
        line = self.house.connect()
        line.channel.pauseProducing()
        line.send(GET * 5)
        self.wait(1)
        self.assertEqual(len(line.replies()), 1)
        line.channel.resumeProducing()
        for _ in range(5):
            self.house.clock.advance(0)
        self.assertEqual(len(line.replies()), 5)

    def test_such_a_client_does_not_stay(self) -> None:
        """A client with requests waiting that reads nothing is let go after 75 s."""
        line = self.house.connect()
        line.channel.pauseProducing()
        line.send(GET * 5)
        self.wait(REST_SECONDS + 1)
        self.assertTrue(line.closed)


class PathTests(ChannelTestCase):
    """Addresses that name nothing."""

    def test_disguises(self) -> None:
        """Disguised slashes and dots, NUL, control characters and the like are nothing."""
        for path in ("/..", "/static/../app.js", "/static/%2e%2e/app.js", "/static/..%2fapp.js",
                     "/static/%2e%2e%2fapp.js", "/static/..%5capp.js", "/static/..\\app.js",
                     "/static//app.js", "//hello", "/hello/", "/hello/.", "/./hello",
                     "/hello%00", "/hello%0a", "/static/app.js%00.png", "/hello;x", "/static",
                     "/static/", "/api/v1/kettles/x", "/api/v1/kettles/" + "9" * 30,
                     "/static/....//app.js", "/static/%252e%252e/app.js", "/static/app.js/"):
            reply = self.house.ask("GET", path, who="ann")
            self.assertEqual(reply.status, 404, path)

    def test_not_addresses(self) -> None:
        """What is no address at all is refused as such."""
        for path, status in (("hello", 400), ("http://iotd.example/hello", 400), ("*", 400),
                             ("/%ff", 400), ("/%c0%ae%c0%ae/", 400), ("/hello?a=%ff", 400),
                             ("/api/v1/kettles/" + "9" * 5000, 414)):
            reply = self.house.ask("GET", path, who="ann")
            self.assertEqual(reply.status, status, path[:40])

    def test_hosts(self) -> None:
        """A Host that is none, or two of them, are refused; none at all is not."""
        for host in ("a b", "a/b", "a\x00b", "a" * 300, "[::1", "é", "a:b", "", "a..b@c"):
            line = self.house.connect()
            line.send(b"GET /hello HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")
            self.assertEqual(line.reply().status, 400, host)
        line = self.house.connect()
        line.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")
        self.assertEqual(line.reply().status, 400)
        line = self.house.connect()
        line.send(b"GET /hello HTTP/1.0\r\n\r\n")
        self.assertEqual(line.reply().status, 200)

    def test_odd_hosts_make_no_trouble(self) -> None:
        """Hosts that no resolver takes are as good as any for finding a route."""
        for host in ("a..b", "xn--", "x" * 64 + ".example", "1.2.3.4.5", "[::1]:80"):
            reply = self.house.ask("GET", "/hello", headers={"Host": host})
            self.assertEqual(reply.status, 200, host)


class ChunkTests(ChannelTestCase):
    """Chunks so small that taking them apart is the attack."""

    def send(self, size: int, times: int) -> Line:
        """A body of so many chunks of this size."""
        line = self.house.connect()
        line.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        line.send((b"%x\r\n" % size + b"x" * size + b"\r\n") * times + b"0\r\n\r\n")
        return line

    def test_small_ones(self) -> None:
        """Some hundred small chunks are taken; thousands are refused, and no more is read."""
        self.assertEqual(self.send(1, 256).reply().status, 404)
        line = self.send(1, 10_000)
        self.assertEqual((line.reply().status, line.closed), (400, True))

    def test_ordinary_ones(self) -> None:
        """A thousand chunks of 64 bytes are a body like any other."""
        self.assertEqual(self.send(64, 1000).reply().status, 404)
