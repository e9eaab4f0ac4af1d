"""Somebody with a browser of their own, who has an account or wants one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Locator, expect

from tests.pages.house import PASSWORD, House, watch_faults


class Visitor:
    """``name`` is the account's; ``page`` what is open in front of this one."""

    def __init__(self, house: House, name: str = "", signed_in: bool = False) -> None:
        self.house, self.name = house, name
        self.context = house.context(signed_in=signed_in)
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.faults = watch_faults(self.page)

    def fill(self, **values: str) -> None:
        """Type into the fields of the form that is shown, and send it."""
        for name, value in values.items():
            self.page.fill(f"form [name={name}]", value)
        self.page.click("form button:not([type=button])")

    def ask_for_account(self, tab: str, **fields: str) -> None:
        """From the sign-in to a new account, as a stranger finds the way."""
        self.page.goto("/")
        self.page.get_by_role("tab", name=tab).click()
        self.page.click("text=Sign up")
        expect(self.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        self.fill(username=self.name, password=PASSWORD, again=PASSWORD, **fields)
        expect(self.page.locator("h1")).to_have_text("You asked for an account")
        self.page.click("text=Back to sign in")

    def connect_phone(self, **fields: str) -> pyotp.TOTP:
        """A first sign-in that asks for a telephone; the telephone."""
        self.page.get_by_role("tab", name="Doctors").click()
        self.fill(username=self.name, password=PASSWORD, **fields)
        self.page.click("text=The picture can't be scanned")
        phone = pyotp.TOTP(self.page.inner_text("code.secret").replace(" ", ""))
        # the code of before: each works once, and the next sign-in is soon
        self.fill(otp=phone.at(int(time.time()) - phone.interval))
        expect(self.page.locator(".codes li")).to_have_count(10)
        self.page.click("text=I have kept them, go on")
        self.page.wait_for_selector("nav.tabs")
        return phone

    def sign_out(self) -> None:
        """By the menu."""
        self.page.click("#person summary")
        self.page.click("#sign-out")
        expect(self.page.locator("h1")).to_have_text("Sign in")

    def go(self, *links: str) -> None:
        """Follow links by their words, one after the other."""
        for words in links:
            self.page.locator("main, nav.tabs").get_by_role("link", name=words).first.click()

    def door(self, words: str) -> None:
        """Through a door of the patient's welcome page, wherever one is on the record."""
        if not self.page.locator("nav.doors").count():
            self.page.click("main .back a")
        self.page.locator("nav.doors a", has_text=words).click()
        self.page.wait_for_selector("nav.doors-row")

    def hear(self, words: str) -> None:
        """Through a door, and wait until the page behind it hears what changes."""
        with self.page.expect_response("**/api/v1/events*"):
            self.door(words)

    def download(self, link: Locator) -> Path:
        """What a link gives to keep."""
        with self.page.expect_download() as download:
            link.click()
        return Path(download.value.path())

    def status(self, path: str) -> int:
        """How the JSON API answers this one."""
        return self.context.request.get(path).status

    def call(self, method: str, path: str, data: Any = None) -> Any:
        """The same's answer."""
        return self.house.call(self.context, method, path, data)
