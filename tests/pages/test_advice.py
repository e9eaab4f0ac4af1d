"""Advice: written, published, told live, written by two at once; and notes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.pages.house import AXE, PASSWORD
from tests.pages.test_looks import FAULTS
from tests.pages.ward import HealthCase

SCRIPT = "<img src=x onerror=alert(1)>"


class AdviceCase(HealthCase):
    """An admin writes, as a doctor would."""

    def put(self, **body: object) -> None:
        """Somebody else, or the same one elsewhere, saves."""
        self.call("PUT", f"/api/v1/patients/{self.who}/advice", body)

    def write(self, text: str, button: str = "Write: Diet") -> None:
        """Into the editor of the diet."""
        self.page.get_by_role("button", name=button).click()
        self.page.fill("#e-diet", text)


class PatientTests(AdviceCase):
    """What the patient sees."""

    def patients_page(self) -> Page:
        """The page in the patient's own browser."""
        account = self.call("POST", "/api/v1/users", {
            "name": "grace-a", "role": "patient", "password": PASSWORD,
        })
        self.addCleanup(self._remove, f"/api/v1/users/{account['id']}")
        own = f"/api/v1/patients/{self.who}"
        self.call("PATCH", own, {"user": "grace-a"})
        self.addCleanup(self.call, "PATCH", own, {"user": None})  # before the account goes
        context = self.house.context(signed_in=False)
        self.addCleanup(context.close)
        signed_in = context.request.post("/api/v1/session", data={
            "username": "grace-a", "password": PASSWORD,
        })
        self.assertTrue(signed_in.ok, signed_in.text())
        page = context.new_page()
        with page.expect_response("**/api/v1/events*"):
            page.goto(f"/health/{self.who}/advice")
        return page

    def test_live(self) -> None:
        """What a doctor publishes appears at once, marked as new and as text; drafts never do;
        the next time it is new no more. On another page it is said."""
        self.put(bone="Stairs.")
        page = self.patients_page()
        expect(page.locator("#advice-bone .state")).to_have_text("new")
        expect(page.locator("#advice-diet")).to_contain_text("Nothing yet.")
        self.put(glucose="secret", draft=True)
        self.put(diet=f"Less salt.\n{SCRIPT}")
        expect(page.locator("#advice-diet")).to_contain_text(SCRIPT)
        expect(page.locator("#advice-diet .state")).to_have_text("new")
        expect(page.get_by_role("status").first).to_contain_text("has written: Diet")
        self.assertNotIn("secret", page.content())
        self.assertEqual(page.locator(".advice button:has-text('Write')").count(), 0)
        page.fill("#note-new", "I was dizzy on Monday.")
        page.click("text=Add the note")
        expect(page.locator(".note-entry")).to_contain_text("I was dizzy on Monday.")
        page.reload()
        expect(page.locator("#advice-diet")).to_contain_text("Less salt.")
        self.assertEqual(page.locator(".advice-card .state").count(), 0)
        with page.expect_response("**/api/v1/events*"):
            page.goto(f"/health/{self.who}/report")
        self.put(mental="Rest.")
        expect(page.locator("#messages")).to_contain_text("New advice from ada")


class WriterTests(AdviceCase):
    """What who advises sees."""

    def test_draft_and_versions(self) -> None:
        """A draft waits for its author, publishing shows it, its versions show what changed."""
        self.open("advice", ".advice-card")
        self.write("Less salt.")
        self.page.click("text=Save draft")
        expect(self.page.locator("#e-diet-state")).to_have_text("Saved")
        self.page.reload()
        self.page.get_by_role("button", name="Go on with the draft: Diet").click()
        expect(self.page.locator("#e-diet")).to_have_value("Less salt.")
        self.page.click("#advice-diet >> text=Publish")
        expect(self.page.locator("#advice-diet > .words")).to_have_text("Less salt.")
        self.write("Much less salt.", "Change: Diet")
        self.page.click("#advice-diet >> text=Publish")
        expect(self.page.locator("#advice-diet > .words")).to_have_text("Much less salt.")
        self.page.get_by_role("button", name="Versions: Diet").click()
        expect(self.page.locator(".versions ins").first).to_contain_text("Much")
        self.assertEqual(self.faults, [])

    def test_at_once(self) -> None:
        """Who was overtaken sees both texts, loses none, and publishes after reading."""
        self.page.route("**/api/v1/events*", lambda route: route.abort())  # it hears nothing
        self.page.goto(f"/health/{self.who}/advice")
        self.write("Mine.")
        self.put(diet="Theirs.")
        self.page.click("#advice-diet >> text=Publish")
        sides = self.page.locator(".sides section")
        expect(sides).to_have_text(["Published nowTheirs.", "YoursMine."])
        expect(self.page.locator("#advice-diet button:has-text('Publish')")).to_be_disabled()
        self.page.evaluate(AXE.read_text())
        self.assertEqual(self.page.evaluate(FAULTS), [])
        self.page.click("text=Add theirs to mine")
        expect(self.page.locator("#e-diet")).to_have_value("Mine.\n\nTheirs.")
        self.page.click("#advice-diet button:has-text('Publish')")
        expect(self.page.locator("#advice-diet > .words")).to_have_text("Mine.\n\nTheirs.")
        versions = self.call("GET", f"/api/v1/patients/{self.who}/advice/versions?section=diet")
        self.assertEqual([(each["text"], each["state"]) for each in versions["items"]][-2:],
                         [("Mine.", "kept"), ("Theirs.", "published")])
