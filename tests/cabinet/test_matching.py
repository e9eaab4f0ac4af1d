"""Finding packages: poses, look-alikes, what is no package, and the quick set."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from bench.counted import Score, common
from iotd.cabinet.cut_out import cut_out
from iotd.cabinet.decoding import NoPicture, decode
from iotd.cabinet.features import learn
from iotd.cabinet.matching import PIXELS, Found, Known, best_of, find
from tests.cabinet.vision import picture, references


@lru_cache(1)
def known() -> list[Known]:
    """What was learned of the reference photos."""
    return [(one.item, [learn(decode(photo.jpeg, 250_000).bgr) for photo in one.photos])
            for one in references()]


class Shelves(SynchronousTestCase):
    """Whole pictures of the generator, seeds that nothing was tuned on."""

    def boxes(self, jpeg: bytes) -> list[tuple[str, object]]:
        """Item and corners of all that is found."""
        return [(one.item, one.corners) for one in find(decode(jpeg, PIXELS).bgr, known())]

    def test_quick_set(self) -> None:
        """On normal pictures nearly all packages are found, and nothing that is not there."""
        score = Score()
        for seed in range(3):
            jpeg, truths = picture(seed, "normal")
            score.add(truths, self.boxes(jpeg))
        self.assertGreaterEqual(score.recall, 0.93)
        self.assertEqual(score.wrong, 0)

    def test_nothing_there(self) -> None:
        """A wall, noise, one colour and a single pixel hold no packages."""
        noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
        for bgr in (noise, np.full((240, 320, 3), 90, np.uint8), np.zeros((1, 1, 3), np.uint8)):
            self.assertEqual(find(bgr, known()), [])

    def test_upside_down(self) -> None:
        """A shelf that lies on its head has the same packages; their corners turn along."""
        jpeg, truths = picture(1)
        turned = cv2.rotate(decode(jpeg).bgr, cv2.ROTATE_180)
        found = find(turned, known())
        self.assertEqual(sorted(one.item for one in found),
                         sorted(truth.item for truth in truths))
        self.assertTrue(all(one.corners[0, 1] > one.corners[3, 1] for one in found))

    def test_in_grey(self) -> None:
        """A picture without colours never turns one flavour into another: it is not counted."""
        grey = cv2.cvtColor(decode(picture(1)[0]).bgr, cv2.COLOR_BGR2GRAY)
        self.assertEqual(find(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), known()), [])


class Photos(SynchronousTestCase):
    """What is learned of a reference photo."""

    def test_margin_is_cut(self) -> None:
        """The wall around a package is no part of it; a photo without one is taken whole."""
        numbers = np.random.default_rng(1)
        package = cv2.resize(numbers.integers(0, 256, (12, 8, 3), np.uint8), (200, 300),
                             interpolation=cv2.INTER_NEAREST)
        photo = np.full((360, 240, 3), (150, 160, 165), np.uint8)
        photo[30:330, 20:220] = package
        cut, mask = cut_out(photo)
        self.assertLess(abs(cut.shape[0] - 300) + abs(cut.shape[1] - 200), 16)
        self.assertEqual(mask.shape, cut.shape[:2])

    def test_plain(self) -> None:
        """A photo with nothing on it can't be learned, and says so."""
        with self.assertRaises(NoPicture):
            learn(np.full((300, 200, 3), (40, 90, 200), np.uint8))


class Overlaps(SynchronousTestCase):
    """Which of several candidates stays."""

    def square(self, item: str, left: float, score: float) -> Found:
        """A package of 100 pixels."""
        corners = np.array([[left, 0], [left + 100, 0], [left + 100, 100], [left, 100]], float)
        return Found(item, corners, score)

    def test_best_wins(self) -> None:
        """At one place the best stays, also across items; neighbours that touch both stay."""
        left, better, next_to = (self.square("a", 0, 0.6), self.square("b", 10, 0.8),
                                 self.square("a", 105, 0.5))
        self.assertEqual(best_of([left, better, next_to]), [better, next_to])

    def test_common(self) -> None:
        """Half of each in common is a third of both together."""
        one, other = self.square("a", 0, 1), self.square("a", 50, 1)
        self.assertAlmostEqual(common(one.corners, other.corners), 1 / 3, 4)
