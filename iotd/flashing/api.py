"""Firmware onto a board by the browser's own USB: what to write, and its bytes."""

from __future__ import annotations

from typing import Any

from iotd.flashing.desk import FlashDesk
from iotd.flashing.shapes import BoardOut, KindsOut, NewBoard, ProofIn, ProofOut
from iotd.site.routes import Answer, Call, route

#: Content is named by its digest: it can't change.
_KEPT = {"Cache-Control": "private, max-age=86400, immutable"}


class FlashApi:
    """Routes of the dialog "Add a board"."""

    def __init__(self, desk: FlashDesk) -> None:
        self._desk = desk

    @route("GET", "/api/v1/flash/kinds", answer=KindsOut)
    async def list_kinds(self, call: Call) -> dict[str, Any]:
        """Kinds of boards with presets, free ids, where they connect, images of MicroPython."""
        return await self._desk.kinds()

    @route("POST", "/api/v1/flash/boards", body=NewBoard, answer=BoardOut, status=201)
    async def add_board(self, call: Call) -> Answer:
        """A key for a board, its settings without Wi-Fi, and the list of its files."""
        made = await self._desk.add(call.body, call.who.name)
        return Answer(made, status=200 if call.body.dry_run else 201)

    @route("POST", "/api/v1/flash/proof", body=ProofIn, answer=ProofOut)
    async def prove_board(self, call: Call) -> dict[str, Any]:
        """Whether a board has the key that is known of it; nothing is changed."""
        return self._desk.prove(call.body)

    @route("GET", "/api/v1/flash/files/<sha256>", kind="plain")
    async def get_file(self, call: Call, sha256: str) -> Answer:
        """One file of the firmware."""
        return Answer(await self._desk.file(sha256), headers=_KEPT)

    @route("GET", "/api/v1/flash/images/<sha256>", kind="plain")
    async def get_image(self, call: Call, sha256: str) -> Answer:
        """One image of MicroPython that lies in the daemon's folder."""
        return Answer(await self._desk.image(sha256), headers=_KEPT)
