"""Students register their own devices, with a one-time code from the office."""

from __future__ import annotations

from functools import partial
from typing import Any

from iotd.accounts.model import DAY
from iotd.campus import student_records as records
from iotd.campus.codes import WRONG, Codes
from iotd.campus.edits import mac_of, put_identifier
from iotd.campus.register import Audited, Edit, Register
from iotd.campus.student_records import Code
from iotd.campus.students import LOCAL_MAC, Identifier, Student, subject_of
from iotd.errors import Conflict, Invalid
from iotd.times import rfc3339

BY = "the student"


class Registrations:
    """Takes MACs from students; each is good for so many ``days``, 0 for ever."""

    def __init__(self, register: Register, codes: Codes, days: int) -> None:
        self._register, self._codes, self._days = register, codes, days

    async def register(self, rollno: str, code: str, mac: str, address: str) -> dict[str, Any]:
        """Add a MAC, or renew it; the code is spent. Invalid alike for wrong roll and code,
        Conflict when another roll number has the MAC, TooMany after many wrong codes."""
        register, codes = self._register, self._codes
        now = register.now()
        until = now + self._days * DAY if self._days else None
        new = mac_of(register.hasher, mac, now, BY, until)
        codes.check_patience(rollno, address)
        student, known = codes.check(self._named(rollno), code)
        try:
            renewed = await self._put(student, new, known, address)
        except Conflict:
            codes.count_try(student.id)  # or a code would ask who has which MAC
            raise
        codes.forgive(rollno, address)
        return {
            "id": new.id, "rollno": student.rollno, "tail": new.tail,
            "expires_at": rfc3339(until), "local": new.kind == LOCAL_MAC, "renewed": renewed,
        }

    def _named(self, rollno: str) -> Student | None:
        """By the roll number as it is, or else in capitals: telephones write it as they like."""
        register = self._register
        for spelling in (rollno, rollno.upper(), rollno.lower()):
            if register.knows(spelling):
                return register.find(spelling)
        return None

    async def _put(self, student: Student, new: Identifier, code: Code, address: str) -> bool:
        register = self._register
        renewed: list[bool] = []

        def judge() -> Edit:
            before, stands = register.students.get(student.id), register.codes.get(student.id)
            if before is None or stands is None or stands.hash != code.hash:
                raise Invalid(WRONG, "code")  # used, or erased, in this very moment
            renewed[:] = [before.identifier(new.hash) is not None]
            action = "renew device" if renewed[0] else "register device"
            return Edit(
                put_identifier(register, before, new),
                Audited(BY, action, subject_of(before.rollno), f"MAC …{new.tail}", address),
                lambda connection: records.remove_code(connection, before.id),
                partial(register.codes.pop, before.id),
            )

        await register.edit(judge)
        return renewed[0]
