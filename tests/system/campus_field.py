"""A campus in leaps of a day, with gates of the field: no password, no number, no clock."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from iotd.campus.model import Heard, Method
from tests.mqtt.loader import connect_packet, publish_packet
from tests.running_daemon import ROOT, until
from tests.system.campus_look import WHO
from tests.system.campus_plan import WEEK
from tests.system.campus_site import PACE, CampusSite
from tests.system.campus_truth import Stored

FIELD = ("sample-entry", "sample-exit")
GAP = 0.02  # seconds between two texts; in the field it is three of them


class Phase(NamedTuple):
    """Texts of some seconds: from when to when by the daemon's clock, and who was named."""

    begun: float
    ended: float
    named: set[tuple[int, int]]  # student, direction


class LeapingSite(CampusSite):
    """The same with a daemon whose clock leaps from one hour of the week to the next.

    Field gates have no clock: what they see is of the time when it comes.
    """

    def __init__(self, folder: Path, test: Any, **options: Any) -> None:
        super().__init__(folder, test, **options)
        self._clock = self.daemon.folder / "leap"
        self.ahead = -WEEK
        self._set()
        self.daemon.program = [sys.executable, ROOT / "tests" / "leaping_twistd.py", self._clock]

    def leap(self, seconds: float) -> None:
        """Set the clock on; gates see people of the hour before."""
        self.ahead += seconds
        self.begun = time.monotonic()
        self._set()

    def since(self) -> float:
        """Two hours before the daemon is started."""
        return self.now() - 7200

    def now(self) -> float:
        """The daemon's time."""
        return time.time() + self.ahead

    def moment(self) -> float:
        """An hour of the campus in nine seconds, up to now."""
        return self.now() - 3600 + (time.monotonic() - self.begun) * PACE

    def latest(self) -> float:
        """Nobody is seen who comes later."""
        return self.now()

    def _set(self) -> None:
        new = self._clock.with_suffix(".new")
        new.write_text(str(self.ahead))
        new.rename(self._clock)


class FieldSite(LeapingSite):
    """A campus with gates of the field besides."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._phases: list[Phase] = []
        self._socket: socket.socket | None = None

    def let_field_in(self) -> None:
        """Somebody approves them; what they said before counts for nothing."""
        for direction, id in enumerate(FIELD):
            self._publish(self.plan.text(direction)[0])
            until(lambda: self.gate(id), f"{id} is known")
            self._test.assertEqual(self.gate(id)["state"], "pending")
            self.daemon.call("POST", f"/api/v1/devices/{id}/approve", {}, WHO)

    def texts(self, count: int, program: bool = False) -> None:
        """So many texts, one after the other; with mosquitto_pub, or over one connection."""
        before, begun, named = self._heard(), self.now(), set()
        for number in range(count):
            direction = self.plan.chance.randrange(2)
            text, people = self.plan.text(direction)
            named |= {(each, direction) for each in people}
            if program:
                self._mosquitto_pub("-t", "sample", "-m", text)
            else:
                self._publish(text)
        until(lambda: self._heard() == before + count, "all texts were heard")
        self._phases.append(Phase(begun, self.now(), named))

    def message(self) -> None:
        """A numbered message of a gate, told by mosquitto_pub in its name and with its key;
        and once more with its end cut off, which counts for nothing."""
        gate, topic, payload = self.gates.take()
        for text in (payload.decode(), payload.decode()[:-3]):
            self._mosquitto_pub("-t", topic, "-m", text, "-q", "1", "-u", gate,
                                "-P", self.keys[gate])

    def field_messages(self, stored: Stored) -> list[Heard]:
        """The texts, of the times that the daemon gave them: those must be right, too."""
        found = []
        for phase in self._phases:
            rows = {
                (student, at, direction) for student, at, direction, gate in stored.sightings
                if gate in FIELD and phase.begun <= at / 1e6 <= phase.ended
            }
            named = {(student, direction) for student, _, direction in rows}
            self._test.assertEqual(named, phase.named)
            found += [
                Heard(FIELD[direction], None, None, at, at, direction, Method.WIFI, (student,), 0)
                for student, at, direction in sorted(rows)
            ]
        all_rows = sum(gate in FIELD for *_, gate in stored.sightings)
        self._test.assertEqual(len(found), all_rows)
        return found

    def _heard(self) -> int:
        return sum((self.gate(id) or {"messages": 0})["messages"] for id in FIELD)

    def switch_on(self) -> None:
        """Connect as they do: no password, no keepalive, the chip's number for a name."""
        self.switch_off()
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self._socket.sendall(connect_packet("ec94cb7a1f30"))
        self._test.assertEqual(self._socket.recv(4), b"\x20\x02\x00\x00")

    def switch_off(self) -> None:
        """Pull the plug."""
        if self._socket is not None:
            self._socket.close()

    def _publish(self, text: str) -> None:
        assert self._socket is not None
        self._socket.sendall(publish_packet("sample", text.encode()))
        time.sleep(GAP)

    def _mosquitto_pub(self, *words: str) -> None:
        subprocess.run(["mosquitto_pub", "-p", str(self.port), *words], check=True, timeout=30)
