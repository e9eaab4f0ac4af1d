"""``iotd audit``: what it says of the log, and that it waits for a long one."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.command import CommandCase

ROW = {"id": 7, "at": "2027-01-15T08:00:00Z", "who": "ann", "action": "add user", "subject": "bob",
       "detail": "role viewer", "address": "10.0.0.1", "result": "ok", "patient": None}


class FakeLog:
    """Is done at the third look."""

    def __init__(self, faults: list[str], kept: int | None) -> None:
        self.items = [{"id": number, "what": what} for number, what in enumerate(faults)]
        self.kept, self.asked = kept, [""][:0]

    async def follow(self, ticket: str | None = None) -> dict[str, Any]:
        """How far it is."""
        self.asked.append(ticket or "")
        return {
            "ticket": "7", "running": len(self.asked) < 3, "rows": 10_000 * len(self.asked),
            "of": 30_000, "faults": len(self.items), "items": self.items, "kept": self.kept,
        }


class AuditCase(CommandCase):
    """A log that is whole, unless a test says otherwise."""

    def has(self, *faults: str, kept: int | None = 9) -> FakeLog:
        """These are wrong with it."""
        log = self.parts.accounts.audit_log = FakeLog([*faults], kept)  # type: ignore
        return log

    def test_whole(self) -> None:
        """It asks until it is done, and says how many rows there are."""
        log = self.has()
        said = self.iotd("audit", "verify")
        self.assertEqual((said.code, said.out, said.err),
                         (0, "30,000 rows, each as it was written\n", ""))
        self.assertEqual(log.asked, ["", "7", "7"])

    def test_faults(self) -> None:
        """Each fault is a line; the exit code says so, too."""
        self.has("row 17 was changed", "rows 18–20 are missing")
        said = self.iotd("audit", "verify")
        self.assertEqual((said.code, said.out.splitlines(), said.err),
                         (1, ["row 17 was changed", "rows 18–20 are missing"],
                          "2 faults in 30,000 rows\n"))

    def test_no_file(self) -> None:
        """Without the file it says what can't be found."""
        self.has(kept=None)
        said = self.iotd("audit", "verify")
        self.assertEqual(said.code, 0)
        self.assertIn("warning: there is no audit.head", said.err)

    def test_json(self) -> None:
        """For scripts."""
        self.has("row 17 was changed")
        said = self.iotd("audit", "verify", "--json")
        self.assertEqual((said.code, json.loads(said.out)), (1, {
            "rows": 30_000, "faults": 1, "kept": 9,
            "items": [{"id": 0, "what": "row 17 was changed"}],
        }))

    def test_list(self) -> None:
        """The newest rows, as many as are wanted."""
        asked: list[int] = []

        async def audit(limit: int) -> list[dict[str, Any]]:
            asked.append(limit)
            return [ROW]

        self.parts.accounts.audit = audit  # type: ignore[attr-defined]
        said = self.iotd("audit", "list", "--limit", "7")
        self.assertEqual(said.out.split()[8:14],
                         ["7", "2027-01-15T08:00:00Z", "ann", "add", "user", "bob"])
        self.assertEqual(json.loads(self.iotd("audit", "list", "--json").out), {"items": [ROW]})
        self.assertEqual(asked, [7, 50])
        for limit in ("0", "501", "x", "-1", "9" * 40, "٣"):
            self.assertEqual(self.iotd("audit", "list", f"--limit={limit}").code, 1, limit)
