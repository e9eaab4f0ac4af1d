"""Pages of patients: what is measured appears, is charted, listed, and answered."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from playwright.sync_api import Locator, expect

from tests.pages.house import PASSWORD, until
from tests.pages.ward import WardCase

LABEL = {
    "both": re.compile(r"Heart rate: from 61 to 62 .*Temperature: from 36\.5"),
    "week": re.compile("Heart rate: from 61 to 90 "),
    "live": re.compile("Heart rate: from 61 to 99 "),
}
SEND_ALL = """([path, rows]) => {
  const csrf = JSON.parse(document.getElementById("initial").textContent).csrf;
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": csrf};
  const send = (row) => fetch(path, {method: "POST", headers, body: JSON.stringify(row)});
  return Promise.all(rows.map((row) => send(row).then((answer) => answer.status)));
}"""
DRAWN = "document.getElementById('chart')?.dataset.drawn"


class HealthCase(WardCase):
    """With a patient."""

    def setUp(self) -> None:
        super().setUp()
        self.who = self.patient()

    def open(self, page: str, selector: str = "main h1") -> None:
        """One of the patient's pages."""
        path = f"/health/{self.who}/{page}".rstrip("/")
        if page == "report":  # on paper nothing changes
            self.page.goto(path)
        else:
            with self.page.expect_response("**/api/v1/events"):  # from now on it hears
                self.page.goto(path)
        self.page.wait_for_selector(selector)

    def tell(self, kind: str, value: float, hours_ago: float = 0) -> None:
        """A value typed in elsewhere."""
        at = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
        body: dict[str, Any] = {"kind": kind, "value": value, "measured_at": at.isoformat()}
        self.call("POST", f"/api/v1/patients/{self.who}/readings", body)

    def tell_many(self, rates: dict[int, float]) -> None:
        """Heart rates by how many hours ago they were, all at once."""
        self.page.goto(f"/health/{self.who}")
        now = datetime.now(timezone.utc)
        rows = [
            {"kind": "heart_rate", "value": value,
             "measured_at": (now - timedelta(hours=hours)).isoformat()}
            for hours, value in rates.items()
        ]
        path = f"/api/v1/patients/{self.who}/readings"
        self.assertEqual(self.page.evaluate(SEND_ALL, [path, rows]), [201] * len(rows))

    def tile(self, vital: str) -> Locator:
        """The tile of a vital."""
        return self.page.locator(f"#tile-{vital}")


class DoorsTests(HealthCase):
    """From nothing to the welcome page."""

    def test_add(self) -> None:
        """A patient is added by a form, told what is wrong at its field, and has four doors."""
        self.page.goto("/health?all=1")
        self.page.click("text=Add a patient")
        self.page.fill("[name=name]", "Ada <b>L</b>")
        self.page.select_option("[name=sex]", "female")
        self.page.fill("[name=birth_date]", "1850-01-01")
        self.page.click("dialog >> text=Add >> nth=-1")
        expect(self.page.locator("#f-birth_date-wrong")).to_contain_text("1900")
        self.page.fill("[name=birth_date]", "1950-01-01")
        self.page.click("dialog >> text=Add >> nth=-1")
        expect(self.page.locator(".door")).to_have_count(4)
        expect(self.page.locator("h1")).to_have_text("Ada <b>L</b>")
        self.addCleanup(self._remove, "/api/v1/patients/" + self.page.url.rpartition("/")[2])
        self.assertEqual(self.faults, [])

    def test_lines(self) -> None:
        """Under each door stands how things are, and a new value changes it without a reload."""
        self.open("", ".door")
        monitoring = self.page.locator(".door:has-text('Health monitoring')")
        expect(monitoring).to_contain_text("No value yet")
        self.tell("heart_rate", 64)
        expect(monitoring).to_contain_text("64 /min")
        monitoring.click()
        expect(self.tile("heart_rate").locator(".value")).to_have_text("64")

    def test_unknown(self) -> None:
        """A patient who is not there is a page that says so."""
        answer = self.page.goto("/health/nobody/monitoring")
        assert answer is not None
        self.assertEqual(answer.status, 404)


class OwnTests(HealthCase):
    """What a person of the role patient sees."""

    def test_only_own(self) -> None:
        """Own pages at once, those of others not at all, and nothing of cameras or devices."""
        account = self.call("POST", "/api/v1/users", {
            "name": "grace", "role": "patient", "password": PASSWORD,
        })
        self.addCleanup(self._remove, f"/api/v1/users/{account['id']}")
        own = self.patient("Grace herself", user="grace")
        context = self.house.context(signed_in=False)
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=username]", "grace")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator(".tabs a")).to_have_text(["Overview", "Health", "Cabinets"])
        page.click(".tabs >> text=Health")
        page.wait_for_url(f"**/health/{own}")
        expect(page.locator("h1")).to_have_text("Grace herself")
        answer = page.goto(f"/health/{self.who}")
        assert answer is not None
        self.assertEqual(answer.status, 404)


class MonitoringTests(HealthCase):
    """Tiles, entry by hand, alerts."""

    def test_assign(self) -> None:
        """A watch is given to a patient under Devices, and asked to measure from there."""
        id = self.watch(None, lambda: ("72.00", "36.60"))
        self.page.goto("/devices")
        card = self.page.locator(f"article.device:has(code:text-is('{id}'))")
        expect(card).to_contain_text("nobody yet")
        card.locator("text=Assign").click()
        self.page.select_option("dialog [name=patient]", self.who)
        self.page.click("dialog >> text=Store")
        expect(card.locator("a:text-is('Grace')")).to_have_attribute("href", f"/health/{self.who}")
        card.locator("text=Measure now").click()
        expect(self.page.locator("#messages")).to_contain_text("The watch was asked")
        self.assertEqual(self.faults, [])

    def test_live(self) -> None:
        """What a field watch measures appears without a reload, with time, quality and source."""
        values = iter(f"{rate}.00" for rate in range(72, 200, 4))
        self.watch(self.who, lambda: (next(values), "36.60"))
        self.open("monitoring")
        heart = self.tile("heart_rate")
        expect(heart.locator(".value")).to_have_text("76", timeout=15000)
        expect(heart).to_contain_text("up to date")
        expect(heart).to_contain_text("good")
        expect(heart).to_contain_text("wch")
        expect(self.tile("body_temperature").locator(".value")).to_have_text("36.6")
        expect(self.page.locator(".news2 .big")).to_contain_text("at least")
        self.assertEqual(self.faults, [])

    def test_more(self) -> None:
        """"Show more" explains the vital, its range with a source, and its last day."""
        for hours, value in ((3, 61), (2, 75), (1, 68)):
            self.tell("heart_rate", value, hours)
        self.open("monitoring")
        heart = self.tile("heart_rate")
        heart.locator("summary").click()
        expect(heart).to_contain_text("60 to 100 /min")
        expect(heart).to_contain_text("American Heart Association")
        expect(heart.locator("tbody td")).to_have_text(["Heart rate", "61", "68", "75"])

    def test_by_hand(self) -> None:
        """Values typed in are told beside their field when wrong, and shown when right."""
        self.open("monitoring")
        self.page.click("text=Enter values")
        self.page.fill("[name=bp_systolic]", "131")
        self.page.fill("[name=spo2]", "970")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("#f-spo2-wrong")).to_contain_text("between")
        self.page.fill("[name=spo2]", "97")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("#f-bp_diastolic-wrong")).to_contain_text("both")
        self.page.fill("[name=bp_diastolic]", "82")
        self.page.fill("[name=body_temperature]", "36,8")
        self.page.click("dialog >> text=Store")
        expect(self.tile("blood_pressure").locator(".value")).to_have_text("131/82")
        expect(self.tile("spo2").locator(".value")).to_have_text("97")
        expect(self.tile("body_temperature").locator(".value")).to_have_text("36.8")

    def test_alert(self) -> None:
        """An alert appears by itself, is acknowledged, snoozed, and cancelled."""
        self.open("monitoring")
        self.tell("bp_systolic", 192)
        card = self.page.locator(".alert")
        expect(card).to_contain_text("192")
        card.locator("text=Acknowledge").click()
        expect(card.locator(".state")).to_have_text("acknowledged")
        card.locator("text=Snooze 30 min").click()
        expect(card.locator(".state")).to_have_text("snoozed")
        card.locator("text=Cancel").click()
        expect(card).to_have_count(0)

    def test_limits(self) -> None:
        """Limits are shown, told beside their field when they make no sense, and kept."""
        self.open("monitoring")
        self.page.click("text=Alert limits")
        self.page.fill("[name='heart_rate.high']", "140")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("#limit-heart_rate-high-wrong")).to_contain_text("above")
        self.page.fill("[name='heart_rate.high']", "110")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("dialog")).to_have_count(0)
        self.page.click("text=Alert limits")
        expect(self.page.locator("[name='heart_rate.high']")).to_have_value("110")


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
        """The report adds up 30 days and says what is not in it."""
        self.open("report", ".report tbody tr")
        row = self.page.locator(".report tbody tr").first
        expect(row).to_contain_text("60")
        expect(row).to_contain_text("119")
        expect(self.page.locator(".report")).to_contain_text("Laboratory values")
        expect(self.page.locator(".report")).to_contain_text("not a medical device")

    def test_habits(self) -> None:
        """Without a cabinet the habits page says what to do."""
        self.open("habits", ".empty")
        expect(self.page.locator(".empty")).to_contain_text("No cabinet is assigned yet")
