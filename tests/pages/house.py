"""A whole daemon in a process of its own, and Chromium to look at its pages.

Both are started by the first test that asks and end with the test run; what
tests share is kept small: an admin who is signed in, cameras with names.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.brokers import free_port
from tests.field_camera import FieldCamera

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "shots"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ADMIN, PASSWORD = "ada", "four unrelated garden words"
START_SECONDS = 30.0
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)
LISTENING = r'"listening: web [^ ]*:(\d+), cameras [^ ]*:(\d+), devices [^ ]*:(\d+)'
CONFIG = """
[site]
name = "Hill House"
[web]
listen = ["tcp:{web}:interface=127.0.0.1"]
[cameras]
listen = ["tcp:{cameras}:interface=127.0.0.1"]
[devices]
listen = ["tcp:{devices}:interface=127.0.0.1"]
poll_seconds = 2
[mqtt]
listen = "tcp:{mqtt}:interface=127.0.0.1"
{more}
"""


class Daemon:
    """``twistd -n iotd`` on free loopback ports; ``stop`` and ``start`` keep ports and data.

    ``more`` are lines for the section [mqtt] and others after it.
    """

    def __init__(self, more: str = "") -> None:
        self.more, self.mqtt = more, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="iotd-pages-"))
        self.web = self.cameras = self.devices = 0
        self.setup_path = ""
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Run it; returns once it listens."""
        config = self.folder / "iotd.toml"
        config.write_text(CONFIG.format(
            web=self.web, cameras=self.cameras, devices=self.devices, mqtt=self.mqtt,
            more=self.more,
        ))
        twistd = Path(sys.executable).with_name("twistd")
        command = [
            sys.executable, str(twistd), "--pidfile=", "-n", "iotd",
            "--config", str(config), "--data", str(self.folder / "var"),
        ]
        log = open(self.folder / "log", "w")
        with log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        with open(self.folder / "log") as lines:
            self._read_start(lines)

    def _read_start(self, lines: IO[str]) -> None:
        said, deadline = "", time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._running:
            said += lines.read()
            self._find_setup(said)
            ports = re.search(LISTENING, said)
            if ports and "data in" in said and self.setup_path:
                self.web, self.cameras, self.devices = (int(port) for port in ports.groups())
                return
            time.sleep(0.02)
        raise AssertionError(f"the daemon did not start:\n{said}")

    def _find_setup(self, said: str) -> None:
        """It is told after the ports; once there is an account it is told no more."""
        for line in said.splitlines(keepends=True):
            whole = line.startswith("{") and line.endswith("\n")
            address = json.loads(line).get("address", "") if whole else ""
            if "/setup?token=" in address:
                self.setup_path = address[address.index("/setup"):]

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://localhost:{self.web}"

    @property
    def log(self) -> str:
        """What it has said since it was started."""
        return (self.folder / "log").read_text()

    def stop(self) -> None:
        """End it, politely."""
        if self._process is not None and self._running:
            self._process.terminate()
            self._process.wait(20)

    def end(self) -> None:
        """End it and take its data away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


expect.set_options(timeout=20_000)  # two browsers on two cores: 5 s were too few once


@functools.cache
def chromium() -> Browser:
    """One browser for all tests."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "no Chromium: deploy/test-setup.sh installs it"
    browser = playwright.chromium.launch(executable_path=found, args=list(CHROMIUM_FLAGS))
    atexit.register(browser.close)
    return browser


SIGN_IN = """async (body) => (await fetch("/api/v1/session", {
  method: "POST", headers: { "Content-Type": "application/json" }, body })).status"""


def sign_in(page: Page, name: str, password: str) -> None:
    """An account without a second factor, in this page's browser."""
    page.goto("/login")
    told = json.dumps({"username": name, "password": password})
    assert page.evaluate(SIGN_IN, told) == 200, name


class House:
    """A daemon that is set up, with its admin's session and second factor."""

    def __init__(self, more: str = "") -> None:
        self.daemon = Daemon(more)
        atexit.register(self.daemon.end)
        self.recovery_codes: list[str] = []
        with_page = chromium().new_context(base_url=self.daemon.url)
        self._set_up(with_page.new_page())
        self.signed_in: Any = with_page.storage_state()
        with_page.close()

    def _set_up(self, page: Page) -> None:
        page.goto(self.daemon.setup_path)
        page.fill("[name=username]", ADMIN)
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        page.click("text=Make the account")
        page.click("text=The picture can't be scanned")
        self.totp = pyotp.TOTP(page.inner_text("code.secret").replace(" ", ""))
        page.fill("[name=otp]", self.totp.now())
        page.click("text=Check the code")
        page.wait_for_selector(".codes li >> nth=9")
        self.recovery_codes = page.locator(".codes li").all_inner_texts()
        page.click("text=I have kept them")
        page.wait_for_url(self.daemon.url + "/")

    def context(self, signed_in: bool = True, **options: Any) -> BrowserContext:
        """A browser of its own, signed in as the admin, as nobody, or as ``storage_state``."""
        options = {"storage_state": self.signed_in if signed_in else None, **options}
        # colours that are still on their way have other contrasts than those one looks at
        still: Any = {"reduced_motion": "reduce", **options}
        return chromium().new_context(base_url=self.daemon.url, **still)

    def call(self, context: BrowserContext, method: str, path: str, data: Any = None) -> Any:
        """The JSON API, as the one who is signed in there."""
        csrf = context.request.get("/api/v1/session").json()["csrf"]
        headers = {"X-CSRF-Token": csrf, "Origin": self.daemon.url}
        answer = context.request.fetch(path, method=method, data=data, headers=headers)
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def camera(self, number: int, **options: Any) -> FieldCamera:
        """A field camera, switched on, that connects from 127.0.0.<number>."""
        source = f"127.0.0.{number}"
        board = FieldCamera("127.0.0.1", self.daemon.cameras, source=source, **options)
        return board.power_on()


@functools.cache
def house() -> House:
    """The one house that tests share."""
    return House()


def until(page: Page, expression: str, seconds: float = 10.0) -> None:
    """Wait for a true expression; asked from outside, for inside the pages' own policy
    forbids the eval() that Playwright's wait_for_function needs."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(50)


def watch_faults(page: Page) -> list[str]:
    """Filled with what the page's scripts and its security policy complain about."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if _is_fault(said) else None)
    return faults


def _is_fault(said: Any) -> bool:
    # a refused request is told by the browser itself, and by the page to its reader
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text
