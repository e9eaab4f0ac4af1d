"""Whose health one may know of: one's own, a patient's who consented, an admin all of it."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.accounts.records import EVERYBODY, write_audit
from iotd.errors import Hidden, NotFound
from iotd.health.sections import SECTIONS
from iotd.site.routes import Call, Identity
from iotd.store.engine import Store

#: The sections of the patient of this id that a doctor was let into; none without consent.
Grants = Callable[[Identity, str], frozenset[str]]

#: When the last of that ends, in Unix seconds; None: when it is taken back.
Until = Callable[[Identity, str], float | None]

NO_PATIENT = "There is no such patient."
SAID_ONCE = 900.0  # seconds in which the same look at the same person is one look
MOST_LOOKS = 10_000
REFUSED = "refused"


def owner_key(identity: Identity) -> str:
    """What patients of this one are kept under: the account, or the very token."""
    return identity.session if identity.user_id is None else f"user:{identity.user_id}"


def nobody(identity: Identity, patient: str) -> frozenset[str]:
    """Grants where there are none."""
    return frozenset()


class Access:
    """``owner_of`` gives the owner's key of a patient, NotFound when there is none such."""

    def __init__(
        self, owner_of: Callable[[str], str | None], grants: Grants = nobody
    ) -> None:
        self._owner_of, self._grants = owner_of, grants
        self._until: Until = lambda identity, patient: None

    def use(self, grants: Grants, until: Until) -> None:
        """Ask these from now on: who keeps consents needs the patients first."""
        self._grants, self._until = grants, until

    def until(self, identity: Identity, patient: str) -> float | None:
        """When a doctor's last grant ends; None: when it is taken back, and for all others."""
        return self._until(identity, patient) if identity.role == "doctor" else None

    def is_own(self, identity: Identity, patient: str) -> bool:
        """Whether the patient is this one's own."""
        return self._owner_of(patient) == owner_key(identity)

    def sections(self, identity: Identity, patient: str) -> frozenset[str]:
        """What of the patient this one may see: every section, or what a doctor was let into."""
        if identity.role == "doctor":
            return self._grants(identity, patient)
        return frozenset(SECTIONS) if self.may_see(identity, patient) else frozenset()

    def may_see(
        self, identity: Identity, patient: str | None, section: str | None = None
    ) -> bool:
        """Whether this one may know of the patient, or of this section of the record;
        None, nobody's, is for admins."""
        if identity.role == "admin":
            return True
        if patient is None:
            return False
        try:
            if identity.role == "patient":
                return self.is_own(identity, patient)
            granted = self._grants(identity, patient) if identity.role == "doctor" else ()
        except NotFound:
            return False
        return section in granted if section is not None else bool(granted)

    def check(self, identity: Identity, patient: str, section: str | None = None) -> None:
        """NotFound for who there is not, Hidden for what one may not know of: to whom it is
        answered these are the same."""
        try:
            self._owner_of(patient)
        except NotFound:
            raise NotFound(NO_PATIENT, "id") from None
        if not self.may_see(identity, patient, section):
            raise Hidden(NO_PATIENT, "id", patient, section)


class Looks:
    """Writes down who looked at whom, when it was not their own."""

    _log = Logger()

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access
        self._last: dict[tuple[str, str, str, str], float] = {}
        self._writing: dict[tuple[str, str, str, str], list[Deferred[Any]]] = {}
        self._noting: set[str] = set()  # sessions
        self._unwritten: set[str] = set()  # sessions of whom it could not be noted that they hear

    async def look(self, call: Call, patient: str, what: str, section: str | None = None) -> None:
        """Let a call through to a patient, or to a section of the record, and write it down;
        NotFound for whom it is none of their business."""
        self._access.check(call.who, patient, section)
        await self.note(call.who, patient, what, call.now, call.address)

    async def export(self, call: Call, patient: str, what: str, section: str) -> None:
        """Let a copy of a section be taken out: written down each time, and one's own as well."""
        self._access.check(call.who, patient, section)
        await self._store.run(
            write_audit, call.now, call.who.name, what, patient, "", call.address,
            patient=patient,
        )

    async def note(
        self, who: Identity, patient: str, what: str, now: float, address: str = ""
    ) -> None:
        """Audit a look before it is answered; a page that asks again and again is one look."""
        await self.note_thing(who, patient, patient, what, now, address)

    async def note_thing(
        self, who: Identity, patient: str | None, thing: str, what: str, now: float,
        address: str = "",
    ) -> None:
        """The same of a thing of a patient's, such as a cabinet; what is nobody's is not noted."""
        if patient is not None and self._is_anothers(who, patient):
            await self._note(who, patient, thing, what, now, address)

    async def note_all(
        self, who: Identity, patients: Iterable[str | None], what: str, now: float,
        address: str = "",
    ) -> None:
        """The same of a list: one look at everybody when somebody in it is not their own."""
        if any(self._is_anothers(who, each) for each in patients if each is not None):
            await self._note(who, EVERYBODY, EVERYBODY, what, now, address)

    def hears(
        self, who: Identity, patient: str | None, now: float, section: str | None = None
    ) -> bool:
        """Whether a page of this one hears live of the patient, or of this section; asked for
        each event. That it does is noted meanwhile: if that fails, it hears no more until a
        note works."""
        if not self._access.may_see(who, patient, section):
            return False
        if who.session not in self._noting:
            if patient is None or not self._is_anothers(who, patient):
                return True
            self._note_hearing(who, now)
        return who.session not in self._unwritten

    def _note_hearing(self, who: Identity, now: float) -> None:
        session = who.session
        self._noting.add(session)  # values come faster than commits
        noted = Deferred.fromCoroutine(
            self._note(who, EVERYBODY, EVERYBODY, "hear live values", now, "")
        )

        def failed(failure: Any) -> None:
            self._unwritten.add(session)
            self._log.warn("not noted: {why}", why=str(failure.value))

        noted.addCallbacks(lambda _: self._unwritten.discard(session), failed)
        noted.addBoth(lambda _: self._noting.discard(session))

    def refused(self, call: Call, hidden: Hidden) -> None:
        """Write down that this one asked for what is hidden from them.

        Not waited for: the answer must take as long as for who there is not, and it is a
        refusal either way.
        """
        if call.identity is None:
            return
        what, patient = _asked(call.route.name), hidden.patient
        key = (call.identity.session, patient, REFUSED, f"{what} {hidden.section}")
        if not self._is_new(key, call.now):
            return
        self._remember(key, call.now)  # before it is written: they may come by hundreds

        def failed(failure: Any) -> None:
            self._last.pop(key, None)
            self._log.warn("not noted: {why}", why=str(failure.value))

        self._store.run(
            write_audit, call.now, call.identity.name, what, patient, hidden.section or "",
            call.address, REFUSED, patient,
        ).addErrback(failed)

    def _is_anothers(self, who: Identity, patient: str) -> bool:
        try:
            return not self._access.is_own(who, patient)
        except NotFound:  # removed: there is nobody any more who could be told
            return False

    async def _note(
        self, who: Identity, patient: str, thing: str, what: str, now: float, address: str
    ) -> None:
        key = (who.session, patient, thing, what)
        if not self._is_new(key, now):
            return
        # a page that asks for several things at once is one look
        mine: Deferred[Any] = Deferred()
        waiting = self._writing.setdefault(key, [])
        waiting.append(mine)
        if len(waiting) == 1:
            self._store.run(
                write_audit, now, who.name, what, thing, "", address, patient=patient
            ).addBoth(self._written, key, now)
        await mine

    def _written(self, result: Any, key: tuple[str, str, str, str], now: float) -> None:
        """Let through who waited for it; all of them fail when it was not."""
        if not isinstance(result, Failure):
            self._remember(key, now)
        for each in self._writing.pop(key):
            if not each.called:
                each.callback(result)

    def _is_new(self, key: tuple[str, str, str, str], now: float) -> bool:
        return not 0 <= now - self._last.get(key, -SAID_ONCE) < SAID_ONCE

    def _remember(self, key: tuple[str, str, str, str], now: float) -> None:
        if len(self._last) >= MOST_LOOKS:
            self._last.clear()
        self._last[key] = now


def _asked(route: str) -> str:
    """"health.get_vitals" as people say it: view vitals."""
    verb, _, thing = route.partition(".")[2].partition("_")
    if verb in ("get", "list"):
        verb = "view"
    return f"{verb} {thing.replace('_', ' ')}".strip()
