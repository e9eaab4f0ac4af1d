"""Whatever bytes come, a connection answers or closes, and nothing is thrown."""

from __future__ import annotations

import random

from tests.site.house import HouseTestCase

SEED = 20_261_121
TOKENS = (
    b"GET ", b"POST ", b"HEAD ", b"PUT ", b"/", b"/hello", b"/api/v1/kettles", b"/static/app.js",
    b"?limit=", b"&", b"=", b"%", b"%2e", b"%ff", b"..", b" HTTP/1.1", b" HTTP/1.0", b"\r\n",
    b"\r\n\r\n", b"\n", b"Host: ", b"iotd.example", b"a..b", b"Content-Length: ", b"5", b"65537",
    b"99999999999999999999", b"Transfer-Encoding: chunked", b"0\r\n\r\n", b"5\r\nabcde\r\n",
    b"ffffffffffffffff\r\n", b"Expect: 100-continue", b"Cookie: iotd_session=ann", b"; ",
    b"Authorization: Bearer bot", b"Content-Type: application/json", b"Origin: ", b"http://[",
    b"X-CSRF-Token: csrf-of-ann", b'{"name":"k"}', b"Connection: close", b":", b" ", b"\t",
    b"\x00", b"\xff", b"X-Forwarded-For: ", b"Accept: text/html", b"If-None-Match: *",
    b"Last-Event-ID: ", b"/api/v1/events", b"/cameras/x/stream", b"Referer: ", b"https://a:b:c",
)


class FuzzTests(HouseTestCase):
    """Seeded random sessions, cut anywhere."""

    def session(self, chance: random.Random) -> bytes:
        if chance.random() < 0.1:
            return chance.randbytes(chance.randrange(1, 400))
        parts = [chance.choice(TOKENS) for _ in range(chance.randrange(1, 40))]
        if chance.random() < 0.7:
            path = chance.choice((b"/", b"/hello", b"/api/v1/kettles", b"/api/v1/events"))
            method = chance.choice((b"GET ", b"POST ", b"HEAD "))
            parts.insert(0, method + path + b" HTTP/1.1\r\n")
        return b"".join(parts)

    def run_sessions(self, seed: int, count: int) -> None:
        chance = random.Random(seed)
        for number in range(count):
            data = self.session(chance)
            line = self.house.connect()
            while data and not line.closed:
                cut = chance.randrange(1, len(data) + 1)
                line.send(data[:cut])
                data = data[cut:]
            self.house.clock.advance(0.01)
            errors = self.flushLoggedErrors()
            self.assertEqual(errors, [], (seed, number))
            answer = line.transport.value()
            self.assertTrue(not answer or answer.startswith(b"HTTP/1."), (seed, number))

    def test_random_sessions(self) -> None:
        """No session leaves a traceback in the log."""
        self.run_sessions(SEED, 4000)

    def test_all_end(self) -> None:
        """A connection left alone after any bytes is gone in time, but for streams."""
        chance = random.Random(SEED + 1)
        lines = []
        for _ in range(500):
            lines.append(self.house.connect())
            lines[-1].send(self.session(chance))
        self.house.clock.pump([1.0] * 120)
        open_lines = [line for line in lines if not line.closed]
        self.assertEqual(len(open_lines), len(self.house.streams) + self.camera_streams(open_lines))
        self.assertEqual(self.flushLoggedErrors(), [])

    def camera_streams(self, lines: list) -> int:
        return sum(b"video/x-test" in line.transport.value() for line in lines)
