"""``iotd firmware``."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.command import CommandCase

ROLLOUT = {
    "id": 3, "build": 8, "version": "1.1.0", "state": "stopped", "wave": 1, "waves": 3,
    "reason": "cam-1: refused it: mac", "boards_total": 2, "boards": [
        {"device": "cam-1", "wave": 1, "state": "failed", "done_bytes": 50, "total_bytes": 200,
         "text": "refused it: mac", "changed_at": "2026-11-21T08:30:00.000Z"},
        {"device": "cam-2", "wave": 2, "state": "waiting", "done_bytes": 0, "total_bytes": 0,
         "text": "", "changed_at": "2026-11-21T08:30:00.000Z"},
    ],
}


class FakeOffice:
    """Two releases and one roll-out; remembers what was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.any = True

    async def firmware(self) -> list[dict[str, Any]]:
        """The newest was altered."""
        made = {"version": "1.1.0", "made_at": "2026-11-21T08:30:00.000Z", "kinds": ["camera"]}
        return [{"build": 8, **made, "fault": "release.sig is missing"},
                {"build": 7, **made, "fault": None}]

    async def release(self, by: str) -> dict[str, Any]:
        """A release."""
        return {"build": 9, "version": "1.1.0"}

    async def start(self, *told: Any) -> dict[str, Any]:
        """Remember and give the roll-out."""
        self.calls.append(told[:3])
        return ROLLOUT

    async def page(self, limit: int, before: int | None) -> list[dict[str, Any]]:
        """The roll-out, if there is any."""
        return [ROLLOUT] if self.any else []

    async def get(self, id: int, by: str = "") -> dict[str, Any]:
        """Remember and give the roll-out."""
        self.calls.append((id,))
        return ROLLOUT

    cancel = resume = get


class Firmware(CommandCase):
    """Releases and roll-outs without a browser."""

    def setUp(self) -> None:
        super().setUp()
        self.office = FakeOffice()
        updates = type("Updates", (), {"office": self.office})
        self.parts.boards = type("Boards", (), {"updates": updates})  # type: ignore[attr-defined]

    def test_list(self) -> None:
        """Releases are a table; what is wrong with one stands in its row."""
        head, newest, older = self.iotd("firmware", "list").out.splitlines()
        self.assertEqual(head.split(), ["build", "version", "made_at", "kinds", "fault"])
        self.assertTrue(newest.endswith("release.sig is missing"))
        self.assertTrue(older.rstrip().endswith("-"))
        items = json.loads(self.iotd("firmware", "list", "--json").out)["items"]
        self.assertEqual(items[0]["kinds"], ["camera"])

    def test_release(self) -> None:
        """The number of a release is told."""
        self.assertEqual(
            self.iotd("firmware", "release").out, "released build 9, version 1.1.0\n")

    def test_rollout(self) -> None:
        """Build, boards and the word for going back are passed on, and what to do next is told."""
        said = self.iotd("firmware", "rollout").out
        self.assertIn("iotd firmware status 3", said)
        self.iotd("firmware", "rollout", "--build", "7", "--device", "cam-1", "--device", "cam-2",
                  "--older")
        self.assertEqual(self.office.calls, [(None, None, False), (7, ["cam-1", "cam-2"], True)])

    def test_no_board_is_not_all_boards(self) -> None:
        """--device with nothing behind it, as of an empty variable, begins no roll-out."""
        for id in ("", " ", "cam-1 cam-2"):
            self.assertEqual(self.iotd("firmware", "rollout", "--device", id).code, 2)
        self.assertEqual(self.office.calls, [])

    def test_status(self) -> None:
        """A roll-out is told with its boards, how far each is, and why it stopped."""
        lines = self.iotd("firmware", "status").out.splitlines()
        self.assertEqual(lines[0], "roll-out 3 of build 8 (1.1.0): stopped, wave 1 of 3")
        self.assertEqual(lines[1], "it stopped: cam-1: refused it: mac")
        self.assertEqual(lines[3].split()[:5], ["cam-1", "1", "failed", "25", "%"])
        self.assertEqual(lines[4].split()[:4], ["cam-2", "2", "waiting", "-"])
        self.office.any = False
        self.assertEqual(self.iotd("firmware", "status").out, "there was no roll-out yet\n")

    def test_decisions(self) -> None:
        """Cancelling and resuming name the roll-out."""
        for word in ("cancel", "resume"):
            self.assertEqual(self.iotd("firmware", word, "3").code, 0)
        self.assertEqual(self.office.calls, [(3,), (3,)])
        self.assertEqual(self.iotd("firmware", "cancel", "three").code, 2)
        self.assertEqual(self.iotd("firmware", "rollout", "--build", "0").code, 2)
