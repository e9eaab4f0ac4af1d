"""Charts, the data sheet and its CSV, report and habits."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import expect

from tests.pages.house import until
from tests.pages.ward import HealthCase

LABEL = {
    "both": re.compile(r"Heart rate: from 61 to 62 .*Temperature: from 36\.5"),
    "week": re.compile("Heart rate: from 61 to 90 "),
    "live": re.compile("Heart rate: from 61 to 99 "),
}
DRAWN = "document.getElementById('chart')?.dataset.drawn"


class ChartsTests(HealthCase):
    """The charts page."""

    def setUp(self) -> None:
        super().setUp()
        for hours in (1, 2, 30):
            self.tell("heart_rate", 60 + hours, hours)
            self.tell("body_temperature", 36.5, hours)
        self.open("charts", "#chart canvas")
        self.chart = self.page.locator("#chart")

    def test_toggles(self) -> None:
        """A toggle takes a vital away and brings it back, and the choice is kept."""
        expect(self.chart).to_have_attribute("aria-label", LABEL["both"])
        self.page.uncheck("[name=show][value=body_temperature]")
        expect(self.chart).not_to_have_attribute("aria-label", LABEL["both"])
        self.page.reload()
        expect(self.page.locator("[value=body_temperature]")).not_to_be_checked()
        self.page.check("[name=show][value=body_temperature]")
        expect(self.chart).to_have_attribute("aria-label", LABEL["both"])
        self.assertEqual(self.faults, [])

    def test_ranges_and_zoom(self) -> None:
        """A longer range reaches further back; zooming in asks for single readings."""
        self.page.click("label:has-text('Week')")
        expect(self.chart).to_have_attribute("aria-label", LABEL["week"])
        said = self.page.locator(".zoom-tools [role=status]")
        expect(said).to_contain_text("median of each")
        for _ in range(6):
            self.page.click("[aria-label='Zoom in']")
        expect(said).to_contain_text("every reading", timeout=15000)
        self.page.click("text=Whole range")
        expect(said).to_contain_text("median of each")

    def test_tip(self) -> None:
        """Pointing at a place tells its values, under a policy that forbids inline styles."""
        box = self.chart.bounding_box()
        assert box is not None
        # an hour ago stands at 23/24 of the picture between its axis and its edge
        self.page.mouse.move(box["x"] + 52 + (box["width"] - 68) * 23 / 24, box["y"] + 100)
        expect(self.page.locator(".chart-tip")).to_contain_text("Heart rate: 61 /min")
        self.assertEqual(self.faults, [])

    def test_table(self) -> None:
        """The same values stand in a table, for those who see no picture."""
        self.page.click("text=The same as a table")
        expect(self.page.locator("tbody tr")).to_have_count(4)
        expect(self.page.locator("tbody tr").first).to_contain_text("61")

    def test_live(self) -> None:
        """A new value is drawn without a reload."""
        until(self.page, DRAWN)
        before = self.page.evaluate(DRAWN)
        self.tell("heart_rate", 99)
        until(self.page, f"{DRAWN} !== '{before}'")
        expect(self.chart).to_have_attribute("aria-label", LABEL["live"])


class SheetTests(HealthCase):
    """Data sheet, report, habits."""

    def setUp(self) -> None:
        super().setUp()
        self.tell_many({hours: 60 + hours for hours in range(60)})

    def test_same_rows(self) -> None:
        """The CSV has the very rows that the sheet shows, page by page."""
        self.open("data", "tbody tr >> nth=49")
        shown = self._shown()
        self.page.click("text=Older")
        expect(self.page.locator("tbody tr")).to_have_count(10)
        shown += self._shown()
        address = self.page.get_attribute("a[download]", "href")
        assert address is not None
        text = self.context.request.get(address).text()
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        times = [next(iter(row.values())) for row in rows]
        self.assertEqual([time for time, _ in shown], times)
        self.assertEqual([rate for _, rate in shown], [str(60 + hours) for hours in range(60)])
        self.page.click("text=Newer")
        expect(self.page.locator("tbody tr")).to_have_count(50)

    def _shown(self) -> list[tuple[str, str]]:
        rows = self.page.evaluate("""[...document.querySelectorAll("tbody tr")].map((row) =>
          [row.querySelector("time").dateTime, row.cells[1].innerText])""")
        return [(str(time), str(rate)) for time, rate in rows]

    def test_report(self) -> None:
        """The report adds up the days and leads to what has pages of its own."""
        self.open("report", ".report tbody tr")
        row = self.page.locator(".report tbody tr").first
        expect(row).to_contain_text("60")
        expect(row).to_contain_text("119")
        expect(self.page.locator(".report")).to_contain_text("Laboratory results")
        expect(self.page.locator(".report")).to_contain_text("not a medical device")

    def test_habits(self) -> None:
        """Without a cabinet the habits page says what to do."""
        self.open("habits", ".empty")
        expect(self.page.locator(".empty")).to_contain_text("No cabinet is assigned yet")
