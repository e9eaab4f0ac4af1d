"""An update over virtual time: what is asked and when, and every way in which it ends."""

from __future__ import annotations

import builtins
import errno
import os
from collections import namedtuple
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.flash import put, state, version_file
from tests.firmware.release import Release, sha256
from common import updating
from common.slots import Slots
from common.updater import Updater

ID, KEY = "cam-one", bytes(range(32))
FILES = {"main.py": b"print('new')\n", "common/link.mpy": bytes(range(256)) * 9,
         "common/__init__.py": b"", "sensors/deep/x.py": b"x" * 768}
Space = namedtuple("Space", "bsize frsize blocks free")


def rename_as_fat_does(old: str, new: str) -> None:
    """Onto a name that is free."""
    if os.path.exists(new):
        raise OSError(errno.EEXIST, "there is one")
    os.replace(old, new)


class UpdaterTests(SynchronousTestCase):
    """common/updater.py and common/updating.py, on a folder."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        put(self.root, {"slot": b"a", "a/main.py": b"old", "b/main.py": b"older",
                        "b/deep/er/x.py": b"x", "b/version.json": version_file("camera", 6),
                        "a/version.json": version_file("camera", 7)})
        self.clock = rig.FakeClock()
        self.watchdog = rig.FakeWatchdog(self.clock)
        self.said: list[str] = []
        self.sent: list[str] = []
        self.busy = False
        self.restarts = 0
        self.release = Release("camera", 8, FILES)
        self.patch(os, "statvfs", lambda path: Space(4096, 4096, 500, 500))
        self.made()

    def made(self, path: str = "/a") -> None:
        """A board that was just switched on."""
        self.slots = Slots(str(self.root), [path])
        self.updater = Updater({"id": ID, "key": KEY}, self.slots, self.watchdog, self.clock,
                               self.said.append, lambda: self.busy, self.restart)

    def restart(self) -> None:
        self.restarts += 1

    def step(self, answer: bool = True) -> bool:
        """One turn of a serve loop; whether something was asked."""
        before = len(self.sent)
        self.updater.poll(self.sent.append)
        if len(self.sent) == before:
            return False
        if answer:
            self.assertTrue(self.updater.hear(self.release.answer(self.sent[-1], ID, KEY)))
        return True

    def run_through(self, build: int = 8) -> str:
        """Offered and served to its end; how it ended."""
        self.updater.hear(f"update {build}")
        while self.step():
            pass
        return self.slots.last()

    def there(self) -> dict[str, bytes]:
        """What is in the other slot."""
        slot = self.root / "b"
        return {path.relative_to(slot).as_posix(): path.read_bytes()
                for path in slot.rglob("*") if path.is_file()}

    def test_file_system_that_replaces_nothing(self) -> None:
        """On FAT no try could be counted: that is told, each time, and nothing is touched."""
        before = self.there()
        self.patch(os, "rename", rename_as_fat_does)
        self.patch(builtins, "print", lambda *said: None)
        self.assertEqual(self.run_through(), "refused-8-fs")
        self.made()
        self.release = Release("camera", 9, FILES)
        self.assertEqual(self.run_through(9), "refused-9-fs")
        self.assertEqual(state(self.root), {"slot": "a", "last": "refused-9-fs"})
        self.assertEqual((self.there(), self.restarts), (before, 0))
        self.assertEqual({each.name for each in self.root.iterdir()} & {"probe", "probe.new"},
                         set())

    def test_taken(self) -> None:
        """All files, nothing else, on trial; then it starts anew, once nobody needs the board."""
        self.busy = True
        self.assertEqual(self.run_through(), "")
        self.assertEqual(self.there(), self.release.files)
        self.assertFalse((self.root / "b" / "deep").exists())
        self.assertEqual((self.root / "trial").read_text(), "b 2")
        self.assertEqual(self.restarts, 0)
        self.busy = False
        self.step()
        self.assertEqual(self.restarts, 1)

    def test_busy_without_end(self) -> None:
        """A board that is busy for five minutes starts anew all the same."""
        self.busy = True
        self.run_through()
        self.clock.sleep_ms(299_000)
        self.step()
        self.assertEqual(self.restarts, 0)
        self.clock.sleep_ms(2_000)
        self.step()
        self.assertEqual(self.restarts, 1)

    def test_small_parts(self) -> None:
        """Each part is asked for at its offset, version.json comes last, empty files cost none."""
        self.run_through()
        asked = [question.split()[1:] for question in self.sent]
        link, version = sha256(FILES["common/link.mpy"]), sha256(self.release.files["version.json"])
        self.assertEqual([offset for what, offset in asked if what == link], ["0", "768", "1536"])
        self.assertEqual(asked[-1], [version, "0"])
        self.assertNotIn(sha256(b""), [what for what, _ in asked])
        self.assertRegex(asked[0][0], "^manifest:[0-9a-f]{32}$")

    def test_asked_again(self) -> None:
        """A question that is lost comes again after 10 s, and what comes twice is taken once."""
        self.updater.hear("update 8")
        self.assertTrue(self.step(answer=False))
        self.clock.sleep_ms(9_900)
        self.assertFalse(self.step())
        self.clock.sleep_ms(200)
        self.assertTrue(self.step())
        while self.step():
            self.updater.hear(self.release.answer(self.sent[-1], ID, KEY))  # late, and once more
        self.assertEqual(self.there(), self.release.files)

    def test_no_answer(self) -> None:
        """After three questions it is refused, and the same build not tried for an hour."""
        self.updater.hear("update 8")
        for _ in range(3):
            self.assertTrue(self.step(answer=False))
            self.clock.sleep_ms(10_001)
        self.assertFalse(self.step())
        self.assertEqual((self.slots.last(), self.updater.news), ("refused-8-link", True))
        self.clock.sleep_ms(3_500_000)
        self.updater.hear("update 8")
        self.assertFalse(self.step())
        self.clock.sleep_ms(100_000)
        self.assertEqual((self.run_through(), self.step()), ("refused-8-link", False))
        self.assertEqual(self.there(), self.release.files)

    def test_cut_off(self) -> None:
        """A lost link is no fault: offered again it is fetched anew; the fifth time it is one."""
        for cut in range(1, 6):
            self.updater.hear("update 8")
            self.assertTrue(self.step() and self.step())
            self.updater.lost()
            self.assertFalse(self.step())
            self.assertEqual(self.slots.last(), "refused-8-link" if cut == 5 else "")

    def test_refused(self) -> None:
        """What is wrong with an update is told by a word, the old firmware untouched."""
        huge = Release("camera", 8, {**FILES, "x.py": bytes(900_000)})
        same = Release("camera", 7, FILES)
        older = Release("camera", 5, FILES)
        for release, word in ((Release("watch", 8, FILES), "kind"), (same, "same"),
                              (older, "older"), (Release("camera", 9, FILES), "build")):
            self.release = release
            self.made()
            build = release.build if word != "build" else 8
            self.assertEqual(self.run_through(build), f"refused-{build}-{word}")
            self.assertEqual((self.root / "b" / "main.py").read_bytes(), b"older")
        self.made()
        self.patch(os, "statvfs", lambda path: Space(4096, 4096, 500, 100))
        self.release = huge
        self.assertEqual(self.run_through(), "refused-8-space")
        self.assertEqual(self.there(), {})
        self.assertFalse((self.root / "trial").exists())

    def test_older_is_meant(self) -> None:
        """An older build is taken when its manifest says so."""
        self.release = Release("camera", 5, FILES, older=True)
        self.run_through(5)
        self.assertEqual(self.there(), self.release.files)

    def test_other_key(self) -> None:
        """A daemon that has not our key is not believed."""
        self.updater.hear("update 8")
        self.updater.poll(self.sent.append)
        self.updater.hear(self.release.answer(self.sent[-1], ID, bytes(32)))
        self.assertEqual(self.slots.last(), "refused-8-mac")

    def test_bad_file(self) -> None:
        """A file that is not what the manifest says is fetched once more, then it is refused."""
        link = sha256(FILES["common/link.mpy"])
        self.release.blobs[link] = bytes(len(FILES["common/link.mpy"]))
        self.assertEqual(self.run_through(), "refused-8-hash")
        self.assertEqual(sum(link in question for question in self.sent), 6)
        self.assertFalse((self.root / "trial").exists())
        self.assertNotIn("version.json", self.there())

    def test_gone(self) -> None:
        """A file or manifest that the daemon has no longer."""
        del self.release.blobs[sha256(FILES["main.py"])]
        self.assertEqual(self.run_through(), "refused-8-gone")

    def test_lying_version(self) -> None:
        """A version.json that says another build than the manifest is not started."""
        files = {**FILES}
        self.release = Release("camera", 8, files)
        wrong = version_file("camera", 9)
        self.release.files["version.json"] = wrong
        other = Release("camera", 8, files)
        other.blobs[sha256(wrong)] = wrong
        other.manifest = self.release.manifest.replace(
            sha256(version_file("camera", 8)).encode(), sha256(wrong).encode())
        self.release = other
        self.assertEqual(self.run_through(), "refused-8-version")
        self.assertFalse((self.root / "trial").exists())

    def test_full_flash(self) -> None:
        """A flash that is full all the same is told of, and nothing is on trial."""
        def full(self: Any, target: str, size: int, digest: str) -> Any:
            raise OSError(errno.ENOSPC, "full")
            yield

        self.patch(updating.Update, "_write", full)
        self.assertEqual(self.run_through(), "refused-8-flash")
        self.assertFalse((self.root / "trial").exists())

    def test_offers_not_taken(self) -> None:
        """On trial, on the root, and with rubbish for a number, an offer is passed over."""
        (self.root / "trial").write_text("a 1")
        self.updater.hear("update 8")
        self.assertFalse(self.step())
        (self.root / "trial").unlink()
        for offer in ("update", "update x", "update 0", "update -8", "update 99999999999"):
            self.assertTrue(self.updater.hear(offer))
            self.assertFalse(self.step(), offer)
        self.made(path="")
        self.updater.hear("update 8")
        self.assertFalse(self.step())

    def test_other_lines(self) -> None:
        """Lines of others are theirs; parts that nobody asked for are ours, and nothing."""
        for line in ("START", "bpm", "updates 8", "", "crd eat less"):
            self.assertFalse(self.updater.hear(line), line)
        for line in ("part 1 0 AA==", "gone 0", "part"):
            self.assertTrue(self.updater.hear(line), line)
        self.assertFalse(self.step())

    def test_odd_parts(self) -> None:
        """Parts that don't fit the question are passed over, and the right one is taken."""
        self.updater.hear("update 8")
        self.updater.poll(self.sent.append)
        for line in ("part 1830 768 AAAA", "part 3 0 AAAAAAAA", "part 100 0 ", "part x",
                     "part 9 0 A"):
            self.updater.hear(line)
            self.assertFalse(self.step())
        self.updater.hear(self.release.answer(self.sent[-1], ID, KEY))
        while self.step():
            pass
        self.assertEqual(self.there(), self.release.files)

    def test_slot_is_settled(self) -> None:
        """Before the other slot is touched, /slot says that ours is the one to trust."""
        (self.root / "slot").write_text("b")
        self.run_through()
        self.assertEqual((self.root / "slot").read_text(), "a")
