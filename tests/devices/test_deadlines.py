"""The limits of a connection of the device wire, by their numbers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.deadlines import Deadlines
from iotd.devices.pairs import Replacements


class DeadlineTests(SynchronousTestCase):
    """A connection made at 100; what both wires share is tested with cameras."""

    def setUp(self) -> None:
        self.deadlines = Deadlines(100.0)

    def test_nothing_begun(self) -> None:
        """Without something begun or granted nothing is ever late."""
        self.assertIsNone(self.deadlines.late(1e6, 0, "a line"))
        self.assertIsNone(self.deadlines.late_message(1e6, 0))

    def test_begun(self) -> None:
        """What is begun has 30 s; the sentence names what, how much and the limit."""
        self.assertIsNone(self.deadlines.late(130, 4, "a line"))
        fault = self.deadlines.late(131, 4, "a line") or ""
        self.assertEqual(fault, "4 bytes of a line in 31 s; allowed are 30 s")

    def test_message(self) -> None:
        """A message has 15 s from `send` on."""
        self.deadlines.granted_at = 110.0
        self.assertIsNone(self.deadlines.late_message(125, 10))
        self.assertIn("15 s", self.deadlines.late_message(125.1, 10) or "")


class ReplacementTests(SynchronousTestCase):
    """How often one pair may be replaced."""

    def setUp(self) -> None:
        self.replacements = Replacements()

    def at(self, now: float, address: str = "10.0.0.7") -> bool:
        """Whether the replacement at this time is one too many."""
        return self.replacements.too_many("cab", address, now)

    def test_more_than_three(self) -> None:
        """The fourth within ten minutes; after that counting begins anew."""
        self.assertEqual(
            [self.at(now) for now in (0, 100, 500, 600, 601, 602)],
            [False, False, False, True, False, False],
        )

    def test_over_more_time(self) -> None:
        """Four within more than ten minutes are none too many; the next counts from the second."""
        self.assertEqual(
            [self.at(now) for now in (0, 300, 500, 600.1, 899)], [False] * 4 + [True]
        )

    def test_pairs(self) -> None:
        """Each pair has its own count."""
        self.assertFalse(any(self.at(n, f"10.0.0.{n}") for n in range(9)))

    def test_memory(self) -> None:
        """What no longer counts is forgotten."""
        self.at(0)
        self.replacements.prune(601)
        self.assertEqual(self.replacements._times, {})
