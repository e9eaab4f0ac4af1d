"""Questionnaires on the reactor: read, merged section by section, and pages told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from sqlalchemy import Connection

from iotd.accounts.shared import By, to_its_end
from iotd.bus import Bus, RecordChanged
from iotd.health.patients import Patients
from iotd.health.questionnaire import model, records
from iotd.health.questionnaire.form import SECTIONS
from iotd.health.questionnaire.records import Questionnaire
from iotd.health.questionnaire.scores import scores
from iotd.health.written import must_be_there
from iotd.store.engine import Store
from iotd.times import rfc3339


class Questionnaires:
    """``Questionnaires(store=, bus=, now=, patients=)``; who may is asked by the routes."""

    def __init__(
        self, *, store: Store, bus: Bus, now: Callable[[], float], patients: Patients
    ) -> None:
        self._store, self._bus, self._now, self._patients = store, bus, now, patients

    async def section(self, patient: str, now: float) -> dict[str, Any]:
        """The answers by section, and how far the patient is, as the API shows it."""
        found: Questionnaire = await self._store.read(records.find, patient)
        return as_json(found)

    async def answers(self, patient: str) -> dict[str, Any]:
        """The answers alone: what there is, by section."""
        found: Questionnaire = await self._store.read(records.find, patient)
        return found.answers

    @to_its_end
    async def put(
        self, patient: str, changes: dict[str, Any], by: By, step: str | None = None,
        finished: bool | None = None,
    ) -> dict[str, Any]:
        """Merge by section key; the whole as JSON. Invalid names the field at fault.

        The same answers again change nothing, and where one is in the wizard is no change
        of the record: neither makes a version.
        """
        self._patients.patient(patient)
        checked = {
            id: model.checked_section(id, value, by.at) for id, value in changes.items()
        }
        at_step = None if step is None else model.checked_step(step)
        became, touched = await self._store.run(
            _merge, patient, checked, by, at_step, finished
        )
        if touched:
            self._bus.publish(_told(patient, by))
        return as_json(became)


def as_json(found: Questionnaire) -> dict[str, Any]:
    """A questionnaire as the API shows it."""
    return {
        **{id: found.answers.get(id) for id in SECTIONS},
        "scores": [each.as_json() for each in scores(found.answers)],
        "step": found.step, "version": found.version,
        "finished_at": _time(found.finished_at), "changed_at": _time(found.changed_at),
    }


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


def _merge(
    connection: Connection, patient: str, changes: dict[str, Any], by: By, step: str | None,
    finished: bool | None,
) -> tuple[Questionnaire, list[str]]:
    must_be_there(connection, patient)
    was = records.find(connection, patient)
    touched = [id for id, value in changes.items() if was.answers.get(id) != value]
    merged = {**was.answers, **changes}
    became = replace(
        was, answers={id: merged[id] for id in SECTIONS if merged.get(id) is not None},
        step=was.step if step is None else step,
    )
    finished_at = _finished_at(was, touched, by.at, finished)
    if finished_at != was.finished_at:
        touched = [*touched, "finished"]
        became = replace(became, finished_at=finished_at)
    if touched:
        became = replace(
            became, version=was.version + 1, changed_at=by.at, changed_by=by.who
        )
        by.audit(connection, "change questionnaire", patient, ", ".join(touched),
                 patient=patient)
    if became != was:
        if became.changed_at is None:  # only looked at the first pages so far
            became = replace(became, changed_at=by.at, changed_by=by.who)
        records.keep(connection, patient, was, became)
    return became, touched


def _finished_at(
    was: Questionnaire, touched: list[str], at: float, finished: bool | None
) -> float | None:
    if finished is None:
        return was.finished_at
    if not finished:
        return None
    return at if touched or was.finished_at is None else was.finished_at


def _told(patient: str, by: By) -> RecordChanged:
    return RecordChanged(f"{patient}/questionnaire", patient, "questionnaire", {
        "patient": patient, "section": "questionnaire", "what": "changed", "by": by.who,
        "at": rfc3339(by.at),
    })
