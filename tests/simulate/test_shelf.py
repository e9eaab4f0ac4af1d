"""The shelf that virtual cabinet cameras look at."""

from __future__ import annotations

import io

from PIL import Image, ImageChops
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.shelf import ITEMS, draw_package, draw_shelf


def opened(jpeg: bytes) -> Image.Image:
    """The picture, decoded."""
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def blue(jpeg: bytes) -> float:
    """The share of it in which blue outdoes red by far, as on a Pepsi."""
    red, _, blue = opened(jpeg).split()
    more = ImageChops.subtract(blue, red).point([255 * (value > 70) for value in range(256)])
    return sum(map(bool, more.tobytes())) / (more.width * more.height)


class ShelfTests(SynchronousTestCase):
    """Pictures of the whole cabinet, and of one package."""

    def test_size_and_kind(self) -> None:
        """A JPEG of the size asked for."""
        picture = opened(draw_shelf({"Pepsi": 1}, 1, (800, 600)))
        self.assertEqual((picture.format, picture.size), ("JPEG", (800, 600)))

    def test_packages_show(self) -> None:
        """Each Pepsi more makes the picture bluer; none makes it not blue at all."""
        shares = [blue(draw_shelf({"Pepsi": count, "Nutella": 2}, 7)) for count in range(5)]
        self.assertLess(shares[0], 0.005)
        self.assertEqual(shares, sorted(shares))
        self.assertGreater(shares[4], 3 * shares[1])

    def test_no_two_alike(self) -> None:
        """Another seed gives another picture, the same one the same bytes."""
        counts = {"Pringles": 3}
        self.assertEqual(draw_shelf(counts, 3), draw_shelf(counts, 3))
        self.assertNotEqual(draw_shelf(counts, 3), draw_shelf(counts, 4))

    def test_more_than_fit(self) -> None:
        """What does not fit is left out, not drawn outside."""
        full, more = draw_shelf({"Pepsi": 8}, 2), draw_shelf({"Pepsi": 20}, 2)
        self.assertEqual(full, more)

    def test_reference_photos(self) -> None:
        """Each item has a photo of its own."""
        self.assertEqual(len({draw_package(name) for name in ITEMS}), 3)
