"""The report in a browser: seen, kept, handed on, and what is told when it can't be made."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.health.report.room import text_of
from tests.pages.ward import HealthCase

PDF = "**/report.pdf*"
NAME = "張小明 முத்து <b>Nur</b> فاطمة"


class ReportTests(HealthCase):
    """An admin makes reports of a patient."""

    def setUp(self) -> None:
        super().setUp()
        self.who = self.patient(NAME)
        self.tell("heart_rate", 88, 5)
        self.open("report", ".report tbody tr")

    def test_download(self) -> None:
        """The file has the page's figures and the name in all its letters."""
        shown = self.page.locator(".report tbody tr").first.inner_text().split()
        with self.page.expect_download() as download:
            self.page.click("text=Download as PDF")
        self.assertRegex(download.value.suggested_filename, r"^health-report-.*\.pdf$")
        expect(self.page.locator("#pdf [role=status]")).to_contain_text("The report is saved")
        pdf = Path(download.value.path()).read_bytes()
        words = text_of(pdf)
        for word in NAME.split():
            self.assertIn(word, words)
        row = next(each for each in text_of(pdf, "-raw").splitlines() if "Heart rate 8" in each)
        for figure in ("88", "1", "90"):
            self.assertIn(figure, row.split())
            self.assertIn(figure, shown)

    def test_view(self) -> None:
        """It opens beside the page; meanwhile the button says that it is made."""
        held: list[Route] = []
        self.page.route(PDF, lambda route: held.append(route))
        with self.context.expect_page() as opened:
            self.page.click("text=View report in PDF")
        button = self.page.locator("#pdf button").first
        expect(button).to_have_attribute("aria-busy", "true")
        expect(button).to_contain_text("Making the report… 2 s")
        expect(self.page.locator("text=Download as PDF")).to_be_disabled()
        held[0].continue_()
        expect(self.page.locator("#pdf [role=status]")).to_contain_text("The report is open")
        expect(button).to_have_text("View report in PDF")
        opened.value.close()

    def test_refused(self) -> None:
        """When it can't be made the page says what to do, and it can be tried again."""
        detail = "Many reports are being made at this moment. Try again in a minute."
        body = json.dumps({"status": 503, "title": "Service Unavailable", "detail": detail})
        self.page.route(PDF, lambda route: route.fulfill(
            status=503, body=body, content_type="application/problem+json"))
        self.page.click("text=Download as PDF")
        expect(self.page.locator("#pdf [role=alert]")).to_have_text(detail)
        self.page.unroute(PDF)
        with self.page.expect_download():
            self.page.click("text=Download as PDF")
        expect(self.page.locator("#pdf [role=alert]")).to_have_count(0)
        self.faults.clear()  # the browser's own line about 503

    def test_choice(self) -> None:
        """The days and parts that are chosen are asked for; without any part nothing is."""
        self.page.select_option("#f-days", "366")
        expect(self.page.locator("text=1 of 366")).to_be_visible()
        self.page.locator("#pdf label.chip").first.click()
        with self.page.expect_request(PDF) as asked, self.page.expect_download():
            self.page.click("text=Download as PDF")
        self.assertIn("days=366&sections=labs%2Cadvice%2Cquestionnaire%2Cnotes%2Chabits",
                      asked.value.url)
        for chip in self.page.locator("#pdf label.chip").all()[1:]:
            chip.click()
        expect(self.page.locator("text=View report in PDF")).to_be_disabled()

    def test_leads_on(self) -> None:
        """It leads to the pages of all parts, and to sharing."""
        hrefs = self.page.locator("main a").evaluate_all(
            "(links) => links.map((link) => link.getAttribute('href'))"
        )
        for page in ("labs", "advice", "questionnaire", "habits", "sharing"):
            self.assertIn(f"/health/{self.who}/{page}", hrefs)
        expect(self.page.locator("#pdf a")).to_have_text("Share with your doctor")
