"""A demonstration's past: two people, their watches, and what those said for weeks.

The same person that a virtual watch is worn by live, so that past and present fit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import islice
from typing import Any, Iterator

from sqlalchemy import Connection, insert

from iotd.cli import demo_cabinet
from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from iotd.health import bucket_records, buckets, model, records
from iotd.calendar import Calendar
from iotd.health.records import Patient, Reading
from iotd.simulate.person import DAY, Person

POLL_SECONDS = 30.0
# of longer ago every tenth poll: half a year would else take a minute to write
RECENT_DAYS, EARLIER_SECONDS = 3, 300.0
CUFF_HOURS = (8, 20)  # when blood pressure and oxygen are measured by hand
CHUNK = 20_000  # rows of one insert


@dataclass(frozen=True)
class Wearer:
    """Who wears which virtual watch: its device id and loopback address."""

    person: Person
    name: str
    sex: str
    birth_date: str
    watch: str
    address: str
    days: int


#: As `iotd simulate --watches 2` brings them to life.
WEARERS = (
    Wearer(Person("Ada", 62), "Ada Okafor", "female", "1948-07-21", "wch", "127.0.0.1", 182),
    Wearer(Person("Bo", 69), "Bo Lindqvist", "male", "1955-02-03", "wch-2", "127.0.0.2", 142),
)


def fill(
    connection: Connection, now: float, days: int, timezone: str, poll_seconds: float
) -> dict[str, Any]:
    """Write it all; says how many people and readings there are now, and whose id is whose."""
    patients = {wearer.watch: _move_in(connection, wearer, now, days) for wearer in WEARERS}
    first, count = patients["wch"], 0
    for id, kind, camera in (("cab", "cabinet", "img"), ("img", "cabinet_camera", None)):
        owner = first if kind == "cabinet" else None
        _add_device(connection, id, kind, "127.0.0.1", now, owner, camera)
    calendar, keys = Calendar(timezone), set()
    for wearer in WEARERS:
        rows = readings_of(wearer, patients[wearer.watch], now, min(days, wearer.days))
        while chunk := list(islice(rows, CHUNK)):
            connection.execute(insert(records.readings), chunk)
            keys |= {(row["patient"], row["kind"], calendar.day_of(row["at"])) for row in chunk}
            count += len(chunk)
    bucket_records.mark_stale(connection, sorted(keys))
    # today is not over: the daemon computes it
    whole = sorted(key for key in keys if key[2] < calendar.day_of(now))
    buckets.rebuild(connection, calendar, whole, buckets.slot_of(poll_seconds))
    visits = demo_cabinet.fill(connection, "cab", now, days)
    return {"patients": patients, "readings": count, "visits": visits}


def readings_of(wearer: Wearer, patient: str, now: float, days: int) -> Iterator[dict[str, Any]]:
    """Rows of what the watch said in the last so many days, and of the cuff."""
    rate, heat = model.KINDS["heart_rate"], model.KINDS["body_temperature"]
    trails = {kind.name: model.Trail(kind) for kind in (rate, heat)}
    at = (now - days * DAY) // EARLIER_SECONDS * EARLIER_SECONDS
    while at < now - POLL_SECONDS:
        if wearer.person.wears(at):
            for kind, text in zip((rate, heat), wearer.person.measure(at)):
                verdict, _ = trails[kind.name].judge(float(text), at)
                yield Reading(
                    kind.name, float(text), f"{text},{kind.wire}", at, at + 0.2, wearer.watch,
                    patient, wearer.watch, verdict.quality, verdict.reason,
                ).as_row()
        if at % DAY // POLL_SECONDS in _CUFF_TURNS:
            yield from _cuff(wearer.person, patient, at)
        at += POLL_SECONDS if at > now - RECENT_DAYS * DAY else EARLIER_SECONDS


_CUFF_TURNS = {hour * 3600 // POLL_SECONDS for hour in CUFF_HOURS}


def _cuff(person: Person, patient: str, at: float) -> Iterator[dict[str, Any]]:
    systolic, diastolic = person.pressure(at)
    for kind, value in (("bp_systolic", systolic), ("bp_diastolic", diastolic),
                        ("spo2", person.saturation(at))):
        yield Reading(kind, value, str(value), at, at + 60, "hand", patient).as_row()


def _move_in(connection: Connection, wearer: Wearer, now: float, days: int) -> str:
    id = secrets.token_hex(8)
    since = now - days * DAY
    records.add_patient(connection, Patient(
        id, wearer.name, wearer.sex, wearer.birth_date, None, since))
    _add_device(connection, wearer.watch, "watch", wearer.address, now, id)
    return id


def _add_device(
    connection: Connection, id: str, kind: str, address: str, now: float,
    patient: str | None = None, camera: str | None = None,
) -> None:
    save_device(connection, Device(
        id, id, kind, Approval.APPROVED, "dev", now, address, patient=patient, camera=camera))
