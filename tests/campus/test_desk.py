"""The office as the command line sees it."""

from __future__ import annotations

import base64
from typing import Any

from iotd.campus import desk
from iotd.errors import Invalid, NotFound
from tests.campus.office_room import HEAD, MAC, OfficeTest, big_file

TEXT = (HEAD + f"CS/1,1,CSE,,North,female,{MAC}\n").encode()


class DeskTests(OfficeTest):
    """Files in parts and lists in pages."""

    async def part(self, raw: bytes, upload: str | None = None, last: bool = False) -> Any:
        """One part of a file."""
        part = base64.b64encode(raw).decode()
        return await self.office.desk.take(part, "cli:ann", upload, last, False)

    async def test_parts(self) -> None:
        """Parts make one file, cut wherever."""
        upload = (await self.part(TEXT[:5]))["upload"]
        await self.part(TEXT[5:50], upload)
        done = await self.part(TEXT[50:], upload, True)
        self.assertEqual((done["added"], done["macs"]), (1, 1))
        self.assertEqual(self.audit()[0][0], "cli:ann")
        with self.assertRaises(NotFound):
            await self.part(b"", upload)

    async def test_at_once(self) -> None:
        """A short file is one part."""
        self.assertTrue((await self.part(TEXT, None, True))["applied"])

    async def test_between(self) -> None:
        """A second file ends the first, and neither is mixed into the other."""
        first = (await self.part(b"rubbish"))["upload"]
        second = (await self.part(TEXT[:9]))["upload"]
        with self.assertRaises(NotFound):
            await self.part(b"x", first, True)
        self.assertEqual((await self.part(TEXT[9:], second, True))["added"], 1)

    async def test_refused(self) -> None:
        """What is no base64, or too much, is refused."""
        with self.assertRaises(Invalid):
            await self.office.desk.take("?", "cli:ann", None, True, False)
        self.patch(desk, "MAX_BYTES", 10)
        upload = (await self.part(b"12345678"))["upload"]
        with self.assertRaises(Invalid):
            await self.part(b"12345678", upload)

    async def test_pages(self) -> None:
        """Pages end where there is nothing more."""
        self.patch(desk, "PAGE", 2)
        await self.take(big_file(5, macs=False))
        found, after = [], None
        while True:
            page = self.office.desk.page(None, after)
            found += [each["id"] for each in page["items"]]
            if (after := page["after"]) is None:
                break
        self.assertEqual(found, [f"CS/0000{n}" for n in range(5)])
        self.assertEqual(self.office.desk.page("nothing", None), {"items": [], "after": None})
