"""A year of a large campus, made inside MariaDB: register, movements; statistics follow."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, text

from iotd.campus.register_records import groups, students

STUDENTS = 20_000
AT_ONCE = 100  # students of a statement, which must be over in 10 s
GROUPS = 1_500
DAYS = 365
YEARS, GENDERS, HOSTELS, BRANCHES, STREAMS = 5, 3, 20, 15, 10

# Outings: so many a student, spread over the year; out at 07:00-18:00, back after 1-9 hours.
# CRC32 is the chance here, the same at each run.
_MOVEMENTS = """
    INSERT INTO campus_movements (student_id, at, source, group_id, received_at, flags)
    SELECT student_id, at, source, group_id, at, 0 FROM (
        SELECT s.id AS student_id, s.group_id,
            :start + (FLOOR((k.seq + MOD(s.id, 97) / 97) * :days / :outings) * 86400 + 25200
            + MOD(CRC32(CONCAT(s.id, ':', k.seq)), 39600)
            + w.seq * (3600 + MOD(CRC32(CONCAT('back', s.id, ':', k.seq)), 28800))) * 1000000
            AS at,
            (:wifi * 2 + 1 - w.seq) * 1048576 + 1 + MOD(s.id, 8) AS source
        FROM campus_students s JOIN seq_0_to_{last} k JOIN seq_0_to_1 w
        WHERE s.id BETWEEN :first AND :until
    ) made ORDER BY student_id, at
"""
_SEEN = """
    INSERT INTO campus_seen (student_id, at) SELECT student_id, MAX(at) FROM campus_movements
    WHERE student_id BETWEEN :first AND :until GROUP BY student_id
"""


def register(connection: Connection) -> None:
    """Twenty thousand students in 1,500 groups."""
    connection.execute(insert(groups), [_group(n) for n in range(GROUPS)])
    for first in range(1, STUDENTS + 1, 2000):
        connection.execute(insert(students), [
            {"id": id, "rollno": f"R{id:05}", "group_id": id * 7 % GROUPS + 1, "created_at": 0.0,
             "changed_at": 0.0} for id in range(first, first + 2000)
        ])


def _group(n: int) -> dict[str, Any]:
    return {
        "id": n + 1, "year": n % YEARS + 1, "gender": "FMX"[n // 5 % GENDERS],
        "hostel": f"Hostel {n // 15 % HOSTELS:02}", "branch": f"Branch {n // 300 % BRANCHES:02}",
        "stream": f"Stream {n * 13 // 10 % STREAMS}",
    }


def movements(connection: Connection, count: int, start: int) -> None:
    """``count`` of them over a year from ``start`` (microseconds) on."""
    outings = count // STUDENTS // 2
    query = text(_MOVEMENTS.format(last=outings - 1))
    for first in range(1, STUDENTS + 1, AT_ONCE):
        connection.execute(query, {
            "start": start, "days": DAYS, "outings": outings, "wifi": 4, "first": first,
            "until": first + AT_ONCE - 1,
        })
        connection.execute(text(_SEEN), {"first": first, "until": first + AT_ONCE - 1})
        connection.commit()
