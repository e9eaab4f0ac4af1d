"""Advice and notes over HTTP."""

from __future__ import annotations

from typing import Any

from iotd.health.access import Looks
from iotd.health.advice.notes import Notes
from iotd.health.advice.service import Advice
from iotd.health.advice.shapes import (
    AdviceOut, Advised, HistoryQuery, NewNote, NoteList, NoteOut, NoteVersionList, VersionList,
)
from iotd.health.patients import Patients
from iotd.site.paging import Paging, as_page
from iotd.site.routes import Call, route

PATIENT = "/api/v1/patients/<id>"
#: Nine sections of 20,000 characters, however they are spelt; and one of 200 KB, that its
#: section and limit can be named.
BODY_LIMIT = 1536 * 1024


class AdviceApi:
    """``AdviceApi(service=, patients=, looks=)``."""

    def __init__(self, *, service: Advice, patients: Patients, looks: Looks) -> None:
        self._service, self._patients, self._looks = service, patients, looks

    @route("GET", PATIENT + "/advice", answer=AdviceOut)
    async def get_advice(self, call: Call, id: str) -> dict[str, Any]:
        """What is advised in nine sections, by whom and since when."""
        await self._looks.look(call, id, "view advice", "advice")
        return await self._service.get(call.who, id)

    @route("PUT", PATIENT + "/advice", body=Advised, answer=AdviceOut, body_limit=BODY_LIMIT)
    async def change_advice(self, call: Call, id: str) -> dict[str, Any]:
        """Publish advice in some sections, or keep it as a draft."""
        self._patients.access.check(call.who, id, "advice")
        texts = call.body.model_dump(exclude_unset=True, exclude={"draft", "base"})
        return await self._service.put(
            call.who, id, texts, call.body.base, call.body.draft, call.address
        )

    @route("GET", PATIENT + "/advice/versions", query=HistoryQuery, answer=VersionList)
    async def list_advice_versions(self, call: Call, id: str) -> dict[str, Any]:
        """What was advised before, the newest first."""
        await self._looks.look(call, id, "view advice", "advice")
        asked = call.query
        found = await self._service.history(
            call.who, id, asked.section, asked.limit + 1, asked.after
        )
        return as_page(found, call)


class NotesApi:
    """``NotesApi(service=, patients=, looks=)``."""

    def __init__(self, *, service: Notes, patients: Patients, looks: Looks) -> None:
        self._service, self._patients, self._looks = service, patients, looks

    @route("GET", PATIENT + "/notes", query=Paging, answer=NoteList)
    async def list_notes(self, call: Call, id: str) -> dict[str, Any]:
        """Notes about the patient, the newest first."""
        await self._looks.look(call, id, "view notes", "notes")
        asked = call.query
        return as_page(await self._service.list(id, asked.limit + 1, asked.after), call)

    @route("POST", PATIENT + "/notes", body=NewNote, answer=NoteOut, status=201,
           body_limit=BODY_LIMIT)
    async def add_note(self, call: Call, id: str) -> dict[str, Any]:
        """Write a note."""
        self._patients.access.check(call.who, id, "notes")
        return await self._service.add(call.who, id, call.body.text, call.address)

    @route("PUT", PATIENT + "/notes/<int:note>", body=NewNote, answer=NoteOut,
           body_limit=BODY_LIMIT)
    async def change_note(self, call: Call, id: str, note: int) -> dict[str, Any]:
        """Write one's own note anew; what it said before is kept."""
        self._patients.access.check(call.who, id, "notes")
        return await self._service.change(call.who, id, note, call.body.text, call.address)

    @route("GET", PATIENT + "/notes/<int:note>/versions", query=Paging, answer=NoteVersionList)
    async def list_note_versions(self, call: Call, id: str, note: int) -> dict[str, Any]:
        """What a note said before, the newest first."""
        await self._looks.look(call, id, "view notes", "notes")
        asked = call.query
        found = await self._service.versions(id, note, asked.limit + 1, asked.after)
        return as_page(found, call)
