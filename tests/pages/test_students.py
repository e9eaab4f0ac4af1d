"""The register: found, added, changed, corrected, imported, erased."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.pages.campus_house import STUDENTS, CampusCase

HEAD = "rollno,year,branch,stream,hostel,gender,mac\n"


class ListTests(CampusCase):
    """Search and filters."""

    def test_search(self) -> None:
        """What is typed narrows the list, and stands in the address with the filters."""
        hostel = f"Hostel {self.prefix}"
        first, second = self.student(hostel=hostel, year=1), self.student(hostel=hostel, year=2)
        self.open("/campus/students")
        self.page.fill("#f-q", self.prefix)
        rows = self.page.locator(".students tbody tr")
        expect(rows).to_have_count(2)
        self.page.fill("#f-q", second)
        expect(rows).to_have_count(1)
        self.page.fill("#f-q", "")
        self.page.click("summary:has-text('Hostel')")
        self.page.check(f"details[open] input[value='{hostel}']")
        self.page.click("summary:has-text('Year')")
        self.page.check("details[open] input[value='1']")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(first)
        self.page.reload()
        expect(rows).to_have_count(1)
        self.page.select_option("#f-state", "inside")
        expect(self.page.locator(".empty")).to_contain_text("No student is like that")
        self.assertEqual(self.faults, [])

    def test_add(self) -> None:
        """A student is added by a form that tells what is wrong at its field."""
        rollno = f"{self.prefix}/new"
        self.open("/campus/students")
        self.page.click("text=Add a student")
        self.page.fill("#f-rollno", "=1+1")
        self.page.fill("#f-year", "2")
        self.page.click("dialog .actions button:has-text('Add')")
        expect(self.page.locator("#f-rollno-wrong")).to_contain_text("letters, digits")
        self.page.fill("#f-rollno", rollno)
        self.page.click("dialog .actions button:has-text('Add')")
        self.addCleanup(self._remove, f"{STUDENTS}/{rollno.replace('/', '%2F')}")
        expect(self.page.locator("h1")).to_have_text(rollno)
        expect(self.page.locator("main")).to_contain_text("never seen")
        self.assertEqual(self.faults, [])


class StudentTests(CampusCase):
    """One student."""

    def setUp(self) -> None:
        super().setUp()
        self.rollno = self.student()
        self.open(f"/campus/students?student={self.rollno}")

    def card(self, title: str) -> Locator:
        """A part of the page."""
        return self.page.locator(f"article:has(h2:text-is('{title}'))")

    def test_change(self) -> None:
        """Values are changed, and a roll number leads on to its new page."""
        self.card("In the register").locator("text=Change").click()
        self.page.fill("#f-hostel", "South")
        self.page.fill("#f-rollno", f"{self.rollno}b")
        self.page.click("dialog >> text=Save")
        self.addCleanup(self._remove, f"{STUDENTS}/{self.rollno}b")
        expect(self.page.locator("h1")).to_have_text(f"{self.rollno}b")
        expect(self.card("In the register")).to_contain_text("South")

    def test_phones_and_badges(self) -> None:
        """A phone and a badge are added, shown by their last two signs only, and removed."""
        mac, known = self.new_mac(), self.card("Known by")
        expect(known).to_contain_text("by nothing yet")
        known.locator("text=Add a phone").click()
        self.page.fill("#f-mac", "not an address")
        self.page.click("dialog .actions button:has-text('Add')")
        expect(self.page.locator("#f-mac-wrong")).not_to_be_empty()
        self.page.fill("#f-mac", mac)
        self.page.click("dialog .actions button:has-text('Add')")
        expect(known.locator("li")).to_contain_text(f"…{mac[-2:]}")
        self.assertNotIn(mac, self.page.content())
        known.locator("text=Add a badge").click()
        self.page.fill("#f-uid", "04 A1 B2 C3")
        self.page.click("dialog .actions button:has-text('Add')")
        expect(known.locator("li")).to_have_count(2)
        known.locator("li:has-text('RFID') >> text=Remove").click()
        self.page.click("dialog .actions >> text=Remove")
        expect(known.locator("li")).to_have_count(1)
        self.assertEqual(self.faults, [])

    def test_anothers_phone(self) -> None:
        """A phone that another student has is told at its field."""
        mac = self.new_mac()
        self.student(mac)
        self.card("Known by").locator("text=Add a phone").click()
        self.page.fill("#f-mac", mac)
        self.page.click("dialog .actions button:has-text('Add')")
        expect(self.page.locator("#f-mac-wrong")).to_contain_text("Another roll number")

    def test_correct(self) -> None:
        """A correction moves the student at once, with a movement that says how."""
        where = self.card("Where")
        where.locator("text=Is inside now").click()
        self.page.fill("#f-note", "seen in the library")
        self.page.click("dialog >> text=Correct")
        expect(where.locator(".state")).to_have_text("inside")
        expect(self.card("Movements").locator("tbody tr")).to_contain_text("correction")
        where.locator("text=Is outside now").click()
        self.page.click("dialog >> text=Correct")
        expect(where.locator(".state")).to_have_text("outside")
        audit = self.call("GET", "/api/v1/audit?limit=50")["items"]
        self.assertTrue(any("seen in the library" in str(line) for line in audit))

    def test_reset(self) -> None:
        """Everybody is set to outside, after it was asked twice."""
        self.card("Where").locator("text=Is inside now").click()
        self.page.click("dialog >> text=Correct")
        expect(self.card("Where").locator(".state")).to_have_text("inside")
        self.open("/campus/students?state=inside")
        self.page.click("text=Everybody out")
        self.page.fill("#f-note", "end of term")
        self.page.click("dialog >> text=Set everybody to outside")  # not yet: it wants a tick
        expect(self.page.locator("dialog")).to_be_visible()
        self.page.check("dialog [type=checkbox]")
        self.page.click("dialog >> text=Set everybody to outside")
        expect(self.page.locator(".empty")).to_be_visible()

    def test_code(self) -> None:
        """A code is shown once with what to tell the student, who registers a phone with it,
        without an account."""
        self.card("Known by").locator("text=One-time code").click()
        code = self.page.inner_text("dialog code.secret")
        expect(self.page.locator("dialog .print")).to_contain_text("/campus/register")
        self.page.click("dialog >> text=Done")
        expect(self.page.locator("dialog")).to_have_count(0)  # it goes a moment later
        self.assertNotIn(code, self.page.content())
        context = self.house.context(signed_in=False, viewport={"width": 360, "height": 740})
        self.addCleanup(context.close)
        page, mac = context.new_page(), self.new_mac()
        page.goto("/campus/register")
        page.fill("#f-rollno", self.rollno.lower())
        page.fill("#f-code", "WRONGWRONG")
        page.fill("#f-mac", mac.upper().replace(":", "-"))
        page.click("text=Register this phone")
        expect(page.locator("#f-code-wrong")).not_to_be_empty()
        page.fill("#f-code", code.lower())
        page.click("text=Register this phone")
        expect(page.locator("h1")).to_have_text("Your phone is registered")
        expect(page.locator("main")).to_contain_text(mac[-2:])
        self.page.reload()
        expect(self.card("Known by").locator("li")).to_contain_text("by the student")

    def test_erase(self) -> None:
        """Erasing asks for the roll number, then tells what of it lies elsewhere."""
        self.page.click("text=for good")
        self.page.fill("#f-again", "somebody else")
        self.page.click("dialog >> text=Erase for good")
        expect(self.page.locator("#f-again")).to_be_visible()
        self.page.fill("#f-again", self.rollno)
        self.page.click("dialog >> text=Erase for good")
        expect(self.page.locator("dialog h2")).to_have_text("Erased")
        expect(self.page.locator("dialog")).to_contain_text("Backups")
        self.page.click("dialog >> text=Done")
        self.page.wait_for_url("**/campus/students")
        self.open(f"/campus/students?student={self.rollno}")
        expect(self.page.locator("main")).to_contain_text("There is no student")
        self.assertEqual(self.faults, [])


class ImportTests(CampusCase):
    """A file of students."""

    def choose(self, text: str) -> None:
        """The file that a person picks."""
        path = Path(self.mktemp())
        path.write_text(text)
        self.page.set_input_files("#f-file", path)

    def test_import(self) -> None:
        """A file is looked at first, its faults told by line and column, and then taken whole."""
        rolls = [f"{self.prefix}-f{i}" for i in range(3)]
        lines = [f"{rollno},1,ME,B.Tech,West,male,\n" for rollno in rolls]
        self.open("/campus/students?import=1")
        self.choose(HEAD + "".join(lines) + f"{self.prefix}-bad,first,ME,B.Tech,West,male,\n")
        fault = self.page.locator("tbody tr")
        expect(fault.locator("td").nth(0)).to_have_text("5")
        expect(fault.locator("td").nth(1)).to_have_text("year")
        expect(self.page.locator("text=Import it")).to_have_count(0)
        self.page.click("text=Choose another file")
        self.choose(HEAD + "".join(lines))
        expect(self.page.locator("tbody tr")).to_have_count(3)
        self.page.click("text=Import it")
        for rollno in rolls:
            self.addCleanup(self._remove, f"{STUDENTS}/{rollno}")
        expect(self.page.locator("main")).to_contain_text("is imported")
        self.page.click("text=See the students")
        self.page.fill("#f-q", self.prefix)
        expect(self.page.locator(".students tbody tr")).to_have_count(3)
        self.assertEqual(self.faults, [])

    def test_again(self) -> None:
        """What was exported changes nothing when it is imported."""
        rollno = self.student(hostel="O'Hara, \"North\"")
        exported = self.context.request.get(f"{STUDENTS}.csv?q={rollno}").text()
        self.open("/campus/students?import=1")
        self.choose(exported)
        expect(self.page.locator("main")).to_contain_text("has all of this already")
