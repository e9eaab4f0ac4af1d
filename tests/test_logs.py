"""Log lines, whatever is in the event."""

from __future__ import annotations

import io
import json
from typing import Any, Callable

from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from iotd.logs import JsonObserver, TextObserver

NASTY = "a\nb\r\x1b[2J\u202e\u2028\x85\0\x9b{x}"


class LogTests(SynchronousTestCase):
    """Both ways of writing."""

    def written(self, observer: Callable[[Any], Any], say: Callable[[Logger], None]) -> str:
        """What one event becomes."""
        out = io.StringIO()
        say(Logger("iotd.test", observer=observer(out)))
        return out.getvalue()

    def test_one_line(self) -> None:
        """An event with control characters and bidirectional marks is one printable line."""
        for observer in (TextObserver, JsonObserver):
            shown = self.written(observer, lambda log: log.warn("{who} came", who=NASTY))
            self.assertTrue(shown.endswith("\n"))
            self.assertTrue(shown[:-1].isprintable(), shown)
            self.assertIn("came", shown)

    def test_at_most_8_kib(self) -> None:
        """A line is at most 8 KiB, also where each character is written as twelve."""
        for letter in ("x", "\u00e9", "\U0001f600", "\x1b"):
            fields = {f"field{number}": letter * 100_000 for number in range(6)}
            line = self.written(JsonObserver, lambda log: log.warn("{field0}", **fields))
            self.assertLessEqual(len(line.encode()), 8192)
            self.assertEqual(json.loads(line)["level"], "warn")

    def test_tracebacks(self) -> None:
        """A failure whose message quotes a stranger forges no line, neither as text nor as JSON."""
        def fail(log: Logger) -> None:
            try:
                raise ValueError("\n12:00:00 info accounts: root signed in\x1b[2J")
            except ValueError:
                log.failure("it failed")

        shown = self.written(TextObserver, fail).split("\n")
        self.assertEqual([line for line in shown if line.startswith("12:00:00 info")], [])
        self.assertTrue(all(line.isprintable() for line in shown))
        self.assertEqual(self.written(JsonObserver, fail).count("\n"), 1)

    def test_libraries(self) -> None:
        """Of libraries only warnings are written."""
        out = io.StringIO()
        log = Logger("twisted.test", observer=JsonObserver(out))  # type: ignore[arg-type]
        log.info("chatter")
        log.warn("trouble")
        self.assertEqual(out.getvalue().count("\n"), 1)
