"""Patients: who there is, whose they are, and which devices are theirs."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, Awaitable, Callable, Iterable

from twisted.logger import Logger

from iotd.accounts.people import People
from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, DeviceChanged, PatientRemoved
from iotd.devices.service import Registry
from iotd.errors import Conflict, Invalid, IotdError, NotFound
from iotd.health import bucket_records, records
from iotd.health.access import Access, Grants, nobody, owner_key
from iotd.health.patient_fields import checked_birth_date, checked_name, checked_sex
from iotd.health.records import Patient
from iotd.health.sections import SECTIONS
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.times import rfc3339

#: Devices tell of the section that their values are in; all others of the readings.
SECTION_OF_KIND = {"cabinet": "habits", "cabinet_camera": "habits"}
CHUNK = 5000  # readings removed in one transaction: 60 ms on SQLite, others write in between


class Patients:
    """All patients in memory, and in the store."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, people: People,
        now: Callable[[], float], grants: Grants = nobody,
    ) -> None:
        self._store, self._bus, self._registry, self._people = store, bus, registry, people
        self._now = now
        self._patients: dict[str, Patient] = {}
        self._half_gone: list[str] = []
        self._devices: dict[str, dict[str, dict[str, Any]]] = {}
        self._worn_by: dict[str, str] = {}
        #: Told of each device of a patient that is being removed, while it is the patient's.
        self.before_parting: list[Callable[[str, By], Awaitable[None]]] = []
        self.access = Access(lambda id: self.patient(id).owner, grants)
        bus.subscribe(DeviceChanged, lambda event: self._place(event.id, event.data))

    def load(self, connection: Any) -> None:
        """Read all patients; after the registry was loaded."""
        self._patients = {each.id: each for each in records.all_patients(connection)}
        self._half_gone = records.being_removed(connection)
        for device in self._registry.list():
            self._place(device["id"], device)

    @to_its_end
    async def finish_removals(self) -> None:
        """Go on with what an end of the daemon interrupted; after the reactor runs."""
        half_gone, self._half_gone = self._half_gone, []
        for id in half_gone:
            try:
                await self._sweep(id)
            except IotdError as error:  # it is tried again at the next start
                self._log.error("a patient's removal is not finished: {why}", why=str(error))

    def knows(self, id: str | None) -> bool:
        """Whether there is such a patient."""
        return id in self._patients

    def patient(self, id: str) -> Patient:
        """One patient, or NotFound."""
        if id not in self._patients:
            raise NotFound("There is no such patient.", "id")
        return self._patients[id]

    def seen_by(self, identity: Identity) -> list[Patient]:
        """Those this one may know of, by id."""
        may_see = self.access.may_see
        return [self._patients[id] for id in sorted(self._patients) if may_see(identity, id)]

    def list(self, identity: Identity) -> list[dict[str, Any]]:
        """The same as JSON."""
        return [self.json(patient, identity) for patient in self.seen_by(identity)]

    def get(self, identity: Identity, id: str) -> dict[str, Any]:
        """One patient as JSON, or NotFound."""
        self.access.check(identity, id)
        return self.json(self.patient(id), identity)

    def devices(self, id: str) -> Iterable[dict[str, Any]]:
        """The devices of a patient as the registry shows them, by id."""
        worn = self._devices.get(id, {})
        return [worn[device] for device in sorted(worn)]

    @to_its_end
    async def add(
        self, identity: Identity, name: str, sex: str | None, birth_date: str | None,
        user: str | None = None, address: str = "",
    ) -> dict[str, Any]:
        """A new patient: of the one who asks, or, by an admin, of the account ``user``."""
        owner = self._owner(identity, user)
        now = self._now()
        patient = Patient(
            secrets.token_hex(8), checked_name(name), checked_sex(sex),
            checked_birth_date(birth_date, now), owner, now,
        )
        by = By(identity.name, now, address)

        def write(connection: Any) -> None:
            records.add_patient(connection, patient)
            by.audit(connection, "add patient", patient.id, patient=patient.id)

        await self._store.run(write)
        self._patients[patient.id] = patient
        return self.json(patient, identity)

    @to_its_end
    async def change(
        self, identity: Identity, id: str, fields: dict[str, Any], address: str = ""
    ) -> dict[str, Any]:
        """Change ``name``, ``sex``, ``birth_date`` and, by an admin, ``user``."""
        self.access.check(identity, id)
        changes, now = dict(fields), self._now()
        if "name" in changes:
            changes["name"] = checked_name(changes["name"] or "")
        if "sex" in changes:
            changes["sex"] = checked_sex(changes["sex"])
        if "birth_date" in changes:
            changes["birth_date"] = checked_birth_date(changes["birth_date"], now)
        if "user" in changes:
            changes["owner"] = self._owner(identity, changes.pop("user"))
        by = By(identity.name, now, address)

        def write(connection: Any) -> None:
            records.change_patient(connection, id, changes)
            by.audit(connection, "change patient", id, ", ".join(fields), patient=id)

        await self._store.run(write)
        self._patients[id] = replace(self.patient(id), **changes)
        return self.json(self._patients[id], identity)

    @to_its_end
    async def remove(self, identity: Identity, id: str, address: str = "") -> None:
        """Remove a patient and every reading; the devices, with no past that tells of the
        patient, are nobody's afterwards."""
        self.access.check(identity, id)
        by = By(identity.name, self._now(), address)
        for device in list(self._devices.get(id, {})):
            for forget in self.before_parting:
                await forget(device, by)
            await self._registry.change(device, {"patient": None}, identity.name)

        def write(connection: Any) -> None:
            gone = {"removed_at": by.at, "name": "", "birth_date": None, "owner": None}
            records.change_patient(connection, id, gone)
            by.audit(connection, "remove patient", id, patient=id)

        # out of memory first: what is written from now on knows of nobody with this id
        patient = self._patients.pop(id)
        try:
            await self._store.run(write)
        except BaseException:
            self._patients[id] = patient
            raise
        self._bus.publish(PatientRemoved(id))
        await self._sweep(id)

    async def _sweep(self, id: str) -> None:
        while await self._store.run(records.remove_readings, id, CHUNK):
            pass

        def finish(connection: Any) -> None:
            bucket_records.remove_buckets(connection, id)
            records.forget_patient(connection, id)

        await self._store.run(finish)

    def json(self, patient: Patient, identity: Identity) -> dict[str, Any]:
        """A patient as the API shows it to this one, who may see ``sections`` of the record;
        ``user`` is the name of the account it belongs to."""
        seen = self.access.sections(identity, patient.id)
        return {
            "id": patient.id, "name": patient.name, "sex": patient.sex,
            "birth_date": patient.birth_date, "user": self._user_of(patient),
            "created_at": rfc3339(patient.created_at),
            "devices": [
                {name: device[name] for name in ("id", "name", "kind", "state")}
                for device in self.devices(patient.id)
                if SECTION_OF_KIND.get(device["kind"], "readings") in seen
            ],
            "sections": [section for section in SECTIONS if section in seen],
            "shared_until": rfc3339(self.access.until(identity, patient.id)),
        }

    def _user_of(self, patient: Patient) -> str | None:
        # an account's number is never given out again, so an owner that is gone is nobody
        kind, _, number = (patient.owner or "").partition(":")
        if kind != "user":
            return None
        try:
            return self._people.get(int(number)).name
        except NotFound:
            return None

    def _owner(self, identity: Identity, user: str | None) -> str | None:
        if identity.role != "admin":
            if user is not None and user != identity.name:
                raise Invalid("Only an admin gives a patient to another account.", "user")
            if identity.user_id is not None:
                self._must_stay(identity.user_id)
            return owner_key(identity)
        if user is None:
            return None
        try:
            account = self._people.named(user)
        except NotFound:
            raise Invalid(f"There is no account {user[:64]!r}.", "user") from None
        if account.role != "patient":
            raise Invalid(f"{account.name} is no account of the role patient.", "user")
        self._must_stay(account.id)
        return f"user:{account.id}"

    def _must_stay(self, user_id: int) -> None:
        if self._people.is_leaving(user_id):
            raise Conflict("This account is being removed.", "user")

    def _place(self, id: str, device: dict[str, Any]) -> None:
        before, patient = self._worn_by.get(id), device.get("patient")
        if before is not None and before != patient:
            self._devices.get(before, {}).pop(id, None)
            del self._worn_by[id]
        if patient is not None:
            self._worn_by[id] = patient
            self._devices.setdefault(patient, {})[id] = device
