"""``iotd flash --daemon``: what a daemon on another machine tells and takes, over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.cli.flash_daemon import Elsewhere
from iotd.errors import Conflict, Unavailable
from iotd.flashing import shipped
from iotd.flashing.wishes import Standing
from iotd.updates.releases import Releases
from tests.flashing.test_flash_keys import proof
from tests.running_daemon import RunningDaemon


class ElsewhereTests(SynchronousTestCase):
    """One daemon, asked with an operator's token."""

    def setUp(self) -> None:
        self.place = RunningDaemon(Path(self.mktemp()).absolute())
        self.addCleanup(self.place.stop)
        self.place.start()
        address = f"http://127.0.0.1:{self.place.ports['web']}"
        self.daemon = Elsewhere(address, self.place.token())

    def pair(self, key: str, id: str = "cam-box") -> tuple[str, str]:
        told = proof(key, id)
        return told["nonce"], told["mac"]

    def test_keys(self) -> None:
        """A new board is asked about nothing; the right key is kept; a wrong one, none and one
        of a revoked board are told of, and replaced with leave only."""
        daemon = self.daemon
        self.assertEqual(daemon.standing("cam-box", "camera", None), Standing())
        key = daemon.key("cam-box", "camera", None, False)
        assert key is not None
        right, wrong = self.pair(key), self.pair("ab" * 32)
        self.assertEqual(daemon.standing("cam-box", "camera", right), Standing(True))
        self.assertIsNone(daemon.key("cam-box", "camera", right, False))
        self.assertEqual(daemon.standing("cam-box", "watch", right), Standing())
        for each in (wrong, None):
            self.assertIn("shuts the other", str(daemon.standing("cam-box", "camera", each).why))
            self.assertRaises(Conflict, daemon.key, "cam-box", "camera", each, False)
        made = daemon.key("cam-box", "camera", wrong, True)
        self.assertNotIn(made, (None, key))
        self.place.call("POST", "/api/v1/devices/cam-box/revoke", {})
        standing = daemon.standing("cam-box", "camera", self.pair(str(made)))
        self.assertIn("revoked", str(standing.why))

    def test_firmware_and_authority(self) -> None:
        """Firmware is that of the daemon's release, with its number; the authority is the one
        that boards are given there."""
        found = self.daemon.firmware("gate", 6)
        release = Releases(self.place.data / "firmware").newest()
        assert release is not None
        self.assertEqual((found.build, found.version), (release.build, release.version))
        self.assertEqual(list(found.files), [each.path for each in release.entries("gate", 6)])
        self.assertEqual(json.loads(found.files["version.json"])["build"], release.build)
        self.assertRaises(Unavailable, self.daemon.authority)
        self.place.iotd("cert")
        again = Elsewhere(self.daemon._url, self.place.token())
        self.assertEqual(again.authority(), shipped.authority(self.place.data))
