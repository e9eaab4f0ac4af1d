"""The whole web part on real parts, listening on loopback, and browsers to call it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
from prometheus_client import CollectorRegistry
from treq.client import HTTPClient
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock, deferLater
from twisted.internet.threads import deferToThread
from twisted.web.client import Agent, HTTPConnectionPool

from iotd.accounts.admin_api import AdminApi
from iotd.accounts.api import SessionApi
from iotd.accounts.pages import AccountPages
from iotd.accounts.rights import RIGHTS
from iotd.accounts.service import Accounts
from iotd.bus import Bus
from iotd.cabinet.api import CabinetsApi
from iotd.cabinet.diet import Diet
from iotd.cabinet.items_api import ItemsApi
from iotd.cabinet.nutrition_api import NutritionApi
from iotd.cabinet.pages import CabinetPages
from iotd.cabinet.parting import forget_past
from iotd.cabinet.service import Cabinets
from iotd.calendar import Calendar
from iotd.cameras.api import CamerasApi
from iotd.cameras.service import Cameras
from iotd.config_sections import Config
from iotd.devices.api import DevicesApi
from iotd.devices.service import Registry
from iotd.errors import Unauthenticated
from iotd.health.access import Looks
from iotd.health.accesses_api import AccessesApi
from iotd.health.alert_api import AlertsApi
from iotd.health.alert_desk import AlertDesk
from iotd.health.alert_messages import Wording, names_in
from iotd.health.alerts import Alerts
from iotd.health.api import HealthApi
from iotd.health.deliver import Outbox
from iotd.health.pages import HealthPages
from iotd.health.patients import Patients
from iotd.health.readings import Readings
from iotd.health.rollups import Rollups
from iotd.health.section_rights import Gate
from iotd.health.sheet_api import SheetApi
from iotd.jobs.boards import Boards
from iotd.jobs.campus import Campus
from iotd.jobs.campus_core import CampusCore
from iotd.jobs.record import Record
from iotd.site.app import build_site
from iotd.site.routes import Identity
from iotd.site.streams import OpenStreams
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.accounts.room import PASSWORD, QUICK, START
from tests.cabinet.fakes import FakeCounter, FakeWire
from tests.databases import furnish
from tests.health.fake_post import Post

TIMEZONE = "Europe/Berlin"
WEB = Path(__file__).parent.parent / "web"


class Reply:
    """A response, read whole."""

    def __init__(self, response: Any, body: bytes) -> None:
        self.status: int = response.code
        self.headers = response.headers
        self.body = body

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        values = self.headers.getRawHeaders(name)
        return values[0] if values else None

    @property
    def json(self) -> Any:
        """The body as JSON; None when empty."""
        return json.loads(self.body) if self.body else None


class Browser:
    """Keeps the cookie, sends JSON and the CSRF token, as the pages do."""

    def __init__(self, app: App, address: str = "127.0.0.1") -> None:
        self._pool = HTTPConnectionPool(reactor)
        agent = Agent(reactor, pool=self._pool, bindAddress=(address, 0))
        self._client = HTTPClient(agent)
        self._app = app
        self.cookie: str | None = None
        self.csrf: str | None = None

    async def open(self, method: str, path: str, **options: Any) -> Any:
        """The response once its head is here. ``json`` or ``data``, ``headers``."""
        headers = {"Accept": "application/json", **self._own(method)}
        body = options.get("data")
        if "json" in options:
            headers["Content-Type"] = "application/json"
            body = json.dumps(options["json"]).encode()
        headers |= options.get("headers", {})
        sent = {name: value for name, value in headers.items() if value is not None}
        response = await self._client.request(
            method, self._app.url + path, headers=sent, data=body, allow_redirects=False
        )
        self._keep(response)
        return response

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """The whole reply."""
        response = await self.open(method, path, **options)
        return Reply(response, await response.content())

    async def sign_in(self, name: str, otp: str | None = None) -> Reply:
        """Sign in with the usual password and keep cookie and CSRF token."""
        credentials = {"username": name, "password": PASSWORD}
        if otp is not None:
            credentials["otp"] = otp
        reply = await self.call("POST", "/api/v1/session", json=credentials)
        if reply.status == 200:
            self.csrf = reply.json["csrf"]
        return reply

    def close(self) -> Deferred[Any]:
        """Close idle connections."""
        return self._pool.closeCachedConnections()

    def _own(self, method: str) -> dict[str, str]:
        headers = {}
        if self.cookie is not None:
            headers["Cookie"] = f"iotd_session={self.cookie}"
        if self.csrf is not None and method != "GET":
            headers["X-CSRF-Token"] = self.csrf
        return headers

    def _keep(self, response: Any) -> None:
        for cookie in response.headers.getRawHeaders("set-cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            if name == "iotd_session":
                self.cookie = value or None


class App:
    """Store, accounts, devices, cameras and the site above them; ``now`` is the time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.now, self.folder = START, folder
        self.clock, self.bus, self.metrics = Clock(), Bus(), CollectorRegistry()
        furnish(folder)
        self.store = Store("sqlite:///iotd.sqlite3", folder, reactor)
        self.sealer = Sealer(folder / "secret.key")
        self._build()
        self.store.open()
        self.campus.line.spool.open()
        for part in self._parts:
            self.store.call(part.load)
        self.accounts.startService()
        self.readings.start_service()
        self.alerts.start_service()
        self.cabinets.start_service()
        self._port = reactor.listenTCP(0, self.site, interface="127.0.0.1")  # type: ignore
        self.url = f"http://127.0.0.1:{self._port.getHost().port}"
        self._browsers: list[Browser] = []
        self._seeds: dict[str, str] = {}

    def _build(self) -> None:
        common: dict[str, Any] = {"store": self.store, "bus": self.bus, "now": self.time}
        self.accounts = Accounts(
            **common, sealer=self.sealer, reactor=reactor, clock=self.clock,
            public_url="http://localhost", hasher=QUICK,
        )
        self.registry = Registry(
            **common, sealer=self.sealer, enrolment="approve", seconds=self.clock.seconds,
            metrics=self.metrics,
        )
        self.cameras = Cameras(
            **common, registry=self.registry, clock=self.clock, in_thread=maybeDeferred,
            on_demand=False, metrics=self.metrics,
        )
        self._build_health(common)
        self.record = Record(
            **common, clock=self.clock, accounts=self.accounts, registry=self.registry,
            patients=self.patients, calendar=self.calendar, slot=self.rollups.slot,
            poll_seconds=30, in_thread=deferToThread, reactor=reactor, fonts=WEB / "fonts",
            site_name="iotd",
        )
        self._build_campus()
        self._build_boards(common)
        self.looks = Looks(self.store, self.patients.access)
        self.wire, self.counter = FakeWire(), FakeCounter()
        self.cabinets = Cabinets(
            **common, registry=self.registry, clock=self.clock, say=self.wire.say,
            counter=self.counter, may_see=self.may_see, looks=self.looks,
            in_thread=maybeDeferred,
        )
        self.diet = Diet(
            cabinets=self.cabinets, days_of=self.record.habits.days, knows=self.patients.knows
        )
        self.patients.before_parting.append(partial(forget_past, self.cabinets))
        self._parts += [self.record, self.cabinets, self.diet, self.campus, self.boards]
        self.streams = OpenStreams(self.bus, self.accounts)
        self.site = build_site(
            owners=[
                SessionApi(self.accounts), AdminApi(self.accounts), AccountPages(self.accounts),
                DevicesApi(self.registry), CamerasApi(self.cameras, self.streams),
                CabinetsApi(self.cabinets), ItemsApi(self.cabinets), CabinetPages(self.cabinets),
                *self._health_apis(), *self.record.owners(self.looks),
                NutritionApi(diet=self.diet, cabinets=self.cabinets, looks=self.looks,
                             check=self.patients.access.check),
                *self.campus.owners(self.streams), *self.boards.owners(),
            ],
            authenticator=self.accounts, templates=WEB / "templates", static_dir=WEB / "static",
            clock=self.clock, now=self.time, registry=self.metrics, bus=self.bus,
            streams=self.streams, rights=RIGHTS, gate=Gate(self.patients.access).admit,
            hidden=self.looks.refused,
        )

    def _build_health(self, common: dict[str, Any]) -> None:
        self.calendar = Calendar(TIMEZONE)
        self.patients = Patients(**common, registry=self.registry, people=self.accounts.people)
        # readings gather on the real clock: a test that waits for one need not turn its own
        self.readings = Readings(
            **common, registry=self.registry, patients=self.patients, clock=reactor,
            calendar=self.calendar, metrics=self.metrics,
        )
        self.rollups = Rollups(
            store=self.store, clock=self.clock, now=self.time, calendar=self.calendar,
            poll_seconds=30, forget_stale=self.readings.forget_stale,
        )
        self._build_alerts(common)
        self._parts = [
            self.accounts, self.registry, self.cameras, self.patients, self.readings, self.rollups,
            self.alerts,
        ]

    def _build_alerts(self, common: dict[str, Any]) -> None:
        self.post = Post()
        wording = Wording(names_in(self.patients), lambda: "http://localhost")
        outbox = Outbox(
            store=self.store, clock=self.clock, now=self.time, wording=wording,
            mailer=self.post, hooks=self.post,  # type: ignore[arg-type]
            mail_to=("family@example.org",), metrics=self.metrics,
        )
        self.alerts = Alerts(
            **common, patients=self.patients, outbox=outbox, clock=self.clock, poll_seconds=30,
            metrics=self.metrics,
        )

    def _build_campus(self) -> None:
        """Without a broker: what gates say is handed to ``campus.line.intake`` by tests."""
        config = Config(data_dir=self.folder, site={"timezone": TIMEZONE})
        common: dict[str, Any] = {
            "config": config, "store": self.store, "bus": self.bus, "sealer": self.sealer,
            "now": self.time, "metrics": self.metrics,
        }
        core = CampusCore(**common, clock=self.clock, in_thread=deferToThread)
        self.campus = Campus(
            **common, core=core, registry=self.registry, reactor=self.clock,
        )

    def _build_boards(self, common: dict[str, Any]) -> None:
        self.boards = Boards(
            **common, config=Config(data_dir=self.folder), registry=self.registry,
            clock=self.clock, metrics=self.metrics, in_thread=deferToThread,
        )

    def _health_apis(self) -> list[object]:
        common: dict[str, Any] = {
            "store": self.store, "patients": self.patients, "looks": self.looks,
        }
        api = HealthApi(**common, readings=self.readings, rollups=self.rollups, poll_seconds=30)
        desk = AlertDesk(self.alerts)
        return [
            api, SheetApi(**common, calendar=self.calendar, streams=self.streams),
            AlertsApi(desk, self.looks), AccessesApi(**common),
            HealthPages(api=api, alerts=desk),
        ]

    def time(self) -> float:
        """Wall clock."""
        return self.now

    def may_see(self, identity: Identity, patient: str | None) -> bool:
        """Whose cabinets one may know of: they are of the section of habits."""
        return self.patients.access.may_see(identity, patient, "habits")

    def browser(self, address: str = "127.0.0.1") -> Browser:
        """A new browser without a cookie."""
        self._browsers.append(Browser(self, address))
        return self._browsers[-1]

    async def add(self, name: str, role: str) -> int:
        """An account with the usual password; its id."""
        made = await self.accounts.add_user(name, role, PASSWORD, "test")
        return int(made["id"])

    async def signed_in(self, name: str, browser: Browser | None = None) -> Browser:
        """A browser in which this account is signed in, with its telephone if it needs one."""
        browser = browser or self.browser()
        signed_in = await self._session(name)
        browser.cookie, browser.csrf = signed_in.token, signed_in.session.csrf
        return browser

    async def _session(self, name: str) -> Any:
        self.now += 30  # a new code
        seed = self._seeds.get(name)
        try:
            return await self.accounts.log_in(name, PASSWORD, seed and self.code(seed))
        except Unauthenticated as error:
            self._seeds[name] = error.extra["enrolment"]["secret"]
            return await self._session(name)

    def code(self, seed: str) -> str:
        """What a telephone with this seed shows now."""
        return pyotp.TOTP(seed).at(self.now)

    async def close(self) -> None:
        """End everything, connections first."""
        self.streams.end_all()
        for browser in self._browsers:
            await browser.close()
        await self._port.stopListening()
        self.site.close_all()
        while len(self.site.places):
            await deferLater(reactor, 0)
        await self.record.reports.stop_service()
        await self.readings.stop_service()
        await self.alerts.stop_service()
        self.cabinets.stop_service()
        self.campus.line.spool.close()
        await self.accounts.stopService()
        await self.store.close()
