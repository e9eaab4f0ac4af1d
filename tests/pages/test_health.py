"""Pages of patients: what is measured appears, is entered, and answered."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.house import PASSWORD
from tests.pages.ward import HealthCase


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
        expect(self.page.locator(".door")).to_have_count(8)
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

    def test_accesses(self) -> None:
        """Who looked or changed something is told when it is asked for, in pages."""
        self.open("", ".door")
        for value in range(60, 81):
            self.tell("heart_rate", value)
        self.page.click("text=Who looked or changed something")
        lines = self.page.locator(".accesses li")
        expect(lines).to_have_count(20)
        expect(lines.nth(1)).to_contain_text("add reading (heart_rate)")
        self.page.click("text=Show older")
        expect(lines.last).to_contain_text("add patient")
        self.assertEqual(self.faults, [])

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
        self.page.goto(f"/devices#{id}")
        card = self.page.locator(f"article.one-board:has(code:text-is('{id}'))")
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
        # the watch's temperature is that of the skin: measured here, and still missing
        expect(self.page.locator(".news2")).to_contain_text("or not well enough within")
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

    def test_impossible(self) -> None:
        """What can't be is kept and said to be rejected, as by the API."""
        self.open("monitoring")
        self.page.click("text=Enter values")
        self.page.fill("[name=body_temperature]", "8")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("#messages")).to_contain_text("marked as rejected")
        expect(self.tile("body_temperature")).to_contain_text("rejected")

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
