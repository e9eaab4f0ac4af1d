"""``iotd device``."""

from __future__ import annotations

import json
import os

from iotd.control import person
from tests.cli.command import CommandCase
from tests.fake_parts import KEY

ME = person(os.getuid())


class Devices(CommandCase):
    """Enrolment without a browser."""

    def test_list(self) -> None:
        """Devices are shown as a table with what is not known as a dash."""
        head, row = (line.split() for line in self.iotd("device", "list").out.splitlines())
        self.assertEqual(
            head, ["id", "kind", "state", "address", "keyed", "firmware", "last_seen", "rssi"]
        )
        self.assertEqual(row, ["cam-1", "camera", "pending", "10.0.0.7", "no", "-", "-", "-"])

    def test_list_in_json(self) -> None:
        """Under ``--json`` devices come whole."""
        items = json.loads(self.iotd("device", "list", "--json").out)["items"]
        self.assertEqual((items[0]["id"], items[0]["keyed"]), ("cam-1", False))

    def test_names_are_text(self) -> None:
        """What a device calls itself can't colour, move or mark up a terminal's text."""
        device = {**self.parts.registry.list()[0], "firmware": "\x1b[31m[red]x[/red]\u202e"}
        self.patch(self.parts.registry, "list", lambda: [device])
        shown = self.iotd("device", "list").out
        self.assertIn("?[31m[red]x[/red]?", shown)
        self.assertNotIn("\x1b", shown)

    def test_approve(self) -> None:
        """Approving passes kind and the device that it is the same as."""
        said = self.iotd("device", "approve", "cab-2", "--kind", "cabinet", "--same-as", "cab")
        self.assertEqual((said.code, said.out), (0, "approved cab-2\n"))
        self.assertEqual(self.parts.registry.calls, [("approve", "cab-2", "cabinet", "cab", ME)])

    def test_revoke(self) -> None:
        """Revoking says what was done, or gives the device as JSON."""
        self.assertEqual(self.iotd("device", "revoke", "cab").out, "revoked cab\n")
        device = json.loads(self.iotd("device", "revoke", "cab", "--json").out)
        self.assertEqual((device["id"], device["state"]), ("cab", "revoked"))

    def test_key(self) -> None:
        """A new key, once, is all of standard output."""
        said = self.iotd("device", "key", "hall", "--kind", "camera")
        self.assertEqual((said.code, said.out, said.err), (0, KEY + "\n", ""))
        self.assertEqual(self.parts.registry.calls, [("make_key", "hall", "camera", ME)])
        self.assertEqual(json.loads(self.iotd("device", "key", "a1b", "--json").out)["key"], KEY)
