"""Shares and links on a real store with real accounts, and a record that is made up."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from iotd.accounts.records import list_audit
from iotd.accounts.shared import By
from iotd.bus import RecordChanged
from iotd.devices.service import Registry
from iotd.health.patients import Patients
from iotd.health.sections import SECTIONS, Sections
from iotd.health.sharing.links import Links
from iotd.health.sharing.service import Shares
from iotd.site.routes import Identity
from tests.accounts.room import AccountsTest

PASSCODE = "blue heron 7"


async def at_once(waiting: list[Deferred[Any]]) -> list[Any]:
    """What each gave, or the error it ended with."""
    results = await DeferredList(waiting, consumeErrors=True)
    return [each.value if isinstance(each, Failure) else each for _, each in results]


class SharingRoom(AccountsTest):
    """``self.shares`` and ``self.links``; Anna's patient is ``self.hers``; Lee is a verified
    doctor, Kim a doctor whom no admin looked at yet. ``self.told`` is what was published."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.ids = {name: await self.add(name, role) for name, role in
                    (("anna", "patient"), ("lee", "doctor"), ("kim", "doctor"))}
        self.verified = {self.ids["lee"]}
        self.told: list[dict[str, Any]] = []
        self.bus.subscribe(RecordChanged, lambda event: self.told.append(event.data))
        self.open()
        made = await self.patients.add(self.identity("anna"), "Anna Berg", "female", "1948-07-21")
        self.hers = str(made["id"])

    def open(self) -> None:
        """Shares as a new process finds them."""
        common: dict[str, Any] = {"store": self.store, "bus": self.bus, "now": lambda: self.now}
        registry = Registry(
            **common, sealer=self.sealer, enrolment="approve", seconds=self.clock.seconds,
            metrics=CollectorRegistry(),
        )
        self.patients = Patients(**common, registry=registry, people=self.accounts.people)
        self.shares = Shares(
            **common, patients=self.patients, people=self.accounts.people,
            is_verified=lambda id: id in self.verified, name_of=lambda id: f"Dr {id}",
            passwords=self.accounts._shared.passwords, public_url=lambda: "https://iotd.example/",
        )
        self.patients.access.use(self.shares.grants, self.shares.until)
        self.readers: dict[str, Any] = {name: self._reader(name) for name in SECTIONS}
        self.read: list[str] = []
        self.links = Links(self.shares, Sections(self.readers))
        for part in (registry, self.patients, self.shares):
            self.store.call(part.load)

    def _reader(self, name: str) -> Any:
        async def read(patient: str, now: float) -> dict[str, Any]:
            self.read.append(name)
            return {"of": name}

        return read

    def identity(self, name: str, role: str | None = None) -> Identity:
        """Somebody who is signed in."""
        role = role or self.accounts.people.named(name).role
        return Identity(name, role, f"s-{name}", self.ids[name], "csrf")

    def by(self, name: str = "anna") -> By:
        """Somebody now."""
        return By(name, self.now, "192.0.2.7")

    async def link(self, *sections: str, **more: Any) -> dict[str, Any]:
        """A new link of Anna's."""
        made: dict[str, Any] = await self.shares.add_link(
            self.hers, self.by(), sections=sections or ("labs",), **more
        )
        return made

    async def grant(self, *sections: str, doctor: str = "lee", **more: Any) -> dict[str, Any]:
        """Anna lets a doctor in."""
        made: dict[str, Any] = await self.shares.add_doctor(
            self.hers, self.by(), doctor, sections=sections or ("labs",), **more
        )
        return made

    def seen(self, name: str = "lee") -> set[str]:
        """What this doctor may see of Anna now."""
        return set(self.shares.grants(self.identity(name), self.hers))

    def state(self, id: str) -> str:
        """The state of one of Anna's shares."""
        return {each["id"]: each["state"] for each in self.shares.list(self.hers)}[id]

    async def audited(self, action: str | None = None) -> list[tuple[str, str, str, str]]:
        """Who did what about Anna with what result, the newest first."""
        await self.store.run(lambda connection: None)
        rows = await self.store.read(list_audit, 1000)
        return [
            (row["who"], row["action"], row["detail"], row["result"]) for row in rows
            if row["patient"] == self.hers and action in (None, row["action"])
        ]
