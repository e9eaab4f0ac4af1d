"""The dashboard: what gates hear is there at once, and filters, tabs and figures hold together."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.brokers import Mosquitto
from tests.pages.campus_house import ENTRY, EXIT, CampusCase, Gate
from tests.pages.house import House

MOST_BYTES = 250_000  # of the page with all it loads, compressed
SIZES = """performance.getEntries().filter(({encodedBodySize}) => encodedBodySize)
  .reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0)"""
INSIDE = "#inside .value"


class LiveTests(CampusCase):
    """From a gate's mouth to the page."""

    def inside(self) -> int:
        """What the page says."""
        return int(self.page.inner_text(INSIDE).replace(",", ""))

    def test_movements(self) -> None:
        """Who comes and goes is on the page with roll number, gate and time, and is counted."""
        rollno, gate = self.student(mac := self.new_mac()), self.gate()
        self.open("/campus")
        before = self.inside()
        gate.saw(ENTRY, mac, ago=600)
        row = self.page.locator(f".recent tbody tr:has-text('{rollno}')")
        expect(row).to_contain_text("came in")
        expect(row).to_contain_text(gate.id)
        expect(self.page.locator(INSIDE)).to_have_text(str(before + 1))
        gate.saw(EXIT, mac)
        expect(self.page.locator(f".recent tbody tr:has-text('{rollno}')").first).to_contain_text(
            "went out"
        )
        expect(self.page.locator(INSIDE)).to_have_text(str(before))
        self.assertEqual(self.faults, [])

    def test_within_a_second(self) -> None:
        """From the publish to the page it takes at most a second."""
        macs = [f"{self.new_mac()[:-2]}{i:02x}" for i in range(5)]
        rolls = [self.student(mac) for mac in macs]
        gate = self.gate()
        self.open("/campus")
        took = []
        for rollno, mac in zip(rolls, macs):
            begun = time.monotonic()
            gate.saw(ENTRY, mac)
            self.page.wait_for_selector(f".recent tbody tr:has-text('{rollno}')")
            took.append(time.monotonic() - begun)
        self.assertLessEqual(statistics.median(took), 1.0, took)

    def test_many_at_once(self) -> None:
        """Of several who come in one message each has a line: the list is asked for, too."""
        macs = [f"{self.new_mac()[:-2]}{i:02x}" for i in range(4)]
        rolls = [self.student(mac) for mac in macs]
        gate = self.gate()
        self.open("/campus")
        gate.saw(ENTRY, *macs)
        for rollno in rolls:
            expect(self.page.locator(f".recent tbody tr:has-text('{rollno}')")).to_be_visible()

    def test_strangers_apart(self) -> None:
        """Phones of nobody are counted beside the headcount, never in it."""
        gate = self.gate()
        self.student()
        self.open("/campus")
        before = self.inside()
        gate.saw(ENTRY, *(f"{self.new_mac()[:-2]}{i:02x}" for i in range(3)))
        expect(self.page.locator(".apart")).not_to_contain_text("0 unidentified")
        self.assertEqual(self.inside(), before)

    def test_home(self) -> None:
        """The overview shows the headcount as it changes."""
        self.student(mac := self.new_mac())
        gate = self.gate()
        self.open("/")
        card = self.page.locator("article:has(h2:text-is('Campus'))")
        inside = int(card.locator(".big").inner_text().split()[0].replace(",", ""))
        gate.saw(ENTRY, mac)
        expect(card.locator(".big")).to_contain_text(f"{inside + 1} of")

    def test_viewer(self) -> None:
        """A viewer sees the counts change, and no name, gate or register."""
        rollno, gate = self.student(mac := self.new_mac()), self.gate()
        page = self.viewer().new_page()
        self.open("/campus", page)
        before = int(page.inner_text(INSIDE).replace(",", ""))
        gate.saw(ENTRY, mac)
        expect(page.locator(INSIDE)).to_have_text(str(before + 1))
        expect(page.locator(".people tbody tr").first).to_be_visible()
        self.assertNotIn(rollno, page.content())
        self.assertEqual(page.locator(".recent, nav.doors-row, #troubles").count(), 0)
        for path in ("/campus/students", "/campus/gates"):
            answer = page.goto(path)
            assert answer is not None
            self.assertEqual(answer.status, 403)


class FigureTests(CampusCase):
    """What is below the headcount."""

    def test_filters(self) -> None:
        """Filters combine, stand in the address, and come back with it and with Back."""
        hostel = f"Hostel {self.prefix}"
        for gender in ("female", "female", "male"):
            self.student(hostel=hostel, gender=gender)
        self.student(gender="female")
        self.open("/campus")
        self.page.click("summary:has-text('Hostel')")
        self.page.check(f"details[open] input[value='{hostel}']")
        registered = self.page.locator("#inside small")
        expect(registered).to_have_text("of 3 registered")
        self.page.click("summary:has-text('Gender')")
        self.page.check("details[open] input[value='female']")
        expect(registered).to_have_text("of 2 registered")
        self.page.reload()
        expect(registered).to_have_text("of 2 registered")
        expect(self.page.locator(".filter-words")).to_contain_text(hostel)
        self.page.go_back()
        expect(registered).to_have_text("of 3 registered")
        self.page.click("text=All students")
        expect(registered).not_to_have_text("of 3 registered")
        self.assertEqual(self.faults, [])

    def test_people(self) -> None:
        """Tabs go by arrow keys; each group has its share inside."""
        branch = f"Branch {self.prefix}"
        self.student(mac := self.new_mac(), branch=branch)
        self.student(branch=branch)
        gate = self.gate()
        gate.saw(ENTRY, mac)
        self.open("/campus")
        self.page.focus("#tab-year")
        for _ in range(3):
            self.page.keyboard.press("ArrowRight")
        expect(self.page.locator("#tab-branch")).to_be_focused()
        row = self.page.locator(f".people tr:has-text('{branch}')")
        expect(row).to_contain_text("1 of 2")
        expect(row).to_contain_text("50 %")
        self.assertIn("by=branch", self.page.url)

    def test_heatmap(self) -> None:
        """Weekdays and hours are a table with headings; today's entry is counted in it."""
        hostel = f"Hostel {self.prefix}"
        self.student(mac := self.new_mac(), hostel=hostel)
        gate = self.gate()
        gate.saw(ENTRY, mac)
        self.open(f"/campus?hostel={hostel}")
        table = self.page.locator("table.heat")
        expect(table.locator("th[scope=row]")).to_have_count(7)
        expect(table.locator("td.heat-6")).to_have_text("1")
        self.page.click("label.chip:has-text('exits')")
        expect(table.locator("td.heat-6")).to_have_count(0)

    def test_tables(self) -> None:
        """Each picture is there as a table as well, and as CSV."""
        self.student()
        self.open("/campus")
        panel = self.page.locator("article:has(h2:text-is('The last 7 days'))")
        panel.locator("summary").click()
        expect(panel.locator("tbody tr")).to_have_count(7)
        links = self.page.locator("a.csv").evaluate_all("all => all.map((each) => each.href)")
        self.assertEqual(len(links), 7)
        for link in links:
            answer = self.context.request.get(link)
            self.assertEqual((answer.status, link), (200, link))
            self.assertIn("text/csv", answer.headers["content-type"])

    def test_weight(self) -> None:
        """The page with all that it loads is light."""
        self.student()
        self.open("/campus")
        self.page.wait_for_selector("table.heat")
        self.page.wait_for_selector(".people tbody tr")
        self.assertLessEqual(self.page.evaluate(SIZES), MOST_BYTES)

    def test_paper(self) -> None:
        """On paper there is no navigation, and a dark page is white."""
        self.student()
        self.page.emulate_media(color_scheme="dark")
        self.open("/campus")
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.page.emulate_media(media="print")
        theme = "document.documentElement.dataset.theme"
        self.assertEqual(self.page.evaluate(theme), "light")
        expect(self.page.locator("header.bar")).to_be_hidden()
        expect(self.page.locator("#inside")).to_be_visible()
        self.page.evaluate("dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.page.evaluate(theme), "dark")


class MosquittoTests(CampusCase):
    """With a broker and a daemon of its own."""

    def make_house(self) -> House:
        self.broker = Mosquitto(Path(self.mktemp())).start()
        self.addCleanup(self.broker.stop)
        own = House(f'broker = "{self.broker.address}"')
        self.addCleanup(own.daemon.end)
        return own

    def test_page(self) -> None:
        """mosquitto_pub moves the page through a real Mosquitto, which is told to be open; when
        it is gone the page says so, and counts on when it is back."""
        macs = [f"{self.new_mac()[:-2]}{i:02x}" for i in range(2)]
        for mac in macs:
            self.student(mac)
        gate = Gate(self.broker.port, "south")
        gate.saw(ENTRY, macs[0])  # it waits
        self.page.goto("/devices")
        self.page.click("article.pending:has-text('south') button:has-text('Approve')")
        self.open("/campus")
        gate.saw(ENTRY, macs[0])
        expect(self.page.locator(INSIDE)).to_have_text("1")
        trouble = self.page.locator("#troubles")
        expect(trouble).to_contain_text("password", timeout=30000)
        self.broker.stop()
        expect(trouble).to_contain_text("no connection to the broker", timeout=30000)
        self.broker.start()
        gate.saw(ENTRY, macs[1])
        expect(self.page.locator(INSIDE)).to_have_text("2", timeout=60000)
        self.assertEqual(self.faults, [])
