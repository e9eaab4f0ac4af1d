"""A demonstration's campus: its register, its gates, and who passed them for some weeks.

Students are those that `iotd simulate --gates` lets pass; what they did is judged by the
very rule and counted by the very statistics that the daemon uses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Iterable, Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from iotd.calendar import Calendar
from iotd.campus import statistics_records
from iotd.campus.applier import Work
from iotd.campus.cells import Deltas, Hours
from iotd.campus.macs import Hasher, site_key, tail
from iotd.campus.memory import Memory
from iotd.campus.model import SECOND, Heard, Method
from iotd.campus.strangers import ALL_GATES, WHOLE_DAY
from iotd.campus.student_records import write_changes
from iotd.campus.students import MAC, Change, Group, Identifier, Student
from iotd.cli.demo_boards import GATES
from iotd.simulate.campus import DAY_SECONDS, Campus, Passage
from iotd.simulate.chance import chance
from iotd.simulate.students import Student as Virtual
from iotd.store.seal import Sealer

STUDENTS, DAYS = 400, 60
REPEAT_SECONDS = 180
CHUNK = 20_000  # passages of one piece of work


def fill(
    connection: Connection, sealer: Sealer, now: float, timezone: str, days: int = DAYS,
) -> dict[str, int]:
    """Write it all, of the gates of demo_boards."""
    ids = _enroll(connection, Hasher(site_key(sealer)), now - days * DAY_SECONDS)
    groups = {student.id: student.group.id for student in ids.values()}
    memory, calendar = Memory(groups.get), Calendar(timezone)
    memory.load(connection)
    counts = _Counts(calendar)
    campus = Campus(STUDENTS, len(GATES), timezone)
    passages = campus.between(now - days * DAY_SECONDS, now - 60)
    for first in range(0, len(passages), CHUNK):
        work = Work(connection, memory, counts, REPEAT_SECONDS)
        piece = passages[first:first + CHUNK]
        work.hear(_heard(each, ids[each.student].id) for each in piece)
        work.count_strangers(_strangers(piece, timezone))
        memory.adopt(work.finish(memory.place))
    statistics_records.keep_zone(connection, timezone)
    return {"students": len(ids), "passages": len(passages)}


class _Counts:
    """Statistics without a memory of their own: the daemon reads them when it starts."""

    def __init__(self, calendar: Calendar) -> None:
        self.hours = Hours(calendar)

    def change(self, connection: Connection, deltas: Deltas) -> None:
        """Add to what is stored."""
        statistics_records.change_days(connection, deltas)

    def add_strangers(
        self, connection: Connection, new: dict[tuple[str, int, int], int]
    ) -> None:
        """Count unregistered devices."""
        statistics_records.add_strangers(connection, new)


def _enroll(connection: Connection, hasher: Hasher, at: float) -> dict[int, Student]:
    """The register; by number of the virtual student."""
    numbers = range(1, STUDENTS + 1)
    made = write_changes(
        connection, [Change(None, _student(Virtual(each), hasher, at)) for each in numbers], at)
    return {number: change.after for number, change in zip(numbers, made) if change.after}


def _student(virtual: Virtual, hasher: Hasher, at: float) -> Student:
    rollno, year, branch, stream, hostel, gender, mac = virtual.row()
    phone = Identifier(hasher.mac(mac), MAC, tail(mac), at, "demo")
    return Student(0, rollno, Group(0, int(year), branch, stream, hostel, gender), (phone,))


def _heard(passage: Passage, student: int) -> Heard:
    at = round(passage.at * SECOND)
    return Heard(GATES[passage.gate], None, None, at, at + SECOND, passage.direction,
                 Method.WIFI, (student,), 0)


def _strangers(
    passages: Iterable[Passage], timezone: str
) -> dict[tuple[str, int, str], int]:
    """About one phone of nobody known for each three students who pass."""
    found: dict[tuple[str, int, str], int] = {}
    for key in _places(passages, ZoneInfo(timezone)):
        found[key] = found.get(key, 0) + 1
    return found


def _places(passages: Iterable[Passage], zone: ZoneInfo) -> Iterator[tuple[str, int, str]]:
    for each in passages:
        if chance("stranger", GATES[each.gate], int(each.at)) < 0.35:
            local = datetime.fromtimestamp(each.at, zone)
            day, gate = local.date().isoformat(), GATES[each.gate]
            yield from ((day, hour, at) for hour in (local.hour, WHOLE_DAY)
                        for at in (gate, ALL_GATES))
