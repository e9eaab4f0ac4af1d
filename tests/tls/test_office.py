"""What `iotd cert` makes, keeps, renews and tells."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.tls.folder import PAIRS
from iotd.tls.issuing import BOARD_EPOCH, WEB_DAYS
from iotd.tls.pem import Faulty
from tests.tls.room import DAY, NAMES, START, Wish, made, office


class OfficeTests(SynchronousTestCase):
    """One folder, over the years."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.names = NAMES
        self.office = office(self.path, lambda: self.names, "house.example")

    def take(self, *names: str, now: float = START, **wish: Any) -> Any:
        """Ask for it; what was made."""
        return list(self.office.take(Wish(names, **wish), now))

    def web_names(self) -> tuple[str, ...]:
        """What the certificate for browsers is for."""
        return self.office.folder.read("server").names

    def test_first(self) -> None:
        """An authority, a certificate for browsers with all names, one for boards named iotd."""
        self.assertEqual(self.take("box.example"), ["ca", "server", "boards"])
        self.assertEqual(self.web_names(), (*NAMES, "house.example", "box.example"))
        web, boards = self.office.folder.read("server"), self.office.folder.read("boards")
        self.assertEqual(boards.names, ("iotd",))
        self.assertEqual(web.lifetime, WEB_DAYS * DAY)
        for pair in (boards, self.office.folder.read("ca")):
            self.assertEqual(pair.certificate.not_valid_before_utc, BOARD_EPOCH)
            self.assertGreater(pair.ends_at, START + 29 * 365 * DAY)

    def test_again(self) -> None:
        """What is good is left alone; a further name makes browsers' anew and is kept."""
        self.take("one.example")
        self.assertEqual(self.take(), [])
        self.assertEqual(self.take("two.example"), ["server"])
        self.assertEqual(self.take(renew=True), ["server", "boards"])
        self.assertEqual(self.web_names()[-2:], ("one.example", "two.example"))
        self.assertEqual(self.take(without=("one.example",)), ["server"])
        self.assertNotIn("one.example", self.web_names())

    def test_new_address(self) -> None:
        """A host whose address has changed gets a certificate for the new one."""
        self.take()
        self.assertFalse(self.office.due(START))
        self.names = (*NAMES, "192.168.1.9")
        self.assertTrue(self.office.due(START))
        self.assertEqual(self.take(), ["server"])

    def test_due(self) -> None:
        """Browsers' is renewed in its last 30 days, a short one in its last third; boards' not."""
        self.take()
        end = self.office.folder.read("server").ends_at
        self.assertFalse(self.office.due(end - 30 * DAY - 1))
        self.assertTrue(self.office.due(end - 30 * DAY + 1))
        self.assertEqual(self.take(now=end - 29 * DAY), ["server"])
        self.assertEqual(self.take(days=10), ["server"])
        self.assertFalse(self.office.due(START + 6 * DAY))
        self.assertTrue(self.office.due(START + 7 * DAY))
        self.assertEqual(self.take(now=START + 9 * DAY), ["server"])
        self.assertEqual(self.office.folder.read("server").lifetime, 11 * DAY)

    def test_days(self) -> None:
        """Days that no browser takes are refused, and nothing is made."""
        for days in (0, -1, 398, 10**9):
            self.assertRaises(Invalid, self.take, days=days)
        self.assertFalse(self.office.folder.exists)

    def test_rubbish(self) -> None:
        """A name that is none is refused, and nothing is made."""
        self.assertRaises(Invalid, self.take, "good.example", "no good")
        self.assertRaises(Invalid, self.take, *(f"h{each}.example" for each in range(100)))
        self.assertFalse(self.path.exists())

    def test_lost_pair(self) -> None:
        """A lost or damaged server pair is made anew under the same authority."""
        self.take()
        authority = self.office.folder.read("ca").certificate
        for name in ("server.key", "boards.pem"):
            (self.path / "current" / name).unlink()
            self.assertIn("can't be read", str(self.office.show(START)))
            self.assertEqual(self.take(), [name.partition(".")[0]])
        self.assertEqual(self.office.folder.read("ca").certificate, authority)

    def test_lost_authority(self) -> None:
        """Without the authority's key nothing is made, and the words say what to do."""
        self.take()
        for name in ("ca.key", "ca.pem"):
            (self.path / "current" / name).unlink()
            for wish in (Wish(), Wish(renew=True)):
                said = str(self.assertRaises(Faulty, self.office.take, wish, START))
                self.assertIn(name, said)
                self.assertIn("--new-authority", said)
        self.assertEqual(self.take(authority=True), ["ca", "server", "boards"])

    def test_ended_authority(self) -> None:
        """An authority that has ended renews nothing, and the words say so."""
        self.take()
        late = START + 31 * 365 * DAY
        said = str(self.assertRaises(Faulty, self.office.take, Wish(), late))
        self.assertIn("The authority ends on 2056", said)
        self.assertEqual(self.office.show(late)["ca"]["fault"], "It has ended.")

    def test_other_authority(self) -> None:
        """An authority put in the place of ours signs both pairs anew."""
        self.take()
        made(Path(other := self.mktemp()))
        for name in ("ca.pem", "ca.key"):
            shutil.copy(Path(other) / name, self.path / "current" / name)
        self.assertEqual(self.take(), ["server", "boards"])

    def test_open_key(self) -> None:
        """A key that others can read is told of."""
        self.take()
        os.chmod(self.path / "current" / "ca.key", 0o644)
        self.assertIn("chmod 600", self.office.show(START)["ca"]["fault"])

    def test_shown(self) -> None:
        """What is shown holds no key."""
        self.take()
        shown = self.office.show(START)
        self.assertEqual([shown[pair]["fault"] for pair in PAIRS], [None] * 3)
        self.assertEqual(shown["server"]["days"], WEB_DAYS - 1)
        for pair in PAIRS:
            key = (self.path / f"{pair}.key").read_text().splitlines()[1]
            self.assertNotIn(key, str(shown))
