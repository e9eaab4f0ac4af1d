"""A camera from its first connection to live video, under the page's buttons."""

from __future__ import annotations

from typing import Any

import psutil
from playwright.sync_api import Locator, Page, expect
from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import FieldCamera
from tests.pages.house import house, until, watch_faults

HOSTILE = "<img src=x onerror=window.pwned=1>"
WIDTH = "document.querySelector('img.stream')?.naturalWidth"
FIRST_TILE = "document.querySelector('#wall canvas[data-drawn]').toDataURL()"


class CameraCase(SynchronousTestCase):
    """An admin with a page, and field cameras that are switched off at the end."""

    def setUp(self) -> None:
        self.house = house()
        self.context = self.house.context()
        self.addCleanup(self.context.close)
        self.page: Page = self.context.new_page()
        self.faults = watch_faults(self.page)

    def board(self, number: int, **options: Any) -> FieldCamera:
        """One that was not there before."""
        board = self.house.camera(number, **options)
        self.addCleanup(self._forget, board)
        return board

    def _forget(self, board: FieldCamera) -> None:
        board.power_off()
        context = self.house.context()
        self.house.call(context, "DELETE", f"/api/v1/devices/{name_of(board)}")
        context.close()

    def row(self, name: str) -> Locator:
        """A device in the list of all."""
        return self.page.locator(f"tr.board:has-text('{name}')")

    def approved(self, number: int, **options: Any) -> FieldCamera:
        """One that is let in."""
        board = self.board(number, **options)
        self.page.goto("/devices")
        self.page.wait_for_selector(f"article.pending:has-text('{name_of(board)}')")
        self.house.call(self.context, "POST", f"/api/v1/devices/{name_of(board)}/approve")
        return board


def name_of(board: FieldCamera) -> str:
    """What the daemon calls it."""
    return "cam-" + str(board.source).replace(".", "-")


class ApprovalTests(CameraCase):
    """The devices page."""

    def test_appears_and_is_approved(self) -> None:
        """A new camera appears without a reload, says why it waits, and is let in."""
        self.page.goto("/devices")
        name = name_of(self.board(41))
        card = self.page.locator(f"article.pending:has-text('{name}')")
        expect(card).to_contain_text("held until somebody approves it")
        card.locator("button:has-text('Approve')").click()
        expect(self.row(name).locator(".state").first).to_have_text("online")
        expect(card).to_have_count(0)
        self.assertEqual(self.faults, [])

    def test_refused(self) -> None:
        """A refused camera is cut off, and what it tries then is shown with the next step."""
        board = self.board(46)
        self.page.goto("/devices")
        card = self.page.locator(f"article.pending:has-text('{name_of(board)}')")
        card.locator("button:has-text('Refuse')").click()
        self.page.click("dialog button.danger")
        expect(self.row(name_of(board)).locator(".state").first).to_have_text("revoked")
        board.power_off()
        board.power_on()
        refused = self.page.locator(f"tr:not(.board):has-text('{name_of(board)}')")
        expect(refused).to_contain_text("Approve it again", timeout=15000)

    def test_hostile_name(self) -> None:
        """A name that is markup is shown as the text it is, on every page."""
        board = self.approved(42)
        path = f"/api/v1/devices/{name_of(board)}"
        self.house.call(self.context, "PATCH", path, {"name": HOSTILE})
        own = f"/devices#{name_of(board)}"
        wall = "/cameras/wall"
        for page in ("/devices", own, "/cameras", wall, f"/cameras/{name_of(board)}", "/"):
            self.page.goto(page)
            self.page.wait_for_selector("#app > *")
            self.assertIsNone(self.page.evaluate("window.pwned"))
            self.assertEqual(self.page.locator("img[src=x]").count(), 0)
        self.assertEqual(self.faults, [])

    def test_key(self) -> None:
        """A key is shown once, as 64 hex digits, and the board counts as protected."""
        self.page.goto("/devices")
        self.page.click("text=New key")
        self.page.fill("dialog [name=id]", "front-door")
        self.page.click("dialog >> text=Make the key")
        self.assertRegex(self.page.inner_text("dialog .secret"), r"^[0-9a-f]{64}$")
        self.page.click("dialog >> text=Done")
        self.row("front-door").locator("a").click()
        card = self.page.locator("article.one-board:has-text('front-door')")
        expect(card).to_contain_text("protected by a key")
        card.locator("button:has-text('Remove')").click()
        self.page.click("dialog button.danger")
        expect(self.page.locator("h2:text-is('All devices')")).to_be_visible()
        expect(self.row("front-door")).to_have_count(0)


class LiveTests(CameraCase):
    """The page of one camera."""

    def test_start_stop_start(self) -> None:
        """Start shows live video and a green LED, Stop a red one, and Start again."""
        board = self.approved(43)
        self.page.goto(f"/cameras/{name_of(board)}")
        for _ in range(2):
            self.page.click(".tools button:has-text('Start')")
            expect(self.page.locator(".stage.streaming.seen")).to_be_visible()
            until(self.page, f"{WIDTH} === 320")
            self.assertEqual(board.led, "green")
            self.page.click(".tools button:has-text('Stop')")
            expect(self.page.locator(".head .state")).to_have_text("stopped")
            self.assertEqual(board.led, "red")
        self.assertEqual(self.faults, [])

    def test_keyboard(self) -> None:
        """The space bar starts the camera, and F fills the screen."""
        board = self.approved(44)
        self.page.goto(f"/cameras/{name_of(board)}")
        self.page.keyboard.press(" ")
        expect(self.page.locator(".stage.streaming.seen")).to_be_visible()
        self.page.keyboard.press("f")
        until(self.page, "document.fullscreenElement?.id === 'stage'")

    def test_offline(self) -> None:
        """A camera that goes is said to be offline, since when, and what to do."""
        board = self.approved(45)
        self.page.goto(f"/cameras/{name_of(board)}")
        self.page.click(".tools button:has-text('Start')")
        expect(self.page.locator(".stage.streaming.seen")).to_be_visible()
        board.power_off()
        expect(self.page.locator(".overlay")).to_contain_text("Offline since")
        board.power_on()
        expect(self.page.locator(".stage.streaming.seen")).to_be_visible(timeout=15000)


class WallTests(CameraCase):
    """Twelve cameras in one tab."""

    def test_twelve(self) -> None:
        """Twelve cameras move at once over fewer connections than a browser has."""
        boards = [self.approved(number, fps=3.0) for number in range(51, 63)]
        for board in boards:
            self.house.call(self.context, "POST", f"/api/v1/cameras/{name_of(board)}/start")
        ids = ",".join(name_of(board) for board in boards)
        self.page.goto(f"/cameras/wall?ids={ids}")
        expect(self.page.locator("#wall canvas[data-drawn]")).to_have_count(12, timeout=15000)
        before = self.page.evaluate(FIRST_TILE)
        until(self.page, f"{FIRST_TILE} !== '{before}'")
        self.assertLessEqual(self._connections(), 6)
        self.assertEqual(self.faults, [])

    def _connections(self) -> int:
        port = self.house.daemon.web
        mine = psutil.net_connections("tcp")
        return sum(
            each.status == "ESTABLISHED" and bool(each.raddr) and each.raddr.port == port
            for each in mine
        )
