"""The state files of a board with two slots, on a folder."""

from __future__ import annotations

import builtins
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.flash import put, state, version_file
from tests.firmware.vm import run_script
from common.slots import Slots

assert rig.FIRMWARE.is_dir()


#: Two refusals, and whether files are replaced: as the VM's file system does it, then as FAT.
IN_THE_VM = """
import os
from common.slots import Slots

slots, rename = Slots("", ["/a"]), os.rename


def as_fat_does(old, new):
    if new[1:] in os.listdir("/"):
        raise OSError(17)
    rename(old, new)


for os.rename in (rename, as_fat_does):
    said = [slots.replaces()]
    for build in (8, 9):
        slots.refused(build, "fs")
        said.append(slots.last())
    print("told", said, [name for name in os.listdir("/") if "probe" in name])
"""


class SlotsTests(SynchronousTestCase):
    """common/slots.py."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        put(self.root, {"slot": b"a", "b/version.json": version_file("watch", 9, "2.0.0")})

    def slots(self, path: str = "/b") -> Slots:
        return Slots(str(self.root), [path, ""])

    def test_in_the_vm(self) -> None:
        """A board knows whether its files are replaced at one stroke, and tells a refusal
        either way."""
        files = {f"/common/{name}.py": (rig.FIRMWARE / "common" / f"{name}.py").read_text()
                 for name in ("__init__", "slots")}
        told = [line for line in run_script(IN_THE_VM, files).splitlines()
                if line.startswith("told")]
        self.assertEqual(told, [f"told [{well}, 'refused-8-fs', 'refused-9-fs'] []"
                                for well in (True, False)])

    def test_where(self) -> None:
        """Where it runs is told by the way of imports; what it is, by version.json there."""
        self.assertEqual((self.slots().running, self.slots().other), ("b", "a"))
        self.assertEqual(self.slots().version, {"kind": "watch", "version": "2.0.0", "build": 9})
        self.assertEqual((self.slots("/a").version, self.slots("/a").other), ({}, "b"))
        for path in ("", "/lib", "/c", ".frozen"):
            self.assertEqual((self.slots(path).running, self.slots(path).version), ("", {}))

    def test_bad_version(self) -> None:
        """A version.json that is none is as good as none."""
        for data in (b"", b"{", b"[1]", b"\xff\xfe"):
            put(self.root, {"b/version.json": data})
            self.assertEqual(self.slots().version, {})

    def test_mark(self) -> None:
        """The mark makes this slot the good one, says so once, and needs a trial of this slot."""
        slots = self.slots()
        self.assertFalse(slots.healthy())
        put(self.root, {"trial": b"a 1"})
        self.assertFalse(slots.on_trial() or slots.healthy())
        put(self.root, {"trial": b"b 1"})
        self.assertTrue(slots.on_trial() and slots.healthy())
        self.assertEqual(state(self.root), {"slot": "b", "last": "ok-9"})
        self.assertFalse(slots.healthy())

    def test_why(self) -> None:
        """Why it started is told once."""
        put(self.root, {"why": b"crash"})
        self.assertEqual((self.slots("").why, self.slots().why, self.slots().why),
                         ("", "crash", ""))

    def test_flash_that_takes_nothing(self) -> None:
        """A mark that can't be written leaves the trial as it is; a trial, an error."""
        put(self.root, {"trial": b"b 1"})
        (self.root / "slot.new").mkdir()
        slots = self.slots()
        self.patch(builtins, "print", lambda *said: None)
        self.assertFalse(slots.healthy())
        self.assertTrue(slots.on_trial())
        (self.root / "trial.new").mkdir()
        self.assertRaises(OSError, slots.begin_trial)

    def test_never_linked_on_root(self) -> None:
        """Firmware on the root is on no trial, whatever lies about."""
        put(self.root, {"trial": b"b 1"})
        self.assertFalse(self.slots("").on_trial())
