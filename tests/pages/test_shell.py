"""What all pages share: theme, keyboard, and the line to the server."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from twisted.trial.unittest import SynchronousTestCase

from tests.pages.house import House, house, until, watch_faults

FIRST_PAINT = """() => { window.themes = []; new MutationObserver(() =>
  window.themes.push(document.documentElement.dataset.theme))
  .observe(document, {childList: true, subtree: true}); }"""


class ShellTests(SynchronousTestCase):
    """On the overview, as the admin."""

    def setUp(self) -> None:
        self.house = house()
        self.context = self.house.context(color_scheme="light")
        self.addCleanup(self.context.close)
        self.page: Page = self.context.new_page()
        self.faults = watch_faults(self.page)
        self.page.goto("/")

    def _theme(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.theme"))

    def test_theme(self) -> None:
        """The theme goes from the device's to light to dark, and a reload keeps it."""
        button = self.page.locator("#theme")
        button.click()
        self.assertEqual(self._theme(), "light")
        button.click()
        self.assertEqual(self._theme(), "dark")
        self.page.add_init_script(f"({FIRST_PAINT})()")
        self.page.reload()
        seen = self.page.evaluate("window.themes.filter((theme, i) => document.body && i)")
        self.assertNotIn("light", seen)
        self.assertEqual(self._theme(), "dark")

    def test_follows_the_device(self) -> None:
        """Without a choice a page follows the device while it is open."""
        self.page.emulate_media(color_scheme="dark")
        until(self.page, "document.documentElement.dataset.theme === 'dark'")

    def test_skip_link(self) -> None:
        """The first Tab offers to skip the navigation, and does it."""
        self.page.keyboard.press("Tab")
        expect(self.page.locator(".skip")).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#main")).to_be_focused()

    def test_menu_by_keyboard(self) -> None:
        """The account's menu opens with Enter and closes with Escape."""
        self.page.focus("#person summary")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#sign-out")).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#sign-out")).to_be_hidden()
        expect(self.page.locator("#person summary")).to_be_focused()

    def test_one_event_stream(self) -> None:
        """A tab holds one stream of events."""
        streams = "performance.getEntriesByType('resource').filter(e => e.name.endsWith('/events'))"
        self.page.goto("/devices")
        self.page.wait_for_selector("h2")
        self.assertLessEqual(self.page.evaluate(f"{streams}.length"), 1)
        self.assertEqual(self.faults, [])


class LineTests(SynchronousTestCase):
    """With a daemon of its own, because it is taken away."""

    def test_comes_and_goes(self) -> None:
        """Pages say that the server is gone, and go on by themselves when it is back."""
        own = House()
        context = own.context()
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto("/cameras")
        own.daemon.stop()
        expect(page.locator("#connection")).to_contain_text("lost", timeout=15000)
        own.daemon.start()
        expect(page.locator("#connection")).to_be_hidden(timeout=30000)
