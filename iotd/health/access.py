"""Whose health one may know of: one's own, a patient's who consented, an admin all of it."""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from iotd.accounts.records import write_audit
from iotd.errors import NotFound
from iotd.site.routes import Identity
from iotd.store.engine import Store

#: Whether a doctor was let in by the patient of this id.
Grants = Callable[[Identity, str], bool]

SAID_ONCE = 900.0  # seconds in which the same look at the same person is one look
MOST_LOOKS = 10_000


def owner_key(identity: Identity) -> str:
    """What patients of this one are kept under: the account, or the very token."""
    return identity.session if identity.user_id is None else f"user:{identity.user_id}"


def nobody(identity: Identity, patient: str) -> bool:
    """Grants while there are none."""
    return False


class Access:
    """``owner_of`` gives the owner's key of a patient, NotFound when there is none such."""

    def __init__(
        self, owner_of: Callable[[str], str | None], grants: Grants = nobody
    ) -> None:
        self._owner_of, self._grants = owner_of, grants

    def is_own(self, identity: Identity, patient: str) -> bool:
        """Whether the patient is this one's own."""
        return self._owner_of(patient) == owner_key(identity)

    def may_see(self, identity: Identity, patient: str | None) -> bool:
        """Whether this one may know of the patient; None, nobody's, is for admins."""
        if identity.role == "admin":
            return True
        if patient is None:
            return False
        try:
            if identity.role == "patient":
                return self.is_own(identity, patient)
            return identity.role == "doctor" and self._grants(identity, patient)
        except NotFound:
            return False

    def check(self, identity: Identity, patient: str) -> None:
        """NotFound for who there is not, and for whom one may not know of."""
        if not self.may_see(identity, patient):
            raise NotFound("There is no such patient.", "id")
        self._owner_of(patient)


class Looks:
    """Writes down who looked at whom, when it was not their own."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access
        self._last: dict[tuple[str, str, str], float] = {}

    async def note(
        self, who: Identity, patient: str, what: str, now: float, address: str = ""
    ) -> None:
        """Audit a look before it is answered; a page that asks again and again is one look."""
        if self._access.is_own(who, patient):
            return
        await self.note_all(who, patient, what, now, address)

    async def note_all(
        self, who: Identity, subject: str, what: str, now: float, address: str = ""
    ) -> None:
        """The same of what is not one patient alone."""
        key = (who.session, subject, what)
        if 0 <= now - self._last.get(key, -SAID_ONCE) < SAID_ONCE:
            return
        written: Awaitable[Any] = self._store.run(
            write_audit, now, who.name, what, subject, "", address
        )
        await written
        if len(self._last) >= MOST_LOOKS:
            self._last.clear()
        self._last[key] = now
