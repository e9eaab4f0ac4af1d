"""Students, gates and what gates say, for the tests of the pages of the campus."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import Any
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.gate_messages import seen_payload, text_payload
from iotd.wire.sightings import ENTRY, EXIT
from tests.pages.house import PASSWORD, House, house, watch_faults

STUDENTS = "/api/v1/campus/students"
VALUES = {"year": 2, "branch": "CSE", "stream": "B.Tech", "hostel": "North", "gender": "female"}


def publish(port: int, topic: str, payload: bytes, *more: str) -> None:
    """As a gate of another maker would: with Mosquitto's own tool, QoS 1."""
    program = shutil.which("mosquitto_pub")
    assert program, "no mosquitto_pub: deploy/test-setup.sh installs it"
    command = [program, "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-q", "1", "-s", *more]
    done = subprocess.run(command, input=payload, capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr.decode()


class Gate:
    """A gate that numbers what it says; ``key`` is None where the broker asks for none."""

    def __init__(self, port: int, id: str, key: str | None = None) -> None:
        self.id = id
        self._port, self._seq, self._boot = port, 0, f"{time.time_ns():x}"[-8:]
        self._signed = ("-u", id, "-P", key, "-i", id) if key else ("-i", id)

    def saw(self, direction: int, *macs: str, ago: float = 0.0) -> None:
        """One message of now, or of so many seconds ago."""
        self._seq += 1
        seen = [(mac, -45) for mac in macs]
        self.say("seen", seen_payload(self._boot, self._seq, time.time() - ago, direction, seen))

    def skip(self, count: int) -> None:
        """Numbers that never come."""
        self._seq += count

    def say(self, what: str, payload: bytes, *more: str) -> None:
        """Anything on a topic of its own."""
        publish(self._port, f"iotd/gate/{self.id}/{what}", payload, *self._signed, *more)


class CampusCase(SynchronousTestCase):
    """An admin with a page; students and gates are taken away at the end."""

    def setUp(self) -> None:
        self.house: House = self.make_house()
        self.context: BrowserContext = self.house.context()
        self.addCleanup(self.context.close)
        self.page: Page = self.context.new_page()
        self.faults = watch_faults(self.page)
        self._count = 0
        self.prefix = f"T{time.time_ns() // 1000 % 10**9}"

    def make_house(self) -> House:
        """Where it is tested."""
        return house()

    def call(self, method: str, path: str, data: Any = None) -> Any:
        """The JSON API as the admin."""
        return self.house.call(self.context, method, path, data)

    def student(self, mac: str | None = None, **values: Any) -> str:
        """A new student, perhaps with a phone; the roll number."""
        self._count += 1
        rollno = f"{self.prefix}-{self._count}"
        self.call("POST", STUDENTS, {"rollno": rollno, **VALUES, **values})
        self.addCleanup(self._remove, f"{STUDENTS}/{quote(rollno, safe='')}")
        if mac:
            self.call("PUT", f"{STUDENTS}/{rollno}/mac", {"mac": mac})
        return rollno

    def new_mac(self) -> str:
        """One that nobody else has."""
        digits = f"{time.time_ns() // 1000 % 16**8:08x}"
        return "a4:c1:" + ":".join(digits[i:i + 2] for i in range(0, 8, 2))

    def gate(self, name: str = "gate") -> Gate:
        """A gate with a key, let in."""
        id = f"{name}-{time.time_ns() // 1000 % 10**8}"
        key = self.call("POST", f"/api/v1/devices/{id}/key", {"kind": "gate"})["key"]
        self.addCleanup(self._remove, f"/api/v1/devices/{id}")
        return Gate(self.house.daemon.mqtt, id, key)

    def field_gate_says(self, direction: int, *macs: str) -> None:
        """What gates without passwords publish, QoS 0 and all."""
        text = text_payload(direction, [(mac, -50) for mac in macs])
        publish(self.house.daemon.mqtt, "sample", text, "-q", "0")

    def viewer(self) -> BrowserContext:
        """A browser in which somebody is signed in who sees counts only."""
        name = f"vera-{time.time_ns()}"
        made = self.call("POST", "/api/v1/users", {
            "name": name, "role": "viewer", "password": PASSWORD,
        })
        self.addCleanup(self._remove, f"/api/v1/users/{made['id']}")
        context = self.house.context(signed_in=False)
        self.addCleanup(context.close)
        answer = context.request.post(
            "/api/v1/session", data={"username": name, "password": PASSWORD},
            headers={"Origin": self.house.daemon.url},
        )
        assert answer.ok, answer.text()
        return context

    def _remove(self, path: str) -> None:
        context = self.house.context()
        csrf = context.request.get("/api/v1/session").json()["csrf"]
        headers = {"X-CSRF-Token": csrf, "Origin": self.house.daemon.url}
        answer = context.request.delete(path, headers=headers)
        # a test may have taken it away itself
        assert answer.ok or answer.status == 404, answer.text()
        context.close()

    def open(self, path: str, page: Page | None = None) -> None:
        """One of the pages; returns once it hears what happens."""
        page = page or self.page
        with page.expect_response("**/api/v1/events*"):
            page.goto(path)
        page.wait_for_selector("main h1")


__all__ = ["ENTRY", "EXIT", "STUDENTS", "VALUES", "CampusCase", "Gate", "publish"]
