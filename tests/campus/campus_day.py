"""A campus as hypothesis draws it: days of sightings, and how they come to the daemon."""

from __future__ import annotations

from typing import Iterator, NamedTuple

from iotd.campus.model import KEPT, SECOND, Heard, Method

STUDENTS = 3
EVENTS = 12  # of a day
SIZE = 5  # bytes of an event
DAY = 86400 * SECOND

# seconds between two events: about the length of a repetition, and everything else
GAPS = (0, 0, 1, 3, 60, 120, 179, 180, 181, 240, 600, 1800, 3600, 7200, 14400, 20000)
GATES = ("north", "south", "yard")
METHODS = (Method.WIFI, Method.WIFI, Method.WIFI, Method.RFID, Method.FACE, Method.FINGERPRINT)
# by how many events an arrival is late: mostly not, sometimes by days
DELAYS = (0,) * 8 + (1, 2, 3, 5, 9, 20, 60, 75)


class Step(NamedTuple):
    """What comes to the daemon: a message, and what happens behind it."""

    message: Heard
    commit: bool  # the batch ends here
    restart: bool


def draw(data: bytes, first_day: int, first_student: int, boot: str) -> Iterator[Step]:
    """Steps in order of arrival; every five bytes are one sighting.

    Nothing comes that is more than seven days older than the student's newest.
    """
    arrivals = sorted(_arrivals(data, first_day, first_student, boot), key=lambda each: each[0])
    newest: dict[int, int] = {}
    for _, message, flags in arrivals:
        if all(message.at >= newest.get(each, 0) - KEPT for each in message.students):
            newest.update((each, max(message.at, newest.get(each, 0)))
                          for each in message.students)
            yield Step(message, flags & 3 == 3, flags & 31 == 31)


def _arrivals(
    data: bytes, first_day: int, first_student: int, boot: str
) -> Iterator[tuple[float, Heard, int]]:
    at = 0
    for number in range(len(data) // SIZE):
        gap, who, where, delay, fate = data[number * SIZE:][:SIZE]
        day = first_day + number // EVENTS * DAY
        if number % EVENTS == 0:
            at = day + (gap * 400 % 86400) * SECOND
        else:
            at += GAPS[gap % 16] * SECOND + (gap >> 4) % 2
        at = min(at, day + DAY + 3600 * SECOND)
        message = _message(at, who, where, first_student, boot, number)
        if fate >> 2 & 7 == 7:
            continue  # lost
        arrives = number + DELAYS[delay % 16] + 0.5
        yield arrives, message, fate
        if fate >> 5 == 7 and message.seq is not None:
            yield arrives + delay % 32, message, fate  # and once more


def _message(
    at: int, who: int, where: int, first_student: int, boot: str, number: int
) -> Heard:
    students = tuple(first_student + n for n in range(STUDENTS) if who >> n & 1)
    direction, received = where & 1, at
    if who >> 3 == 31:  # one in 32
        return Heard("", None, None, at, received, direction, Method.CORRECTION, students[:1], 0)
    gate = GATES[(where >> 1) % 3]
    method = METHODS[(where >> 3) % 6]
    numbered = (boot, number) if who >> 3 & 3 else (None, None)
    return Heard(gate, *numbered, at, received, direction, method, students, 0)
