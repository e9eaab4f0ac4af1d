"""A whole campus under test: database, broker, the daemon, and gates."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.brokers import Mosquitto, free_port
from tests.databases import SQLITE_URL, MariaDB
from tests.mqtt.test_mosquitto import DEPLOY, shipped
from tests.running_daemon import RunningDaemon, until
from tests.system.campus_gates import CampusGates
from tests.system.campus_look import CAMPUS, WHO, Campus
from tests.system.campus_plan import WEEK, People, Plan
from tests.system.campus_traces import traces
from tests.system.campus_truth import REPEAT, ZONE, Stored, Truth

IDS = ("north-in", "north-out", "south-in", "south-out", "yard-in", "yard-out")
BEHIND = 120.0  # seconds of now: no sighting of a plan is in the future
SETTLE_SECONDS = 60.0
PACE, EPOCH = 400.0, 5.0  # seconds of the campus in one of ours; then it leaps
OWN = ("iotd", "geheim")


def as_shipped(passwords: Path) -> tuple[str, ...]:
    """What deploy/mosquitto.conf says, how often its queues are written down included."""
    lines = (DEPLOY / "mosquitto.conf").read_text().splitlines()
    return (*shipped(passwords), *(line for line in lines if line.startswith("autosave")))


class LoggedDaemon(RunningDaemon):
    """Keeps what was logged before it was started again."""

    earlier = ""

    def end(self) -> int:
        """Its exit code."""
        code = super().end()
        self.earlier += self.log()
        return code


class CampusSite:
    """``start()`` brings all of it up, with a register and keys; ``test`` closes it.

    ``self.gates`` publish what ``self.plan`` says when they are told to: about a week, in so
    many ``seconds``. ``outside``: with MariaDB and Mosquitto, else with what is built in.
    """

    def __init__(
        self, folder: Path, test: Any, *, seed: int, outside: bool = True, students: int = 150,
        seconds: float = 75.0,
    ) -> None:
        self._test, self._seed, self._outside = test, seed, outside
        self._leap = max(0.0, WEEK * EPOCH / seconds - PACE * EPOCH)
        self.people = People(students, seed)
        self.daemon = LoggedDaemon(folder)
        self.url = SQLITE_URL
        self.campus = Campus(self.daemon, test)
        settings: dict[str, dict[str, Any]] = {
            "site": {"timezone": ZONE}, "campus": {"repeat_seconds": REPEAT},
        }
        if outside:
            settings |= self._look_outside(folder)
        self.daemon.settings = settings
        test.addCleanup(self.daemon.stop)

    def _look_outside(self, folder: Path) -> dict[str, dict[str, Any]]:
        self.database = MariaDB.running()
        self.url = self.database.new_database()
        passwords = self.daemon.data / "mosquitto" / "passwords"
        self.broker = Mosquitto(folder / "broker", *as_shipped(passwords), allow=(), sizes=())
        self.broker.port = free_port()
        self._test.addCleanup(self.database.start)
        self._test.addCleanup(self.broker.kill)
        address = f"mqtt://{':'.join(OWN)}@127.0.0.1:{self.broker.port}"
        return {"store": {"url": self.url}, "mqtt": {"broker": address}}

    def start(self, **options: Any) -> CampusSite:
        """The broker last: it reads accounts that the daemon has made."""
        self.daemon.start()
        self.register()
        self.keys = {id: self.key(id) for id in IDS}
        if self._outside:
            passwords = self.daemon.data / "mosquitto" / "passwords"
            until(lambda: passwords.exists() and all(id in passwords.read_text() for id in IDS),
                  "accounts of all gates")
            self.broker.start()
        self.plan = Plan(self.people, IDS, self._seed, self.since())
        self.begun = time.monotonic()
        self.gates = CampusGates(
            dict(self.keys), self.port, lambda: self.plan.next(self.moment(), self.latest()),
            seed=self._seed, **options,
        )
        self._test.addCleanup(self.gates.close)
        self.gates.start()
        until(self.connected, "the daemon has the broker")
        return self

    @property
    def port(self) -> int:
        """Of the broker."""
        return self.broker.port if self._outside else self.daemon.ports["mqtt"]

    def register(self) -> None:
        """Students by a file, badges one by one."""
        path = f"{CAMPUS}/students"
        answer = self.daemon.ask("POST", path + "/import", self.people.csv(), role=WHO,
                                 headers={"Content-Type": "text/csv"})
        self._test.assertEqual(answer.status, 201, answer.body[:2000])
        for one in self.people.all:
            if one.badge is not None:
                shown = {"method": one.badge[0], "uid": one.badge[2]}
                self.daemon.call("PUT", f"{path}/{one.rollno}/badge", shown, WHO)

    def key(self, id: str) -> str:
        """A gate's new key."""
        made = self.daemon.call("POST", f"/api/v1/devices/{id}/key", {"kind": "gate"}, WHO)
        return str(made["key"])

    # times

    def since(self) -> float:
        """When the week began."""
        return time.time() - BEHIND - WEEK

    def moment(self) -> float:
        """The campus's time of now: quick, and with leaps, so that it has midnights."""
        since = time.monotonic() - self.begun
        return self.plan.since + since * PACE + since // EPOCH * self._leap

    def latest(self) -> float:
        """What no sighting is behind."""
        return self.plan.since + WEEK

    # what the daemon says

    def is_ready(self) -> bool:
        """Whether all that it needs is there."""
        return self.daemon.ask("GET", "/readyz", role=None).status == 200

    def failing(self) -> list[str]:
        """What is not."""
        answer = self.daemon.ask("GET", "/readyz", role=None)
        return list(answer.json["failing"]) if answer.status == 503 else []

    def intake(self) -> Any:
        """Spool and broker."""
        return self.campus.get("intake")

    def connected(self) -> bool:
        """Whether it hears the broker."""
        return bool(self.intake()["broker"]["connected"])

    def in_spool(self) -> int:
        """Messages of the spool's file: what is there when the daemon's power is cut."""
        path = self.daemon.data / "spool.sqlite3"
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT total(messages) FROM batches").fetchone()[0])

    def gate(self, id: str) -> Any:
        """One gate; None when there is none."""
        items = self.campus.get("gates")["items"]
        return next((each for each in items if each["id"] == id), None)

    def gaps(self) -> list[Any]:
        """All that it misses, but for what gates have lost for good."""
        items = self.campus.get("gates")["items"]
        return [
            {"gate": gate["id"], **gap} for gate in items for gap in gate["gaps"]
            if any((gap["boot"], seq) not in self.gates.gates[gate["id"]].lost
                   for seq in range(gap["from"], gap["to"] + 1))
        ]

    def heard_beyond(self, wanted: dict[str, tuple[str, int]]) -> bool:
        """Whether the daemon has heard these boots and numbers, or later ones of theirs."""
        items = self.campus.get("gates")["items"]
        last = {(gate["id"], boot["boot"]): boot["last"] for gate in items
                for boot in gate["boots"]}
        return all(last.get((gate, boot), 0) >= number for gate, (boot, number) in wanted.items())

    def settled(self) -> None:
        """Wait until all was told, and the daemon says that it is stored and nothing missing."""
        for holds, what in (
            (lambda: self.gates.idle, "the gates have told all"),
            (lambda: self.heard_beyond(self.gates.last_told), "the last of it was heard"),
            (lambda: not self.gaps(), "no gaps are open"),
            (lambda: self.intake()["spool"]["messages"] == 0, "the spool is empty"),
        ):
            until(holds, what, SETTLE_SECONDS)

    # at the end

    def fits(self) -> Truth:
        """All of it is the oracle's, and the daemon's own check finds no difference."""
        stored = Stored(self.url, self.daemon.data, self.people)
        messages = [*self.gates.made, *self.field_messages(stored)]
        truth = Truth(self.people, messages, lambda gate: stored.gates[gate])
        self.campus.fit(truth, stored)
        done = self.daemon.command("campus", "check", "--json")
        self._test.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return truth

    def field_messages(self, stored: Stored) -> list[Any]:
        """Of gates that have no numbers and no clock."""
        return []

    def leaves_no_trace(self) -> None:
        """No number of a phone or badge can be read in any file of the daemon, nor in anything
        that it ever logged; and nothing went wrong unforeseen."""
        logged = self.daemon.folder / "logged"
        logged.write_text(self.daemon.earlier + self.daemon.log())
        self._test.assertEqual(traces(self.people.secrets, self.daemon.data, logged), [])
        unforeseen = re.search(r"(?s)(Traceback|Unhandled).{,4000}", logged.read_text())
        self._test.assertIsNone(unforeseen, unforeseen and unforeseen.group())
