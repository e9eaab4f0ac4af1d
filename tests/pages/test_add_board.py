"""Adding a board from a browser: where it is possible, why it is not elsewhere, and all of it."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from twisted.trial.unittest import SynchronousTestCase

from iotd.flashing.chips import named
from tests.brokers import free_port
from tests.firmware.vm import camera_board
from tests.flashing.rom import ESP32, Rom
from tests.flashing.rom_image import image_for
from tests.pages.cable import Cable
from tests.pages.house import AXE, PASSWORD, SHOTS, chromium, sign_in, watch_faults
from tests.pages.test_looks import FAULTS, SMALL_TARGETS, SMALLEST
from tests.running_daemon import HERE, RunningDaemon
from tests.tls.room import made as certificates

NAME = "iotd.test"
WIFI, SECRET = "garden-network", "a gnome behind the shed"
LOOKS = ((360, "dark"), (1280, "light"), (360, "light"), (1280, "dark"))


@functools.cache
def daemon(encrypted: bool) -> RunningDaemon:
    """A daemon with an operator; an encrypted one listens over TLS as well."""
    folder = Path(tempfile.mkdtemp(prefix="iotd-add-board-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    listen = [f"tcp:0:{HERE}", *([f"ssl:0:{HERE}"] if encrypted else [])]
    made = RunningDaemon(folder, {"web": {"listen": listen}})
    # a board is told a port, so that is not to be "any"
    made.ports.update({name: free_port() for name in ("cameras", "devices", "mqtt")})
    atexit.register(made.stop)
    if encrypted:
        certificates(made.data / "tls")
    made.start()
    made.iotd("user", "add", "olga", "--role", "operator", "--password-stdin", stdin=PASSWORD)
    return made


@functools.cache
def named_browser() -> Any:
    """Another Chromium, for which the daemon's machine has a name: localhost is allowed much."""
    kind = chromium().browser_type
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    browser = kind.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu", rules])
    atexit.register(browser.close)
    return browser


class AddBoardCase(SynchronousTestCase):
    """An operator on the page of devices."""

    def open(self, origin: str, browser: Any = None, cable: Cable | None = None) -> Page:
        """The dialog, opened on the page of devices of this origin."""
        context = (browser or chromium()).new_context(
            base_url=origin, ignore_https_errors=True, reduced_motion="reduce")
        self.addCleanup(context.close)
        page = context.new_page()
        self.faults = watch_faults(page)
        if cable is not None:
            cable.plug(page)
        sign_in(page, "olga", PASSWORD)
        page.goto("/devices")
        page.click("text=Add a board")
        page.wait_for_selector(".add-board > :not([aria-busy])")
        return page

    def look(self, page: Page, name: str, looks: int = 2) -> None:
        """Photographs of the dialog, with nothing that axe, a phone or a finger would find."""
        page.evaluate(AXE.read_text())
        for width, theme in LOOKS[:looks]:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png")
            self.assertEqual(page.evaluate(FAULTS), [], (width, theme))
            wide = page.evaluate("document.querySelector('dialog article').scrollWidth")
            self.assertLessEqual(wide, width)
        page.set_viewport_size({"width": 360, "height": 900})
        self.assertEqual(page.evaluate(SMALL_TARGETS, SMALLEST), [])
        # the browser's own word about headers that count on https:// alone
        self.assertEqual([each for each in self.faults if "untrustworthy" not in each], [])

    def secure(self) -> str:
        """The daemon's https origin, as it is listened on."""
        listening = daemon(True).listening()
        return f"https://localhost:{[port for name, _, port in listening if name == 'web'][-1]}"


class WhereTests(AddBoardCase):
    """Where a page may use USB."""

    def test_encrypted(self) -> None:
        """On https:// the dialog asks what the board is; all of it works by keyboard."""
        page = self.open(self.secure())
        expect(page.locator("#f-kind")).to_have_value("camera")
        expect(page.locator("#f-id")).to_have_value("camera-1")
        page.select_option("#f-kind", "gate")
        expect(page.locator("#f-id")).to_have_value("gate-1")
        self.look(page, "add-board", 4)
        page.focus("#f-id")
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("Gate 1")
        page.fill("#f-ssid", WIFI)
        page.fill("#f-password", "short")
        page.keyboard.press("Enter")
        self.assertTrue(page.evaluate("document.querySelector('#f-id').matches(':invalid')"))
        page.fill("#f-id", "gate-north")
        page.keyboard.press("Enter")
        expect(page.locator("#f-password-wrong")).to_contain_text("8 to 63")
        page.fill("#f-password", SECRET)
        page.keyboard.press("Enter")
        button = page.locator("text=Choose the port")
        button.focus()
        self.look(page, "add-board-cable", 1)
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)

    def test_plain(self) -> None:
        """On plain http:// it says why not, and leads to the encrypted address where there is
        one, to the commands that make one where there is none, and to the cable."""
        sentence = "Browsers allow USB only on https:// pages or on localhost"
        for encrypted in (True, False):
            origin = f"http://{NAME}:{daemon(encrypted).ports['web']}"
            page = self.open(origin, named_browser())
            inside = page.locator(".add-board")
            expect(inside).to_contain_text(sentence)
            expect(inside).to_contain_text("iotd flash")
            links = inside.locator("a").evaluate_all("(all) => all.map((each) => each.href)")
            there = self.secure().replace("localhost", NAME) + "/devices"
            self.assertEqual(links, [there] if encrypted else [])
            if not encrypted:
                expect(inside).to_contain_text("iotd cert")
            self.look(page, f"add-board-plain{'' if encrypted else '-no-tls'}")

    def test_plain_after_encrypted(self) -> None:
        """Who signed in at https:// and does so again at http:// is told why it does not last."""
        context = named_browser().new_context(ignore_https_errors=True)
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto(self.secure().replace("localhost", NAME) + "/login")
        for origin in (None, f"http://{NAME}:{daemon(True).ports['web']}/login"):
            if origin is not None:
                page.goto(origin)
            page.fill("[name=username]", "olga")
            page.fill("[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            if origin is None:
                page.wait_for_url(lambda url: "/login" not in url)
        expect(page.locator(".form-error")).to_contain_text("Open the page by https://")

    def test_no_usb(self) -> None:
        """A browser without USB is told which ones have it."""
        page = self.open(self.secure())
        page.keyboard.press("Escape")
        page.evaluate("Object.defineProperty(navigator, 'serial', { value: undefined })")
        page.click("text=Add a board")
        expect(page.locator(".add-board")).to_contain_text("Chrome, Edge")


class WholeTests(AddBoardCase):
    """From a board that never ran this firmware to a board that is online."""

    def test_online(self) -> None:
        """A chip in its boot loader gets MicroPython, files and settings over the cable, starts,
        and its first word is heard; each slip has its sentence and a way to go on. Neither
        the Wi-Fi's name nor its password goes to the daemon."""
        cable = Cable(Rom(ESP32))
        self.addCleanup(cable.pull)
        page = self.open(self.secure(), cable=cable)
        sent: list[str] = []
        page.on("request", lambda each: sent.append(f"{each.url} {each.post_data}"))
        self.fill(page, id="cam-door", name="Front door", place="Hall", ssid=WIFI, password=SECRET)
        inside = page.locator(".add-board")
        page.click("text=Choose the port")
        expect(inside).to_contain_text("No port was chosen")
        page.click("text=Choose the port")
        expect(inside).to_contain_text("Another program has this port open")
        self.look(page, "add-board-fault")
        page.click("text=Go on")
        expect(inside).to_contain_text("The board does not answer")
        self.write_micropython(page, cable)
        page.wait_for_selector("li.here:has-text('First contact')")
        self.look(page, "add-board-waits", 1)
        self.start(cable)
        expect(inside).to_contain_text("Front door is online")
        self.look(page, "add-board-done", 1)
        self.assertTrue(any("/api/v1/flash/boards" in each for each in sent))
        for each in (*sent, daemon(True).log()):
            self.assertNotIn(WIFI, each)
            self.assertNotIn(SECRET, each)

    def fill(self, page: Page, **fields: str) -> None:
        """The form, and on to the cable."""
        for name, text in fields.items():
            page.fill(f"#f-{name}", text)
        page.click("text=Go on to the cable")

    def write_micropython(self, page: Page, cable: Cable) -> None:
        """From a file of this computer; one for another chip is not taken."""
        page.click("text=Write MicroPython")
        expect(page.locator(".image-choice")).to_contain_text("no MicroPython for it")
        self.look(page, "add-board-image")
        folder = Path(self.mktemp())
        folder.mkdir()
        for name in ("esp32s3", "esp32"):
            image = image_for(named(name))
            (folder / name).write_bytes(image)
            page.set_input_files("#f-image", folder / name)
            if name == "esp32s3":
                expect(page.locator("#f-image-wrong")).to_contain_text("is for an ESP32-S3")
        expect(page.locator("li.done:has-text('MicroPython')").first).to_be_visible()
        self.assertEqual(bytes(cable.rom.flash[0x1000:0x1000 + len(image)]), image)

    def start(self, cable: Cable) -> None:
        """What was written is what was asked for; a board that has it connects."""
        files = cable.files()
        settings = json.loads(files["/settings.json"])
        self.assertEqual(cable.resets, 1)
        self.assertEqual((files["/slot"], settings["id"]), (b"a", "cam-door"))
        self.assertEqual(settings["wifi"], {"ssid": WIFI, "password": SECRET})
        self.assertLessEqual({"/main.py", "/a/main.mpy", "/a/version.json"}, set(files))
        port = daemon(True).ports["cameras"]
        self.assertEqual(settings["server"]["port"], port)
        board = camera_board("127.0.0.1", port, settings["id"], settings["key"]).start()
        self.addCleanup(board.stop)
