"""What people do with one student: add, change, give and take MACs and badges."""

from __future__ import annotations

from functools import partial
from typing import Any, Mapping

from iotd.accounts.shared import By
from iotd.campus.macs import Hasher, tail
from iotd.campus.register import Audited, Edit, Register
from iotd.campus.student_records import write_rename
from iotd.campus.students import (
    LOCAL_MAC, MAC, MOST_IDENTIFIERS, Change, Identifier, Student, as_fields, subject_of,
    values_of,
)
from iotd.errors import Conflict, Invalid, NotFound
from iotd.wire.macs import is_local, normalise_mac, normalise_uid

KEEP = object()  # an end that is not spoken of


def mac_of(hasher: Hasher, text: str, at: float, by: str, until: float | None) -> Identifier:
    """A MAC as it is kept; Invalid when it is none."""
    try:
        mac = normalise_mac(text)
    except ValueError as error:
        raise Invalid(f"This {error}.", "mac") from None
    kind = LOCAL_MAC if is_local(mac) else MAC
    return Identifier(hasher.mac(mac), kind, tail(mac), at, by[:64], until)


def badge_of(hasher: Hasher, uid: str, method: str, at: float, by: str) -> Identifier:
    """A badge as it is kept; Invalid when its number is none."""
    try:
        number = normalise_uid(uid)
    except ValueError as error:
        raise Invalid(f"This {error}.", "uid") from None
    return Identifier(hasher.badge(number, method), method, tail(number), at, by[:64])


def put_identifier(
    register: Register, student: Student, new: Identifier, keep: bool = False
) -> list[Change]:
    """Changes that give it to a student; what was expired may come from another.

    ``keep``: one that the student has already stays as it is. Conflict when it is another's.
    """
    own = student.identifier(new.hash)
    if own is not None:
        if keep and not own.expired(new.added_at):
            return []
        new = own._replace(expires_at=new.expires_at)
        return [Change(student, student.with_identifier(new))]
    changes = _taken_from(register, new)
    if len(student.identifiers) >= MOST_IDENTIFIERS:
        raise Conflict(f"A student has at most {MOST_IDENTIFIERS} MACs and badges: remove one.")
    return [*changes, Change(student, student.with_identifier(new))]


def _taken_from(register: Register, new: Identifier) -> list[Change]:
    owner = register.owner(new.hash)
    if owner is None:
        return []
    held = owner.identifier(new.hash)
    assert held is not None
    if not held.expired(new.added_at):
        field = "mac" if new.kind in (MAC, LOCAL_MAC) else "uid"
        raise Conflict("Another roll number has this already.", field)
    return [Change(owner, owner.without_identifier(new.hash))]


class Edits:
    """The register as operators steer it; each gives the student as it is then."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def add(
        self, rollno: str, fields: Mapping[str, Any], mac: str | None, by: str, address: str = ""
    ) -> Student:
        """A new student; Conflict when the roll number is there, or the MAC another's."""
        register = self._register

        def judge() -> Edit:
            if register.knows(rollno):
                raise Conflict(f"There is a student {rollno} already.", "rollno")
            new = Student(0, rollno, register.roll.group(values_of(fields)))
            changes = [Change(None, new)]
            if mac is not None:
                own = mac_of(register.hasher, mac, register.now(), by, None)
                *others, (_, given) = put_identifier(register, new, own)
                changes = [*others, Change(None, given)]
            return Edit(changes, Audited(by, "add student", subject_of(rollno), "", address))

        await register.edit(judge)
        return register.find(rollno)

    async def change(
        self, rollno: str, fields: Mapping[str, Any], by: str, address: str = ""
    ) -> Student:
        """Change any of the five values, or the roll number; what is left out stays."""
        register = self._register
        new_name = fields.get("rollno", rollno)

        def judge() -> Edit | None:
            before = register.find(rollno)
            if new_name != rollno and register.knows(new_name):
                raise Conflict(f"There is a student {new_name} already.", "rollno")
            values = values_of({**as_fields(before.group), **fields})
            after = before._replace(rollno=new_name, group=register.roll.group(values))
            if after == before:
                return None
            line = Audited(by, "change student", subject_of(new_name), ", ".join(fields), address)
            if new_name == rollno:
                return Edit([Change(before, after)], line)
            person = By(by, register.now(), address)
            renamed = partial(write_rename, by=person, rollno=rollno, now=new_name)
            return Edit([Change(before, after)], line, renamed)

        await register.edit(judge)
        return register.find(new_name)

    async def put_mac(
        self, rollno: str, mac: str, until: Any, by: str, address: str = ""
    ) -> Student:
        """Give a MAC to a student; ``until`` is a time, None for ever, or KEEP."""
        ends = None if until is KEEP else until
        new = mac_of(self._register.hasher, mac, self._register.now(), by, ends)
        return await self._put(rollno, new, until is KEEP, "add MAC", address)

    async def put_badge(
        self, rollno: str, uid: str, method: str, by: str, address: str = ""
    ) -> Student:
        """Give a badge to a student."""
        new = badge_of(self._register.hasher, uid, method, self._register.now(), by)
        return await self._put(rollno, new, True, f"add {method}", address)

    async def _put(
        self, rollno: str, new: Identifier, keep: bool, action: str, address: str
    ) -> Student:
        register = self._register

        def judge() -> Edit | None:
            changes = put_identifier(register, register.find(rollno), new, keep)
            detail = f"…{new.tail}"
            line = Audited(new.added_by, action, subject_of(rollno), detail, address)
            return Edit(changes, line) if changes else None

        await register.edit(judge)
        return register.find(rollno)

    async def remove_identifier(
        self, rollno: str, id: str, by: str, address: str = ""
    ) -> None:
        """Take a MAC or badge away; NotFound when there is none such."""
        register = self._register

        def judge() -> Edit:
            before = register.find(rollno)
            found = [each for each in before.identifiers if each.id == id]
            if not found:
                raise NotFound("This student has no such MAC or badge.", "id")
            detail = f"{found[0].kind} …{found[0].tail}"
            line = Audited(by, "remove identifier", subject_of(rollno), detail, address)
            return Edit([Change(before, before.without_identifier(found[0].hash))], line)

        await register.edit(judge)
