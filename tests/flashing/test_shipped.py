"""Which firmware a board is written with: the page and the command give the same."""

from __future__ import annotations

import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict
from iotd.flashing import shipped
from iotd.flashing.shelf import Shelf
from iotd.updates.releases import Releases
from tests.updates.room import write_source


class ShippedTests(SynchronousTestCase):
    """A small firmware that is shipped, and a folder of releases."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.source = write_source(self.folder / "source")
        (self.source / "main.py").write_text("# boot selector\n")
        self.patch(shipped, "firmware_folder", lambda: self.source)
        self.home = self.folder / "firmware"
        self.releases = Releases(self.home)
        self.shelf = Shelf(self.releases, self.folder / "images", self.folder, time.time)

    def builds(self) -> tuple[int, int]:
        """What the page and the command give."""
        page = self.shelf.files_for("watch", 6, False)
        command = shipped.firmware_for("watch", 6, self.releases, True)
        self.assertEqual([each["path"] for each in page["slot_files"]], list(command.files))
        return page["build"], command.build

    def test_other_bytes_of_the_same_version(self) -> None:
        """Code that was changed under the same version is released anew, by either."""
        self.assertEqual(self.builds(), (1, 1))
        write_source(self.source, "second")
        self.assertEqual(shipped.firmware_for("watch", 6, self.releases, False).build, 0)
        self.assertEqual(self.builds(), (2, 2))
        made = self.releases.newest()
        assert made is not None
        self.assertLess(abs(made.made_at - time.time()), 60)

    def test_made_by_the_command(self) -> None:
        """A release that the command makes says when it was."""
        shipped.firmware_for("watch", 6, self.releases, True)
        made = self.releases.newest()
        assert made is not None
        self.assertLess(abs(made.made_at - time.time()), 60)

    def test_signed_elsewhere(self) -> None:
        """Where the key that signs is kept elsewhere, boards get the newest that was brought;
        when there is none of this server's, the page says so and the number is unknown."""
        self.builds()
        (self.home / "key").unlink()
        write_source(self.source, "second")
        self.assertEqual(self.builds(), (1, 1))
        (self.home / "1" / "release.sig").write_bytes(b"")
        self.assertRaises(Conflict, self.shelf.files_for, "watch", 6, False)
        self.assertEqual(shipped.firmware_for("watch", 6, self.releases, True).build, 0)
