"""What a report says: its data, as the daemon gives it, into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from iotd.calendar import Calendar
from iotd.health.report import results, vitals, written
from iotd.health.report.model import Block, Cell, Heading, Report, Table, Text
from iotd.health.report.vitals import Period
from iotd.health.report.words import DISCLAIMER, SECTION_NAMES, by_name, day, plural, years_on

SEXES = {"unknown": "not told"}


@dataclass(frozen=True)
class Told:
    """Everything a report is made of, as JSON gives it.

    ``patient`` is name, sex and birth_date; ``sections`` as the API shows them, only those
    that who asks may see; ``left_out`` the names of the others; ``answers`` rows of title,
    question, answer, unit; ``marks`` states of days by a habit's id; ``now`` Unix seconds.
    """

    patient: Mapping[str, Any]
    site: str
    by: str
    now: float
    timezone: str
    days: int
    sections: Mapping[str, Any]
    left_out: Sequence[str]
    answers: Sequence[Sequence[str]]
    marks: Mapping[str, Mapping[str, str]]


def report_of(told: Told) -> Report:
    """The report."""
    calendar = Calendar(told.timezone)
    today = calendar.day_of(told.now)
    dates = calendar.days(told.now - (told.days + 1) * 86400, told.now)[-told.days:]
    period = Period(calendar, tuple(dates))
    name = str(told.patient["name"])
    footer = f"Health report of {by_name(name)}, made on {day(today)}. {DISCLAIMER}"
    return Report(
        f"Health report of {name}", footer,
        (*_front(told, period, today), *_sections(told, period)),
    )


def _front(told: Told, period: Period, today: str) -> Iterator[Block]:
    patient = told.patient
    clock = period.calendar.local(told.now)
    age = years_on(patient.get("birth_date"), today)
    born = "not known" if age is None else (
        f"{day(patient.get('birth_date'))} ({plural(age, 'year')})"
    )
    yield Heading("Health report", 1)
    yield Table("About this report", written.FACTS, tuple(
        (Cell(label), Cell(text)) for label, text in (
            ("Name", str(patient["name"])), ("Born", born),
            ("Sex", SEXES.get(patient["sex"], patient["sex"])),
            ("Period", f"{day(period.dates[0])} to {day(period.dates[-1])}"
                       f" ({plural(told.days, 'day')})"),
            ("Made", f"{day(today)}, {clock:%H:%M} ({told.timezone}), by {by_name(told.site)},"
                     f" for {by_name(told.by)}"),
        )
    ))
    yield Text(DISCLAIMER, "note")
    if told.left_out:
        names = ", ".join(SECTION_NAMES[name].lower() for name in told.left_out)
        yield Text(
            f"Not in this report: {names}. They were not asked for, or are not shared with who"
            " made it; nothing is assumed about them.", "note",
        )


def _sections(told: Told, period: Period) -> Iterator[Block]:
    sections = told.sections
    if "readings" in sections:
        yield from vitals.blocks(sections["readings"], period)
    if "labs" in sections:
        yield from results.blocks(sections["labs"])
    if "advice" in sections:
        yield from written.advice(sections["advice"])
    if "questionnaire" in sections:
        yield from written.answers(sections["questionnaire"], told.answers)
    if "notes" in sections:
        yield from written.notes(sections["notes"])
    if "habits" in sections:
        yield from written.habits(sections["habits"], told.marks, period.dates)
