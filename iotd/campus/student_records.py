"""What is read from and written to the register's tables."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from iotd.accounts.audit_erasing import erase_rows
from iotd.accounts.records import audit
from iotd.accounts.shared import By
from iotd.campus.register_records import codes, groups, identifiers, students
from iotd.campus.students import COLUMNS, Change, Group, Identifier, Student, Values, subject_of

CHUNK = 500  # values of one IN (...)
ERASED = subject_of("erased")
RENAME = "rename student"
LAST = 2 ** 62  # no row's id

_GROUP = [groups.c.id, *(groups.c[name] for name in COLUMNS[1:])]
_IDENTIFIER = [identifiers.c[name] for name in Identifier._fields]


class Code(NamedTuple):
    """A one-time code at rest; ``hash`` is keyed, times are Unix seconds."""

    hash: str
    expires_at: float
    tries: int = 0


class Loaded(NamedTuple):
    """The whole register, by id; codes by the student's."""

    groups: dict[int, Group]
    students: dict[int, Student]
    codes: dict[int, Code]


def load(connection: Connection) -> Loaded:
    """Everything: 20,000 students take 0.2 s."""
    known = {row.id: Group(*row) for row in connection.execute(select(*_GROUP))}
    owned: dict[int, list[Identifier]] = defaultdict(list)
    order = identifiers.c.added_at, identifiers.c.hash
    query = select(identifiers.c.student_id, *_IDENTIFIER).order_by(*order)
    for student, *values in connection.execute(query):
        owned[student].append(Identifier(*values))
    people = select(students.c.id, students.c.rollno, students.c.group_id)
    waiting = select(codes.c.student_id, codes.c.code_hash, codes.c.expires_at, codes.c.tries)
    return Loaded(known, {
        id: Student(id, rollno, known[group], tuple(owned.get(id, ())))
        for id, rollno, group in connection.execute(people)
    }, {id: Code(*values) for id, *values in connection.execute(waiting)})


def write_changes(
    connection: Connection, changes: Sequence[Change], at: float
) -> list[Change]:
    """Write what differs between before and after; the same changes with their new ids.

    A group or student with the id 0 is made.
    """
    made = _make_groups(connection, changes)
    changes = [_in_group(change, made) for change in changes]
    ids = _make_students(connection, [c.after for c in changes if not c.before and c.after], at)
    changes = [_with_id(change, ids) for change in changes]
    _move_students(connection, changes, at)
    _delete(connection, students.c.id, [c.student_id for c in changes if c.after is None])
    _write_identifiers(connection, changes)
    return changes


def _make_groups(connection: Connection, changes: Iterable[Change]) -> dict[Values, Group]:
    wanted = dict.fromkeys(
        c.after.group.values for c in changes if c.after is not None and not c.after.group.id
    )
    if not wanted:
        return {}
    newest = connection.execute(select(func.max(groups.c.id))).scalar() or 0
    names = COLUMNS[1:]
    connection.execute(insert(groups), [dict(zip(names, values)) for values in wanted])
    found = connection.execute(select(*_GROUP).where(groups.c.id > newest))
    return {row[1:]: Group(*row) for row in found}


def _in_group(change: Change, made: dict[Values, Group]) -> Change:
    after = change.after
    if after is None or after.group.id:
        return change
    return change._replace(after=after._replace(group=made[after.group.values]))


def _make_students(
    connection: Connection, new: Sequence[Student], at: float
) -> dict[str, int]:
    if not new:
        return {}
    newest = connection.execute(select(func.max(students.c.id))).scalar() or 0
    connection.execute(insert(students), [
        {"rollno": each.rollno, "group_id": each.group.id, "created_at": at, "changed_at": at}
        for each in new
    ])
    found = select(students.c.rollno, students.c.id).where(students.c.id > newest)
    return {rollno: id for rollno, id in connection.execute(found)}


def _with_id(change: Change, ids: dict[str, int]) -> Change:
    after = change.after
    if after is None or after.id:
        return change
    return change._replace(after=after._replace(id=ids[after.rollno]))


def _move_students(connection: Connection, changes: Iterable[Change], at: float) -> None:
    """Groups that changed, a statement for each group: one a student takes MariaDB 5 s for 20,000;
    and roll numbers that changed."""
    moved: dict[int, list[int]] = defaultdict(list)
    for before, after in changes:
        if before is None or after is None:
            continue
        if before.group.id != after.group.id:
            moved[after.group.id].append(after.id)
        if before.rollno != after.rollno:
            _set(connection, [after.id], rollno=after.rollno, changed_at=at)
    for group, ids in moved.items():
        for some in _chunks(ids):
            _set(connection, some, group_id=group, changed_at=at)


def _set(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    connection.execute(update(students).where(students.c.id.in_(ids)).values(**values))


def _write_identifiers(connection: Connection, changes: Iterable[Change]) -> None:
    gone: list[str] = []
    new: list[dict[str, Any]] = []
    for before, after in changes:
        had = set(before.identifiers) if before else set()
        has = after.identifiers if after else ()
        gone.extend(each.hash for each in had.difference(has))
        if after is not None:
            new.extend({"student_id": after.id, **each._asdict()} for each in has
                       if each not in had)
    # what passes from one student to another goes before it comes
    _delete(connection, identifiers.c.hash, gone)
    if new:
        connection.execute(insert(identifiers), new)


def _delete(connection: Connection, column: Any, values: Iterable[Any]) -> None:
    for some in _chunks(values):
        connection.execute(delete(column.table).where(column.in_(some)))


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while some := list(islice(rest, CHUNK)):
        yield some


def put_code(connection: Connection, student: int, code: Code, at: float, by: str) -> None:
    """Make it the student's only one."""
    remove_code(connection, student)
    connection.execute(insert(codes).values(
        student_id=student, code_hash=code.hash, made_at=at, made_by=by[:64],
        expires_at=code.expires_at, tries=code.tries,
    ))


def count_try(connection: Connection, student: int, code: Code) -> None:
    """Remember how often this code was tried in vain."""
    same = (codes.c.student_id == student) & (codes.c.code_hash == code.hash)
    connection.execute(update(codes).where(same).values(tries=code.tries))


def remove_code(connection: Connection, student: int) -> None:
    """The student's code is used up, or was never there."""
    connection.execute(delete(codes).where(codes.c.student_id == student))


def write_rename(connection: Connection, by: By, rollno: str, now: str) -> None:
    """Say under the old number which is the new one: so what was done before is found."""
    by.audit(connection, RENAME, subject_of(rollno), f"now {now}")


def forget_in_audit(connection: Connection, by: By, rollno: str) -> None:
    """Take a student's name out of the audit; who did what and when stays."""
    spans = _called(connection, rollno)
    where = or_(*(
        (audit.c.subject == subject_of(name)) & (audit.c.id > after) & (audit.c.id <= last)
        for name, after, last in spans
    ))
    erase_rows(
        connection, by, where, lambda row: row._replace(subject=ERASED, detail="", address="")
    )


def _called(connection: Connection, rollno: str) -> list[tuple[str, int, int]]:
    """The numbers a student ever had: each with the last row of who had it before, and the
    last of this student."""
    query = select(audit.c.id, audit.c.subject, audit.c.detail).where(audit.c.action == RENAME)
    renames = connection.execute(query.order_by(audit.c.id)).all()
    spans, name, last = [], rollno, LAST
    while True:
        before = [row.id for row in renames if row.subject == subject_of(name) and row.id < last]
        after = max(before, default=0)
        spans.append((name, after, last))
        came = [row for row in renames if row.detail == f"now {name}" and after < row.id < last]
        if not came:
            return spans
        name, last = came[-1].subject.removeprefix(subject_of("")), came[-1].id
