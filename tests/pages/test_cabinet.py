"""Pages of cabinets: door, lights, picture, and what is on the shelf."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.field_devices import FieldCabinet
from tests.pages.ward import WardCase, jpeg, package


class CabinetCase(WardCase):
    """A cabinet of a patient's, and its page."""

    def setUp(self) -> None:
        super().setUp()
        self.who = self.patient()

    def open(self, camera: bool = True) -> FieldCabinet:
        """The page of a new cabinet, with a camera of its own or none; the board."""
        fields = {"camera": self.cabinet_camera()} if camera else {}
        self.cab, board = self.cabinet(self.who, **fields)
        with self.page.expect_response("**/api/v1/events*"):  # from now on it hears
            self.page.goto(f"/cabinets/{self.cab}")
        self.page.wait_for_selector("main h1")
        return board

    def state(self, name: str) -> Locator:
        """What the page says of door, lights, weight or camera."""
        return self.page.locator(f".cabinet-state > div:has(dt:text-is('{name}')) dd")

    def item(self, name: str) -> Locator:
        """The line of an item."""
        return self.page.locator(f".stock > li:has(h3:has-text('{name}'))")

    def picture_file(self) -> str:
        """A photo of a package, as a person has it on the telephone."""
        path = Path(tempfile.mkdtemp(prefix="iotd-photo-")) / "nutella.jpg"
        self.addCleanup(path.unlink)
        path.write_bytes(jpeg(package((150, 40, 30), "Nutella")))
        return str(path)


class StateTests(CabinetCase):
    """Door, weight, lights and pictures, live."""

    def test_door(self) -> None:
        """Opening and closing is seen as it happens, with grams taken and the picture after."""
        board = self.open()
        board.open("1023.4567")
        expect(self.state("Door")).to_have_text("open")
        expect(self.state("Weight on the shelf")).to_have_text("1,023 g")
        board.close("900.0")
        expect(self.state("Door")).to_have_text("closed")
        visit = self.page.locator(".visit")
        expect(visit).to_contain_text("123 g taken")
        expect(visit.locator("img")).to_have_count(1, timeout=15000)
        expect(self.page.locator("figure.shelf img")).to_be_visible()
        expect(self.state("Lights (LED)")).to_have_text("off", timeout=15000)
        self.assertFalse(board.lights)
        self.page.goto(f"/health/{self.who}/habits")
        expect(self.page.locator(".day")).to_contain_text("opened 1 time, 123 g taken in all")
        self.assertEqual(self.faults, [])

    def test_lights(self) -> None:
        """The buttons tell the cabinet, and the page says in words how the lights are."""
        board = self.open()
        self.page.click("text=Lights on")
        expect(self.state("Lights (LED)")).to_have_text("on")
        board.lights = True
        self.page.click("text=Lights off")
        expect(self.state("Lights (LED)")).to_have_text("off")
        self.assertIn(b"lof", board.heard)

    def test_look(self) -> None:
        """"Look now" says that it waits, and then shows the picture."""
        self.open()
        self.page.click("text=Look now")
        expect(self.page.locator("figure.shelf img")).to_be_visible(timeout=15000)
        expect(self.page.locator(".tools")).to_contain_text("Look now")

    def test_no_camera(self) -> None:
        """Without a camera the page says so, and where to do something about it."""
        self.open(camera=False)
        expect(self.page.locator(".no-picture")).to_contain_text("under Devices")
        expect(self.page.locator("button:has-text('Look now')")).to_be_disabled()


class StockTests(CabinetCase):
    """Items: counts, photos, limits."""

    def test_correct_and_undo(self) -> None:
        """A count is corrected by hand and taken back."""
        self.open(camera=False)
        pepsi = self.item("Pepsi")
        expect(pepsi.locator(".count")).to_have_text("?")
        for count in ("3", "5"):
            pepsi.locator("text=Correct").click()
            self.page.fill("[name=count]", count)
            self.page.click("dialog >> button:has-text('Correct')")
            expect(pepsi.locator(".count")).to_have_text(count)
        pepsi.locator("text=Undo").click()
        expect(pepsi.locator(".count")).to_have_text("3")
        expect(pepsi.locator(".state")).to_have_text("known")

    def test_low(self) -> None:
        """A limit makes an item run low, in words."""
        self.open(camera=False)
        pringles = self.item("Pringles")
        pringles.locator("summary").click()
        pringles.locator("text=Limit, name, barcode").click()
        self.page.fill("[name=low_at]", "1")
        self.page.click("dialog >> text=Save")
        pringles.locator("text=Correct").click()
        self.page.fill("[name=count]", "1")
        self.page.click("dialog >> button:has-text('Correct')")
        expect(pringles).to_contain_text("running low")

    def test_add_by_photo(self) -> None:
        """An item is added with a photo; a name that is taken is told at its field."""
        self.open(camera=False)
        self.page.click("text=Add an item")
        self.page.fill("dialog [name=name]", "Pepsi")
        self.page.set_input_files("dialog [name=image]", self.picture_file())
        self.page.click("dialog .actions >> text=Add")
        expect(self.page.locator("dialog")).to_contain_text("already")
        self.page.fill("dialog [name=name]", "Honey <i>")
        self.page.click("dialog .actions >> text=Add")
        honey = self.item("Honey <i>")
        honey.locator("summary").click()
        expect(honey.locator(".photos img")).to_have_count(1)
        self.assertEqual(self.faults, [])

    def test_photo_from_picture(self) -> None:
        """A part of the last picture becomes a reference photo, by keyboard too, and the next
        look counts it and draws a box around it."""
        self.open()
        self.page.click("text=Look now")
        expect(self.page.locator("figure.shelf img")).to_be_visible(timeout=15000)
        nutella = self.item("Nutella")
        nutella.locator("summary").click()
        nutella.locator("text=Add a photo").click()
        self.page.click("text=From the last picture")
        for name, value in (("left", "240"), ("top", "140"), ("width", "150"), ("height", "220")):
            self.page.fill(f"#crop-{name}", value)
            self.page.keyboard.press("Tab")
        self.page.click("text=Use this part")
        expect(nutella.locator(".photos img")).to_have_count(1)
        self.page.click("text=Look now")
        expect(self.page.locator(".shelf-note")).to_contain_text("1 × Nutella", timeout=30000)
        expect(self.page.locator(".shelf polygon.box")).to_have_count(1)
        self.assertEqual(self.faults, [])
