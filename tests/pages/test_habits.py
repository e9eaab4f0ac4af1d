"""The habit tracker and nutrition, as a patient would use them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from playwright.sync_api import Locator, expect

from tests.pages.house import AXE
from tests.pages.test_looks import FAULTS, SMALL_TARGETS, SMALLEST
from tests.pages.ward import HealthCase


class HabitPageTests(HealthCase):
    """A patient's habits page, on a phone."""

    def setUp(self) -> None:
        super().setUp()
        self.page.set_viewport_size({"width": 360, "height": 740})
        self.path = f"/api/v1/patients/{self.who}/habits"

    def card(self, name: str) -> Locator:
        """The card of a habit."""
        return self.page.locator(".habit", has=self.page.locator("h3", has_text=name))

    def habit(self, **fields: Any) -> int:
        """A habit made elsewhere."""
        return int(self.call("POST", self.path, fields)["id"])

    def ago(self, days: int) -> str:
        """A day."""
        return (datetime.now(timezone.utc).date() - timedelta(days=days)).isoformat()

    def test_a_first_day(self) -> None:
        """A ready habit in one tap, glasses one by one, a streak; the page says it in words."""
        self.open("habits", ".begin")
        self.page.click("button:has-text('Drink water')")
        card = self.card("Drink water")
        expect(card).to_contain_text("0 of 2 L")
        plus = card.locator(".check")
        for glass in range(1, 9):
            plus.click()
            expect(card).to_contain_text(f"{glass / 4:g} of 2 L")
        expect(card.locator(".state")).to_have_text("done")
        expect(card).to_contain_text("1 day in a row")
        card.get_by_role("button", name="less of").click()
        expect(card.locator(".state")).to_have_text("open")
        self.assertEqual(self.faults, [])

    def test_own_habit(self) -> None:
        """A habit of one's own is added, marked, skipped, filled in for yesterday, archived."""
        self.open("habits", ".begin")
        self.page.click("text=Add a habit")
        self.page.click("dialog button:has-text('Add')")
        expect(self.page.locator("#f-name-wrong")).to_contain_text("Give it a name")
        self.page.fill("#f-name", "<b>Read</b>")
        self.page.click("dialog button:has-text('Add')")
        card = self.card("<b>Read</b>")
        card.get_by_role("button", name="Mark as done").click()
        expect(card.locator(".check")).to_have_attribute("aria-pressed", "true")
        card.locator(".check").click()
        expect(card.locator(".state")).to_have_text("open")
        card.get_by_role("button", name="Skip").click()
        expect(card.locator(".state")).to_have_text("skipped")
        card.locator("summary").click()
        card.get_by_role("button", name="Other days").click()
        self.page.locator("dialog .other-days button:has-text('done')").first.click()
        expect(card).to_contain_text("1 day in a row")
        expect(card.locator("td.done")).to_have_count(1)
        expect(card.locator("td.skip .sr")).to_contain_text("skipped")
        card.get_by_role("button", name="Archive").click()
        expect(self.page.locator(".begin")).to_be_visible()
        expect(self.page.locator("summary:has-text('1 archived habit')")).to_be_visible()

    def test_elsewhere(self) -> None:
        """What is checked elsewhere appears by itself; the page has no faults of access."""
        id = self.habit(name="Walk", per="week", times=3)
        self.habit(ready="medicine", remind_at="00:00")
        for days in (8, 9, 10, 15, 16, 17):
            self.call("POST", f"{self.path}/{id}/checkins",
                      {"day": self.ago(days), "state": "done"})
        self.open("habits", ".habit")
        expect(self.card("medicine")).to_contain_text("due")
        self.call("POST", f"{self.path}/{id}/checkins", {"state": "done"})
        expect(self.card("Walk").locator(".state")).to_have_text("done")
        expect(self.card("Walk")).to_contain_text("this week")
        self.card("Walk").locator("summary").click()
        expect(self.card("Walk").locator("td.done")).to_have_count(7)
        self.page.evaluate(AXE.read_text())
        self.assertEqual(self.page.evaluate(FAULTS), [])
        self.assertEqual(self.page.evaluate(SMALL_TARGETS, SMALLEST), [])
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.assertLessEqual(wide, 360)

    def test_nutrition(self) -> None:
        """A jar that left the cabinet, its facts offered, taken, and on the day's account."""
        cab, board = self.cabinet(self.who)
        count = f"/api/v1/cabinets/{cab}/items/Nutella/count"
        self.call("POST", count, {"count": 2})
        self.open("habits", ".nutrients")
        board.open("1500.0")
        board.close("1100.0")
        expect(self.page.locator(".intake")).to_contain_text("not known what")
        self.call("POST", count, {"count": 1})
        self.page.click("text=what is in Nutella?")
        expect(self.page.locator("dialog")).to_contain_text("approximate")
        self.assertEqual(self.page.input_value("#f-fat_g"), "")
        self.page.click("text=Fill them in")
        self.page.click("dialog button:has-text('Save')")
        expect(self.page.locator("#messages")).to_contain_text("is saved")
        self.open("habits", ".nutrients")
        intake = self.page.locator(".intake")
        expect(intake).to_contain_text("1 × Nutella")
        energy = intake.locator(".nutrient").first
        expect(energy).to_contain_text("2,160 kcal")
        expect(energy).to_contain_text("108 % of about 2,000 kcal")
        expect(intake.locator(".nutrient.over")).to_have_count(2)
        self.assertEqual(self.faults, [])
