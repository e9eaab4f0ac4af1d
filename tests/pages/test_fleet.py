"""The page of all devices: what boards tell, filters, many at once, one board's own page."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.hello import device_mac
from tests.pages.house import AXE, house, watch_faults

GREETING = 36
TYPING = """() => {
  const box = document.getElementById("f-q"), begun = performance.now();
  box.value = "b-9"; box.dispatchEvent(new Event("input"));
  return performance.now() - begun;
}"""


class TellingBoard:
    """A board with a key on the device wire; ``tell(text)`` says a line."""

    def __init__(self, port: int, id: str, key: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._lines = self._socket.makefile("rb")
        self._lines.read(GREETING)
        self.tell(f"key~{id}")
        nonce = self._lines.readline().strip().decode().removeprefix("nonce~")
        self.tell(f"mac~{device_mac(bytes.fromhex(key), 'dev', id, nonce)}")
        self.answer = self._lines.readline().strip()

    def tell(self, text: str) -> None:
        """One line."""
        self._socket.sendall(text.encode() + b"\n")

    def leave(self) -> None:
        """It is gone."""
        self._lines.close()
        self._socket.close()


class FleetCase(SynchronousTestCase):
    """An admin with a page, and boards that are removed at the end."""

    def setUp(self) -> None:
        self.house = house()
        self.context = self.house.context()
        self.addCleanup(self.context.close)
        self.page: Page = self.context.new_page()
        self.faults = watch_faults(self.page)

    def make(self, *ids: str) -> list[str]:
        """New boards; their keys."""
        keys = []
        for id in ids:
            path = f"/api/v1/devices/{id}"
            made = self.house.call(self.context, "POST", f"{path}/key", {"kind": "watch"})
            self.addCleanup(self._remove, path)
            keys.append(made["key"])
        return keys

    def _remove(self, path: str) -> None:
        context = self.house.context()
        if context.request.get(path).ok:
            self.house.call(context, "DELETE", path)
        context.close()

    def connect(self, id: str, key: str) -> TellingBoard:
        """A board that is switched on."""
        board = TellingBoard(self.house.daemon.devices, id, key)
        self.addCleanup(board.leave)
        return board

    def row(self, id: str) -> Locator:
        """A board in the list."""
        return self.page.locator(f"tr.board[data-id='{id}']")

    def clean(self) -> list[str]:
        """What axe finds fault with."""
        self.page.evaluate(AXE.read_text())
        found: list[str] = self.page.evaluate(
            "async () => (await axe.run()).violations.map((each) => each.id)")
        return found


class ListTests(FleetCase):
    """The list of all devices."""

    def test_tells(self) -> None:
        """What a board tells is there without a reload; filters and order stay in the address."""
        key, _ = self.make("fleet-a", "fleet-b")
        self.page.goto("/devices")
        board = self.connect("fleet-a", key)
        board.tell("info fw=1.1.0 build=8 boot=aa reset=watchdog up=7300 free=81200 rssi=-58")
        row = self.row("fleet-a")
        for words in ("online", "-58 dBm", "2 h 1 min", "watchdog", "81.2 kB", "build 8", "now"):
            expect(row).to_contain_text(words)
        self.page.select_option("#f-firmware", "1.1.0+8")
        expect(self.row("fleet-b")).to_have_count(0)
        self.page.locator("th button:has-text('Restarts')").press("Enter")
        expect(self.page.locator("th[aria-sort='descending']")).to_contain_text("Restarts")
        self.assertIn("firmware=1.1.0%2B8&sort=-restarts", self.page.url)
        self.page.reload()
        expect(row).to_be_visible()
        expect(self.row("fleet-b")).to_have_count(0)
        self.assertEqual((self.clean(), self.faults), ([], []))

    def test_many(self) -> None:
        """A place goes to all that are selected; the one that is gone meanwhile is told of."""
        self.make("fleet-c", "fleet-d", "fleet-e")
        self.page.goto("/devices?q=fleet-")
        for id in ("fleet-c", "fleet-d", "fleet-e"):
            self.row(id).get_by_role("checkbox").check()
        self.page.route("**/api/v1/boards/actions", self._less)
        self.page.locator(".many button:has-text('Place')").click()
        self.page.fill("dialog [name=place]", "Hall")
        self.page.click("dialog >> text=Set the place")
        expect(self.page.locator("dialog .failures")).to_contain_text("There is no device")
        self.assertEqual(self.clean(), [])
        self.page.click("dialog button:has-text('Close') >> nth=-1")
        expect(self.row("fleet-c")).to_contain_text("Hall")
        expect(self.row("fleet-e")).to_have_count(0)
        self.page.get_by_label("Select none").click()
        expect(self.page.get_by_label("Select all")).to_be_focused()
        self.page.click(".shown-count label:has-text('Select all')")
        self.page.locator(".many button:has-text('Remove')").click()
        self.page.click("dialog button.danger")
        expect(self.row("fleet-c")).to_have_count(0)
        self.assertEqual(self.faults, [])

    def _less(self, route: Route) -> None:
        self._remove("/api/v1/devices/fleet-e")
        route.continue_()

    def test_a_thousand(self) -> None:
        """Of 1,000 boards a page is drawn, and typing is answered at once."""
        self.make("fleet-f")
        self.page.route("**/devices", self._thousand)
        self.page.goto("/devices")
        expect(self.page.locator("tr.board")).to_have_count(50)
        expect(self.page.locator(".shown-count")).to_contain_text(re.compile(r"1,00\d devices"))
        took = min(self.page.evaluate(TYPING) for _ in range(3))
        self.assertLess(took, 200)
        expect(self.page.locator(".shown-count")).to_contain_text("111 of 1,00")
        self.page.click("text=Next")
        self.assertIn("page=2", self.page.url)

    @staticmethod
    def _thousand(route: Route) -> None:
        answer = route.fetch()
        whole = re.compile(r'(<script type="application/json" id="initial">)(.*?)(</script>)', re.S)

        def more(found: Any) -> str:
            initial = json.loads(found[2])
            like = next(each for each in initial["boards"] if each["id"] == "fleet-f")
            initial["boards"] = [{**like, "id": f"b-{n}", "name": f"b-{n}"} for n in range(1000)]
            return str(found[1] + json.dumps(initial).replace("<", "\\u003c") + found[3])

        route.fulfill(response=answer, body=whole.sub(more, answer.text()))


class BoardTests(FleetCase):
    """One board's own page."""

    def test_story(self) -> None:
        """A wrong key is told with the next step, then what happens is told as it does."""
        (key,) = self.make("fleet-g")
        self.page.goto("/devices")
        self.row("fleet-g").locator("a").press("Enter")
        board = self.page.locator("article.one-board")
        expect(self.page.locator("#board-title")).to_be_focused()
        expect(board).to_contain_text("never connected")
        self.assertEqual(self.connect("fleet-g", "00" * 32).answer, b"denied")
        expect(board).to_contain_text("write a new key onto the board")
        telling = self.connect("fleet-g", key)
        telling.tell("info fw=1.1.0 build=8 boot=aa reset=power up=1")
        telling.tell("info fw=1.1.0 build=9 boot=bb reset=update up=1 last=ok-9")
        past = self.page.locator(".timeline")
        for words in ("Connected from 127.0.0.1", "Started anew: new firmware", "build 9 runs",
                      "Given a new key by ada"):
            expect(past).to_contain_text(words)
        self.house.call(self.context, "POST", "/api/v1/boards/actions",
                        {"action": "command", "devices": ["fleet-g"], "command": "lon"})
        asked = past.locator("li", has_text="lon")
        expect(asked).to_contain_text("refused")  # once, though the audit has both
        expect(asked).to_have_count(1)
        self.assertEqual((self.clean(), self.faults), ([], []))
        self.page.click("text=All devices")
        expect(self.row("fleet-g").locator("a")).to_be_focused()
        self.page.click("text=New key")  # as for a board that was never here
        self.page.fill("dialog [name=id]", "fleet-g")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("dialog")).to_contain_text("The key it has now stops working")
        self.page.click("dialog >> text=Cancel")
        expect(self.row("fleet-g")).to_contain_text("online")

    def test_absent(self) -> None:
        """For a board that was never heard of, the page says what it must reach."""
        self.page.goto("/devices")
        self.page.click("text=My board does not appear here")
        told = self.page.locator(".absent")
        expect(told).to_contain_text(f"Gates (MQTT): TCP port {self.house.daemon.mqtt}")
        expect(told).to_contain_text("2.4 GHz")
        expect(told.locator("code").first).to_have_text(re.compile(r"^[0-9a-f.:]+$"))
        self.assertEqual(self.faults, [])
