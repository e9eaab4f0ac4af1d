"""The questionnaire: filled in step by step, resumed, looked through, taken along."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.house import AXE
from tests.pages.test_looks import FAULTS
from tests.pages.ward import HealthCase

SCRIPT = "<img src=x onerror=alert(1)>"


class WizardTests(HealthCase):
    """An admin fills it in, as the patient would."""

    def next(self, title: str) -> None:
        """To the next step, which has this title."""
        self.page.click("button:has-text('Next')")
        expect(self.page.locator("#step-title")).to_have_text(title)

    def kept(self) -> dict[str, object]:
        """What the server has."""
        found: dict[str, object] = self.call(
            "GET", f"/api/v1/patients/{self.who}/questionnaire"
        )
        return found

    def test_fill_in(self) -> None:
        """Each step is saved and said to be; one comes back to where one was; the sheet at the
        end shows all of it and what follows from it."""
        self.open("questionnaire", "#step-title")
        self.page.check("label.chip:has-text('Yes') >> nth=0")
        self.page.fill("[name='medications.list.0.name']", SCRIPT)
        self.page.click("text=Add another")
        self.page.fill("[name='medications.list.1.name']", "Ramipril")
        self.next("Vaccinations")
        expect(self.page.locator(".q-state")).to_have_text("Saved")
        self.assertEqual(self.kept()["medications"], {
            "any": True, "list": [{"name": SCRIPT}, {"name": "Ramipril"}],
        })
        self.page.reload()
        expect(self.page.locator("#step-title")).to_have_text("Vaccinations")
        self.page.click(".q-step:has-text('Tobacco')")
        self.page.select_option("[name='tobacco.status']", "now")
        self.page.fill("[name='tobacco.cigarettes_per_day']", "10")
        self.page.fill("[name='tobacco.years']", "30")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#step-title")).to_have_text("Screen time")
        self.next("Look through your answers")
        sheet = self.page.locator(".q-sheet")
        expect(sheet).to_contain_text(SCRIPT)
        expect(sheet).to_contain_text("Pack-years: 15")
        with self.page.expect_download() as download:
            self.page.click("text=Export report (CSV)")
        self.assertIn(f"questionnaire-{self.who}", download.value.suggested_filename)
        self.page.click("text=I am done")
        expect(self.page.locator(".q-page")).to_contain_text("Finished")
        self.page.evaluate(AXE.read_text())
        self.assertEqual(self.page.evaluate(FAULTS), [])
        self.assertEqual(self.faults, [])

    def test_mistakes(self) -> None:
        """What can't be taken is told beside its field, which has the focus; nothing moves; in
        one's own words there are no fields."""
        self.call("PUT", f"/api/v1/patients/{self.who}/questionnaire", {"step": "sleep"})
        self.open("questionnaire", "#step-title")
        for text, said in (("25", "between 0 and 24"), ("seven", "Type a number")):
            self.page.fill("[name='sleep.hours']", text)
            self.page.click("button:has-text('Next')")
            expect(self.page.locator("#q-sleep-hours-wrong")).to_contain_text(said)
            expect(self.page.locator("#q-sleep-hours")).to_be_focused()
        self.assertIsNone(self.kept()["sleep"])
        self.page.click("text=Write it in my own words instead")
        self.page.fill("textarea", "Well, but for the dog.")
        self.page.click("button:has-text('Back')")
        expect(self.page.locator("#step-title")).to_have_text("How you live")
        self.assertEqual(self.kept()["sleep"], "Well, but for the dog.")
        self.assertEqual(self.faults, [])
