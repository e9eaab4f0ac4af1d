"""The limits of a camera connection, by their numbers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.cameras.deadlines import Deadlines


class DeadlineTests(SynchronousTestCase):
    """A connection made at 100."""

    def setUp(self) -> None:
        self.deadlines = Deadlines(100.0)

    def test_nothing_begun(self) -> None:
        """Without a begun frame and a nonce nothing is ever late."""
        self.assertIsNone(self.deadlines.late_frame(1e6, received=0))
        self.assertIsNone(self.deadlines.late_proof(1e6))

    def test_frame(self) -> None:
        """A begun frame has 20 s, however its bytes come; the sentence names the limit."""
        self.assertIsNone(self.deadlines.late_frame(120, received=1))
        self.assertIn("20 s", self.deadlines.late_frame(120.1, received=10**6) or "")

    def test_bytes_do_not_extend_it(self) -> None:
        """What continues a begun frame does not move its deadline; a new one has its own."""
        self.deadlines.heard(105, going_on=True)
        self.assertIsNotNone(self.deadlines.late_frame(120.5, 10**6))
        self.deadlines.heard(121, going_on=False)
        self.assertIsNone(self.deadlines.late_frame(122, 10))

    def test_proof(self) -> None:
        """A nonce is good for 10 s."""
        self.deadlines.nonce_at = 100.0
        self.assertIsNone(self.deadlines.late_proof(110))
        self.assertIsNotNone(self.deadlines.late_proof(110.1))

    def test_ping(self) -> None:
        """One ping after 20 s of silence, again only after the next sign of life."""
        asked = [at for at in range(100, 146) if self.deadlines.ping_due(at)]
        self.deadlines.heard(146, going_on=False)
        asked += [at for at in range(146, 180) if self.deadlines.ping_due(at)]
        self.assertEqual(asked, [121, 167])

    def test_gone(self) -> None:
        """45 s without a byte end it, whatever was asked meanwhile."""
        self.assertIsNone(self.deadlines.gone(145))
        self.assertIn("45 s", self.deadlines.gone(145.5) or "")
