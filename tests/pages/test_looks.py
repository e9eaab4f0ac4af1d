"""Every page, light and dark, on a phone and on a desk."""

from __future__ import annotations

import functools
from typing import Any, Iterator

from playwright.sync_api import Page, expect
from twisted.trial.unittest import SynchronousTestCase

from tests.pages.house import AXE, SHOTS, House, house, watch_faults

PUBLIC = {"login": "/login", "error": "/no-such-page"}
INSIDE = {
    "home": "/", "devices": "/devices", "cameras": "/cameras",
    "camera": "/cameras/cam-127-0-0-31", "camera-offline": "/cameras/cam-127-0-0-33",
    "wall": "/cameras/wall", "users": "/users", "account": "/account",
}
SMALLEST = 43.5  # CSS pixels, each way, of what a finger must hit
SMALL_TARGETS = """(smallest) => [...document.querySelectorAll('a, button, input, select, summary')]
  .filter((each) => each.checkVisibility() && getComputedStyle(each).display !== 'inline')
  .filter((each) => {
    const box = (each.closest('label') ?? each).getBoundingClientRect();
    return box.width > 1 && Math.min(box.width, box.height) < smallest;
  }).map((each) => each.outerHTML.slice(0, 120))"""
FAULTS = """async () => (await axe.run()).violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`)"""


@functools.cache
def furnish(home: House) -> None:
    """Cameras 31 streaming, 32 stopped, 33 offline, and 34 waiting; done once."""
    context = home.context()
    page = context.new_page()
    boards = [home.camera(number) for number in (31, 32, 33, 34)]
    page.goto("/devices")
    page.wait_for_selector("article.pending >> nth=3")
    for number in (31, 32, 33):
        home.call(context, "POST", f"/api/v1/devices/cam-127-0-0-{number}/approve")
    home.call(context, "POST", "/api/v1/cameras/cam-127-0-0-31/start")
    boards[2].power_off()
    gone = page.locator("article:not(.pending):has-text('cam-127-0-0-33') .state").first
    expect(gone).to_have_text("offline")
    context.close()


class LooksTests(SynchronousTestCase):
    """Screenshots land in shots/ for people to look at."""

    def setUp(self) -> None:
        self.house = house()
        furnish(self.house)

    def _views(self, theme: str, width: int) -> Iterator[tuple[str, Page, list[str]]]:
        size: Any = {"width": width, "height": 800}
        for signed_in, pages in ((False, PUBLIC), (True, INSIDE)):
            context = self.house.context(signed_in, color_scheme=theme, viewport=size)
            for name, path in pages.items():
                page = context.new_page()
                faults = watch_faults(page)
                page.goto(path)
                page.wait_for_selector("main h1")
                _settle(page, name)
                yield name, page, faults
                page.close()
            context.close()

    def _look(self, theme: str, width: int) -> None:
        SHOTS.mkdir(exist_ok=True)
        for name, page, faults in self._views(theme, width):
            where = f"{name}, {theme}, {width} px"
            page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
            needed = page.evaluate("document.documentElement.scrollWidth")
            self.assertLessEqual(needed, width, where)
            self.assertEqual(page.evaluate(SMALL_TARGETS, SMALLEST), [], where)
            # through the debugger's door: the page's own policy lets no such script in
            page.evaluate(AXE.read_text())
            self.assertEqual(page.evaluate(FAULTS), [], where)
            self.assertEqual(faults, [], where)

    def test_light_desk(self) -> None:
        """Light, 1280 px wide: no serious fault, no sideways scrolling, no small targets."""
        self._look("light", 1280)

    def test_dark_desk(self) -> None:
        """Dark, 1280 px wide."""
        self._look("dark", 1280)

    def test_light_phone(self) -> None:
        """Light, 360 px wide."""
        self._look("light", 360)

    def test_dark_phone(self) -> None:
        """Dark, 360 px wide."""
        self._look("dark", 360)


def _settle(page: Page, name: str) -> None:
    """Wait until pictures are there where there are some."""
    if name == "camera":
        page.wait_for_selector("figure.stage.streaming.seen")
    if name in ("cameras", "wall"):
        page.wait_for_selector("canvas[data-drawn]")
    if name == "home":
        page.wait_for_selector("text=all parts work")
