"""Signing in and out, accounts and tokens, as people do it."""

from __future__ import annotations

import time

from playwright.sync_api import expect
from twisted.trial.unittest import SynchronousTestCase

from tests.pages.house import ADMIN, PASSWORD, house, watch_faults


class SignInTests(SynchronousTestCase):
    """The door."""

    def setUp(self) -> None:
        self.house = house()
        self.context = self.house.context(signed_in=False)
        self.addCleanup(self.context.close)
        self.page = self.context.new_page()

    def _password(self, password: str, path: str = "/login") -> None:
        self.page.goto(path)
        self.page.fill("[name=username]", ADMIN)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")

    def test_wrong_password(self) -> None:
        """A wrong password is told beside the form, and what was typed stays."""
        self._password("not this one at all")
        expect(self.page.locator(".form-error")).to_contain_text("wrong")
        self.assertEqual(self.page.input_value("[name=username]"), ADMIN)

    def test_wrong_code(self) -> None:
        """A wrong code is told at its field, which gets the focus."""
        self._password(PASSWORD)
        self.page.fill("[name=otp]", "000000")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("[name=otp]")).to_have_attribute("aria-invalid", "true")
        expect(self.page.locator("[name=otp]")).to_be_focused()

    def test_recovery_code(self) -> None:
        """A page that needs a session leads to the login, and back to it afterwards."""
        self._password(PASSWORD, "/cameras")
        self.page.click("text=Use a recovery code")
        self.page.fill("[name=otp]", self.house.recovery_codes.pop())
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.house.daemon.url + "/cameras")

    def test_other_site(self) -> None:
        """Signing in never leads to another site."""
        for wanted in ("//evil.example/", "https://evil.example/", "/\\\\evil.example/"):
            self._password(PASSWORD, f"/login?next={wanted}")
            self.page.click("text=Use a recovery code")
            self.page.fill("[name=otp]", self.house.recovery_codes.pop())
            self.page.keyboard.press("Enter")
            self.page.wait_for_selector("nav")
            self.assertTrue(self.page.url.startswith(self.house.daemon.url + "/"))
            self._sign_out()

    def test_ends_everywhere(self) -> None:
        """A page left open leads to the login within seconds of signing out elsewhere."""
        self._password(PASSWORD)
        self.page.click("text=Use a recovery code")
        self.page.fill("[name=otp]", self.house.recovery_codes.pop())
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav")
        open_still = self.context.new_page()
        open_still.goto("/cameras")
        self._sign_out()
        open_still.wait_for_url("**/login?next=%2Fcameras", timeout=10000)

    def _sign_out(self) -> None:
        self.page.click("#person summary")
        self.page.click("#sign-out")
        self.page.wait_for_selector("h1:has-text('Sign in')")


class UsersTests(SynchronousTestCase):
    """What an admin does for others."""

    def setUp(self) -> None:
        self.house = house()
        self.context = self.house.context()
        self.addCleanup(self.context.close)
        self.page = self.context.new_page()
        self.faults = watch_faults(self.page)
        self.page.goto("/users")

    def _add(self, name: str, role: str) -> str:
        self.page.click("text=Add a person")
        self.page.fill("dialog [name=name]", name)
        self.page.check(f"dialog [value={role}]")
        self.page.click("dialog .actions button:has-text('Add')")
        password = self.page.inner_text("dialog .secret")
        self.page.click("dialog >> text=Done")
        return password

    def test_add(self) -> None:
        """A new viewer gets a password once, signs in with it, and sees cameras and counts only."""
        name = f"vera-{time.time_ns()}"
        password = self._add(name, "viewer")
        other = self.house.context(signed_in=False).new_page()
        self.addCleanup(other.context.close)
        other.goto("/login")
        other.fill("[name=username]", name)
        other.fill("[name=password]", password)
        other.keyboard.press("Enter")
        other.wait_for_url(self.house.daemon.url + "/")
        tabs = other.locator(".tabs a").all_inner_texts()
        self.assertEqual(tabs, ["Overview", "Cameras", "Wall", "Campus"])
        self.assertEqual(self.faults, [])

    def test_taken(self) -> None:
        """A name that is taken is told at the field; the dialog stays as it is."""
        self.page.click("text=Add a person")
        self.page.fill("dialog [name=name]", ADMIN)
        self.page.click("dialog .actions button:has-text('Add')")
        expect(self.page.locator("dialog [name=name]")).to_have_attribute("aria-invalid", "true")
        self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog")).to_have_count(0)

    def test_disable(self) -> None:
        """Disabling asks first; Cancel changes nothing, yes ends the sessions."""
        name = f"oskar-{time.time_ns()}"
        self._add(name, "operator")
        card = self.page.locator(f"article.device:has-text('{name}')")
        card.locator("summary").click()
        card.locator("button:has-text('Disable')").click()
        self.page.click("dialog >> text=Cancel")
        expect(card.locator(".state")).to_have_text("active")
        card.locator("button:has-text('Disable')").click()
        self.page.click("dialog button.danger")
        expect(card.locator(".state")).to_have_text("disabled")

    def test_token(self) -> None:
        """A token's secret is shown once, works, and is refused after it was revoked."""
        name = f"script-{time.time_ns()}"
        self.page.click("text=Add a token")
        self.page.fill("dialog [name=name]", name)
        self.page.click("dialog .actions button:has-text('Add')")
        secret = self.page.inner_text("dialog .secret")
        self.page.click("dialog >> text=Done")
        self.assertEqual(self._status(secret), 200)
        self.page.click(f"tr:has-text('{name}') >> text=Revoke")
        self.page.click("dialog button.danger")
        expect(self.page.locator(f"tr:has-text('{name}')")).to_have_count(0)
        self.assertEqual(self._status(secret), 401)

    def _status(self, secret: str) -> int:
        nobody = self.house.context(signed_in=False)
        self.addCleanup(nobody.close)
        headers = {"Authorization": f"Bearer {secret}"}
        return nobody.request.get("/api/v1/cameras", headers=headers).status
