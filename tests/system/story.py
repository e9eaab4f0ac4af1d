"""A home's story, told by field boards to a real daemon, with the script's own record of it."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import random
import threading
from decimal import Decimal
from typing import Any, Callable, Iterator

from iotd.simulate.person import Person
from iotd.simulate.shelf import ITEMS, draw_package, draw_shelf
from tests.field_devices import FieldCabinet, FieldCabinetCamera, FieldWatch
from tests.running_daemon import RunningDaemon, until

NOON = 1_790_000_000.0  # the person of the story lives then
PACE = 100.0  # a measurement takes 0.15 s, the scale settles in 0.05


class Listener:
    """An open page: what live events showed, in order."""

    def __init__(self, daemon: RunningDaemon) -> None:
        self.shown: list[dict[str, Any]] = []
        self._response = daemon.open("GET", "/api/v1/events", role="admin")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        event = ""
        try:
            for line in self._response:
                if line.startswith(b"event: "):
                    event = line[7:].strip().decode()
                elif line.startswith(b"data: ") and event == "reading":
                    self.shown.append(json.loads(line[6:]))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the daemon has gone

    def close(self) -> None:
        """What was read is read; the thread has ended on return."""
        self._thread.join(5.0)
        self._response.close()


class Home:
    """One patient, a watch, a cabinet and its camera, at a daemon with open enrolment."""

    def __init__(self, daemon: RunningDaemon, seed: int = 1) -> None:
        self.daemon, self.chance = daemon, random.Random(seed)
        self._moments = itertools.count()
        self.counts = {"Nutella": 2, "Pepsi": 2, "Pringles": 1}
        port = daemon.ports["devices"]
        self.watch = FieldWatch("127.0.0.1", port, self._measure, pace=PACE)
        self.cabinet = FieldCabinet("127.0.0.1", port, pace=PACE)
        self.camera = FieldCabinetCamera("127.0.0.1", port, self._picture)
        self.patient = ""
        self.grams = Decimal("1500.0000")
        # what a board or a caller was told is done
        self.visits_told: list[tuple[str, str]] = []
        self.readings_told: list[tuple[str, float]] = []

    def settle_in(self, counted: bool = False) -> None:
        """Boards on, patient made, watch and cabinet given to her, camera to the cabinet;
        ``counted``: with photos, by which what is on the shelf is counted."""
        self.power_on()
        made = self.ask("POST", "/patients", {
            "name": "Ada", "sex": "female", "birth_date": "1948-02-03"})
        self.patient = made["id"]
        for id, fields in (("wch", {"patient": self.patient}),
                           ("cab", {"patient": self.patient, "camera": "img"})):
            self.ask("PATCH", f"/devices/{id}", fields)
        for name in ITEMS if counted else ():
            image = base64.b64encode(draw_package(name)).decode()
            self.ask("POST", f"/cabinets/cab/items/{name}/photos", {"image": image})

    def power_on(self) -> None:
        """All three boards connect; returns when the daemon has started each."""
        for board in (self.watch, self.camera, self.cabinet):
            board.power_on()
        until(lambda: {d["id"] for d in self.devices() if d["state"] == "online"}
              >= {"wch", "cab", "img"}, "the boards are online")

    def power_off(self) -> None:
        """All three are gone."""
        for board in (self.watch, self.camera, self.cabinet):
            board.power_off()

    def devices(self) -> list[dict[str, Any]]:
        """The devices as the API shows them."""
        items: list[dict[str, Any]] = self.ask("GET", "/devices")["items"]
        return items

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an admin's call."""
        return self.daemon.call(method, "/api/v1" + path, body, role="admin")

    def visit(self) -> None:
        """Somebody opens the door, takes a little, closes it, and the lights go off."""
        before, after = self.begin_visit()
        self._until(lambda: not self.cabinet.lights, "the lights go off")
        self.visits_told.append((before, after))

    def begin_visit(self) -> tuple[str, str]:
        """The two weights, as texts, once both have left the cabinet."""
        before = f"{self.grams:.4f}"
        self.grams -= Decimal(self.chance.randrange(0, 90)) / 2
        after = f"{self.grams:.4f}"
        self.cabinet.open(before)
        self.cabinet.close(after)
        self._until(lambda: self.cabinet.idle, "both weights have left")
        return before, after

    def _until(self, holds: Callable[[], Any], what: str) -> None:
        """As until(), but whoever waits is told when the daemon has gone."""
        until(lambda: holds() or not self.cabinet.running, what)
        if not holds():
            raise ConnectionError(f"the daemon went before {what}")

    def type_in(self, kind: str, value: float) -> None:
        """A reading by hand; acknowledged with 201."""
        self.ask("POST", f"/patients/{self.patient}/readings", {"kind": kind, "value": value})
        self.readings_told.append((kind, value))

    def readings(self, kind: str) -> list[dict[str, Any]]:
        """All readings of a kind, in the order of the API's pages."""
        path: str | None = f"/patients/{self.patient}/readings?kind={kind}&limit=1000"
        found: list[dict[str, Any]] = []
        while path:
            page = self.ask("GET", path.removeprefix("/api/v1"))
            found += page["items"]
            path = page["next"]
        return found

    def visits(self) -> list[dict[str, Any]]:
        """The cabinet's history."""
        items: list[dict[str, Any]] = self.ask("GET", "/cabinets/cab/history?limit=1000")["items"]
        return items

    def cabinet_state(self) -> tuple[str, str]:
        """Door and lights as the daemon knows them."""
        cabinet = self.ask("GET", "/cabinets/cab")
        return cabinet["door"], cabinet["lights"]

    def _measure(self) -> tuple[str, str]:
        return Person("Ada").measure(NOON + next(self._moments) * 30)

    def _picture(self) -> bytes:
        return draw_shelf(self.counts, next(self._moments))


def texts(board: FieldWatch) -> Iterator[tuple[str, float]]:
    """What a watch sent, as kind and value."""
    for rate, heat in board.sent:
        yield "heart_rate", float(rate)
        yield "body_temperature", float(heat)
