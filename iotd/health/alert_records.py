"""Tables of alerts: rules of patients, alerts with their history, and the outbox."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Container, Iterable, Mapping, Sequence

from sqlalchemy import (
    Boolean, Column, Connection, Double, Index, Integer, String, Table, Text, and_,
    bindparam, delete, func,
    insert, or_, select, true, union_all, update,
)

from iotd.health.alert_model import LIVE, Alert
from iotd.health.model import GOOD, KINDS, REJECTED
from iotd.health.records import readings
from iotd.store.metadata import Time, metadata

alert_rules = Table(
    "alert_rules", metadata,
    Column("patient", String(40), primary_key=True),
    Column("subject", String(24), primary_key=True),  # a vital, or "stale"
    Column("fields", Text, nullable=False),  # JSON: the whole rule
)
alerts = Table(
    "alerts", metadata,
    Column("id", String(32), primary_key=True),  # begins with the time: sorts by age
    Column("key", String(128), nullable=False),
    Column("patient", String(40)),
    Column("device", String(64)),
    Column("cause", String(24), nullable=False),
    Column("vital", String(24)),
    Column("value", Double),
    Column("unit", String(16)),
    Column("text", String(255), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("raised_at", Time, nullable=False),
    Column("decided_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("ended_by", String(64)),
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at", Time),
    Column("snoozed_until", Time),
    Column("undelivered", Integer, nullable=False),
    Index("ix_alerts_patient_id", "patient", "id"),
    Index("ix_alerts_state", "state"),
    Index("ix_alerts_decided_at", "decided_at"),
)
alert_outbox = Table(
    "alert_outbox", metadata,
    Column("id", String(64), primary_key=True),
    Column("alert", String(32), nullable=False),
    Column("event", String(16), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("target", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_at", Time, nullable=False),
    Column("next_at", Time, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String(255), nullable=False),
    Index("ix_alert_outbox_alert", "alert"),
    Index("ix_alert_outbox_state", "state"),
)

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


@dataclass(frozen=True)
class Message:
    """One message to one target; ``id`` is its mark for whoever gets it twice.

    ``target`` is an e-mail address, or the mark of a webhook (never its address,
    which may hold a secret); ``body`` the alert as JSON.
    """

    id: str
    alert: str
    event: str
    channel: str
    target: str
    body: str
    made_at: float
    next_at: float
    state: str = WAITING
    tries: int = 0
    error: str = ""


@dataclass(frozen=True)
class Heard:
    """A reading as far as alerts go; ``source`` is a device's id, or how it was told."""

    patient: str
    kind: str
    value: float
    at: float
    good: bool
    source: str


# alerts

def keep(connection: Connection, alert: Alert, messages: Iterable[Message] = ()) -> None:
    """Make the alert's row, or bring it up to date, with its messages: all or nothing."""
    values = asdict(alert)
    known = connection.execute(
        select(alerts.c.id).where(alerts.c.id == alert.id).with_for_update()
    ).first()
    if known is None:
        connection.execute(insert(alerts).values(values))
    else:
        del values["undelivered"]  # counted by :func:`settle` alone
        connection.execute(update(alerts).where(alerts.c.id == alert.id).values(values))
    for message in messages:
        _add_message(connection, message)


def _add_message(connection: Connection, message: Message) -> None:
    # a commit of which nobody heard may have been one after all
    query = select(alert_outbox.c.id).where(alert_outbox.c.id == message.id)
    if connection.execute(query).first() is None:
        connection.execute(insert(alert_outbox).values(asdict(message)))


def live_alerts(connection: Connection) -> list[Alert]:
    """Every alert that something may still come of, oldest first."""
    query = select(alerts).where(or_(alerts.c.state.in_(LIVE), alerts.c.holds == true()))
    return [_alert(row) for row in connection.execute(query.order_by(alerts.c.id)).mappings()]


def decided(connection: Connection, since: float) -> dict[str, float]:
    """By key, the time of the newest reading that moved an alert since then."""
    query = select(alerts.c.key, func.max(alerts.c.decided_at)).where(
        alerts.c.decided_at >= since
    ).group_by(alerts.c.key)
    return {key: at for key, at in connection.execute(query)}


def find_alert(connection: Connection, id: str) -> Alert | None:
    """One alert, also one that is over."""
    row = connection.execute(select(alerts).where(alerts.c.id == id)).mappings().first()
    return None if row is None else _alert(row)


#: Causes that tell of somebody's habits; all others of a patient are of readings.
OF_HABITS = ("low_stock",)


@dataclass(frozen=True)
class Seen:
    """Whose alerts somebody may see: patients by the section, those of devices by cause."""

    readings: Sequence[str] = ()
    habits: Sequence[str] = ()
    devices: Sequence[str] = ()


def list_alerts(
    connection: Connection, seen: Seen | None, states: Sequence[str] | None, limit: int,
    after: str | None = None,
) -> list[Alert]:
    """The newest alerts of those that somebody may see. None: all there are.

    Of those with one of ``states`` (None: any) and older than ``after``.
    """
    whose: Any = true()
    if seen is not None:
        patient, cause = alerts.c.patient, alerts.c.cause
        whose = or_(
            and_(patient.in_(seen.readings), cause.not_in(OF_HABITS)),
            and_(patient.in_(seen.habits), cause.in_(OF_HABITS)),
            and_(patient.is_(None), cause.in_(seen.devices)),
        )
    query = select(alerts).where(whose)
    if states is not None:
        query = query.where(alerts.c.state.in_(states))
    if after is not None:
        query = query.where(alerts.c.id < after)
    rows = connection.execute(query.order_by(alerts.c.id.desc()).limit(limit)).mappings()
    return [_alert(row) for row in rows]


def _alert(row: Mapping[Any, Any]) -> Alert:
    return Alert(**{**row, "holds": bool(row["holds"])})


# rules

def all_rules(connection: Connection) -> dict[str, dict[str, dict[str, Any]]]:
    """By patient and subject, the rules that are not the defaults."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in connection.execute(select(alert_rules)).mappings():
        found.setdefault(row["patient"], {})[row["subject"]] = json.loads(row["fields"])
    return found


def save_rules(
    connection: Connection, patient: str, rules: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write these subjects of a patient's rules; others stay."""
    for subject, fields in rules.items():
        connection.execute(delete(alert_rules).where(and_(
            alert_rules.c.patient == patient, alert_rules.c.subject == subject,
        )))
        if fields:
            connection.execute(insert(alert_rules).values(
                patient=patient, subject=subject, fields=json.dumps(fields),
            ))


def strangers(connection: Connection, known: Container[str]) -> list[str]:
    """Patients who have alerts or rules here and are not known any more."""
    there: set[str] = set()
    for column in (alerts.c.patient, alert_rules.c.patient):
        query = select(column).distinct().where(column.is_not(None))
        there.update(connection.execute(query).scalars())
    return sorted(patient for patient in there if patient not in known)


def forget_patient(connection: Connection, patient: str) -> None:
    """Rules, alerts and messages of a patient who is removed."""
    theirs = select(alerts.c.id).where(alerts.c.patient == patient)
    connection.execute(delete(alert_outbox).where(alert_outbox.c.alert.in_(theirs)))
    connection.execute(delete(alerts).where(alerts.c.patient == patient))
    connection.execute(delete(alert_rules).where(alert_rules.c.patient == patient))


# what was measured before the start

def newest_readings(connection: Connection, patient: str, limit: int) -> list[Heard]:
    """The newest readings of each vital that may count, oldest first.

    One query for all vitals: at 5,000 patients five would make the start three times longer.
    """
    rows = connection.execute(_NEWEST, {"patient": patient, "most": limit})
    found = [Heard(patient, kind, value, at, quality == GOOD, source)
             for kind, value, at, quality, source in rows]
    return sorted(found, key=lambda heard: heard.at)


def last_measured(connection: Connection, patient: str) -> float | None:
    """When a device measured something good of this patient last."""
    c = readings.c
    found = []
    for kind in KINDS:
        query = select(c.at).where(
            c.patient == patient, c.kind == kind, c.quality == GOOD, c.device.is_not(None),
        ).order_by(c.at.desc()).limit(1)
        found.append(connection.execute(query).scalar())
    return max((at for at in found if at is not None), default=None)


def _newest_of(kind: str) -> Any:
    c = readings.c
    query = select(c.kind, c.value, c.at, c.quality, c.source).where(
        c.patient == bindparam("patient"), c.kind == kind, c.quality != REJECTED,
    ).order_by(c.at.desc()).limit(bindparam("most"))
    return select(query.subquery())


_NEWEST = union_all(*(_newest_of(kind) for kind in KINDS))


# outbox

def waiting(connection: Connection) -> list[Message]:
    """Every message that is still to be delivered, oldest first."""
    query = select(alert_outbox).where(alert_outbox.c.state == WAITING)
    rows = connection.execute(query.order_by(alert_outbox.c.made_at, alert_outbox.c.id))
    return [Message(**row) for row in rows.mappings()]


def settle(connection: Connection, message: Message) -> None:
    """Write what became of a message; one that is given up counts with its alert."""
    connection.execute(update(alert_outbox).where(alert_outbox.c.id == message.id).values(
        state=message.state, next_at=message.next_at, tries=message.tries, error=message.error,
    ))
    if message.state == FAILED:
        connection.execute(update(alerts).where(alerts.c.id == message.alert).values(
            undelivered=alerts.c.undelivered + 1
        ))


def prune(connection: Connection, before: float) -> None:
    """Drop messages that were delivered or given up, made before then; alerts stay."""
    old = and_(alert_outbox.c.state != WAITING, alert_outbox.c.made_at < before)
    connection.execute(delete(alert_outbox).where(old))
