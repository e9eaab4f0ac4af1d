"""The parts of a report that people wrote: advice, notes, answers, habits."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Iterator, Mapping, Sequence

from iotd.health.advice.titles import SECTIONS
from iotd.health.report.model import Block, Cell, Column, Heading, Heatmap, Table, Text
from iotd.health.report.words import NONE, amount, by_name, day, plural

FACTS = (Column("", 34), Column("", 66))


def advice(section: Mapping[str, Any]) -> Iterator[Block]:
    """What doctors advise, by section, with who wrote it and when."""
    yield Heading("Doctor's advice", 2)
    about = section.get("about") or {}
    missing = []
    for key, name in SECTIONS.items():
        text = section.get(key)
        if not text:
            missing.append(name)
            continue
        yield Heading(name, 3)
        yield Text(text)
        yield Text(_signed(about.get(key) or {}), "muted")
    if len(missing) == len(SECTIONS):
        yield Text("There is no advice yet.", "muted")
    elif missing:
        yield Text(f"No advice about: {', '.join(missing)}.", "muted")


def notes(section: Mapping[str, Any]) -> Iterator[Block]:
    """Notes, the newest first."""
    items: Sequence[Mapping[str, Any]] = section.get("items", ())
    yield Heading("Notes", 2)
    if not items:
        yield Text("There are no notes.", "muted")
    for note in items:
        yield Text(_signed(note), "muted")
        yield Text(note.get("text") or NONE)
    if section.get("more"):
        yield Text(f"Not shown: {plural(section['more'], 'older note')}.", "muted")


def answers(section: Mapping[str, Any], told: Sequence[Sequence[str]]) -> Iterator[Block]:
    """The questionnaire; ``told`` are title, question, answer and unit of each answer."""
    yield Heading("Questionnaire", 2)
    if not told:
        yield Text("The questionnaire was not filled in.", "muted")
        return
    done = "Filled in" if section.get("finished_at") else "Not finished"
    changed = section.get("changed_at")
    last = f"; last changed on {day(changed)}" if changed else ""
    yield Text(f"{done} by the patient{last}.", "muted")
    for title, rows in groupby(told, key=lambda row: row[0]):
        yield Heading(title, 3)
        facts = list(rows)
        yield from (Text(answer) for _, question, answer, _ in facts if not question)
        asked = [(question, answer, unit) for _, question, answer, unit in facts if question]
        if asked:
            yield Table(f"{title}: questions and answers", FACTS, tuple(
                (Cell(question), Cell(f"{answer} {unit}".rstrip()))
                for question, answer, unit in asked
            ))


def habits(
    section: Mapping[str, Any], days: Mapping[str, Mapping[str, str]], dates: Sequence[str]
) -> Iterator[Block]:
    """Habits with streak and strength; ``days`` are the states by habit's id and day."""
    items = [each for each in section.get("items", ()) if not each.get("archived")]
    yield Heading("Habits", 2)
    if not items:
        yield Text("There are no habits.", "muted")
        return
    columns = (
        Column("Habit", 34), Column("Goal", 26), Column("Streak", 13, True),
        Column("Best streak", 14, True), Column("Strength", 13, True),
    )
    yield Table("Habits", columns, tuple(_habit(each) for each in items))
    for each in items:
        states = days.get(str(each["id"]), {})
        yield Heading(each["name"], 3)
        yield _heatmap(each, states, dates)


def _habit(habit: Mapping[str, Any]) -> tuple[Cell, ...]:
    per = habit.get("per") or "day"
    target = habit.get("target")
    goal = f"{amount(target)} {habit.get('unit') or ''}".strip() if target is not None else (
        plural(habit.get("times") or 1, "time")
    )
    return (
        Cell(habit["name"]), Cell(f"{goal} a {per}"),
        Cell(plural(habit.get("streak") or 0, str(per))),
        Cell(plural(habit.get("best_streak") or 0, str(per))),
        Cell(f"{round(100 * (habit.get('strength') or 0))} %"),
    )


def _heatmap(
    habit: Mapping[str, Any], states: Mapping[str, str], dates: Sequence[str]
) -> Heatmap:
    counts = {word: sum(states.get(each) == word for each in dates)
              for word in ("done", "skip", "missed")}
    alt = (
        f"{habit['name']}, day by day from {day(dates[0])} to {day(dates[-1])}:"
        f" done on {plural(counts['done'], 'day')}, skipped on {plural(counts['skip'], 'day')},"
        f" missed on {plural(counts['missed'], 'day')}."
    )
    return Heatmap(alt, tuple(dates), tuple(states.get(each, "") for each in dates))


def _signed(about: Mapping[str, Any]) -> str:
    who = about.get("author_name") or about.get("author")
    if not who:
        return "Author not known."
    return f"{by_name(who)}, {day(about.get('at'))}"
