"""What a file of students would do to the register."""

from __future__ import annotations

from typing import Any, Iterable

from iotd.campus.register import Register
from iotd.campus.register_csv import Faults, Row, Seen, Sheet
from iotd.campus.students import MOST_IDENTIFIERS, Change, Identifier, Student, as_fields

SHOWN_ROWS = 50  # of a preview


class Plan:
    """Changes that make the register what the file says; students not in it stay as they are.

    MACs are added, never taken away. Faults are the file's own, and MACs that others
    have: ``held`` of them.
    """

    def __init__(self, sheet: Sheet, register: Register, at: float, by: str) -> None:
        self.faults: Faults = sheet.faults
        self.added = self.changed = self.unchanged = self.macs = self.held = 0
        self.changes: list[Change] = []
        self.shown: list[dict[str, Any]] = []
        self._register, self._at, self._by = register, at, by
        self._losing: dict[int, Student] = {}  # by id: whose expired MAC goes to another
        for row in sheet.rows:
            self._add(row)
        self._take_away()

    def as_json(self, applied: bool) -> dict[str, Any]:
        """The answer of an import."""
        faults = sorted(self.faults.first, key=lambda fault: fault.line)
        return {
            "added": self.added, "changed": self.changed, "unchanged": self.unchanged,
            "macs": self.macs, "faults": [each._asdict() for each in faults],
            "faults_in_all": self.faults.count, "held": self.held, "rows": self.shown,
            "applied": applied,
        }

    def _add(self, row: Row) -> None:
        register = self._register
        before = register.find(row.rollno) if register.knows(row.rollno) else None
        group = register.roll.group(row.values)
        after = before or Student(0, row.rollno, group)
        if after.group.values != row.values:
            after = after._replace(group=group)
        moved = after is not before
        after = self._with_macs(row, after)
        if before is None:
            self.added += 1
        elif moved:
            self.changed += 1
        else:
            self.unchanged += 1
        if after is not before:
            self.changes.append(Change(before, after))
            self._show(row, before, after)

    def _with_macs(self, row: Row, student: Student) -> Student:
        fresh = [each for each in row.macs if self._is_new(row, student, each)]
        if not fresh:
            return student
        self.macs += len(fresh)
        kept = [each for each in student.identifiers if each.hash not in {s.hash for s in fresh}]
        if len(kept) + len(fresh) > MOST_IDENTIFIERS:
            most = f"a student has at most {MOST_IDENTIFIERS} MACs and badges"
            self.faults.add(row.line, "mac", "", most)
        new = [Identifier(each.hash, each.kind, each.tail, self._at, self._by) for each in fresh]
        return student._replace(identifiers=(*kept, *new))

    def _is_new(self, row: Row, student: Student, mac: Seen) -> bool:
        owner = self._register.owner(mac.hash)
        if owner is None:
            return True
        held = owner.identifier(mac.hash)
        assert held is not None
        if held.expired(self._at):  # renewed, or somebody else's now
            if owner.id != student.id:
                losing = self._losing.get(owner.id, owner)
                self._losing[owner.id] = losing.without_identifier(mac.hash)
            return True
        if owner.id != student.id:
            self.held += 1
            self.faults.add(row.line, "mac", f"…{mac.tail}",
                            f"the roll number {owner.rollno} has this MAC")
        return False

    def _take_away(self) -> None:
        """Expired MACs that pass to others leave those who had them."""
        if not self._losing:
            return
        places = {change.student_id: place for place, change in enumerate(self.changes)}
        for id, left in self._losing.items():
            before = self._register.students[id]
            kept = {each.hash for each in left.identifiers}
            place = places.get(id)
            if place is None:
                self.changes.append(Change(before, left))
                continue
            after = self.changes[place].after
            assert after is not None
            own = _without(after.identifiers, {i.hash for i in before.identifiers} - kept)
            self.changes[place] = Change(before, after._replace(identifiers=own))

    def _show(self, row: Row, before: Student | None, after: Student) -> None:
        if len(self.shown) < SHOWN_ROWS:
            new = len(after.identifiers) - (len(before.identifiers) if before else 0)
            self.shown.append({
                "line": row.line, "rollno": row.rollno, **as_fields(after.group), "macs": new,
                "before": as_fields(before.group) if before else None,
            })


def _without(held: Iterable[Identifier], gone: set[str]) -> tuple[Identifier, ...]:
    return tuple(each for each in held if each.hash not in gone)
