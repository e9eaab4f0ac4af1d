"""What boards print, and what it means for a person."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.flashing.contact import MOST_LINE, Ear
from iotd.flashing.trouble import NoContact, Refused
from iotd.flashing.waiting import await_contact
from iotd.flashing.wishes import NotRunning
from tests.flashing.bench import MemoryDaemon, Person

#: Of lines as the firmware prints them: what is said, and whether that is the end of it.
LINES = (
    ("settings.json: led.red is 99: allowed is a whole number from 0 to 56", "led.red", True),
    ("link: the daemon refuses our key", "refuses the board's key", True),
    ("link: OSError(111,)", "Nobody listens", False),
    ("link: OSError(113, 'EHOSTUNREACH')", "no way to the daemon", False),
    ("link: OSError(116,)", "no way to the daemon", False),
    ("link: OSError(-202,)", "by its name", False),
    ("link: LinkLost('no greeting: is server.port the port for devices?',)", "else", False),
    ("link: LinkLost('no nonce but HTTP/1.1 400',)", "Something else", False),
    ("link: ValueError('MBEDTLS_ERR_X509_CERT_VERIFY_FAILED',)", "trust", False),
    ("there is no firmware in /a or /b: put it there with iotd flash", "no firmware", True),
)


class EarTests(SynchronousTestCase):
    """Lines one by one."""

    def test_each_line(self) -> None:
        """Each trouble that the firmware tells has its sentence."""
        for line, sentence, final in LINES:
            ear = Ear()
            ear.hear(line.encode() + b"\r\n")
            self.assertIn(sentence, ear.hint, line)
            self.assertEqual(ear.final is not None, final, line)

    def test_wifi(self) -> None:
        """A Wi-Fi that is not joined three times is told of; once may be chance."""
        ear = Ear(("home", "secret"))
        for times in (1, 2, 3):
            self.assertIsNone(ear.final, times)
            shown = ear.hear(b"wifi: no 'home', again in 976 ms\r\n")
            self.assertEqual(shown, ["wifi: no '\u2026', again in 976 ms"])
        self.assertIn("--wifi ask", str(ear.final))

    def test_names_as_they_are_printed(self) -> None:
        """A name or password is shown in no way in which a board prints it."""
        names = ("caf\u00e9 \U0001f600", "it's", 'the "best"', "it's \"b\"", "back\\slash",
                 "tab\tbed", "z\u00fcrich")
        for name in names:
            ear = Ear((name, "secret"))
            for told in (repr(name), ascii(name), repr(name.encode()), name, json.dumps(name),
                         repr(f"no {name!r}"), ascii(f"no {name!r} or \"x\""),
                         repr(repr(name.encode()) + "\"'")):
                [shown] = ear.hear(f"wifi: no {told}, again in 976 ms\n".encode())
                for word in ("caf", "it", "best", "slash", "bed", "rich"):
                    self.assertNotIn(word, shown, (name, told))

    def test_falling_over(self) -> None:
        """A firmware that falls over is told with the last line of its traceback."""
        ear = Ear()
        ear.hear(b"Traceback (most recent call last):\r\nImportError: no module named 'x'\r\n"
                 b"again in 30 s, or Ctrl-C\r\n")
        self.assertEqual(ear.final, "The firmware fell over: ImportError: no module named 'x'")

    def test_rubbish(self) -> None:
        """Bytes that are no text, control codes and lines without an end do no harm, and words
        that come in pieces are whole."""
        ear = Ear(("correct horse",))
        self.assertEqual(ear.hear(b"\xff\xfe\x1b[31mred\x07 correct ho"), [])
        self.assertEqual(ear.hear(b"rse\n"), ["\ufffd\ufffd[31mred \u2026"])
        ear.hear(b"x" * 10 * MOST_LINE)
        self.assertLessEqual(len(ear.hear(b"\n")[0]), MOST_LINE)


class Silent:
    """A session whose board says one line each time."""

    port = "/dev/ttyUSB0"

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.line = self

    def lines(self, seconds: float) -> bytes:
        return self.said.pop(0) if self.said else b""

    def close(self) -> None:
        """Nothing to close."""


class ContactTests(SynchronousTestCase):
    """The first contact in virtual time: half a second each time somebody looks."""

    def setUp(self) -> None:
        self.clock = 0.0
        self.daemon = MemoryDaemon("offline")
        self.daemon.keys["cam-box"] = "0" * 64

    def now(self) -> float:
        self.clock += 0.25
        return self.clock

    def wait(self, *said: bytes, before: dict[str, Any] | None = None) -> None:
        session: Any = Silent(*said)
        await_contact(session, "cam-box", before, Ear(), self.daemon, Person(), self.now)

    def test_nothing_comes(self) -> None:
        """After 90 s what the board said last tells what to do."""
        caught = self.assertRaises(NoContact, self.wait, b"link: OSError(111,)\n")
        self.assertIn("Nobody listens", str(caught))
        self.assertTrue(90.0 <= self.clock < 91.0, self.clock)
        self.assertIn("has not heard", str(self.assertRaises(NoContact, self.wait)))

    def test_a_link_of_before(self) -> None:
        """A link that the restart broke, and that the daemon still holds, is no contact."""
        self.daemon.state = "online"
        for kind, mark in (("camera", "connected_since"), ("gate", "last_seen")):
            moving = iter(range(10**6))

            def device(id: str) -> dict[str, Any]:
                told = {"last_seen": str(next(moving)), "connected_since": str(next(moving))}
                return {"state": "online", "kind": kind, **told, mark: "1"}

            self.daemon.device = device  # type: ignore[method-assign]
            before = device("cam-box")
            self.assertRaises(NoContact, self.wait, before=before)
            self.wait(before={**before, mark: "0"})

    def test_revoked(self) -> None:
        """A device that was revoked is told at once."""
        self.daemon.state = "revoked"
        self.assertIn("revoked", str(self.assertRaises(Refused, self.wait)))

    def test_a_daemon_that_is_away(self) -> None:
        """Without a daemon nobody waits."""
        def away(id: str) -> None:
            raise NotRunning

        self.daemon.device = away  # type: ignore[method-assign,assignment]
        self.assertRaises(NotRunning, self.wait)
