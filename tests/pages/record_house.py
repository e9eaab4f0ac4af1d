"""A new patient and a new doctor, up to the moment when the one lets the other in."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import expect
from twisted.trial.unittest import SynchronousTestCase

from tests.pages.house import PASSWORD, house
from tests.pages.visitor import Visitor

NAME = "நூருல் 王 نور Nurul Aisyah binti Ahmad"
DOCTOR = "Dr. Łucja Özgür 林"
NATIONAL_ID = "850101-14-5678"
PASSCODE = "blue heron 7"
ADVICE = "இரண்டு வேளை நடை. 每天走路。 Kurangkan garam <b>dan</b> gula."
ANSWER = "Cucu saya 孫 dan <i>kucing</i>"
GRANTED = ("labs", "advice", "questionnaire")
CSV = "Diambil;Kolesterol;HDL;Kreatinin\n14/3/2026;6,9;1,0;88\n"
COLUMNS = {
    "Diambil": "date", "Kolesterol": "total_cholesterol mmol/L", "HDL": "hdl_c mmol/L",
    "Kreatinin": "creatinine umol/L",
}


class RecordCase(SynchronousTestCase):
    """Three people, each with a browser; ``self.who`` is the patient's record."""

    def setUp(self) -> None:
        self.house, stamp = house(), time.time_ns()
        self.email = f"nurul-{stamp}@example.org"
        self.admin = self.visitor(signed_in=True)
        self.patient = self.visitor(f"nurul-{stamp}")
        self.doctor = self.visitor(f"lucja-{stamp}")
        self.who = self.path = ""

    def visitor(self, name: str = "", signed_in: bool = False) -> Visitor:
        """Somebody with a browser."""
        found = Visitor(self.house, name, signed_in)
        self.addCleanup(found.context.close)
        return found

    def enrol(self) -> None:
        """Both ask for an account; an admin lets them in and vouches for the doctor."""
        self.patient.ask_for_account("Users", email=self.email)
        self.doctor.ask_for_account("Doctors", full_name=DOCTOR, national_id=NATIONAL_ID)
        page = self.admin.page
        page.goto("/users")
        for each in (self.patient, self.doctor):
            page.click(f"article.waiting:has-text('{each.name}') >> text=Let in")
            expect(page.locator(f"article.waiting:has-text('{each.name}')")).to_have_count(0)
        card = page.locator(f"article.device:has-text('{self.doctor.name}')")
        expect(card).to_contain_text(DOCTOR)
        card.locator("button:has-text('Reveal')").click()
        expect(card).to_contain_text(NATIONAL_ID)
        card.locator("button:has-text('Verify')").click()
        page.click("dialog >> button:has-text('Verify')")
        expect(card.locator(".state:has-text('verified')")).to_be_visible()
        self.addCleanup(self.remove_doctor)

    def remove_doctor(self) -> None:
        """Other tests look at the list of users."""
        users = self.admin.call("GET", "/api/v1/users?limit=1000")["items"]
        found = next(one["id"] for one in users if one["name"] == self.doctor.name)
        self.admin.call("DELETE", f"/api/v1/users/{found}")

    def begin_a_record(self) -> None:
        """The patient signs in by e-mail alone and adds themselves, in four scripts."""
        page = self.patient.page
        page.get_by_role("tab", name="Users").click()
        self.patient.fill(email=self.email, password=PASSWORD)
        page.wait_for_selector("nav.tabs")
        self.patient.go("Health")
        page.click("text=Add a patient")
        page.fill("dialog [name=name]", NAME)
        page.select_option("dialog [name=sex]", "female")
        page.fill("dialog [name=birth_date]", "1961-05-09")
        page.click("dialog .actions button:has-text('Add')")
        page.wait_for_selector("nav.doors")
        expect(page.locator("h1")).to_have_text(NAME)
        self.who = page.url.rsplit("/", 1)[1]
        self.path = f"/api/v1/patients/{self.who}"

    def answer_questions(self) -> None:
        """Next, Back, away in the middle, back where one was, and done."""
        page = self.patient.page
        title = page.locator("#step-title")
        self.patient.door("Questionnaire")
        page.check("label.chip:has-text('Yes') >> nth=0")
        page.fill("[name='medications.list.0.name']", "Glibenklamid")
        page.click("button:has-text('Next')")
        expect(title).to_have_text("Vaccinations")
        page.click("button:has-text('Back')")
        expect(page.locator("[name='medications.list.0.name']")).to_have_value("Glibenklamid")
        page.click(".q-step:has-text('How you live')")
        expect(title).to_have_text("How you live")
        page.fill("[name='social_history.note']", ANSWER)
        page.click("button:has-text('Next')")
        expect(title).to_have_text("Sleep")
        self.patient.go("Results")
        page.wait_for_selector(".empty")
        self.patient.go("Questions")
        expect(title).to_have_text("Sleep")
        page.fill("[name='sleep.hours']", "6.5")
        page.click(".q-step:has-text('Look through')")
        expect(page.locator(".q-sheet")).to_contain_text(ANSWER)
        page.click("text=I am done")
        expect(page.locator(".q-page")).to_contain_text("Finished")

    def enter_results(self) -> None:
        """One report by hand, an earlier one by a file with columns of its own names."""
        page = self.patient.page
        self.patient.door("Laboratory results")
        page.get_by_role("button", name="Enter results").click()
        page.fill("dialog [name=date]", "2026-09-20")
        for key, value in (("glucose", "140"), ("total_cholesterol", "5,6"), ("hdl_c", "1.1"),
                           ("creatinine", "92")):
            page.fill(f"dialog [name='values.{key}.value']", value)
        page.select_option("dialog [name='values.glucose.unit']", "mg/dL")
        page.locator("dialog").get_by_role("button", name="Store").click()
        expect(page.locator("#lab-glucose")).to_contain_text("H, high")
        self.patient.go("Import a file")
        file: Any = {"name": "makmal.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
        page.set_input_files("input[type=file]", files=[file])
        for heading, words in COLUMNS.items():
            page.select_option(f"[name='{heading}']", words)
        page.get_by_role("button", name="Read it this way").click()
        page.get_by_role("button", name="Import it").click()
        self.patient.go("See the results")
        expect(page.locator(".lab-date option")).to_have_count(2)
        expect(page.locator("#lab-total_cholesterol")).to_contain_text("down 1.3")

    def keep_a_habit(self) -> None:
        """A ready one, and a glass of it."""
        page = self.patient.page
        self.patient.door("Habit tracker")
        page.click("button:has-text('Drink water')")
        page.locator(".habit .check").click()
        expect(page.locator(".habit")).to_contain_text("0.25 of 2 L")

    def share(self) -> str:
        """Three sections for the doctor; for somebody else a link with a passcode, returned."""
        page = self.patient.page
        self.patient.door("Sharing")
        page.select_option("#d-doctor", label=f"{DOCTOR} ({self.doctor.name})")
        for section in GRANTED:
            page.check(f"#d-{section}")
        page.click("text=Let this doctor in")
        expect(page.locator(".consent")).to_contain_text(DOCTOR)
        page.check("#l-labs")
        page.fill("#l-passcode", PASSCODE)
        page.click("text=Make the link")
        url = page.locator("dialog code.secret").inner_text()
        page.click("text=I have it")
        return self.house.daemon.url + url[url.index("/shared#"):]
