"""The office for the command line: files come in parts, long lists go in pages."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Any

from iotd.campus.register_csv import MAX_BYTES
from iotd.errors import Invalid, NotFound

if TYPE_CHECKING:
    from iotd.campus.office import Office

PAGE = 500  # students of one answer: 5 ms to write as JSON


class Desk:
    """Keeps one file that is on its way; another one takes its place."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._upload, self._parts = "", bytearray()

    async def take(
        self, part: str, by: str, upload: str | None, last: bool, preview: bool
    ) -> dict[str, Any]:
        """A part of a file in base64: answered with ``upload``, what to name with the next
        one, and the ``last`` one with what the import did."""
        if upload is None:
            self._upload, self._parts = secrets.token_hex(8), bytearray()
        elif upload != self._upload:
            raise NotFound("Another file has come between: begin again.", "upload")
        try:
            self._parts += base64.b64decode(part, validate=True)
        except binascii.Error:
            raise Invalid("A part of a file is no base64.", "part") from None
        if len(self._parts) > MAX_BYTES:
            self._upload, self._parts = "", bytearray()
            raise Invalid(f"The file is larger than {MAX_BYTES >> 20} MiB.", "part")
        if not last:
            return {"upload": self._upload}
        raw, self._upload, self._parts = bytes(self._parts), "", bytearray()
        return await self._office.imports.run(raw, preview, by)

    def page(self, q: str | None, after: str | None) -> dict[str, Any]:
        """Some students, and after which roll number to go on; None after the last."""
        search = self._office.search
        found = search.find({"q": q}, after, PAGE + 1)
        more = found[PAGE - 1].rollno if len(found) > PAGE else None
        return {"items": [search.as_json(each) for each in found[:PAGE]], "after": more}
