"""The gates' page: who is there, what was wrong, what is missing, and how to add one."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.pages.campus_house import ENTRY, CampusCase, Gate


class GatesTests(CampusCase):
    """With gates at the embedded broker."""

    def card(self, id: str) -> Locator:
        """A gate's part of the page."""
        return self.page.locator(f"#gate-{id}")

    def test_add(self) -> None:
        """An id is chosen, its key shown once; what signs in with it is online and protected."""
        id = f"west-{self.prefix.lower()}"
        self.open("/campus/gates")
        self.page.click("text=Add a gate >> nth=0")
        self.page.fill("#f-gate-id", id)
        self.page.click("dialog >> text=Make a key")
        key = self.page.inner_text("dialog code.secret")
        self.page.click("dialog >> text=Done")
        self.addCleanup(self._remove, f"/api/v1/devices/{id}")
        self.assertRegex(key, "^[0-9a-f]{64}$")
        gate = Gate(self.house.daemon.mqtt, id, key)
        gate.saw(ENTRY, self.new_mac())
        expect(self.card(id).locator(".state").first).to_have_text("online")
        expect(self.card(id)).to_contain_text("protected by a key")
        expect(self.card(id)).to_contain_text("entry")
        self.assertEqual(self.faults, [])

    def test_wrong(self) -> None:
        """What could not be read is counted, and shown with its reason and no address."""
        gate, mac = self.gate(), self.new_mac()
        gate.say("seen", f'{{"boot":"x","seq":-1,"seen":[{{"mac":"{mac}"}}]}}'.encode())
        self.open("/campus/gates")
        card = self.card(gate.id)
        expect(card).to_contain_text("Malformed", timeout=20000)  # it looks every 5 s
        card.locator("text=What it said wrong").click()
        expect(card.locator("tbody")).to_contain_text("seq")
        self.assertNotIn(mac, self.page.content())

    def test_gap(self) -> None:
        """Numbers that are missing are told, and that they were asked for."""
        gate = self.gate()
        gate.saw(ENTRY, self.new_mac())
        gate.skip(4)
        gate.saw(ENTRY, self.new_mac())
        self.open("/campus/gates")
        expect(self.card(gate.id).locator(".gaps")).to_contain_text(
            "4 messages missing", timeout=20000
        )

    def test_silent(self) -> None:
        """A gate that says it is going is told of here, and on the dashboard with a link."""
        gate = self.gate()
        gate.saw(ENTRY, self.new_mac())
        gate.say("status", b"offline")
        self.open("/campus/gates")
        expect(self.card(gate.id).locator(".state").first).to_have_text("silent")
        self.open("/campus")
        expect(self.page.locator("#troubles")).to_contain_text(f"{gate.id} is silent")
        self.page.click("#troubles a")
        self.page.wait_for_url("**/campus/gates")

    def test_floor(self) -> None:
        """The weakest signal that counts is set, told when it can't be, and taken back."""
        gate = self.gate()
        self.open("/campus/gates")
        card = self.card(gate.id)
        card.locator("button:has-text('Floor')").click()
        self.page.fill("#f-min_rssi", "-300")
        self.page.click("dialog >> text=Store")
        expect(self.page.locator("#f-min_rssi-wrong")).not_to_be_empty()
        self.page.fill("#f-min_rssi", "-70")
        self.page.click("dialog >> text=Store")
        expect(card).to_contain_text("-70 dBm")
        card.locator("button:has-text('Floor')").click()
        self.page.fill("#f-min_rssi", "")
        self.page.click("dialog >> text=Store")
        expect(card).to_contain_text("-100 dBm")

    def test_field(self) -> None:
        """Gates of the field wait, are marked as unprotected here and among the devices, and
        count once they are approved."""
        mac = self.new_mac()
        self.student(mac)
        self.field_gate_says(ENTRY, mac)
        self.open("/campus/gates")
        card = self.card("sample-entry")
        expect(card).to_contain_text("unprotected")
        self.page.goto("/devices")
        waiting = self.page.locator("article.pending:has-text('sample-entry')")
        expect(waiting).to_contain_text("unprotected")
        waiting.locator("button:has-text('Approve')").click()
        self.addCleanup(self._remove, "/api/v1/devices/sample-entry")
        self.open("/campus")
        before = int(self.page.inner_text("#inside .value"))
        self.field_gate_says(ENTRY, mac)
        expect(self.page.locator("#inside .value")).to_have_text(str(before + 1))
        self.assertEqual(self.faults, [])

    def test_intake(self) -> None:
        """Broker and spool say how they are."""
        self.open("/campus/gates")
        expect(self.page.locator("#intake")).to_contain_text("the one that iotd brings")
        expect(self.page.locator("#intake .state").first).to_have_text("connected")
        expect(self.page.locator("#intake")).to_contain_text("a second")
