"""``iotd campus``: what it says of statistics, and that it waits for them."""

from __future__ import annotations

import json
from typing import Any

from iotd.errors import Conflict
from tests.cli.command import CommandCase

ROW = {"entries": 4, "exits": 3, "outings": 2, "seconds_outside": 1200}
ITEM = {
    "day": "2026-11-26", "group": 3, "year": 2, "gender": "F", "hostel": "Asha", "branch": "CSE",
    "stream": "BTech", "kept": ROW, "right": {**ROW, "exits": 5},
}


class FakeRebuild:
    """Is done at the third look."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items, self.asked = [*items], [("", "", "")]

    async def follow(self, kind: str, ticket: str | None, by: str) -> dict[str, Any]:
        """How far it is; "rebuild" goes on already when somebody begins "check"."""
        if self.asked[-1][0] == "rebuild" and kind == "check":
            raise Conflict("A rebuild of the campus goes on; try again later.")
        self.asked.append((kind, ticket or "", by))
        done = len(self.asked) - 1
        return {
            "ticket": "7", "running": done < 3, "done": done, "of": 3, "movements": 12_345,
            "differences": len(self.items), "items": self.items,
        }


class CampusCase(CommandCase):
    """Statistics that fit, unless a test says otherwise."""

    def has(self, *items: dict[str, Any]) -> FakeRebuild:
        """These differ."""
        self.parts.rebuild = FakeRebuild(*items)  # type: ignore[attr-defined]
        return self.parts.rebuild  # type: ignore[attr-defined]

    def test_they_fit(self) -> None:
        """It asks until it is done, and says that all is well."""
        rebuild = self.has()
        said = self.iotd("campus", "check")
        self.assertEqual((said.code, said.out, said.err),
                         (0, "statistics fit all 12,345 movements\n", ""))
        self.assertEqual([ticket for _, ticket, _ in rebuild.asked[1:]], ["", "7", "7"])

    def test_they_differ(self) -> None:
        """Each count that differs is a line; the exit code says so, too."""
        shifted = {**ITEM, "right": ROW}
        self.has(ITEM, shifted)
        said = self.iotd("campus", "check")
        self.assertEqual(said.code, 1)
        lines = [line.split() for line in said.out.splitlines()]
        self.assertEqual(lines[1], ["2026-11-26", "2", "F", "Asha", "CSE", "BTech", "exits", "3",
                                    "5"])
        self.assertEqual(lines[2][6:], ["hours", "-", "-"])
        self.assertEqual(said.err, "2 rows of a day and group did not fit 12,345 movements;"
                                   " iotd campus rebuild mends that\n")

    def test_json(self) -> None:
        """For scripts: the differences as they are."""
        self.has(ITEM)
        said = self.iotd("campus", "check", "--json")
        self.assertEqual(json.loads(said.out),
                         {"movements": 12_345, "differences": 1, "items": [ITEM]})
        self.assertEqual(said.code, 1)

    def test_rebuild(self) -> None:
        """What was mended is told, and that is no fault."""
        self.has(ITEM)
        said = self.iotd("campus", "rebuild")
        self.assertEqual((said.code, said.out),
                         (0, "1 row of a day and group did not fit 12,345 movements, mended\n"))

    def test_refused(self) -> None:
        """What is refused is one sentence."""
        self.has().asked.append(("rebuild", "", "somebody"))
        said = self.iotd("campus", "check")
        self.assertEqual((said.code, said.err),
                         (1, "A rebuild of the campus goes on; try again later.\n"))
