"""Lines about strangers, on a clock of the test's own."""

from __future__ import annotations

from twisted.logger import Logger, LogLevel, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.few_lines import ALL_PER_MINUTE, LINES_PER_MINUTE, FewLines


class FewLinesTests(SynchronousTestCase):
    """What reaches the log."""

    def setUp(self) -> None:
        self.events: list[dict[str, object]] = []
        self.few = FewLines(Logger("test", observer=self.events.append))  # type: ignore[arg-type]

    def tell(self, now: float, address: str, times: int = 1) -> list[str]:
        """Tell the same thing so many times; all lines so far."""
        for _ in range(times):
            self.few.tell(now, address, LogLevel.warn, "{who} knocks", who=address)
        return [formatEvent(event) for event in self.events]  # type: ignore[arg-type]

    def test_one_address(self) -> None:
        """Sixty lines a minute of an address; the rest is a count in the minute after."""
        self.assertEqual(len(self.tell(0.0, "a", 10_000)), LINES_PER_MINUTE)
        self.assertEqual(self.tell(60.0, "a")[-2:], ["9940 more lines about strangers", "a knocks"])

    def test_another_address(self) -> None:
        """One that floods does not silence another."""
        self.tell(0.0, "a", 1000)
        self.assertEqual(self.tell(1.0, "b")[-1], "b knocks")

    def test_many_addresses(self) -> None:
        """10,000 addresses get 100 lines between them, and a count in the minute after."""
        for number in range(10_000):
            lines = self.tell(0.0, str(number))
        self.assertEqual(len(lines), ALL_PER_MINUTE)
        self.assertIn("9900 more lines about strangers", self.tell(60.0, "a"))

    def test_clock_set_back(self) -> None:
        """A wall clock that jumps back does not silence the log for long."""
        self.tell(1e9, "a", 100)
        self.assertEqual(self.tell(5.0, "a")[-1], "a knocks")
