"""Firmware on the page of devices: a roll-out is begun, watched, stops, goes on, and is ended."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.pages.house import until
from tests.pages.test_fleet import FleetCase, TellingBoard

OLD = "info fw=1.0.0 build=0 kind=watch boot=aa slot=a mpy=6 up=60"


class UpdateTests(FleetCase):
    """Two watches with old firmware, and a release."""

    def setUp(self) -> None:
        super().setUp()
        releases = self.house.call(self.context, "GET", "/api/v1/firmware")["items"]
        if not releases:
            releases = [self.house.call(self.context, "POST", "/api/v1/firmware", {})]
        self.build = releases[0]["build"]
        self.boards: dict[str, TellingBoard] = {}
        names = ("update-a", "update-b")
        for id, key in zip(names, self.make(*names)):
            self.boards[id] = self.connect(id, key)
            self.boards[id].tell(OLD)

    @property
    def panel(self) -> Locator:
        """What the page says of firmware."""
        return self.page.locator("section.updates")

    def line(self, board: TellingBoard) -> str:
        """What a board is told of firmware; as a watch it is asked for other things too."""
        while (line := board._lines.readline().decode().strip()) in ("ping", "bpm"):
            pass
        return line

    def test_rollout(self) -> None:
        """Waves are explained before, bars go on meanwhile, a refusal stops it with its reason."""
        page, panel = self.page, self.panel
        page.goto("/devices?q=update-")
        expect(panel).to_contain_text("2 boards could have it")
        for id in self.boards:
            self.row(id).get_by_role("checkbox").check()
        panel.get_by_role("button", name="Update boards").click()
        dialog = page.locator("dialog[open]")
        expect(dialog).to_contain_text("Only the 2 boards I selected")
        for words in ("One board first.", "Then one more.", "stops by itself"):
            expect(dialog).to_contain_text(words)
        self.assertEqual(self.clean(), [])
        dialog.get_by_role("button", name="Begin").click()

        rollout = panel.locator(".rollout")
        expect(rollout).to_contain_text(f"Build {self.build}")
        expect(rollout.locator(".waves li.now")).to_have_text("one board")
        first = self.boards["update-a"]
        first.tell(OLD)
        expect(rollout).to_contain_text("asked to begin")
        self.assertEqual(self.line(first), f"update {self.build}")
        first.tell(f"fetch manifest:{'0' * 32} 0")
        expect(rollout).to_contain_text("0 % of")
        first.tell(f"info fw=1.1.0 build={self.build} kind=watch boot=bb slot=b mpy=6"
                   f" last=ok-{self.build}")
        expect(rollout.locator(".whole")).to_contain_text("1 of 2 done")
        expect(rollout.locator(".waves li.now")).to_have_text("1 more")

        self.boards["update-b"].tell(OLD)
        self.assertEqual(self.line(self.boards["update-b"]), f"update {self.build}")
        self.boards["update-b"].tell(f"{OLD} last=refused-{self.build}-space")
        expect(rollout.get_by_role("alert")).to_contain_text("update-b: refused it: space")
        self.assertEqual(self.clean(), [])
        rollout.get_by_role("button", name="Go on").click()
        expect(rollout.get_by_role("alert")).to_have_count(0)
        rollout.get_by_role("button", name="Stop it").click()
        page.locator("dialog[open]").get_by_role("button", name="End it").click()
        expect(rollout).to_contain_text("cancelled")
        page.reload()
        expect(panel.locator(".rollout")).to_contain_text("cancelled")
        self.assertEqual((self.clean(), self.faults), ([], []))

    def test_small(self) -> None:
        """On a narrow screen nothing of it is wider than the screen."""
        self.page.set_viewport_size({"width": 360, "height": 740})
        self.page.goto("/devices")
        self.panel.get_by_role("button", name="Update boards").click()
        expect(self.page.locator("dialog[open]")).to_contain_text("Begin")
        until(self.page, "document.documentElement.scrollWidth <= 360")
        self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog[open]")).to_have_count(0)
