"""Advice on the reactor: what holds, drafts, and two who write at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Protocol, Sequence

from sqlalchemy import Connection

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.errors import Conflict, Invalid
from iotd.health.access import owner_key
from iotd.health.advice import model, records, saving
from iotd.health.advice.model import OPEN, Author, Version
from iotd.health.advice.saving import Saved
from iotd.health.advice.titles import SECTIONS
from iotd.health.patients import Patients
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.times import rfc3339


class Names(Protocol):
    """What people are called."""

    def name_of(self, user_id: int, /) -> str:
        """The full name, or the account's where none is known."""


@dataclass(frozen=True)
class Asked:
    """What is to be saved; a text that is None withdraws what holds, or discards the draft."""

    texts: Mapping[str, str | None]
    base: Mapping[str, int | None]
    draft: bool = False


class Advice:
    """``Advice(store=, bus=, now=, patients=, profiles=)``; who may is asked by the routes."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients,
        profiles: Names,
    ) -> None:
        self._store, self._bus, self._now, self._patients = store, bus, now, patients
        self._profiles = profiles

    async def section(self, patient: str, now: float) -> dict[str, Any]:
        """What is published, as the API shows it to the patient."""
        found: dict[str, Version] = await self._store.read(records.published, patient)
        return model.as_json(found, {})

    async def published(self, patient: str) -> dict[str, str]:
        """The texts that hold, of the sections that have one."""
        found: dict[str, Version] = await self._store.read(records.published, patient)
        return {key: each.text for key, each in found.items() if each.text}

    async def get(self, identity: Identity, patient: str) -> dict[str, Any]:
        """The same with the drafts that this one may see."""
        found: dict[str, Any] = await self._store.read(_read, patient, identity)
        return found

    async def history(
        self, identity: Identity, patient: str, section: str | None, most: int,
        after: int | None,
    ) -> Sequence[dict[str, Any]]:
        """Versions, the newest first: published ones, and the drafts one may see."""
        if section is not None and section not in SECTIONS:
            raise Invalid(f"section is one of {', '.join(SECTIONS)}.", "section")
        writes, author = _sight(identity)
        found: list[Version] = await self._store.read(
            records.history, patient, section, author, OPEN if writes else (), most, after
        )
        return [each.as_json() for each in found]

    def author(self, identity: Identity) -> Author:
        """Who this one is as an author: the profile's name, of a token its own."""
        name = identity.name
        if identity.user_id is not None:
            name = self._profiles.name_of(identity.user_id) or name
        return Author(owner_key(identity), name)

    async def put(
        self, identity: Identity, patient: str, texts: Mapping[str, str | None],
        base: Mapping[str, int | None] | None = None, draft: bool = False, address: str = "",
    ) -> dict[str, Any]:
        """Publish texts, or keep them as this one's drafts; then the same as :meth:`get`.

        Conflict when a section is not at its ``base`` any more: nothing is published, and all
        that was sent is kept as drafts. The error has both texts, ``current`` and ``kept``.
        """
        self._patients.patient(patient)
        asked = Asked(model.checked_texts(texts), model.checked_base(base), draft)
        by = By(identity.name, self._now(), address)
        saved, became = await self._save(identity, patient, asked, by)
        if saved.conflict:
            raise _refused(saved)
        return became

    @to_its_end
    async def _save(
        self, identity: Identity, patient: str, asked: Asked, by: By
    ) -> tuple[Saved, dict[str, Any]]:
        author = self.author(identity)

        # read in the same transaction: what was written is never answered with an error
        def save(connection: Connection) -> tuple[Saved, dict[str, Any]]:
            saved = saving.save(
                connection, patient, asked.texts, asked.base, asked.draft, author, by
            )
            return saved, _read(connection, patient, identity)

        saved, became = await self._store.run(save)
        if saved.published:
            self._bus.publish(_told(patient, saved.published, author, by))
        return saved, became


def _sight(identity: Identity) -> tuple[bool, str | None]:
    """Whether this one sees drafts, and of which author: None is everybody."""
    if identity.role == "admin":
        return True, None
    return identity.role == "doctor", owner_key(identity)


def _read(connection: Connection, patient: str, identity: Identity) -> dict[str, Any]:
    writes, author = _sight(identity)
    current = records.published(connection, patient)
    newest = records.newest_of_authors(connection, patient, author) if writes else []
    return model.as_json(current, model.open_drafts(newest, owner_key(identity)))


def _refused(saved: Saved) -> Conflict:
    names = ", ".join(saved.conflict)
    return Conflict(
        f"Somebody changed {names} while you wrote. Nothing is published; what you sent is kept "
        "as your draft.", saved.conflict[0],
        current={
            key: None if each is None else {**each.about(), "text": each.text}
            for key, each in saved.current.items()
        },
        kept={each.section: each.as_draft() for each in saved.kept},
    )


def _told(patient: str, sections: Sequence[str], author: Author, by: By) -> RecordChanged:
    return RecordChanged(f"{patient}/advice", patient, "advice", {
        "patient": patient, "section": "advice", "what": ", ".join(sections),
        "by": author.name, "at": rfc3339(by.at),
    })
