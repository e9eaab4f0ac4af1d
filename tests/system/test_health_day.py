"""A whole day of a home, told by field boards on a fast clock to the real daemon.

The daemon is the one of `twistd iotd`, with its store, its worker and its web port;
only its clock and the boards' cables are the test's. In the end pages, API and
store must agree with what the boards themselves wrote down.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from bisect import bisect
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, HTTPConnectionPool

from iotd.config import load
from iotd.services import Daemon
from iotd.simulate.person import DAY, Person
from iotd.simulate.shelf import ITEMS, draw_package, draw_shelf
from tests.day_boards import DayCabinet, DayCamera, DayWatch

MIDNIGHT = 1_790_000_000.0 // DAY * DAY
HERE = "tcp:0:interface=127.0.0.1"
SETTINGS = {
    "IOTD_WEB__LISTEN": HERE, "IOTD_CAMERAS__LISTEN": HERE, "IOTD_DEVICES__LISTEN": HERE,
    "IOTD_DEVICES__ENROLMENT": "open", "IOTD_DEVICES__POLL_SECONDS": "60",
}
# hour of the day -> packages taken, and grams eaten of what stays
VISITS = {7: ("Pepsi", 0), 8: (None, 31), 12: ("Pringles", 0), 13: (None, 0), 16: ("Pepsi", 0),
          20: (None, 45), 21: ("Nutella", 0)}
CAMERA_AWAY = (12, 14)  # hours
WATCH_OFF = (18.0, 18.5)
GRAMS = {"Nutella": Decimal(750), "Pepsi": Decimal(355), "Pringles": Decimal(185)}


class FastReactor:
    """The real reactor, whose clock is the test's."""

    def __init__(self, clock: Clock) -> None:
        self.callLater, self.seconds = clock.callLater, clock.seconds
        self.getDelayedCalls = clock.getDelayedCalls

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class DayTests(TestCase):
    """One day."""

    timeout = 300

    async def setUp(self) -> None:  # type: ignore[override]
        self.clock, self.said = Clock(), False
        self.folder = Path(self.mktemp())
        config = load(None, SETTINGS, self.folder)
        self.daemon = Daemon(config, FastReactor(self.clock), now=self.now)
        self.daemon.privilegedStartService()
        self.daemon.startService()
        self._watch_store()
        self.pool = HTTPConnectionPool(reactor, persistent=False)
        self.http = HTTPClient(Agent(reactor, pool=self.pool))
        made = await self.daemon.parts.accounts.add_token("day", "admin", "test")
        self.headers = {"Authorization": f"Bearer {made['secret']}"}
        self.addCleanup(self.stop)
        self.shelf = {"Nutella": 1, "Pepsi": 3, "Pringles": 2}
        self.grams = sum((GRAMS[name] * count for name, count in self.shelf.items()), Decimal(400))
        self.visits: list[tuple[str, str]] = []

    def _watch_store(self) -> None:
        # while the store works the day stands still: a commit takes ms, a second here 0.2
        store = self.daemon.parts.store
        self.run_noop = store.run

        def noted(method: Any) -> Any:
            def call(*args: Any, **more: Any) -> Any:
                self.said = True
                return method(*args, **more)
            return call

        store.run, store.read = noted(store.run), noted(store.read)  # type: ignore

    async def stop(self) -> None:
        """End it; its last steps need its clock to go on."""
        for board in (self.watch, self.cabinet, self.camera):
            board.power_off()
        ended = self.daemon.stopService()
        while not ended.called:
            self.clock.advance(0.1)
            await deferLater(reactor, 0)  # type: ignore[arg-type]

    def now(self) -> float:
        """The wall clock of the day."""
        return MIDNIGHT + self.clock.seconds()

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """An admin's call; the JSON, or the text of a page or file."""
        port = self.daemon.listeners.browser_address("web")
        response = await self.http.request(
            method, f"{port}{path}", headers=self.headers, json=body
        ) if body is not None else await self.http.request(
            method, f"{port}{path}", headers=self.headers
        )
        text = (await response.content()).decode()
        self.assertLess(response.code, 300, f"{method} {path}: {text[:300]}")
        kind = response.headers.getRawHeaders("content-type", [""])[0]
        return json.loads(text) if "json" in kind else text

    async def test_a_day(self) -> None:
        """Polls, doors, pictures, a camera that is away and a watch that is charged: pages, API
        and store show what the boards say they sent, and the lights never stay on."""
        await self.move_in()
        for second in range(round(DAY)):
            self.happen(second)
            self.pass_by(1.0)
            while self.said:
                await self.settle()
            await self.counted()
        await self.check_readings()
        await self.check_visits()
        self.check_wire()

    async def move_in(self) -> None:
        """Boards on, a patient, photos of what is in the cabinet."""
        devices = self.daemon.health.devices
        person = Person("Ada")
        common = (devices, self.clock, self.busy)
        self.watch = DayWatch(*common, measure=lambda: person.measure(self.now()))
        self.cabinet = DayCabinet(*common)
        self.camera = DayCamera(*common, take=self.picture)
        for board in (self.watch, self.cabinet, self.camera):
            board.power_on()
        for _ in range(20):
            await self.settle()
        made = await self.ask("POST", "/api/v1/patients", {
            "name": "Ada", "sex": "female", "birth_date": "1948-02-03"})
        self.patient = made["id"]
        await self.ask("PATCH", "/api/v1/devices/wch", {"patient": self.patient})
        await self.ask("PATCH", "/api/v1/devices/cab",
                       {"patient": self.patient, "camera": "img"})
        for name in ITEMS:
            image = base64.b64encode(draw_package(name)).decode()
            await self.ask("POST", f"/api/v1/cabinets/cab/items/{name}/photos", {"image": image})

    def happen(self, second: int) -> None:
        """What the story has for this second."""
        hour = second / 3600
        if hour in VISITS:
            self.open(*VISITS[int(hour)])
        if (second - 20) / 3600 in VISITS:
            self.close()
        if hour in CAMERA_AWAY:
            (self.camera.power_off if hour == CAMERA_AWAY[0] else self.camera.power_on)()
        if hour in WATCH_OFF:
            (self.watch.power_off if hour == WATCH_OFF[0] else self.watch.power_on)()

    def open(self, name: str | None, eaten: int) -> None:
        """Somebody opens the door and takes something."""
        self.visits.append((f"{self.grams:.4f}", ""))
        self.cabinet.open(self.visits[-1][0])
        if name is not None:
            self.shelf[name] -= 1
            self.grams -= GRAMS[name]
        self.grams -= eaten

    def close(self) -> None:
        """And closes it."""
        self.visits[-1] = (self.visits[-1][0], f"{self.grams:.4f}")
        self.cabinet.close(self.visits[-1][1])

    def picture(self) -> bytes:
        """The shelf as it is."""
        return draw_shelf(self.shelf, int(self.clock.seconds()))

    def busy(self) -> None:
        """Something was said on a line: the store may have work."""
        self.said = True

    def pass_by(self, seconds: float) -> None:
        """Time passes; whatever is due sees the very moment that it is due."""
        end = self.clock.seconds() + seconds
        while self.clock.calls and self.clock.calls[0].getTime() <= end:
            self.clock.advance(max(0.0, self.clock.calls[0].getTime() - self.clock.seconds()))
        self.clock.advance(end - self.clock.seconds())

    async def settle(self) -> None:
        """What was written is on disk, and what follows from that was said."""
        self.said = False
        self.pass_by(0.06)
        await self.run_noop(lambda connection: None)
        await deferLater(reactor, 0)  # type: ignore[arg-type]

    async def counted(self) -> None:
        """The clock stands while the worker counts, which takes it real time."""
        while not self.daemon.health.cabinets.counting.idle:
            await deferLater(reactor, 0.005)  # type: ignore[arg-type]
            self.said = True
        while self.said:
            await self.settle()

    async def check_readings(self) -> None:
        """Each pair that left the watch is there once, in order, and no other."""
        sent = [(float(rate), float(heat)) for _, rate, heat in self.watch.sent]
        self.assertGreater(len(sent), 1000)
        kinds = ("heart_rate", "body_temperature")
        for number, kind in enumerate(kinds):
            found = await self.readings(kind)
            self.assertEqual([each["value"] for each in found], [pair[number] for pair in sent])
            times = [moment for moment, _, _ in self.watch.sent]
            heard = [_seconds(each["measured_at"]) - MIDNIGHT for each in found]
            self.assertLess(max(abs(a - b) for a, b in zip(times, heard)), 0.5)
        text = await self.ask("GET", f"/api/v1/patients/{self.patient}/readings.csv")
        self.assertEqual(len(text.splitlines()), 1 + 2 * len(sent))
        with closing(sqlite3.connect(self.folder / "iotd.sqlite3")) as store:
            rows = store.execute(
                "SELECT value FROM readings WHERE kind = 'heart_rate' ORDER BY at").fetchall()
        self.assertEqual([value for value, in rows], [rate for rate, _ in sent])
        page = await self.ask("GET", f"/health/{self.patient}/monitoring")
        initial = json.loads(re.search(r'id="initial">(.*?)</script>', page)[1])  # type: ignore
        shown = {each["kind"]: each["value"] for each in initial["vitals"]["items"]}
        self.assertEqual((shown["heart_rate"], shown["body_temperature"]), sent[-1])

    async def readings(self, kind: str) -> list[dict[str, Any]]:
        """All of a kind, the oldest first."""
        path: str | None = f"/api/v1/patients/{self.patient}/readings?kind={kind}&limit=1000"
        found: list[dict[str, Any]] = []
        while path:
            page = await self.ask("GET", path)
            found += page["items"]
            path = page["next"]
        return found[::-1]

    async def check_visits(self) -> None:
        """Each visit with both weights, the pictures of the camera, the counts of the shelf."""
        history = (await self.ask("GET", "/api/v1/cabinets/cab/history?limit=100"))["items"][::-1]
        wanted = [(float(before), float(after)) for before, after in self.visits]
        self.assertEqual([(v["before_g"], v["after_g"]) for v in history], wanted)
        away = [hour for hour in VISITS if CAMERA_AWAY[0] <= hour < CAMERA_AWAY[1]]
        with_picture = sum(visit["picture_id"] is not None for visit in history)
        self.assertEqual(with_picture, len(VISITS) - len(away))
        cabinet = await self.ask("GET", "/api/v1/cabinets/cab")
        self.assertEqual(cabinet["items"], self.shelf, (cabinet, history[-2:]))
        self.assertEqual((cabinet["door"], cabinet["lights"]), ("closed", "off"))

    def check_wire(self) -> None:
        """Words are 250 ms apart, polls never early, and no light was on for half a minute."""
        for board in (self.watch, self.cabinet, self.camera):
            times = [moment for moment, chunk in board.told if b"id pls" not in chunk]
            gaps = [later - earlier for earlier, later in zip(times, times[1:])]
            self.assertGreaterEqual(min(gaps), 0.2499)
        polls = [moment for moment, chunk in self.watch.told if chunk == b"bpm"]
        answers = [moment for moment, _, _ in self.watch.sent]
        before = [answers[bisect(answers, poll) - 1] for poll in polls if poll > answers[0]]
        waits = [poll - last for poll, last in zip(polls[-len(before):], before)]
        # a watch that comes back is asked soon
        self.assertLessEqual(sum(wait < 60 for wait in waits), 1)
        lights = self.cabinet.lights
        self.assertEqual([on for _, on in lights][::2], [True] * len(VISITS))
        for (lit, on), (dark, off) in zip(lights[::2], lights[1::2]):
            self.assertTrue(on and not off)
            self.assertLess(dark - lit, 30)
        self.assertFalse(self.cabinet.lit)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
