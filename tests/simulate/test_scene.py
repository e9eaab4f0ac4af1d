"""What virtual cameras see."""

from __future__ import annotations

import io

from PIL import Image, ImageChops
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.scene import DAY_SECONDS, View, draw
from iotd.wire.jpeg import trim

NIGHT, NOON = 0.0, DAY_SECONDS / 2
VIEW = View("127.0.0.1", 1)


def seen(view: View, now: float) -> Image.Image:
    """The picture, decoded."""
    return Image.open(io.BytesIO(draw(view, now))).convert("RGB")


def brightness(picture: Image.Image) -> float:
    """Mean of all its values."""
    data = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
    return sum(data) / len(data)


class Scene(SynchronousTestCase):
    """Pictures at given moments."""

    def test_pictures_are_whole_and_as_large_as_the_field_cameras(self) -> None:
        """At 320x240 a picture has 5 to 10 KB, its own end, and the size asked for."""
        for moment in range(0, int(DAY_SECONDS), 7):
            jpeg = draw(VIEW, moment)
            self.assertTrue(5_000 <= len(jpeg) <= 10_240, len(jpeg))
            whole = trim(jpeg)
            assert whole is not None
            self.assertEqual((whole.data, whole.width, whole.height), (jpeg, 320, 240))

    def test_it_moves(self) -> None:
        """Two pictures a fifth of a second apart differ."""
        difference = ImageChops.difference(seen(VIEW, 30.0), seen(VIEW, 30.2)).getbbox()
        self.assertIsNotNone(difference)

    def test_the_same_moment_is_the_same_picture(self) -> None:
        """Drawing depends on nothing but the view and the moment."""
        self.assertEqual(draw(VIEW, 12.5), draw(VIEW, 12.5))

    def test_cameras_differ(self) -> None:
        """Each camera shows its own number and ball."""
        self.assertNotEqual(draw(VIEW, 5.0), draw(VIEW.changed(number=2), 5.0))

    def test_days_are_brighter_than_nights(self) -> None:
        """Noon is bright, midnight dark."""
        self.assertGreater(brightness(seen(VIEW, NOON)), brightness(seen(VIEW, NIGHT)) + 50)

    def test_settings(self) -> None:
        """Size, quality and flash do what they say."""
        self.assertEqual(seen(VIEW.changed(size=(160, 120)), 0.0).size, (160, 120))
        self.assertEqual(seen(VIEW.changed(size=(17, 16)), 0.0).size, (17, 16))
        self.assertLess(len(draw(VIEW.changed(quality=20), 0.0)), len(draw(VIEW, 0.0)))
        lit = seen(VIEW.changed(flash=True), NIGHT)
        self.assertGreater(brightness(lit), brightness(seen(VIEW, NIGHT)) + 30)
