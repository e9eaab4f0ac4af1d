"""Free notes about a patient, by doctors and the patient: their author may write them anew."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from sqlalchemy import Connection

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.errors import Conflict, Denied, Invalid, NotFound
from iotd.health.access import owner_key
from iotd.health.advice import note_records as records
from iotd.health.advice.model import MOST_TEXT, Author
from iotd.health.advice.note_records import Note
from iotd.health.advice.service import Names
from iotd.health.patients import Patients
from iotd.health.written import must_be_there, written
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.times import rfc3339

MOST_NOTES = 1000  # of a patient
MOST_VERSIONS = 200  # of a note


class Notes:
    """``Notes(store=, bus=, now=, patients=, profiles=)``; who may is asked by the routes."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients,
        profiles: Names,
    ) -> None:
        self._store, self._bus, self._now, self._patients = store, bus, now, patients
        self._profiles = profiles

    async def section(self, patient: str, now: float) -> dict[str, Any]:
        """All notes, the newest first, as the API shows them."""
        return {"items": await self.list(patient, MOST_NOTES, None), "next": None}

    async def list(self, patient: str, most: int, after: int | None) -> Sequence[dict[str, Any]]:
        """Notes, the newest first, from behind ``after``."""
        found: list[Note] = await self._store.read(records.list_notes, patient, most, after)
        return [each.as_json() for each in found]

    async def versions(
        self, patient: str, id: int, most: int, after: int | None
    ) -> Sequence[dict[str, Any]]:
        """What a note said before, the newest first; NotFound for none such."""
        found: list[Note] = await self._store.read(_versions, patient, id, most, after)
        return [each.as_version() for each in found]

    @to_its_end
    async def add(
        self, identity: Identity, patient: str, text: str, address: str = ""
    ) -> dict[str, Any]:
        """A new note."""
        return await self._write(identity, patient, None, text, address)

    @to_its_end
    async def change(
        self, identity: Identity, patient: str, id: int, text: str, address: str = ""
    ) -> dict[str, Any]:
        """A new version of one's own note; Denied for another's."""
        return await self._write(identity, patient, id, text, address)

    async def _write(
        self, identity: Identity, patient: str, id: int | None, text: str, address: str
    ) -> dict[str, Any]:
        self._patients.patient(patient)
        by = By(identity.name, self._now(), address)
        author = Author(owner_key(identity), self._name_of(identity))
        note: Note = await self._store.run(_save, patient, id, _checked(text), author, by)
        self._bus.publish(_told(patient, author, by, "added" if id is None else "changed"))
        return note.as_json()

    def _name_of(self, identity: Identity) -> str:
        if identity.user_id is None:
            return identity.name
        return self._profiles.name_of(identity.user_id) or identity.name


def _checked(text: str) -> str:
    text = written(text, "text", MOST_TEXT)
    if not text:
        raise Invalid("A note has a text.", "text")
    return text


def _save(
    connection: Connection, patient: str, id: int | None, text: str, author: Author, by: By
) -> Note:
    must_be_there(connection, patient)
    if id is not None:
        _check_own(records.find(connection, patient, id), author)
    elif records.count(connection, patient) >= MOST_NOTES:
        raise Conflict(f"There are {MOST_NOTES} notes; there can be no more.", "text")
    added = records.add(connection, patient, id, text, author, by.at)
    by.audit(connection, "add note" if id is None else "change note", patient,
             f"note {added if id is None else id}", patient=patient)
    note = records.find(connection, patient, added if id is None else id)
    assert note is not None
    return note


def _check_own(note: Note | None, author: Author) -> None:
    if note is None:
        raise NotFound("There is no such note.", "note")
    if note.author != author.key:
        raise Denied("Only who wrote a note writes it anew; add a note of your own.")
    if note.versions >= MOST_VERSIONS:
        raise Conflict(f"This note has {MOST_VERSIONS} versions; add a new one.", "text")


def _versions(
    connection: Connection, patient: str, id: int, most: int, after: int | None
) -> list[Note]:
    if records.find(connection, patient, id) is None:
        raise NotFound("There is no such note.", "note")
    return records.list_versions(connection, patient, id, most, after)


def _told(patient: str, author: Author, by: By, what: str) -> RecordChanged:
    return RecordChanged(f"{patient}/notes", patient, "notes", {
        "patient": patient, "section": "notes", "what": what, "by": author.name,
        "at": rfc3339(by.at),
    })
