"""Erasing a person: nothing of them is left, and what is out of reach is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from iotd.accounts.shared import By
from iotd.campus import student_records as records
from iotd.campus.register import Done, Register
from iotd.campus.register_import import InThread
from iotd.campus.students import Change, Student
from iotd.store import connect
from iotd.store.erasing import empty_log

GONE = (
    "The student is erased: from the register, from movements and statistics, from what waits to"
    " be stored, and by name from the audit."
)
COPIES = "Backups, CSV files and prints that were made before still hold the person: delete those."
SERVER = (
    "The database server keeps deleted rows in its own logs and backups for as long as it is set"
    " up to."
)
BUSY = "The database's log was in use: what it still holds goes with the next quiet moment."


class Erasing:
    """Takes students out of everything; ``backups`` is the folder of automatic backups."""

    def __init__(self, register: Register, in_thread: InThread, backups: Path) -> None:
        self._register, self._in_thread, self._backups = register, in_thread, backups

    async def erase(self, rollno: str, by: str, address: str = "") -> dict[str, Any]:
        """Delete a student for good; says what was erased, and which copies are left."""
        erased = await self._register.turn.run(
            lambda: Deferred.fromCoroutine(self._erase(rollno, by, address))
        )
        url = self._register.store.url
        emptied, backups = await self._in_thread(lambda: (empty_log(url), self._kept()))
        server = not connect.is_sqlite(url)
        said = [GONE, COPIES, *[SERVER] * server, *[BUSY] * (not emptied)]
        return {"erased": erased, "backups": backups, "notice": " ".join(said)}

    def _kept(self) -> list[str]:
        if not self._backups.is_dir():
            return []
        return sorted(path.name for path in self._backups.iterdir() if path.is_file())

    async def _erase(self, rollno: str, by: str, address: str) -> dict[str, Any]:
        register = self._register
        await register.settle_doubt()
        student = register.find(rollno)
        # from here on no gate's message is this student's: nothing comes after what is deleted
        await register.tell_identifiers([(i.hash, None, None) for i in student.identifiers])
        results: list[Any] = []
        try:
            await register.history.forget([student.id])
            done = await register.commit(
                self._delete, results, student, by, register.now(), address,
                settled=lambda: self._settled(student, results),
            )
        except Exception:
            known = [(i.hash, student.id, i.expires_us) for i in student.identifiers]
            await register.tell_identifiers(known)
            raise
        register.history.erased(student.id, results[-1])
        await register.adopt(done)
        return {"rollno": rollno, "identifiers": len(student.identifiers)}

    def _settled(self, student: Student, results: list[Any]) -> None:
        """It was gone after all, though the store had not said so."""
        if student.id not in self._register.students and results:
            self._register.history.erased(student.id, results[-1])

    def _delete(
        self, connection: Any, results: list[Any], student: Student, by: str, at: float,
        address: str,
    ) -> Done:
        register = self._register
        results.append(register.history.erase(connection, student.id))
        records.remove_code(connection, student.id)
        changes = records.write_changes(connection, [Change(student, None)], at)
        someone = By(by, at, address)
        records.forget_in_audit(connection, someone, student.rollno)
        someone.audit(connection, "erase student", records.ERASED)
        return register.outcome(changes)
