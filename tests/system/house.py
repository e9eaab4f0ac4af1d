"""What the tests of the whole have in common: daemons, cameras, people."""

from __future__ import annotations

import atexit
import itertools
import json
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Mapping

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import FieldCamera, scenes
from tests.running_daemon import Answer, RunningDaemon, until

PASSWORD = "correct horse battery"
FRAMES = scenes(12)
_PLACES = itertools.count(1)  # so that tests on one daemon have cameras of their own


@cache
def shared_daemon(settings: str) -> RunningDaemon:
    """One daemon for all tests that share and want these settings; a start costs 1.5 s."""
    folder = tempfile.mkdtemp(prefix="iotd-")
    daemon = RunningDaemon(Path(folder), json.loads(settings))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(daemon.stop)
    return daemon.start()


def tell(what: str, figure: str) -> None:
    """A measured figure, for who reads the tests' words."""
    print(f"\n    measured: {what}: {figure}", flush=True)


class SystemTest(SynchronousTestCase):
    """A daemon of its own for each test, unless the class says ``shared``; a shared one
    serves all such classes with the same settings.

    However mad the test, the daemon lives at its end and has logged no traceback.
    """

    shared = False
    settings: Mapping[str, Mapping[str, Any]] = {}
    files: int | None = None

    def setUp(self) -> None:
        self.source = f"127.0.9.{next(_PLACES)}"
        self.cam = name_of(self.source)
        if self.shared:
            self.daemon = shared_daemon(json.dumps(self.settings))
        else:
            self.daemon = RunningDaemon(Path(self.mktemp()), self.settings, self.files)
            self.addCleanup(self.daemon.stop)
            self.daemon.start()
        self.addCleanup(self.unharmed, len(self.daemon.log()))

    def unharmed(self, before: int) -> None:
        """No test leaves the daemon dead or with a traceback in its log."""
        self.assertTrue(self.daemon.alive, self.daemon.log()[-3000:])
        bad = re.search("traceback|unhandled", self.daemon.log()[before * self.shared:], re.I)
        self.assertIsNone(bad, bad and bad.string[max(0, bad.start() - 500):bad.end() + 4000])

    # cameras

    def camera(self, source: str = "", **options: Any) -> FieldCamera:
        """A field camera, connected and approved; ``self.cam`` unless elsewhere."""
        source = source or self.source
        options.setdefault("frames", FRAMES)
        camera = FieldCamera("127.0.0.1", self.daemon.ports["cameras"], source=source, **options)
        self.addCleanup(camera.power_off)
        camera.power_on()
        self.approved(name_of(source))
        return camera

    def approved(self, id: str) -> None:
        """Wait until a device is known, and approve it."""
        until(lambda: self.state(id), f"{id} is known")
        self.daemon.call("POST", f"/api/v1/devices/{id}/approve", {})

    def state(self, id: str) -> str | None:
        """A device's state; None when there is no such device."""
        answer = self.daemon.ask("GET", f"/api/v1/devices/{id}")
        return str(answer.json["state"]) if answer.status == 200 else None

    def streaming(self, source: str = "", **options: Any) -> FieldCamera:
        """A field camera that streams."""
        camera = self.camera(source, **options)
        self.daemon.call("POST", f"/api/v1/cameras/{name_of(camera.source or '')}/start")
        until(lambda: camera.sent, "the camera streams")
        return camera

    def shown(self, what: str) -> Any:
        """One value of the camera ``self.cam`` as the API shows it."""
        return self.daemon.call("GET", f"/api/v1/cameras/{self.cam}")[what]

    # people

    def person(self, name: str, role: str) -> Person:
        """An account that is signed in."""
        made = {"name": name, "role": role, "password": PASSWORD}
        user = self.daemon.call("POST", "/api/v1/users", made, role="admin")
        person = Person(self.daemon, name, user["id"])
        person.sign_in()
        return person


class Person:
    """Somebody in a browser: cookie, CSRF token, and one's own words."""

    def __init__(self, daemon: RunningDaemon, name: str, id: int) -> None:
        self.daemon, self.name, self.id = daemon, name, id
        self.cookie = self.csrf = ""

    def sign_in(self, **headers: str) -> Answer:
        """The answer; cookie and CSRF token are kept when it is a welcome."""
        said = {"username": self.name, "password": PASSWORD}
        answer = self.daemon.ask("POST", "/api/v1/session", said, role=None, headers=headers)
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
            self.cookie = cookie_of(answer)
        return answer

    def headers(self) -> dict[str, str]:
        """What the browser sends along."""
        return {"Cookie": f"iotd_session={self.cookie}", "X-CSRF-Token": self.csrf}

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> Answer:
        """As a page of ours would ask."""
        headers = {**self.headers(), **more}
        return self.daemon.ask(method, path, body, role=None, headers=headers)


def cookie_of(answer: Answer) -> str:
    """The session in Set-Cookie."""
    found = re.match(r"iotd_session=([^;]*)", answer.headers.get("set-cookie", ""))
    assert found, answer
    return found[1]


def name_of(source: str) -> str:
    """What a field camera at this address is called."""
    return f"cam-{source.replace('.', '-')}"
