"""The record from the first day to the last, as a new patient and a new doctor live it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.pages.house import PASSWORD, ROOT
from tests.pages.papers import draw_pdf, everything_in, read_pdf
from tests.pages.record_house import ADVICE, ANSWER, DOCTOR, GRANTED, NAME, PASSCODE, RecordCase

WORDS = ("Nurul Aisyah", "Kurangkan garam", "kucing", "Glibenklamid")  # of these, in any encoding
KINDS = {
    "Patient", "Practitioner", "Observation", "DiagnosticReport", "QuestionnaireResponse",
    "CarePlan", "Consent",
}
ROWS = """(rows) => rows.map((row) => [
  row.querySelector("th").textContent, row.querySelector(".lab-value strong").textContent,
  row.querySelector(".state")?.textContent ?? "",
])"""
#: What the list of accesses says that was done: by the doctor, by who has the link.
BY_DOCTOR = ("view labs", "view questionnaire", "publish advice (diet)",
             "view readings (readings) refused", "view labs (labs) refused")
BY_LINK = ("open link (labs)", "open link (wrong passcode, 1 of 5) refused",
           "open link (revoked) refused")


class StoryTests(RecordCase):
    """Every page of the record, in Chromium."""

    def test_story(self) -> None:
        """Enrol, fill in, share, sign in with a code, advise, read, download, revoke, leave."""
        self.enrol()
        self.begin_a_record()
        self.answer_questions()
        self.enter_results()
        self.keep_a_habit()
        link = self.share()
        self.see_what_was_granted()
        self.advise()
        self.take_along()
        self.open_link(link)
        self.take_back(link)
        self.see_who_looked()
        self.leave()
        self.check_what_is_left()
        for each in (self.admin, self.patient, self.doctor):
            self.assertEqual(each.faults, [])

    def see_what_was_granted(self) -> None:
        """The doctor signs in with a code, and knows of this patient and these sections."""
        page = self.doctor.page
        phone = self.doctor.connect_phone(full_name=DOCTOR)
        self.doctor.sign_out()
        page.get_by_role("tab", name="Doctors").click()
        self.doctor.fill(username=self.doctor.name, full_name=DOCTOR, password=PASSWORD,
                         otp=phone.now())
        page.wait_for_selector("nav.tabs")
        patients = self.doctor.call("GET", "/api/v1/patients")["items"]
        self.assertEqual([(one["id"], one["name"]) for one in patients], [(self.who, NAME)])
        self.doctor.go("Health")
        expect(page.locator("h1")).to_have_text(NAME)
        doors = page.locator("nav.doors a strong")
        expect(doors).to_have_text(
            ["Health report", "Laboratory results", "Doctor's advice", "Questionnaire"]
        )
        for section in GRANTED:
            self.assertEqual(self.doctor.status(f"{self.path}/{section}"), 200, section)
        for hidden in ("readings", "habits", "notes", "accesses"):
            self.assertEqual(self.doctor.status(f"{self.path}/{hidden}"), 404, hidden)
        self.doctor.door("Laboratory results")
        expect(page.locator("#lab-glucose")).to_contain_text("told as 140 mg/dL")
        self.doctor.door("Questionnaire")
        expect(page.locator(".q-sheet")).to_contain_text(ANSWER)

    def advise(self) -> None:
        """A draft nobody else sees; published, the patient's open page shows it by itself."""
        page, theirs = self.doctor.page, self.patient.page
        self.patient.hear("Doctor's advice")
        self.doctor.door("Doctor's advice")
        page.get_by_role("button", name="Write: Diet").click()
        page.fill("#e-diet", ADVICE)
        page.click("text=Save draft")
        expect(page.locator("#e-diet-state")).to_have_text("Saved")
        expect(theirs.locator("#advice-diet")).to_contain_text("Nothing yet.")
        page.click("#advice-diet >> text=Publish")
        expect(theirs.locator("#advice-diet > .words")).to_have_text(ADVICE)
        expect(theirs.locator("#advice-diet")).to_contain_text(DOCTOR)

    def take_along(self) -> None:
        """The PDF and the FHIR Bundle say what the pages show."""
        page = self.patient.page
        self.patient.door("Laboratory results")
        rows = page.locator("tr[id^=lab-]").evaluate_all(ROWS)
        self.assertEqual(len(rows), 6)  # four typed in, two computed
        self.patient.door("Health report")
        pdf = self.patient.download(page.get_by_role("button", name="Download as PDF"))
        text, table = read_pdf(pdf), read_pdf(pdf, "-raw")
        for said in (NAME, DOCTOR, ADVICE, ANSWER, "Glibenklamid", "6.5", "Drink water"):
            self.assertIn(said, text)
        for name, value, flag in rows:
            unit = r"[\w/.²]+( [\w/.²]+)?"
            self.assertRegex(table, rf"{name} {value}( \*)? ({unit} )?{flag or '–'} ")
        draw_pdf(pdf)
        bundle = self.patient.download(page.get_by_role("link", name="Download as FHIR"))
        self.check_bundle(json.loads(bundle.read_text()))

    def check_bundle(self, bundle: Any) -> None:
        """All of the record is in it, in the patient's own words."""
        kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        self.assertEqual(kinds & KINDS, KINDS)
        found = json.dumps(bundle, ensure_ascii=False)
        for said in (NAME, ANSWER, ADVICE, "14647-2"):
            self.assertIn(said, found)

    def open_link(self, link: str) -> None:
        """Somebody without an account opens it with the passcode, and sees one section."""
        other = self.visitor()
        other.page.goto(link)
        other.page.fill("[name=passcode]", "not this one")
        other.page.keyboard.press("Enter")
        expect(other.page.locator("#f-passcode-wrong")).to_contain_text("wrong")
        other.page.fill("[name=passcode]", PASSCODE)
        other.page.keyboard.press("Enter")
        expect(other.page.locator("h1")).to_have_text(NAME)
        expect(other.page.locator(".shared-part h2")).to_have_text(["Blood results"])
        self.assertNotIn(ANSWER, other.page.content())
        self.assertEqual(other.faults, [])

    def take_back(self, link: str) -> None:
        """Both consents end: what was open shows nothing more, what is asked for is not there."""
        page, theirs = self.patient.page, self.doctor.page
        self.patient.door("Sharing")
        consents = page.locator("#shared-now .consent")
        for left in (1, 0):
            consents.first.get_by_role("button", name="Take back").click()
            page.get_by_role("button", name="Take it back").click()
            expect(consents).to_have_count(left)
        for path in ("", *(f"/{section}" for section in GRANTED), "/report.pdf", "/fhir"):
            self.assertEqual(self.doctor.status(f"{self.path}{path}"), 404, path)
        self.assertEqual(self.doctor.call("GET", "/api/v1/patients")["items"], [])
        theirs.reload()
        expect(theirs.locator("h1")).to_have_text("Not found")
        other = self.visitor()
        other.page.goto(link)
        expect(other.page.locator("h1")).to_have_text("This link opens nothing")

    def see_who_looked(self) -> None:
        """The patient sees looks, changes, openings, and what was refused."""
        page = self.patient.page
        page.click("text=Who looked or changed something")
        lines = page.locator(".accesses li")
        expect(lines).not_to_have_count(0)
        older = page.get_by_role("button", name="Show older")
        while older.count():
            with page.expect_response("**/accesses*"):
                older.click()
        said = [" ".join(line.split()) for line in lines.all_inner_texts()]
        for what in BY_DOCTOR:
            wanted = f"{self.doctor.name}: {what}"
            self.assertTrue([line for line in said if line.startswith(wanted)], wanted)
        for what in BY_LINK:
            self.assertTrue([line for line in said if f": {what}" in line], what)

    def leave(self) -> None:
        """The account is deleted; what it holds was offered first."""
        page = self.patient.page
        page.click("#person summary")
        page.click("#person a:has-text('Account')")
        page.click("article.leave-account button")
        dialog = page.locator("dialog")
        pdf = self.patient.download(dialog.get_by_role("link", name="Report (PDF)"))
        self.assertIn(ADVICE, read_pdf(pdf))
        bundle = self.patient.download(dialog.get_by_role("link", name="All data (FHIR)"))
        self.check_bundle(json.loads(bundle.read_text()))
        self.assertNotIn([], self.kept().values())  # so that nothing means something below
        page.fill("dialog [name=typed]", self.patient.name)
        page.fill("dialog [name=password]", PASSWORD)
        page.click("dialog button.danger")
        page.wait_for_url("**/login*")
        self.patient.fill(email=self.email, password=PASSWORD)
        expect(page.locator(".form-error")).to_contain_text("wrong")

    def check_what_is_left(self) -> None:
        """Nothing that was theirs, in no table; the audit says what was done, and is whole."""
        self.assertEqual(self.admin.status(self.path), 404)
        kept = self.kept()
        self.assertEqual(kept, {words: [] for words in kept})
        rows = [row for row in self.admin.call("GET", "/api/v1/audit?limit=1000")["items"]
                if row["patient"] == self.who]
        who = {row["who"] for row in rows}
        self.assertEqual({"(erased)", self.doctor.name} - who, set())
        said = subprocess.run(
            [sys.executable, "-m", "iotd.cli.main", "audit", "verify", "--data", str(self.var)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout
        self.assertIn("each as it was written", said)

    @property
    def var(self) -> Path:
        """The daemon's data."""
        return self.house.daemon.folder / "var"

    def kept(self) -> dict[str, list[str]]:
        """Where the database has what is the patient's, by words of it."""
        cells = everything_in(self.var / "iotd.sqlite3")
        return {
            words: [cell for cell in cells if words.lower() in cell.lower()]
            for words in (self.patient.name, self.email, *WORDS)
        }
