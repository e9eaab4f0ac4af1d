"""One-time codes that the office hands to a student, and trying them.

A code is kept as a keyed hash. Five wrong tries spend it; each address may be wrong so often
in a while, whatever the roll number, and a wrong roll number is answered as a wrong code.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Any

from twisted.logger import Logger

from iotd.accounts.model import DAY, HOUR, MINUTE
from iotd.accounts.throttle import Throttle, Window
from iotd.campus import student_records as records
from iotd.campus.register import Audited, Edit, Register
from iotd.campus.student_records import Code
from iotd.campus.students import Student, subject_of
from iotd.errors import Invalid, TooMany
from iotd.times import rfc3339

# no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V: 45 bits in ten of them
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
LENGTH = 10
GOOD_FOR = 7 * DAY
TRIES = 5

TRIES_PAIR = (Window(TRIES, 10 * MINUTE),)  # one roll number from one address
# a campus comes from one address, and of forty that type a code a few are wrong
TRIES_ADDRESS = Window(30, 10 * MINUTE)

_DECORATION = re.compile(r"[\s-]+")
WRONG = (
    "This roll number and this code do not belong together, or the code was used, is older than"
    " seven days, or was typed wrong five times. The office can give you a new one."
)


class Codes:
    """Makes, tries and spends codes; ``key`` is a key for nothing else."""

    _log = Logger()

    def __init__(self, register: Register, key: bytes) -> None:
        self._register, self._key = register, key
        self._throttle = Throttle(TRIES_PAIR, TRIES_ADDRESS)
        self._pruned = 0.0

    async def make(self, rollno: str, by: str, address: str = "") -> dict[str, Any]:
        """A new code for a student, readable only in this answer; one before it ends."""
        register, text = self._register, "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        now = register.now()

        def judge() -> Edit:
            student = register.find(rollno)
            code = Code(self._hash(student.id, text), now + GOOD_FOR)
            return Edit(
                (), Audited(by, "make code", subject_of(rollno), address=address),
                lambda connection: records.put_code(connection, student.id, code, now, by),
                lambda: register.codes.update({student.id: code}),
            )

        await register.edit(judge)
        half = LENGTH // 2
        return {"id": rollno, "code": f"{text[:half]}-{text[half:]}",
                "expires_at": rfc3339(now + GOOD_FOR)}

    def check_patience(self, rollno: str, address: str) -> None:
        """TooMany when this address was wrong too often; counts as a try of it."""
        now, name = self._register.now(), rollno[:32].casefold()
        if abs(now - self._pruned) > HOUR:
            self._throttle.prune(now)
            self._pruned = now
        wait = self._throttle.wait(name, address, now)
        if wait > 0:
            raise TooMany("Too many wrong codes. Wait a while and try again.", wait)
        self._throttle.note(name, address, now)

    def forgive(self, rollno: str, address: str) -> None:
        """It was right after all."""
        self._throttle.forgive(rollno[:32].casefold(), address)

    def check(self, student: Student | None, text: str) -> tuple[Student, Code]:
        """Whose code it is, or Invalid in always the same words; wrong tries count.

        What it costs is the same for a student without a code, and for nobody.
        """
        id = student.id if student is not None else 0
        code = self._register.codes.get(id)
        given = self._hash(id, _DECORATION.sub("", text).upper()[:LENGTH + 1])
        right = hmac.compare_digest(given, code.hash if code is not None else "0" * 64)
        if student is None or code is None or code.tries >= TRIES:
            raise Invalid(WRONG, "code")
        if right and code.expires_at > self._register.now():
            return student, code
        self.count_try(id)
        raise Invalid(WRONG, "code")

    def count_try(self, id: int) -> None:
        """One more wrong try of a student's code; nobody waits for the disk."""
        code = self._register.codes.get(id)
        if code is not None:
            code = self._register.codes[id] = code._replace(tries=code.tries + 1)
            done = self._register.store.run(records.count_try, id, code)
            done.addErrback(lambda f: self._log.warn("a try is not noted: {why}", why=f.value))

    def _hash(self, id: int, text: str) -> str:
        return hmac.digest(self._key, f"{id}|{text}".encode(), "sha256").hex()
