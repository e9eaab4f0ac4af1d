"""The door for two kinds of people: tabs, signing up, being let in, a forgotten password."""

from __future__ import annotations

import re
import time

import pyotp
from playwright.sync_api import Page, expect
from twisted.trial.unittest import SynchronousTestCase

from tests.pages.house import PASSWORD, House, house, watch_faults
from tests.pages.mailbox import Mailbox

NEW = "a dry umbrella on friday"
TABS = "[role=tablist] [role=tab][aria-selected=true]"


class DoorTest(SynchronousTestCase):
    """``self.page`` is a stranger's, ``self.admin`` the admin's."""

    def setUp(self) -> None:
        self.house = house()
        self.page = self._page(signed_in=False)
        self.faults = watch_faults(self.page)

    def tearDown(self) -> None:
        self.assertEqual(self.faults, [])

    def _page(self, signed_in: bool) -> Page:
        context = self.house.context(signed_in=signed_in)
        self.addCleanup(context.close)
        return context.new_page()

    def fill(self, **values: str) -> None:
        """Type into the fields of the form that is shown, and send it."""
        for name, value in values.items():
            self.page.fill(f"form [name={name}]", value)
        self.page.click("form button:not([type=button])")

    def let_in(self, name: str) -> Page:
        """The page of users, once an admin has let this one in."""
        admin = self._page(signed_in=True)
        admin.goto("/users")
        admin.click(f"article.waiting:has-text('{name}') >> text=Let in")
        expect(admin.locator(f"article.waiting:has-text('{name}')")).to_have_count(0)
        return admin


class TabsTests(DoorTest):
    def test_keyboard(self) -> None:
        """Arrows, Home and End move between the tabs, one of which Tab reaches; the choice is
        remembered, and #doctors opens the second."""
        self.page.goto("/login")
        shown = self.page.locator(TABS)
        expect(shown).to_have_text("Users")
        self.page.focus("#tab-users")
        for key, words in (("ArrowRight", "Doctors"), ("ArrowRight", "Users"),
                           ("End", "Doctors"), ("Home", "Users"), ("ArrowLeft", "Doctors")):
            self.page.keyboard.press(key)
            expect(shown).to_have_text(words)
            expect(shown).to_be_focused()
        self.page.keyboard.press("Tab")
        expect(self.page.locator("[name=username]")).to_be_focused()
        for name in ("username", "full_name", "password", "otp"):
            expect(self.page.locator(f"#panel-doctors [name={name}]")).to_be_visible()
        self.page.goto("/enrol")
        expect(shown).to_have_text("Doctors")
        self.page.goto("/login#users")
        expect(shown).to_have_text("Users")
        self.page.goto("/login#doctors")
        expect(shown).to_have_text("Doctors")

    def test_neither(self) -> None:
        """Without e-mail and user name the page says what is missing, and asks nobody."""
        self.page.goto("/login#users")
        self.fill(password=PASSWORD)
        expect(self.page.locator("[name=email]")).to_have_attribute("aria-invalid", "true")


class EnrolTests(DoorTest):
    def test_patient(self) -> None:
        """A patient signs up, waits, is let in, signs in by the e-mail, and leaves for good."""
        name = f"pat-{time.time_ns()}"
        self.page.goto("/enrol#users")
        self.fill(email=f"{name}@example.org", username=name, password=PASSWORD, again="x" * 9)
        expect(self.page.locator("[name=again]")).to_have_attribute("aria-invalid", "true")
        self.fill(again=PASSWORD)
        expect(self.page.locator("h1")).to_have_text("You asked for an account")
        self.page.goto("/login")
        self.fill(username=name, password=PASSWORD)
        expect(self.page.locator(".form-error")).to_contain_text("an admin has to let you in")
        self.let_in(name)
        self.fill(email=f"{name}@example.org", username=name, password=PASSWORD)
        self.page.wait_for_selector("nav.tabs")
        self.page.goto("/account")
        expect(self.page.locator(".facts")).to_contain_text(f"{name}@example.org")
        self.page.click("article.leave-account button")
        self.page.fill("dialog [name=typed]", name)
        self.page.fill("dialog [name=password]", PASSWORD)
        self.page.click("dialog button.danger")
        self.page.wait_for_url("**/login*")
        self.fill(email="", username=name, password=PASSWORD)
        expect(self.page.locator(".form-error")).to_contain_text("wrong")

    def test_doctor(self) -> None:
        """A doctor signs up, is let in and verified, connects a phone at the first sign-in, and
        then signs in with all four fields, a recovery code among them."""
        name = f"doc-{time.time_ns()}"
        self.page.goto("/enrol#doctors")
        self.fill(username=name, full_name="Dr. Grace <b>Hopper</b>", password=PASSWORD,
                  again=PASSWORD, national_id="850101-14-5678")
        expect(self.page.locator("h1")).to_have_text("You asked for an account")
        self._verify(self.let_in(name), name)
        self.page.goto("/login#doctors")
        self.fill(username=name, full_name="dr. grace <b>hopper</b>", password=PASSWORD)
        self.page.click("text=The picture can't be scanned")
        secret = self.page.inner_text("code.secret").replace(" ", "")
        self.fill(otp=pyotp.TOTP(secret).now())
        self.page.wait_for_selector(".codes li >> nth=9")
        code = self.page.locator(".codes li").first.inner_text()
        self.page.context.clear_cookies()
        self.page.goto("/login")
        self.fill(username=name, full_name="Dr. Grace <b>Hopper</b>", password=PASSWORD,
                  otp="000000")
        expect(self.page.locator("[name=otp]")).to_have_attribute("aria-invalid", "true")
        self.fill(otp=code)
        self.page.wait_for_selector("nav.tabs")
        self.page.goto("/account")
        expect(self.page.locator("main")).to_contain_text("You have 9 recovery codes left.")

    def _verify(self, admin: Page, name: str) -> None:
        card = admin.locator(f"article.device:has-text('{name}')")
        expect(card).to_contain_text("Dr. Grace <b>Hopper</b>")
        card.locator("button:has-text('Reveal')").click()
        expect(card).to_contain_text("850101-14-5678")
        card.locator("button:has-text('Verify')").click()
        admin.click("dialog >> button:has-text('Verify')")
        expect(card.locator(".state:has-text('verified')")).to_be_visible()

    def test_no_mails(self) -> None:
        """Without a mail server the page says who gives a new password."""
        self.page.goto("/login")
        self.page.click("text=Forgotten your password?")
        expect(self.page.locator("main")).to_contain_text("An admin can give you a new password")


class ForgottenTests(DoorTest):
    def setUp(self) -> None:
        self.box = Mailbox()
        self.addCleanup(self.box.close)
        self.house = House(
            '[accounts]\nsign_up = "open"\n[alerts]\nmail_from = "iotd@example.org"\n'
            f'smtp = "smtp://127.0.0.1:{self.box.port}"'
        )
        self.addCleanup(self.house.daemon.end)
        self.page = self._page(signed_in=False)
        self.faults = watch_faults(self.page)

    def test_new_password(self) -> None:
        """Where it is open one signs up and is in; the mail's address leaves the address bar
        at once, sets a new password, and works once."""
        self.page.goto("/enrol#users")
        self.fill(email="pat@example.org", username="pat", password=PASSWORD, again=PASSWORD)
        self.page.wait_for_selector("nav.tabs")
        self.page.context.clear_cookies()
        self.page.goto("/forgot")
        self.fill(name="pat@example.org")
        expect(self.page.locator("h1")).to_have_text("Look into your mailbox")
        found = re.search(r"/reset#[\w-]{43}", self.box.wait_for(1))
        assert found is not None
        self.page.goto(found[0])
        expect(self.page).to_have_url(self.house.daemon.url + "/reset")
        self.fill(password=NEW, again=NEW)
        expect(self.page.locator("h1")).to_have_text("Your password is changed")
        self.page.click("main a.button")
        self.fill(email="pat@example.org", password=NEW)
        self.page.wait_for_selector("nav.tabs")
        self.page.goto("/")
        self.page.goto(found[0])
        self.fill(password=PASSWORD, again=PASSWORD)
        expect(self.page.locator(".form-error")).to_contain_text("not valid any more")
