"""A patient's record put together: results, questionnaire, advice, shares, habits, and what
tells all of it on: links, the report and FHIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

from twisted.internet.defer import Deferred

from iotd.accounts.model import User
from iotd.accounts.service import Accounts
from iotd.accounts.shared import By
from iotd.bus import Bus, RecordChanged
from iotd.calendar import Calendar
from iotd.devices.service import Registry
from iotd.errors import NotFound
from iotd.health.access import Looks, owner_key
from iotd.health.advice.api import AdviceApi, NotesApi
from iotd.health.advice.notes import Notes
from iotd.health.advice.pages import AdvicePages
from iotd.health.advice.service import Advice
from iotd.health.answers import Answers
from iotd.health.fhir.api import FhirApi
from iotd.health.fhir.service import Fhir
from iotd.health.habits.api import HabitsApi
from iotd.health.habits.service import Habits
from iotd.health.labs import records as lab_records
from iotd.health.labs.api import LabsApi
from iotd.health.labs.pages import LabsPages
from iotd.health.labs.service import Labs
from iotd.health.patients import Patients
from iotd.health.questionnaire.api import QuestionnaireApi
from iotd.health.questionnaire.pages import QuestionnairePages
from iotd.health.questionnaire.service import Questionnaires
from iotd.health.readings_section import ReadingsSection
from iotd.health.report.api import ReportApi
from iotd.health.report.service import Reports
from iotd.health.sections import Sections
from iotd.health.sharing.api import SharedApi, SharesApi
from iotd.health.sharing.links import Links
from iotd.health.sharing.pages import SharingPages
from iotd.health.sharing.service import Shares
from iotd.site.events import Audience
from iotd.site.routes import Identity
from iotd.store.engine import Store

InThread = Callable[..., Deferred[Any]]


class Record:
    """Everything that patients and doctors write, and whom it is shown to."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], clock: Any,
        accounts: Accounts, registry: Registry, patients: Patients, calendar: Calendar,
        slot: float, poll_seconds: float, in_thread: InThread, reactor: Any, fonts: Path,
        site_name: str,
    ) -> None:
        self._accounts, self._patients, self._now = accounts, patients, now
        common: dict[str, Any] = {"store": store, "bus": bus, "now": now, "patients": patients}
        profiles = accounts.profiles
        self.labs = Labs(**common, calendar=calendar)
        self.questionnaires = Questionnaires(**common)
        self.advice = Advice(**common, profiles=profiles)
        self.notes = Notes(**common, profiles=profiles)
        self.habits = Habits(**common, clock=clock, site_timezone=calendar.name)
        self.readings = ReadingsSection(
            store=store, patients=patients, calendar=calendar, slot=slot,
            poll_seconds=poll_seconds,
        )
        self.sections = Sections({
            "readings": self.readings.section, "labs": self.labs.section,
            "advice": self.advice.section, "questionnaire": self.questionnaires.section,
            "notes": self.notes.section, "habits": self.habits.section,
        })
        self.shares = Shares(
            **common, people=accounts.people, is_verified=profiles.is_verified,
            name_of=profiles.name_of, passwords=accounts.passwords,
            public_url=lambda: accounts.public_url,
        )
        self.links = Links(self.shares, self.sections)
        patients.access.use(self.shares.grants, self.shares.until)
        self.fhir = Fhir(
            store=store, patients=patients, sections=self.sections, labs=self.labs,
            shares=self.shares.list, calendar=calendar, slot=slot, in_thread=in_thread,
        )
        self.reports = Reports(
            store=store, now=now, calendar=calendar, patients=patients, sections=self.sections,
            readings=self.readings, reactor=reactor, site_name=site_name, fonts=fonts,
            profiles=profiles,
        )
        self.answers = Answers(registry, self.advice, self.labs)
        self._store = store
        accounts.before_removal += [self._remove_patients, self._forget_columns]

    def load(self, connection: Any) -> None:
        """Read what is kept in memory; after the patients were loaded."""
        self.shares.load(connection)

    def owners(self, looks: Looks) -> Iterator[object]:
        """Whatever has routes."""
        common: dict[str, Any] = {"patients": self._patients, "looks": looks}
        yield from (LabsApi(service=self.labs, **common), LabsPages(service=self.labs, **common))
        questionnaire = QuestionnaireApi(service=self.questionnaires, **common)
        yield from (questionnaire, QuestionnairePages(api=questionnaire, patients=self._patients))
        advice = AdviceApi(service=self.advice, **common)
        yield from (advice, NotesApi(service=self.notes, **common))
        yield AdvicePages(api=advice, **common)
        yield from (SharesApi(service=self.shares, **common), SharedApi(self.links))
        yield SharingPages(service=self.shares, **common)
        yield FhirApi(service=self.fhir, **common)
        yield ReportApi(service=self.reports, **common)
        yield HabitsApi(service=self.habits, **common)

    def events(self) -> tuple[tuple[type, str, Audience], ...]:
        """What open pages hear, and who of them."""
        return ((RecordChanged, "record", self._may_hear),)

    def start_service(self) -> None:
        """Timers; the reactor runs."""
        self.habits.start_service()

    def steps(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """How it is stopped, in order."""
        yield "habits", self.habits.stop_service
        yield "reports", self.reports.stop_service

    def _may_hear(self, who: Identity, event: RecordChanged) -> bool:
        return self._patients.access.may_see(who, event.patient, event.section)

    async def _remove_patients(self, user: User, by: By) -> None:
        """Somebody leaves: so do the patients that are theirs, with all there is of them.

        An admin who takes an account away takes no record with it: it is nobody's then.
        """
        if by.who != user.name:
            return
        who = Identity(user.name, "patient", "", user.id)
        for patient in self._patients.seen_by(who):
            if patient.owner == owner_key(who):
                await self._remove(who, patient.id, by)

    async def _forget_columns(self, user: User, by: By) -> None:
        """What their files of results are like."""
        await self._store.run(lab_records.forget_columns, f"user:{user.id}")

    async def _remove(self, who: Identity, patient: str, by: By) -> None:
        try:
            await self._patients.remove(who, patient, by.address)
        except NotFound:  # by somebody else, meanwhile
            pass
