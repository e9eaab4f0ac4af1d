"""Sharing as people do it: a doctor is let in, a link is made, opened elsewhere, taken back."""

from __future__ import annotations

from typing import Any

import pyotp
from playwright.sync_api import Locator, Page, expect

from tests.pages.house import AXE, SHOTS, watch_faults
from tests.pages.test_looks import FAULTS, SMALL_TARGETS, SMALLEST
from tests.pages.ward import HealthCase


class SharingCase(HealthCase):
    """A patient with values, results and a note."""

    def setUp(self) -> None:
        super().setUp()
        for hours, rate in ((1, 64), (26, 71), (50, 68), (74, 90)):
            self.tell("heart_rate", rate, hours)
        self.tell("bp_systolic", 128, 2)
        self.tell("bp_diastolic", 82, 2)
        path = f"/api/v1/patients/{self.who}"
        for day, glucose in (("2025-03-01", 5.1), ("2025-09-01", 6.2)):
            self.call("PUT", path + "/labs", {"date": day, "values": {
                "glucose": {"value": glucose, "unit": "mmol/L"},
                "hdl_c": {"value": 0.9, "unit": "mmol/L"},
            }})
        self.call("POST", path + "/notes", {"text": "Sleeps <b>better</b> & walks."})
        self.call("PUT", path + "/questionnaire", {
            "sleep": {"hours": 7}, "exercise": "Walks each day.",
        })
        self.call("PUT", path + "/advice", {"diet": "More fish,\nless salt."})
        self.call("POST", path + "/habits", {"name": "Walk"})

    def elsewhere(self, **options: Any) -> tuple[Page, list[str]]:
        """A page of somebody without an account, and its faults."""
        context = self.house.context(signed_in=False, **options)
        self.addCleanup(context.close)
        page = context.new_page()
        return page, watch_faults(page)

    def link(self, *sections: str, **more: Any) -> dict[str, Any]:
        """A link as the API makes it."""
        path = f"/api/v1/patients/{self.who}/shares"
        made: dict[str, Any] = self.call("POST", path, {"sections": sections, **more})
        return made

    def look(self, page: Page, name: str) -> None:
        """Photographs, and no fault that axe, a phone or a finger would find."""
        SHOTS.mkdir(exist_ok=True)
        for theme, width in (("light", 1280), ("dark", 360)):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
            needed = page.evaluate("document.documentElement.scrollWidth")
            self.assertLessEqual(needed, width, name)
            self.assertEqual(page.evaluate(SMALL_TARGETS, SMALLEST), [], name)
            page.evaluate(AXE.read_text())
            self.assertEqual(page.evaluate(FAULTS), [], name)


class LinkTests(SharingCase):
    """Links."""

    def test_made_and_taken_back(self) -> None:
        """A link is made by a form, shown once, opened by somebody else, and taken back; the
        patient's page tells live that it was opened, and who looked."""
        self.open("sharing")
        form = self.page.locator("#share-link form")
        form.locator("button:has-text('Make the link')").click()
        expect(form.locator("fieldset .wrong")).to_contain_text("at least one")
        for section in ("readings", "labs", "notes"):
            form.locator(f"#l-{section}").check()
        form.locator("[name=label]").fill("Dr Wang")
        form.locator("button:has-text('Make the link')").click()
        url = self.page.locator("dialog code.secret").inner_text()
        expect(self.page.locator("dialog .qr img")).to_be_visible()
        self.page.click("text=I have it")
        share = self.page.locator(".consent:has-text('Dr Wang')")
        expect(share).to_contain_text("Vitals, blood results and notes")
        other, faults = self.elsewhere()
        other.goto(url.replace(url.split("/shared")[0], self.house.daemon.url))
        expect(other.locator("h1")).to_have_text("Grace")
        self.assertEqual(other.evaluate("location.href"), self.house.daemon.url + "/shared")
        expect(other.locator(".shared-part")).to_have_count(3)
        expect(other.locator("#part-notes")).to_contain_text("Sleeps <b>better</b> & walks.")
        expect(other.locator("#part-labs")).to_contain_text("low")
        expect(share).to_contain_text("Opened 1 time")
        share.locator("text=Take back").click()
        self.page.click("dialog >> text=Take it back >> nth=-1")
        expect(self.page.locator("#shared-now")).to_contain_text("Nothing is shared")
        other.goto(self.house.daemon.url + "/login")
        other.goto(url.replace(url.split("/shared")[0], self.house.daemon.url))
        expect(other.locator("h1")).to_have_text("This link opens nothing")
        self.page.click("text=Who looked or changed something")
        expect(self.page.locator(".accesses")).to_contain_text("open link")
        self.assertEqual(self.faults + faults, [])

    def test_passcode(self) -> None:
        """A link asks for its passcode, says when it is wrong, and shows all six sections."""
        made = self.link("readings", "labs", "advice", "questionnaire", "notes", "habits",
                         passcode="blue heron 7")
        page, faults = self.elsewhere()
        page.goto(f"{self.house.daemon.url}/shared#{made['token']}")
        page.fill("[name=passcode]", "wrong one")
        page.keyboard.press("Enter")
        expect(page.locator("#f-passcode-wrong")).to_contain_text("wrong")
        self.look(page, "shared-passcode")
        page.fill("[name=passcode]", "blue heron 7")
        page.keyboard.press("Enter")
        expect(page.locator(".shared-part")).to_have_count(6)
        expect(page.locator("#part-advice")).to_contain_text("More fish")
        expect(page.locator("#part-questionnaire")).to_contain_text("7 hours a night")
        self.look(page, "shared")
        page.reload()
        expect(page.locator("h1")).to_have_text("This link opens nothing")
        self.look(page, "shared-over")
        self.assertEqual(faults, [])


class DoctorTests(SharingCase):
    """Letting a doctor in."""

    def test_let_in(self) -> None:
        """A doctor is picked, let into some sections, and listed until it is taken back."""
        doctor = self.call("POST", "/api/v1/users", {"name": "wang", "role": "doctor"})
        self.addCleanup(self._remove, f"/api/v1/users/{doctor['id']}")
        self.link("labs", label="For the second opinion")
        self.open("sharing")
        self.page.select_option("#d-doctor", "wang")
        self.page.check("#d-labs")
        self.page.check("#d-advice")
        self.page.select_option("#d-days", "")
        self.page.click("text=Let this doctor in")
        share = self.page.locator(".consent:has-text('wang')")
        expect(share).to_contain_text("Blood results and doctor's advice, until it is taken back")
        self.page.click("text=Who looked or changed something")
        self.page.wait_for_selector(".accesses li")
        self.look(self.page, "sharing")
        self.sees(self.doctors_page("wang", doctor["password"]), share)
        self.assertEqual(self.faults, [])

    def test_notes_alone(self) -> None:
        """Who was let into notes alone finds them behind a door of their own name, without
        advice."""
        doctor = self.call("POST", "/api/v1/users", {"name": "ines", "role": "doctor"})
        self.addCleanup(self._remove, f"/api/v1/users/{doctor['id']}")
        own = f"/api/v1/patients/{self.who}"
        self.call("PUT", f"{own}/advice", {"diet": "Eat slowly."})
        self.call("POST", f"{own}/notes", {"text": "Dizzy on Monday."})
        self.call("POST", f"{own}/shares", {"doctor": "ines", "sections": ["notes"]})
        page = self.doctors_page("ines", doctor["password"])
        faults = watch_faults(page)
        page.goto(f"/health/{self.who}")
        page.click(".door:has-text('Notes')")
        expect(page.locator("h1")).to_contain_text("Notes about")
        expect(page.locator(".note-entry").first).to_contain_text("Dizzy on Monday.")
        self.assertNotIn("Eat slowly", page.content())
        self.assertEqual(page.locator(".advice-card").count(), 0)
        self.look(page, "notes-alone")
        self.assertEqual(faults, [])

    def sees(self, page: Page, share: Locator) -> None:
        """The doctor finds the patient, sees doors to what was granted and no others, and
        nothing once it is taken back."""
        faults = watch_faults(page)
        page.goto("/health?all=1")
        expect(page.locator(".patient-card")).to_contain_text("until it is taken back")
        page.click("text=Grace")
        doors = ["Health report", "Laboratory results", "Doctor's advice"]
        expect(page.locator(".door strong")).to_have_text(doors)
        expect(page.locator(".note >> nth=0")).to_contain_text("Blood results and doctor's advice")
        self.look(page, "patient-of-a-doctor")
        share.locator("text=Take back").click()
        self.page.click("dialog >> text=Take it back >> nth=-1")
        expect(self.page.locator("#shared-now")).not_to_contain_text("wang")
        answer = page.reload()
        assert answer is not None
        self.assertEqual((answer.status, faults), (404, []))

    def doctors_page(self, name: str, password: str) -> Page:
        """A page of a doctor who has just scanned the code and signed in."""
        context = self.house.context(signed_in=False)
        self.addCleanup(context.close)
        body = {"username": name, "password": password}
        asked = context.request.post("/api/v1/session", data=body).json()
        code = pyotp.TOTP(asked["enrolment"]["secret"]).now()
        answer = context.request.post("/api/v1/session", data={**body, "otp": code})
        self.assertTrue(answer.ok, answer.text())
        return context.new_page()
