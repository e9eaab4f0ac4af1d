"""The looks that the quick tests leave out: every page on a desk, and light on a phone."""

from __future__ import annotations

from tests.pages.test_looks import Looks


class OtherLooksTests(Looks):
    """As in the quick tests."""

    def test_light_desk(self) -> None:
        """Light, 1280 px wide: no serious fault, no sideways scrolling, no small targets."""
        self.look("light", 1280)

    def test_dark_desk(self) -> None:
        """Dark, 1280 px wide: likewise."""
        self.look("dark", 1280)

    def test_light_phone(self) -> None:
        """Light, 360 px wide: likewise."""
        self.look("light", 360)
