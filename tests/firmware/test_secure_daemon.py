"""A camera with TLS of its own, in MicroPython for Linux, and the whole daemon."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware.flash import FIRMWARE
from tests.firmware import unix
from tests.firmware.unix import start_unix
from tests.firmware.vm import settings
from tests.running_daemon import RunningDaemon, until

MACHINE = """
PWRON_RESET = 1


def reset_cause():
    return PWRON_RESET


def WDT(timeout):
    return Dog()


class Dog:
    def feed(self):
        pass


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 2, 3

    def __init__(self, *given):
        pass

    def value(self, *given):
        return 0
"""
NETWORK = """
STA_IF = 0


def WLAN(interface):
    return Wlan()


class Wlan:
    def active(self, on):
        pass

    def isconnected(self):
        return True

    def status(self, what):
        return -55
"""
PIXELS = """
class NeoPixel(list):
    def __init__(self, pin, count):
        super().__init__([None] * count)

    def write(self):
        pass
"""


class SecureDaemonTests(SynchronousTestCase):
    """The firmware's own main.py, to an ``ssl:`` port of the daemon."""

    skip = unix.NOT_HERE

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.daemon = RunningDaemon(self.folder / "daemon", {
            "cameras": {"listen": ["ssl:0:interface=127.0.0.1"]}})
        self.addCleanup(self.daemon.stop)
        made = [sys.executable, "-m", "iotd.cli.main", "cert", "--data", str(self.daemon.data)]
        subprocess.run(made, check=True, capture_output=True)
        self.daemon.start()

    def board(self, key: str) -> subprocess.Popen[bytes]:
        """A camera that is switched on."""
        flash = self.folder / "board"
        (flash / "frames").mkdir(parents=True)
        for number, jpeg in enumerate(scenes(3)):
            (flash / "frames" / f"{number}.jpg").write_bytes(jpeg)
        server = {"host": "127.0.0.1", "port": self.daemon.ports["cameras"], "tls": True}
        told = settings("cam-tls", bytes.fromhex(key), server=server, retry_seconds=1,
                        camera={"sensor": "pattern", "folder": "frames"})
        (flash / "settings.json").write_text(json.dumps(told))
        for name, text in (("machine", MACHINE), ("network", NETWORK), ("neopixel", PIXELS)):
            (flash / f"{name}.py").write_text(text)
        authority = self.daemon.data / "tls" / "ca.pem"
        (flash / "ca.der").write_bytes(ssl.PEM_cert_to_DER_cert(authority.read_text()))
        code = (f"sys.path.insert(0, {str(FIRMWARE / 'camera')!r})\n"
                "from common import secure\nopen_context = secure.open_context\n"
                "secure.open_context = lambda: open_context('ca.der')\nimport main\n")
        board = start_unix(code, flash)
        self.addCleanup(board.wait)
        self.addCleanup(board.kill)
        return board

    def test_camera(self) -> None:
        """It proves its key, tells that its link is encrypted, and is streamed from."""
        key = self.daemon.iotd("device", "key", "cam-tls", "--kind", "camera")
        board = self.board(key)
        until(lambda: self.daemon.call("GET", "/api/v1/boards/cam-tls")["tls"], "it tells of TLS")
        self.daemon.call("POST", "/api/v1/cameras/cam-tls/start", {})
        until(lambda: self.daemon.call("GET", "/api/v1/cameras")["items"][0]["frames"] > 3,
              "frames come")
        self.assertIsNone(board.poll())
