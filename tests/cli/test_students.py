"""``iotd students``: files in parts, lists in pages, erasing."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from iotd.cli import students
from iotd.control import person
from iotd.errors import NotFound
from tests.cli.command import CommandCase, Said

ME = person(os.getuid())
DONE = {"added": 1234, "changed": 2, "unchanged": 3, "macs": 4, "faults": [], "faults_in_all": 0,
        "rows": [], "applied": True}
FAULT = {"line": 7, "column": "year", "value": "x", "reason": "a year is a whole number"}


class FakeOffice:
    """Remembers files and answers as it is told; ``desk`` and ``erasing`` are itself."""

    def __init__(self) -> None:
        self.desk = self.erasing = self
        self.parts: list[str] = []
        self.asked: list[Any] = []
        self.done: dict[str, Any] = DONE
        self.people = [{"rollno": f"CS/{n}", "year": 1, "macs": ["01", "02"], "state": "inside"}
                       for n in range(5)]

    async def take(
        self, part: str, by: str, upload: str | None, last: bool, preview: bool
    ) -> dict[str, Any]:
        """A part."""
        self.parts.append(part)
        self.asked.append((by, upload, last, preview))
        return self.done if last else {"upload": "u1"}

    def page(self, q: str | None, after: str | None) -> dict[str, Any]:
        """Two at a time."""
        self.asked.append((q, after))
        start = int(after or 0)
        more = str(start + 2) if start + 2 < len(self.people) else None
        return {"items": self.people[start:start + 2], "after": more}

    async def erase(self, rollno: str, by: str) -> dict[str, Any]:
        """Unless it is nobody."""
        if rollno == "nobody":
            raise NotFound("There is no student 'nobody'.", "rollno")
        self.asked.append((rollno, by))
        return {"erased": {"rollno": rollno}, "backups": ["old.sqlite3"], "notice": "Gone."}


class StudentsCase(CommandCase):
    """A file beside the data folder."""

    def setUp(self) -> None:
        super().setUp()
        self.office = FakeOffice()
        self.parts.office = self.office  # type: ignore[attr-defined]
        self.file = Path(self.mktemp()).absolute()

    def take(self, raw: bytes, *options: str) -> Said:
        """Import a file of these bytes."""
        self.file.write_bytes(raw)
        return self.iotd("students", "import", str(self.file), *options)


class ImportTests(StudentsCase):
    """Files."""

    def test_import(self) -> None:
        """A file arrives as it is, and what was done is told in one line."""
        said = self.take(b"rollno\xff\0")
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertEqual(said.out, "1,234 added, 2 changed, 3 as they were, 4 MACs\n")
        self.assertEqual(base64.b64decode("".join(self.office.parts)), b"rollno\xff\0")
        self.assertEqual(self.office.asked, [(ME, None, True, False)])

    def test_parts(self) -> None:
        """A long one goes in parts that each fit into a line."""
        raw = os.urandom(students.PART * 2 + 1)
        self.take(raw, "--preview")
        self.assertEqual(b"".join(map(base64.b64decode, self.office.parts)), raw)
        self.assertEqual(self.office.asked, [
            (ME, None, False, True), (ME, "u1", False, True), (ME, "u1", True, True),
        ])
        self.assertLess(max(map(len, self.office.parts)), 65_000)

    def test_preview(self) -> None:
        """A preview says that it is one."""
        self.office.done = {**DONE, "applied": False}
        self.assertTrue(self.take(b"x", "--preview").out.startswith("it would be: 1,234 added"))

    def test_faults(self) -> None:
        """Faults are a table on standard output; the command ends with 1."""
        self.office.done = {**DONE, "applied": False, "faults": [FAULT], "faults_in_all": 1}
        said = self.take(b"x")
        self.assertEqual((said.code, said.err), (1, "1 fault; nothing was changed\n"))
        self.assertEqual(said.out.split("\n")[1].split(), ["7", "year", "x", "a", "year", "is",
                                                           "a", "whole", "number"])
        said = self.take(b"x", "--json")
        self.assertEqual((said.code, json.loads(said.out)["faults"]), (1, [FAULT]))

    def test_no_file(self) -> None:
        """A file that is not there, or is too large, is refused before anything is sent."""
        said = self.iotd("students", "import", str(self.file))
        self.assertEqual(said.code, 2)
        self.patch(students, "LARGEST", 3)
        said = self.take(b"four")
        self.assertEqual((said.code, self.office.asked), (1, []))
        self.assertIn("larger than", said.err)


class ListTests(StudentsCase):
    """Lists and erasing."""

    def test_list(self) -> None:
        """All pages are one table; MACs stand by their last digits."""
        said = self.iotd("students", "list", "--search", "cse")
        lines = said.out.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[1].split(), ["CS/0", "1", "-", "-", "-", "-", "01", "02",
                                            "inside", "-"])
        self.assertEqual(self.office.asked, [("cse", None), ("cse", "2"), ("cse", "4")])

    def test_json(self) -> None:
        """Under ``--json`` they come whole."""
        said = self.iotd("students", "list", "--json")
        self.assertEqual(len(json.loads(said.out)["items"]), 5)

    def test_erase(self) -> None:
        """Erasing says what copies are left, on standard error."""
        said = self.iotd("students", "erase", "CS/1")
        self.assertEqual((said.code, said.out), (0, "erased CS/1\n"))
        self.assertEqual(said.err, "Gone.\nbackup: old.sqlite3\n")
        self.assertEqual(self.office.asked, [("CS/1", ME)])
        said = self.iotd("students", "erase", "nobody")
        self.assertEqual((said.code, said.err), (1, "There is no student 'nobody'.\n"))
