"""Laboratory results on a page: typed in, read, converted, imported, and ranges of the site."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.pages.house import AXE
from tests.pages.test_looks import FAULTS, SMALL_TARGETS, SMALLEST
from tests.pages.ward import HealthCase


class LabsCase(HealthCase):
    """A patient's results."""

    def put(self, date: str, **values: Any) -> None:
        """Results that are told elsewhere, as (value, unit)."""
        told = {key: {"value": one[0], "unit": one[1]} for key, one in values.items()}
        body = {"date": date, "laboratory": "Grove Street", "values": told}
        self.call("PUT", f"/api/v1/patients/{self.who}/labs", body)

    def row(self, key: str) -> Locator:
        """The line of an analyte."""
        return self.page.locator(f"#lab-{key}")

    def choose(self, text: str) -> None:
        """Choose a file that holds this."""
        file: Any = {"name": "lab.csv", "mimeType": "text/csv", "buffer": text.encode()}
        self.page.set_input_files("input[type=file]", files=[file])


class ReportTests(LabsCase):
    """Reading and writing."""

    def test_typed_in(self) -> None:
        """A first report is typed in with the laboratory's units; what is wrong is told beside
        its field; then values, flags, what is computed and what is usual are there."""
        self.open("labs", ".empty")
        self.page.get_by_role("button", name="Enter results").click()
        dialog = self.page.locator("dialog")
        dialog.locator("[name=date]").fill("2026-01-12")
        for key, value in (("glucose", "126"), ("hdl_c", "1,1"), ("total_cholesterol", "6.6"),
                           ("creatinine", "<script>"), ("bilirubin", "<3")):
            dialog.locator(f"[name='values.{key}.value']").fill(value)
        dialog.locator("[name='values.glucose.unit']").select_option("mg/dL")
        dialog.get_by_role("button", name="Store").click()
        wrong = dialog.locator(".field:has([name='values.creatinine.value']) .wrong")
        expect(wrong).to_contain_text("no number")
        dialog.locator("[name='values.creatinine.value']").fill("85")
        dialog.get_by_role("button", name="Store").click()
        expect(self.row("glucose")).to_contain_text("told as 126 mg/dL")
        expect(self.row("glucose").locator(".state")).to_have_text("H, high")
        expect(self.row("hdl_c").locator(".state")).to_have_text("L, low")
        expect(self.row("chol_hdl")).to_contain_text("computed")
        expect(self.row("egfr")).to_contain_text("computed")
        expect(self.row("bilirubin")).to_contain_text("less than 3")
        self.page.check("input[value=mass]")
        expect(self.row("glucose").locator("strong")).to_have_text("126")
        expect(self.row("glucose")).to_contain_text("below 100")
        self.page.reload()  # remembered
        expect(self.row("total_cholesterol").locator("strong")).to_have_text("255")
        self.assertEqual(self.faults, [])

    def test_changed(self) -> None:
        """Another report appears live with its trend; an older one is chosen, changed, removed."""
        self.put("2026-01-12", alt=(30, "U/L"), ast=(20, "U/L"))
        self.open("labs", "#lab-alt")
        self.put("2026-02-12", alt=(60, "U/L"))
        expect(self.row("alt")).to_contain_text("up 30")
        expect(self.row("alt").locator("svg.trend")).to_be_visible()
        expect(self.row("alt").locator("svg.range-bar")).to_have_attribute(
            "aria-label", "60; usual is 7 to 55 U/L; H, high")
        self.page.select_option(".lab-date select", "2026-01-12")
        expect(self.row("alt")).to_contain_text("30")
        self.page.get_by_role("button", name="Change this report").click()
        self.page.fill("dialog [name='values.alt.value']", "")
        self.page.fill("dialog [name='values.ast.value']", "50")
        self.page.get_by_role("button", name="Store").click()
        expect(self.row("ast").locator(".state")).to_have_text("H, high")
        expect(self.row("alt")).to_have_count(0)
        self.page.get_by_role("button", name="Remove it").click()
        self.page.locator("dialog").get_by_role("button", name="Remove").click()
        expect(self.page.locator(".lab-date option")).to_have_count(1)
        expect(self.row("alt")).to_contain_text("60")

    def test_for_everybody(self) -> None:
        """On a phone, in the dark: no serious fault, nothing too small, nothing too wide."""
        self.put("2026-01-12", alt=(60, "U/L"), glucose=(100, "mg/dL"), creatinine=(90, "umol/L"))
        context = self.house.context(color_scheme="dark", viewport={"width": 360, "height": 740})
        self.addCleanup(context.close)
        page = context.new_page()
        for query, ready in (("", "#lab-alt"), ("?import=1", "input[type=file]"),
                             ("?ranges=1", "form")):
            page.goto(f"/health/{self.who}/labs{query}")
            page.wait_for_selector(ready)
            for summary in page.locator("summary").all():
                summary.click()
            page.evaluate(AXE.read_text())
            self.assertEqual(page.evaluate(FAULTS), [], query)
            self.assertEqual(page.evaluate(SMALL_TARGETS, SMALLEST), [], query)
            self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), 360, query)


class FileTests(LabsCase):
    """Import."""

    def test_other_columns(self) -> None:
        """Columns with other names are explained once, seen in a preview, imported, and known
        the next time."""
        self.page.goto(f"/health/{self.who}/labs?import=1")
        self.choose("Tag;Glukose;Notiz\n2/1/2026;97;<b>ok</b>\n")
        self.page.select_option("[name=Tag]", "date")
        self.page.select_option("[name=Glukose]", "glucose mg/dL")
        self.page.select_option("[name=Notiz]", "ignore")
        self.page.get_by_role("button", name="Read it this way").click()
        expect(self.page.locator(".note.bad")).to_contain_text("1 fault.")
        self.page.select_option("[name=dates]", "dmy")
        self.page.get_by_role("button", name="Read it this way").click()
        expect(self.page.locator(".results")).to_contain_text("Glucose, fasting 97 mg/dL")
        self.page.get_by_role("button", name="Import it").click()
        self.page.click("text=Import another file")
        self.choose("Tag;Glukose;Notiz\n3/1/2026;99;\n")
        self.page.get_by_role("button", name="Import it").click()
        self.page.click("text=See the results")
        expect(self.page.locator(".lab-date option")).to_have_count(2)
        expect(self.row("glucose")).to_contain_text("told as 99 mg/dL")
        self.assertEqual(self.faults, [])

    def test_faults_and_ranges(self) -> None:
        """Faults are shown with line and column; an admin's range is in force at once."""
        self.page.goto(f"/health/{self.who}/labs?import=1")
        self.choose("date,ALT (U/L)\n2026-01-12,high\n2036-01-12,20\n")
        lines = self.page.locator("tbody tr")
        expect(lines).to_have_count(2)
        expect(lines.first).to_contain_text("ALT (U/L)")
        expect(lines.last).to_contain_text("future")
        self.put("2026-01-12", alt=(50, "U/L"))
        self.page.goto(f"/health/{self.who}/labs?ranges=1")
        self.page.select_option("[name=analyte]", "alt")
        self.page.fill("[name=high]", "45")
        self.page.get_by_role("button", name="Put it in force").click()
        expect(self.page.locator(".field:has([name=source]) .wrong")).not_to_be_empty()
        self.page.fill("[name=source]", "Our laboratory")
        self.page.get_by_role("button", name="Put it in force").click()
        self.addCleanup(self.call, "PUT", "/api/v1/labs/ranges", {"ranges": {"alt": None}})
        expect(self.page.locator("tbody tr").first).to_contain_text("Our laboratory")
        self.page.click("text=All results")
        expect(self.row("alt").locator(".state")).to_have_text("H, high")
        expect(self.row("alt")).to_contain_text("of this site")
