"""The certificates of a running daemon: renewed in time, warned of, read anew, counted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid, Unavailable
from iotd.tls.pem import Faulty, Files
from iotd.tls.service import Certificates
from tests.tls.room import DAY, NAMES, START, Wish, made


def at_once(function: Any, *args: Any) -> Deferred[Any]:
    """As a thread, without one."""
    try:
        return succeed(function(*args))
    except Exception as fault:
        return fail(fault)


class Place(Factory):
    """Something that listens; keeps the handshakes that failed."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def handshake_failed(self, address: Any, why: str, reason: str) -> None:
        """One more."""
        self.told.append(why)


class ServiceTests(SynchronousTestCase):
    """On a folder with an authority, unless a test removes it."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        made(self.path)
        self.clock, self.metrics = Clock(), CollectorRegistry()
        self.warned: dict[str, bool] = {}
        self.texts: list[str] = []
        self.audited: list[tuple[str, str]] = []
        self.offset = START
        self.certificates = Certificates(
            folder=self.path, site="house", public=None, clock=self.clock, now=self.now,
            in_thread=at_once, metrics=self.metrics, warn=self.warn, audit=self.audit,
            names=lambda: NAMES,
        )

    def now(self) -> float:
        """The time of day."""
        return self.offset + self.clock.seconds()

    def warn(self, key: str, text: str, active: bool) -> None:
        """An alert."""
        self.warned[key] = active
        self.texts.append(text)

    def audit(self, by: str, detail: str) -> Deferred[None]:
        """A person did something; with a fault when there is no audit."""
        if by == "nobody":
            return fail(Unavailable("no audit"))
        self.audited.append((by, detail))
        return succeed(None)

    def serve(self, name: str = "web", files: Files | None = None) -> Any:
        """A listener; its switch."""
        return self.certificates.wrap(name, files, Place()).switch

    def own_files(self, now: float = START) -> Files:
        """Files that a person brought."""
        folder = Path(self.mktemp())
        made(folder, now=now)
        return Files(folder.resolve() / "server.key", folder.resolve() / "server.pem")

    def start(self) -> None:
        """Its days begin."""
        self.certificates.start_service()
        self.addCleanup(self.certificates.stop_service)

    def expires(self, listener: str) -> float:
        """The figure."""
        told = self.metrics.get_sample_value("iotd_tls_expires_seconds", {"listener": listener})
        assert told is not None
        return told

    def test_renewed(self) -> None:
        """Our own certificates are made anew in their last 30 days, by themselves."""
        web = self.serve()
        before = web.material
        self.start()
        for _ in range(365):
            self.clock.advance(DAY)
        self.assertIs(web.material, before)
        for _ in range(5):
            self.clock.advance(DAY)
        self.assertIsNot(web.material, before)
        self.assertGreater(self.expires("web"), 390 * DAY)
        self.assertEqual(self.warned, {"certificate:web": False})

    def test_files_of_others(self) -> None:
        """Files that a person gave are warned of 21 days before, each day, and never changed."""
        files = self.own_files()
        text = files.certificate.read_bytes()
        self.serve("web", files)
        self.start()
        self.offset += 396 * DAY - 22 * DAY
        self.clock.advance(DAY / 2)
        self.clock.advance(DAY / 2)
        self.assertFalse(self.warned["certificate:web"])
        self.clock.advance(DAY)
        self.assertTrue(self.warned["certificate:web"])
        self.assertIn("renew its files, then send SIGHUP", self.texts[-1])
        self.assertEqual(files.certificate.read_bytes(), text)
        self.clock.advance(30 * DAY)
        self.assertIn("ended on", self.texts[-1])
        self.assertLess(self.expires("web"), 0)

    def test_warning_ends(self) -> None:
        """When the files were renewed and read, the warning is taken back."""
        files = self.own_files()
        self.serve("web", files)
        self.offset += 390 * DAY
        self.start()
        self.assertTrue(self.warned["certificate:web"])
        new = self.own_files(self.now())
        shutil.copy(new.key, files.key)
        shutil.copy(new.certificate, files.certificate)
        self.assertEqual(self.successResultOf(self.certificates.reload()), [])
        self.assertFalse(self.warned["certificate:web"])

    def test_bad_files(self) -> None:
        """A bad new pair leaves the old one, with one line; the other listeners get theirs."""
        files = self.own_files()
        web, devices = self.serve("web", files), self.serve("devices")
        before = web.material, devices.material
        files.key.write_text("nothing")
        faults = self.successResultOf(self.certificates.reload())
        self.assertEqual(len(faults), 1)
        self.assertIs(web.material, before[0])
        self.assertIsNot(devices.material, before[1])

    def test_without(self) -> None:
        """Without certificates, or with damaged ones, the words name the command."""
        (self.path / "current" / "server.key").unlink()
        self.assertIn("`iotd cert`", str(self.assertRaises(Faulty, self.serve)))
        shutil.rmtree(self.path)
        self.assertIn("`iotd cert`", str(self.assertRaises(Faulty, self.serve)))

    def test_lost_authority(self) -> None:
        """When nothing can be renewed it is said every day, and warned of at last."""
        self.serve()
        (self.path / "current" / "ca.key").unlink()
        self.start()
        for day in range(390):
            self.clock.advance(DAY)
        self.assertTrue(self.warned["certificate:web"])
        self.assertIn("run `iotd cert`", self.texts[-1])

    def test_fault_of_ours(self) -> None:
        """A fault of our own is logged, and the next day is looked at all the same."""
        self.serve()

        def broken(function: Any, *args: Any) -> Any:
            raise ZeroDivisionError

        self.certificates._in_thread, kept = broken, self.certificates._in_thread
        self.start()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.certificates._in_thread = kept
        self.clock.advance(DAY)
        self.assertIn("certificate:web", self.warned)

    def test_take(self) -> None:
        """`iotd cert` is in use at once, and says by which listeners."""
        web = self.serve()
        before = web.material
        told = self.successResultOf(Deferred.fromCoroutine(
            self.certificates.take(Wish(("box.example",)), "cli:ada")
        ))
        self.assertEqual((told["made"], told["listeners"], told["faults"]),
                         (["server"], ["web"], []))
        self.assertIsNot(web.material, before)
        self.assertEqual(self.audited, [("cli:ada", "server")])

    def test_rubbish(self) -> None:
        """A wish that can't be granted, or changes nothing, stands in no audit."""
        self.successResultOf(Deferred.fromCoroutine(self.certificates.take(Wish(), "cli:ada")))
        for wish in (Wish(("a\x1b[2Jb",)), Wish(without=("no good",)), Wish(days=500)):
            self.failureResultOf(Deferred.fromCoroutine(
                self.certificates.take(wish, "cli:ada")
            ), Invalid)
        self.assertEqual(self.audited, [])

    def test_no_audit(self) -> None:
        """What can't be written into the audit is not done."""
        web = self.serve()
        before = web.material
        self.failureResultOf(Deferred.fromCoroutine(
            self.certificates.take(Wish(renew=True, authority=True), "nobody")
        ), Unavailable)
        self.successResultOf(self.certificates.reload())
        self.assertEqual(web.material.certificate, before.certificate)

    def test_opened_again(self) -> None:
        """A listener that is opened again, as its port was taken, is one listener."""
        self.assertIs(self.serve(), self.serve())
        self.assertIsNot(self.serve(), self.serve("web", self.own_files()))

    def test_open_key(self) -> None:
        """A key of ours that others can read is used, and told of."""
        os.chmod(self.path / "current" / "server.key", 0o640)
        lines: list[Any] = []
        globalLogPublisher.addObserver(lines.append)
        self.addCleanup(globalLogPublisher.removeObserver, lines.append)
        self.serve()
        self.assertIn("chmod 600", str([each.get("log_format") for each in lines]))

    def test_counted(self) -> None:
        """Handshakes that failed are counted by listener, and their listener hears of them."""
        place = Place()
        factory = self.certificates.wrap("devices", None, place)
        factory.failed(None, "plain", "it does not speak TLS")
        count = self.metrics.get_sample_value(
            "iotd_tls_failed_total", {"listener": "devices", "why": "plain"}
        )
        self.assertEqual((count, place.told), (1, ["plain"]))
