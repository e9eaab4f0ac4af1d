"""How virtual devices come back: by the very rule of the firmware, so that loads are real ones."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.comeback import Comeback, retry_seconds
from tests.firmware import rig
from common.backoff import Backoff

assert rig.FIRMWARE.is_dir()


class ComebackTests(SynchronousTestCase):
    """Against the firmware's own code."""

    def test_as_the_firmware(self) -> None:
        """The same draws give the same waits: tries that fail, a link lost, a refusal."""
        ours, theirs = Comeback(Random(7).random, 60.0), Backoff(Random(7).random)
        for _ in range(8):
            self.assertAlmostEqual(ours.next(False, False, False), theirs.next_ms() / 1000, 2)
        theirs.spread()
        self.assertAlmostEqual(ours.next(True, False, False), theirs.next_ms() / 1000, 2)
        self.assertAlmostEqual(ours.next(False, True, False), theirs.slow_ms() / 1000, 2)

    def test_longest_wait(self) -> None:
        """A few are back within 5 s; 1,000 take a minute, so that 17 come in a second."""
        self.assertEqual([retry_seconds(count) for count in (1, 80, 500, 1000, 9000)],
                         [5.0, 5.0, 30.0, 60.0, 60.0])
