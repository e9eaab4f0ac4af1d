"""Shares: what patients let doctors and holders of links see, and until when.

    Shares(store=, bus=, now=, patients=, people=, is_verified=, name_of=, passwords=,
           public_url=)
    patients.access.use(shares.grants, shares.until)

``is_verified(user_id)`` and ``name_of(user_id)`` are those of accounts' profiles,
``public_url()`` is the site's address now. All is in memory once ``load`` was called (after
the patients'); a change is in effect when it is on disk.
"""

from __future__ import annotations

import secrets
from typing import Any, Callable, Iterable, Sequence

import segno
from twisted.internet.defer import DeferredLock

from iotd.accounts.model import hash_secret, new_secret
from iotd.accounts.passwords import Passwords
from iotd.accounts.people import People
from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, PatientRemoved, RecordChanged
from iotd.errors import Conflict, Invalid, NotFound
from iotd.health.patients import Patients
from iotd.health.sharing import model, records
from iotd.health.sharing.book import Book
from iotd.health.sharing.model import DAY, DOCTOR, LINK, Share
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.times import rfc3339

PAGE = "/shared"


class Shares:
    """Consents of all patients."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients,
        people: People, is_verified: Callable[[int], bool], name_of: Callable[[int], str],
        passwords: Passwords, public_url: Callable[[], str],
    ) -> None:
        self.store, self.bus, self.now, self.patients = store, bus, now, patients
        self.passwords, self.book = passwords, Book()
        self._people, self._is_verified, self._name_of = people, is_verified, name_of
        self._public_url = public_url
        self._adding = DeferredLock()  # two at once must not be one too many
        bus.subscribe(PatientRemoved, lambda event: self.book.drop_patient(event.id))

    def load(self, connection: Any) -> None:
        """Read all shares; after the patients were loaded."""
        for share in records.all_shares(connection):
            if self.patients.knows(share.patient):
                self.book.put(share)

    # what doctors are let into

    def grants(self, identity: Identity, patient: str) -> frozenset[str]:
        """The sections that a patient lets this doctor into at this moment.

        A token is nobody who could be agreed to, nor is a doctor whom no admin looked at.
        """
        return frozenset().union(*(share.sections for share in self._open(identity, patient)))

    def until(self, identity: Identity, patient: str) -> float | None:
        """When the last of what this doctor is let into ends; None: when it is revoked."""
        ends = [share.expires_at for share in self._open(identity, patient)]
        return None if None in ends else max((end for end in ends if end), default=None)

    def _open(self, identity: Identity, patient: str) -> Iterable[Share]:
        if identity.role != "doctor" or identity.user_id is None:
            return ()
        if not self._is_verified(identity.user_id):
            return ()
        now = self.now()
        granted = self.book.granted(identity.user_id, patient)
        return [share for share in granted if share.is_open(now)]

    # what their patient does with them

    def list(self, patient: str, state: str | None = None) -> list[dict[str, Any]]:
        """All that a patient shared, the newest first; ``state``: only "open" or "past"."""
        now = self.now()
        return [
            self.json(share) for share in self._of(patient)
            if state is None or (state == model.OPEN) == share.is_open(now)
        ]

    def _of(self, patient: str) -> Sequence[Share]:
        """All that a patient shared; consents to accounts that are gone went with them."""
        known = self.book.of_patient(patient)
        for share in known:
            if share.kind == DOCTOR and self._account(share) is None:
                self.book.drop(share)
        return self.book.of_patient(patient)

    @to_its_end
    async def add_link(
        self, patient: str, by: By, *, sections: Iterable[str], days: int | None = model.LINK_DAYS,
        passcode: str | None = None, openings: int | None = None, label: str = "",
    ) -> dict[str, Any]:
        """A new link; its ``token`` and ``url`` are told here and never again."""
        wanted, days = model.check_sections(sections), model.check_link_days(days)
        hashed = None
        if passcode is not None:
            hashed = await self.passwords.hash(model.check_passcode(passcode))
        token = new_secret()
        share = await self._add(patient, by, LINK, wanted, days, label, openings=openings,
                                token_hash=hash_secret(token), passcode_hash=hashed)
        url = self._public_url().rstrip("/") + PAGE + "#" + token
        return {**self.json(share), "url": url, "token": token,
                "qr_svg": await self.passwords.run(_picture, url)}

    @to_its_end
    async def add_doctor(
        self, patient: str, by: By, doctor: str, *, sections: Iterable[str],
        days: int | None = model.DOCTOR_DAYS, label: str = "",
    ) -> dict[str, Any]:
        """Let a doctor in, by the name of the account; ``days`` None: until revoked."""
        wanted, days = model.check_sections(sections), model.check_doctor_days(days)
        share = await self._add(patient, by, DOCTOR, wanted, days, label,
                                doctor_id=self._doctor(doctor))
        return self.json(share)

    async def _add(
        self, patient: str, by: By, kind: str, sections: frozenset[str], days: int | None,
        label: str, doctor_id: int | None = None, token_hash: str | None = None,
        passcode_hash: str | None = None, openings: int | None = None,
    ) -> Share:
        share = Share(
            secrets.token_hex(8), patient, kind, sections, doctor_id, token_hash, passcode_hash, 0,
            model.check_label(label), by.at, by.who, None if days is None else by.at + days * DAY,
            openings, 0, None, None, None,
        )
        await self._adding.acquire()
        try:
            await self._write(share, by)
        finally:
            self._adding.release()
        self.tell(share, "share", by)
        return share

    async def _write(self, share: Share, by: By) -> None:
        self.patients.patient(share.patient)  # it may be gone by now
        now, known = self.now(), self._of(share.patient)
        past = [each for each in known if not each.is_open(now)]
        if len(known) - len(past) >= model.MOST_OPEN:
            raise Conflict(f"At most {model.MOST_OPEN} shares at a time; revoke one first.")
        old = past[model.MOST_PAST - 1:]
        until = "until revoked" if share.expires_at is None else f"until {_day(share.expires_at)}"
        detail = f"{self._to(share)}: {', '.join(model.in_order(share.sections))}, {until}"

        def write(connection: Any) -> None:
            records.add_share(connection, share)
            records.remove_shares(connection, [each.id for each in old])
            by.audit(connection, "share", share.patient, detail, patient=share.patient)

        await self.store.run(write)
        for each in old:
            self.book.drop(each)
        if self.patients.knows(share.patient):
            self.book.put(share)

    @to_its_end
    async def revoke(self, patient: str, id: str, by: By) -> None:
        """End a share at once; nothing happens to one that is over. NotFound."""
        share = next((each for each in self._of(patient) if each.id == id), None)
        if share is None:
            raise NotFound("There is no such share.", "sid")
        if not share.is_open(self.now()):
            return

        def write(connection: Any) -> Share | None:
            revoked = records.revoke(connection, id, by.who, by.at)
            if revoked is not None:
                by.audit(connection, "revoke share", patient, self._to(share), patient=patient)
            return revoked

        self.put(await self.store.run(write))
        self.tell(share, "revoke share", by)

    def put(self, share: Share | None) -> None:
        """Remember a share as a commit left it, unless its patient went meanwhile."""
        if share is not None and self.patients.knows(share.patient):
            self.book.put(share)

    def tell(self, share: Share, what: str, by: By) -> None:
        """Tell open pages of the patient that something about shares changed."""
        data = {"patient": share.patient, "section": "shares", "what": what, "by": by.who,
                "at": rfc3339(by.at)}
        self.bus.publish(RecordChanged(f"{share.patient}/shares", share.patient, "shares", data))

    def json(self, share: Share) -> dict[str, Any]:
        """A share as its patient sees it."""
        url = None
        if share.kind == DOCTOR:
            url = f"{self._public_url().rstrip('/')}/health/{share.patient}"
        return {**share.as_json(self.now()), "url": url, "token": None, "qr_svg": None,
                "doctor": self._account(share), "doctor_name": self._full_name(share)}

    def _doctor(self, name: str) -> int:
        try:
            account = self._people.named(name)
        except NotFound:
            account = None
        fits = account is not None and account.role == "doctor" and not account.disabled
        if account is None or not fits or not self._is_verified(account.id):
            raise Invalid(f"There is no verified doctor {name[:64]!r}.", "doctor")
        return account.id

    def _account(self, share: Share) -> str | None:
        if share.doctor_id is None:
            return None
        try:
            return self._people.get(share.doctor_id).name
        except NotFound:
            return None

    def _full_name(self, share: Share) -> str | None:
        if share.doctor_id is None or self._account(share) is None:
            return None
        return self._name_of(share.doctor_id)

    def _to(self, share: Share) -> str:
        return f"link {share.id}" if share.kind == LINK else f"doctor {self._account(share)}"


def _day(at: float) -> str:
    return (rfc3339(at) or "")[:10]


def _picture(url: str) -> str:
    """A QR code as a data URI; takes about 10 ms."""
    picture: str = segno.make(url, error="m").svg_data_uri(scale=4, dark="#000", light="#fff")
    return picture
