"""A person's word: somebody is inside or outside, or all are out. With a name in the audit."""

from __future__ import annotations

from sqlalchemy import Connection

from iotd.accounts.records import write_audit
from iotd.campus.applier import Work
from iotd.campus.memory import Applied
from iotd.campus.model import DIRECTIONS, ENTRY, EXIT, Method, direction_of, pack_source
from iotd.campus.movement_records import Movement
from iotd.campus.movements import Movements, moment
from iotd.campus.students import subject_of
from iotd.errors import Conflict, Invalid
from iotd.times import rfc3339

EARLIEST = 1_577_836_800  # 2020-01-01, as for gates


class Corrections:
    """Each is a sighting that moves whenever it says something else than what is known."""

    def __init__(self, movements: Movements) -> None:
        self._movements = movements

    async def correct(
        self, rollno: str, direction: str, at: float | None, note: str, by: str, address: str = ""
    ) -> Movement:
        """The movement that it made; Conflict when the student is there already."""
        movements, student = self._movements, self._movements.register.find(rollno)
        now, where = movements.now(), DIRECTIONS.index(direction)
        at = now if at is None else _checked(at, now)
        key = student.id, moment(at), pack_source(Method.CORRECTION, where, 0)

        def fill(work: Work) -> None:
            work.see([student.id], key[1], key[2], where, moment(now))

        def also(connection: Connection, applied: Applied) -> None:
            _made(applied, key, rollno)
            write_audit(connection, now, by, "correct student", subject_of(rollno),
                        _line(direction, at, note), address=address)

        return _made(await movements.commit(fill, also=also), key, rollno)

    async def reset(self, note: str, by: str, address: str = "") -> int:
        """Everybody who is inside is outside from now on; how many that were."""
        movements, now = self._movements, self._movements.now()
        source, at = pack_source(Method.CORRECTION, EXIT, 0), moment(now)

        def fill(work: Work) -> None:
            work.see(self._inside(), at, source, EXIT, at)

        def also(connection: Connection, applied: Applied) -> None:
            write_audit(connection, now, by, "reset campus", "campus", note, address=address)

        applied = await movements.commit(fill, also=also)
        return sum(each.at == at and each.source == source for each in applied.added)

    def _inside(self) -> list[int]:
        states = self._movements.memory.states
        return [id for id, state in states.items() if state.direction == ENTRY]


def _checked(at: float, now: float) -> float:
    if not EARLIEST <= at <= now + 1:
        raise Invalid("A correction lies between 2020-01-01 and now.", "at")
    return at


def _made(applied: Applied, key: tuple[int, int, int], rollno: str) -> Movement:
    made = next((each for each in applied.added if each[:3] == key), None)
    if made is None:
        place = "outside" if direction_of(key[2]) else "inside"
        raise Conflict(f"{rollno} was {place} at that time already.", "direction")
    return made


def _line(direction: str, at: float, note: str) -> str:
    return f"{direction} at {rfc3339(at)}" + (f": {note}" if note else "")
