"""A patient's record at a real daemon: many hands write it at once, then it is checked."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from typing import Any

import pyotp

from tests.running_daemon import RunningDaemon, until
from tests.system.house import PASSWORD, Person, cookie_of
from tests.system.record_hand import Hand
from tests.system.record_hands import HANDS

SECTIONS = ("readings", "labs", "advice", "questionnaire", "notes", "habits")
_NUMBERS = itertools.count(1)


class Record:
    """One patient, a doctor of theirs, and all who write.

    ``live()`` and ``rest()`` as often as one likes, with a kill between them or not; then
    ``check()``.
    """

    def __init__(self, daemon: RunningDaemon) -> None:
        self.daemon, self.resting = daemon, threading.Event()
        daemon.token("admin")
        self.patient = self._new_patient()
        self.path = f"/api/v1/patients/{self.patient}"
        self.doctor = doctor(daemon, f"doctor{next(_NUMBERS)}")
        self.hands: list[Hand] = [kind(self) for kind in HANDS]
        self._before = self.audit()
        self._threads: list[threading.Thread] = []

    def _new_patient(self) -> str:
        made = {"name": "Ada", "sex": "female", "birth_date": "1948-02-03"}
        return str(self.daemon.call("POST", "/api/v1/patients", made, role="admin")["id"])

    # what happens

    def live(self) -> None:
        """All hands write until the daemon is gone or ``rest``."""
        self.resting.clear()
        self._threads = [threading.Thread(target=each.live, daemon=True) for each in self.hands]
        for thread in self._threads:
            thread.start()

    def rest(self) -> None:
        """None writes any more."""
        self.resting.set()
        for thread in self._threads:
            thread.join(60.0)
            assert not thread.is_alive(), "a hand still waits"
        faults = [each.fault for each in self.hands if each.fault]
        assert not faults, faults

    def went_on(self, more: int) -> None:
        """Wait until each hand was told so many times more that its work is done."""
        before = [len(each.told) + more for each in self.hands]
        until(lambda: self._dead() or all(
            len(each.told) >= count for each, count in zip(self.hands, before)
        ), "all hands write")
        assert not self._dead(), [each.fault for each in self.hands]

    def refused(self) -> None:
        """Wait until each hand was told 503 once more."""
        before = [each.refused for each in self.hands]
        until(lambda: self._dead() or all(
            each.refused > count for each, count in zip(self.hands, before)
        ), "all hands are refused")
        assert not self._dead(), [each.fault for each in self.hands]

    def _dead(self) -> bool:
        return any(each.fault for each in self.hands) or not self.daemon.alive

    @property
    def written(self) -> int:
        """How much was acknowledged, or found after a kill."""
        return sum(len(each.told) for each in self.hands)

    # what there is

    def check(self) -> None:
        """Everything that was told is there, once and whole, and so is the audit of it."""
        for hand in self.hands:
            hand.settle()
        wanted = self._before.copy()
        for hand in self.hands:
            wanted.update(hand.audited())
        found = self.audit()
        assert {what: found[what] for what in wanted} == dict(wanted), (found, wanted)

    def audit(self) -> Counter[str]:
        """How often what was done with this patient, and not refused."""
        return Counter(
            row["action"] for row in self.pages("/api/v1/audit?limit=1000")
            if row["patient"] == self.patient and row["result"] == "ok"
        )

    def seen_by_doctor(self) -> set[str]:
        """The sections that the doctor gets; each of the others is 404."""
        answers = {each: self.doctor.ask("GET", f"{self.path}/{each}{_QUERY.get(each, '')}").status
                   for each in SECTIONS}
        assert set(answers.values()) <= {200, 404}, answers
        return {section for section, status in answers.items() if status == 200}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an admin's call; ``path`` is behind the patient's."""
        return self.daemon.call(method, self.path + path, body, role="admin")

    def get(self, path: str) -> Any:
        """The same."""
        return self.ask("GET", path)

    def pages(self, path: str | None) -> list[dict[str, Any]]:
        """All items of a list."""
        found: list[dict[str, Any]] = []
        while path:
            where = path if path.startswith("/api") else self.path + path
            page = self.daemon.call("GET", where, role="admin")
            found += page["items"]
            path = page["next"]
        return found


_QUERY = {"readings": "?kind=heart_rate"}


def doctor(daemon: RunningDaemon, name: str) -> Person:
    """A doctor whom an admin made, signed in with a code for the first time."""
    made = {"name": name, "role": "doctor", "password": PASSWORD}
    user = daemon.call("POST", "/api/v1/users", made, role="admin")
    person = Person(daemon, name, user["id"])
    secret = person.sign_in().json["enrolment"]["secret"]
    said = {"username": name, "password": PASSWORD, "otp": pyotp.TOTP(secret).now()}
    person.cookie = cookie_of(daemon.ask("POST", "/api/v1/session", said, role=None))
    return person
