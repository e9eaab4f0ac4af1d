"""The table of questionnaires, and what is read from and written to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, Text
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from iotd.store.metadata import Time, metadata

questionnaires = Table(
    "questionnaires", metadata,
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"),
           primary_key=True),
    Column("answers", Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
    Column("step", String(24), nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Time, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("finished_at", Time),
)


@dataclass(frozen=True)
class Questionnaire:
    """What a patient has answered, by section; version 0 while there is nothing."""

    answers: dict[str, Any]
    step: str = ""
    version: int = 0
    changed_at: float | None = None
    changed_by: str = ""
    finished_at: float | None = None


def find(connection: Connection, patient: str) -> Questionnaire:
    """A patient's, which is empty before anything was answered."""
    c = questionnaires.c
    columns = (c.answers, c.step, c.version, c.changed_at, c.changed_by, c.finished_at)
    row = connection.execute(select(*columns).where(c.patient == patient)).first()
    if row is None:
        return Questionnaire({})
    return Questionnaire(json.loads(row.answers), *row[1:])


def keep(connection: Connection, patient: str, was: Questionnaire, now: Questionnaire) -> None:
    """Write ``now`` where ``was`` stands."""
    values: dict[str, Any] = {
        "answers": json.dumps(now.answers, ensure_ascii=False), "step": now.step,
        "version": now.version, "changed_at": now.changed_at, "changed_by": now.changed_by,
        "finished_at": now.finished_at,
    }
    if was.changed_at is None:
        connection.execute(insert(questionnaires).values(patient=patient, **values))
        return
    mine = questionnaires.c.patient == patient
    connection.execute(update(questionnaires).where(mine).values(**values))
