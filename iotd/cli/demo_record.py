"""A demonstration's record: accounts, results, answers, advice and habits of half a year.

Written through the daemon's own services, each act at its time in the past, so that it
is checked, versioned and audited as if it had happened.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Mapping

from twisted.internet.defer import DeferredList

from iotd.accounts.shared import By
from iotd.cabinet import nutrition_records, stock_records
from iotd.cabinet.nutrition import suggestion
from iotd.calendar import DAY, Calendar
from iotd.cli.demo_people import (
    ADA, BO, DOCTOR, DOCTOR_MAIL, DOCTOR_NAME, LABORATORY, Doing, Story,
)
from iotd.health.buckets import slot_of
from iotd.health.patients import Patients
from iotd.jobs.record import Record
from iotd.parts import Parts
from iotd.simulate.cupboard import PACKAGE_GRAMS
from iotd.site.routes import Identity

STORIES = {"wch": ADA, "wch-2": BO}  # by the watch that each wears
WHO = "demo"
ADMIN = Identity(WHO, "admin", WHO)
EVENING = 0.8  # of a day: when most is written down


@dataclass
class _Past:
    """The time that services believe it is."""

    at: float

    def now(self) -> float:
        """Unix seconds."""
        return self.at


async def fill(
    parts: Parts, reactor: Any, now: float, days: int, patients: Mapping[str, str]
) -> dict[str, str]:
    """Write it all, for patients by their watch; the passwords of the accounts made."""
    passwords = {"admin": await _account(parts, "admin", "admin")}
    past = _Past(now)
    people = Patients(store=parts.store, bus=parts.bus, registry=parts.registry,
                      people=parts.accounts.people, now=past.now)
    parts.store.call(people.load)
    record = _record(parts, reactor, people, past)
    passwords[DOCTOR] = await _account(parts, DOCTOR, "doctor", DOCTOR_MAIL, DOCTOR_NAME)
    for watch, patient in patients.items():
        story = STORIES[watch]
        passwords[story.user] = await _account(parts, story.user, "patient", story.email)
        await people.change(ADMIN, patient, {"user": story.user})
        await _Life(parts, record, past, now, days, patient, story).live()
    past.at = now
    await parts.store.run(_put_facts)
    return passwords


def _record(parts: Parts, reactor: Any, people: Patients, past: _Past) -> Record:
    poll = parts.config.devices.poll_seconds
    return Record(
        store=parts.store, bus=parts.bus, now=past.now, clock=reactor, accounts=parts.accounts,
        registry=parts.registry, patients=people,
        calendar=Calendar(parts.config.site.timezone), slot=slot_of(poll), poll_seconds=poll,
        in_thread=parts.in_thread, reactor=reactor, fonts=Path(), site_name="",
    )


async def _account(
    parts: Parts, name: str, role: str, email: str | None = None, full_name: str | None = None
) -> str:
    made = await parts.accounts.people.add(
        name, role, None, WHO, email=email, full_name=full_name)
    return str(made["password"])


class _Life:
    """Half a year of one patient."""

    def __init__(
        self, parts: Parts, record: Record, past: _Past, now: float, days: int, patient: str,
        story: Story,
    ) -> None:
        self._record, self._past, self._story = record, past, story
        self._now, self._days, self._patient = now, days, patient
        people = parts.accounts.people
        self._own = _identity(people.named(story.user))
        self._doctor = _identity(people.named(DOCTOR))

    async def live(self) -> None:
        """All of it, each in its order."""
        await self._share()
        await self._tell()
        for ago, results in self._story.labs.items():
            if ago < self._days:
                await self._test(ago, results)
        for ago, texts in self._story.advice.items():
            if ago < self._days:
                self._past.at = self._then(ago)
                await self._record.advice.put(self._doctor, self._patient, texts)
        for ago, by_doctor, text in self._story.notes:
            if ago < self._days:
                self._past.at = self._then(ago)
                who = self._doctor if by_doctor else self._own
                await self._record.notes.add(who, self._patient, text)
        for doing in self._story.habits:
            await self._practise(doing)

    def _then(self, ago: float) -> float:
        return self._now // DAY * DAY + (EVENING - ago) * DAY

    def _by(self, ago: float) -> By:
        self._past.at = self._then(ago)
        return By(self._own.name, self._past.at)

    async def _share(self) -> None:
        by, story = self._by(min(self._days - 1, 178)), self._story
        await self._record.shares.add_doctor(
            self._patient, by, DOCTOR, sections=story.granted, days=730)
        if story.link:
            await self._record.shares.add_link(
                self._patient, self._by(1), sections=story.link, label="For my daughter")

    async def _tell(self) -> None:
        by = self._by(min(self._days - 1, 177))
        await self._record.questionnaires.put(
            self._patient, dict(self._story.answers), by, step="review", finished=True)

    async def _test(self, ago: int, results: Any) -> None:
        by = self._by(ago)
        day = (date.fromtimestamp(self._now) - timedelta(days=ago)).isoformat()
        values = {key: {"value": value, "unit": unit} for key, (value, unit) in results.items()}
        await self._record.labs.put(self._patient, day, values, by, "hand", LABORATORY)

    async def _practise(self, doing: Doing) -> None:
        days = min(self._days - 1, 176)
        habit = await self._record.habits.add(self._patient, dict(doing.habit), self._by(days))
        chance = random.Random(f"{self._patient}{doing.habit}")
        told = []
        for ago in range(days, 0, -1):
            share = doing.by_now + (doing.at_first - doing.by_now) * ago / days
            fields = _said(doing, chance.random() < share, chance)
            if fields is not None:
                day = date.fromtimestamp(self._now) - timedelta(days=ago)
                told.append(self._record.habits.check_in(
                    self._patient, habit["id"], {"day": day, **fields}, self._by(ago)))
        await DeferredList(told, fireOnOneErrback=True)


def _identity(user: Any) -> Identity:
    return Identity(user.name, user.role, WHO, user.id)


def _said(doing: Doing, done: bool, chance: random.Random) -> dict[str, Any] | None:
    if not done:  # ill or away now and then; else nothing is said, which is a miss
        return {"state": "skip"} if chance.random() < 0.15 else None
    if doing.value is None:
        return {"state": "done"}
    return {"state": "done", "value": round(doing.value * chance.uniform(0.9, 1.3) * 4) / 4}


def _put_facts(connection: Any) -> None:
    """What is known of the food on the shelf, as the pages offer it."""
    for item in stock_records.all_items(connection, "cab"):
        known = suggestion(item.name)
        if known is not None:
            weighs = replace(known, piece_g=PACKAGE_GRAMS.get(item.name))
            nutrition_records.put_facts(connection, item.id, weighs)
