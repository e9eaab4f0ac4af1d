"""Releases: how they are made and signed, and what a board is told of one."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict, Invalid, Unavailable
from iotd.updates import firmware, release_file
from iotd.updates.firmware import KINDS, canonical
from iotd.updates.plan import Plan
from iotd.updates.release_file import Release
from iotd.updates.releases import Releases
from iotd.updates.signing import Signing
from tests.updates.room import write_source

NOW = 1_800_000_000.0


class ReleasesTest(SynchronousTestCase):
    """A folder with small firmware beside one for releases."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.source = write_source(self.folder / "source")
        self.home = self.folder / "firmware"
        self.releases = Releases(self.home)

    def make(self, text: str = "first", version: str = "1.0.0") -> Release:
        """A release of firmware with this text in it."""
        write_source(self.source, text, version)
        return self.releases.make(self.source, now=NOW)


class MakingTests(ReleasesTest):
    """How releases come to be."""

    def test_first(self) -> None:
        """The first has number 1, all kinds in both forms, and is offered."""
        made = self.make()
        self.assertEqual((made.build, made.version, made.made_at), (1, "1.0.0", NOW))
        self.assertEqual(set(made.kinds), set(KINDS))
        self.assertEqual(self.releases.newest(), made)
        self.assertEqual(self.releases.get(1), made)
        self.assertIsNone(self.releases.get(2))

    def test_files(self) -> None:
        """A kind gets common and its own files, without settings, byte code ending in .mpy."""
        made = self.make()
        paths = {kind: [each.path for each in made.entries(kind, 6)] for kind in KINDS}
        self.assertEqual(
            paths["watch"], ["common/__init__.mpy", "common/link.mpy", "main.mpy", "version.json"])
        self.assertEqual(paths["cabinet_camera"], [
            "common/__init__.mpy", "common/link.mpy", "main.mpy", "sensors/__init__.mpy",
            "version.json"])
        for mpy in (5, 7, None):
            source = [each.path for each in made.entries("watch", mpy)]
            self.assertEqual(
                source, ["common/__init__.py", "common/link.py", "main.py", "version.json"])

    def test_content(self) -> None:
        """Each blob is what was in the folder, and version.json tells kind, version, build."""
        made = self.make()
        found = {each.path: self.releases.blob(each.sha256) for each in made.entries("gate", 0)}
        self.assertEqual(found["main.py"], (self.source / "gate" / "main.py").read_bytes())
        self.assertEqual(found["common/__init__.py"], b"")
        self.assertEqual(
            json.loads(found["version.json"] or b""),
            {"kind": "gate", "version": "1.0.0", "build": 1})
        compiled = {each.path: each.sha256 for each in made.entries("gate", 6)}
        self.assertEqual((self.releases.blob(compiled["main.mpy"]) or b"")[:2], b"M\x06")

    def test_nothing_new(self) -> None:
        """The same content is the same release; another byte or version is the next."""
        first = self.make()
        self.assertEqual(self.make(), first)
        second = self.make("second")
        self.assertEqual(second.build, 2)
        self.assertEqual(self.make("second", "1.0.1").build, 3)
        self.assertEqual(self.make("first").build, 4)
        self.assertEqual([each.build for each in self.releases.all()], [4, 3, 2, 1])

    def test_same_bytes(self) -> None:
        """What an update brings is what a cable would: files_of and compiled give the same."""
        made = self.make()
        files = firmware.compiled(firmware.files_of("camera", self.source))
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        told = {each.path: each.sha256 for each in made.entries("camera", 6)}
        del told["version.json"]
        self.assertEqual(told, digests)

    def test_shipped(self) -> None:
        """The firmware that iotd comes with fits within what boards take, every kind of it."""
        folder = firmware.firmware_folder()
        self.assertRegex(firmware.version_of(folder), r"^\d+\.\d+\.\d+$")
        compiler = firmware.Compiler()
        for kind in KINDS:
            files = firmware.files_of(kind, folder)
            for found in (files, compiler.compiled(files)):
                found = found | {"version.json": firmware.version_file(kind, "1", 1)}
                release_file.check_entries([release_file.entry(*each) for each in found.items()])
                self.assertFalse([path for path in found if "settings" in path and "json" in path])

    def test_no_room_to_compile(self) -> None:
        """Where nothing can be written, or not enough, the file is named and it is told why."""
        files = firmware.files_of("camera", self.source)
        self.patch(tempfile, "tempdir", str(self.source / "nowhere"))
        fault = self.assertRaises(Unavailable, firmware.compiled, files)
        self.assertRegex(str(fault), r"\.py can't be compiled: .*No such file")

    def test_private_key(self) -> None:
        """The private key is its owner's alone; without it nothing is made over again."""
        self.make()
        key = self.home / "key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        elsewhere = self.folder / "key"
        key.rename(elsewhere)
        self.assertIn("PRIVATE", elsewhere.read_text())
        with self.assertRaisesRegex(Conflict, "where it is kept"):
            self.make("second")
        self.assertIsNotNone(self.releases.newest())

    def test_made_elsewhere(self) -> None:
        """A release made where the key is, and copied here, is offered here."""
        self.make()
        other = self.folder / "other"
        shutil.copytree(self.home, other)
        (self.home / "key").unlink()
        write_source(self.source, "second")
        Releases(other).make(self.source, now=NOW)
        shutil.copytree(other / "2", self.home / "2")
        shutil.copytree(other / "files", self.home / "files", dirs_exist_ok=True)
        newest = self.releases.newest()
        self.assertEqual(newest and newest.build, 2)

    def test_first_keys_at_once(self) -> None:
        """Processes that need the first key at the same time agree on one, and leave nothing
        beside it."""
        self.home.mkdir()
        code = ("import sys, pathlib; from iotd.updates.signing import Signing;"
                " signing = Signing(pathlib.Path(sys.argv[1])); sys.stdin.readline();"
                " print(signing.sign(b'x').hex())")
        command = [sys.executable, "-c", code, str(self.home.absolute())]
        begun = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True) for _ in range(3)]
        for each in begun:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
        signed = {each.communicate()[0].strip() for each in begun}
        self.assertEqual(len(signed), 1)
        self.assertTrue(Signing(self.home).verify(b"x", bytes.fromhex(signed.pop())))
        self.assertEqual({each.name for each in self.home.iterdir()}, {"key", "key.pub"})

    def test_key_that_came_meanwhile(self) -> None:
        """A key that another process puts there between look and make is the one that signs."""
        self.home.mkdir()
        other, late = Signing(self.home), Signing(self.home)
        signature = other.sign(b"x")
        late._make()
        self.assertEqual(late.sign(b"x"), signature)

    def test_key_for_others(self) -> None:
        """A key that others can read signs nothing."""
        self.make()
        (self.home / "key").chmod(0o644)
        with self.assertRaisesRegex(Unavailable, "chmod 600"):
            self.make("second")

    def test_key_that_does_not_fit(self) -> None:
        """A private key that belongs to another public one signs nothing."""
        self.make()
        other = Releases(self.folder / "other")
        other.make(self.source, now=NOW)
        shutil.copy(self.folder / "other" / "key", self.home / "key")
        with self.assertRaisesRegex(Conflict, "does not belong"):
            self.make("second")

    def test_public_key_lost(self) -> None:
        """The public key comes back from the private one."""
        self.make()
        (self.home / "key.pub").unlink()
        self.assertIsNotNone(self.releases.newest())
        self.make("second")
        self.assertTrue((self.home / "key.pub").exists())

    def test_power(self) -> None:
        """A release that was cut off while it was written is none, and its number is free."""
        self.make()
        (self.home / "2.new").mkdir()
        (self.home / "2.new" / "release.json").write_text("{")
        self.assertEqual([each.build for each in self.releases.all()], [1])
        self.assertEqual(self.make("second").build, 2)

    def test_no_firmware(self) -> None:
        """A source that can't be compiled, or is missing, is told by its name."""
        (self.source / "watch" / "main.py").write_text("def broken(:\n")
        with self.assertRaisesRegex(Unavailable, "main.py can't be compiled"):
            self.releases.make(self.source)
        (self.source / "watch" / "main.py").unlink()
        with self.assertRaisesRegex(Unavailable, "no firmware for a watch"):
            self.releases.make(self.source)
        with self.assertRaises(Invalid):
            firmware.files_of("toaster", self.source)
        self.assertEqual(self.releases.all(), [])

    def test_too_large(self) -> None:
        """What no board would take is not released."""
        for number in range(130):
            (self.source / "watch" / f"m{number}.py").write_text("x = 1\n")
        with self.assertRaisesRegex(Invalid, "for a watch can't be released.*128 files"):
            self.releases.make(self.source)
        self.assertEqual(self.releases.all(), [])

    def test_paths(self) -> None:
        """A path that boards refuse is told when the release is made; one sign less is taken."""
        for name, said in (("x" * 61, "65 signs, boards take 64"), ("a b", "no path that boards")):
            odd = self.source / "watch" / f"{name}.py"
            odd.write_text("x = 1\n")
            with self.assertRaisesRegex(Invalid, f"for a watch can't be released.*{said}"):
                self.releases.make(self.source)
            odd.unlink()
        self.assertEqual(self.releases.all(), [])
        (self.source / "watch" / f"{'x' * 60}.py").write_text("x = 1\n")
        self.assertIsNone(self.releases.make(self.source).fault)

    def test_long_manifest(self) -> None:
        """A list of files that is longer than boards take is told, though they are not too
        many."""
        (self.source / "gate" / ("y" * 40)).mkdir()
        for number in range(120):
            (self.source / "gate" / ("y" * 40) / f"{'x' * 20}{number:03}").write_text("")
        with self.assertRaisesRegex(Invalid, "for a gate can't be .* bytes, boards take 16,384"):
            self.releases.make(self.source)


class ManifestTests(ReleasesTest):
    """What a board is told to fetch."""

    def test_manifest(self) -> None:
        """It names build, kind, version and files, in canonical JSON, version.json last."""
        made = self.make()
        data = self.releases.manifest(1, "watch", 6, False)
        told = json.loads(data)
        self.assertEqual(canonical(told), data)
        self.assertEqual(sorted(told), ["build", "files", "kind", "older", "version"])
        self.assertEqual(told["files"], [list(each) for each in made.entries("watch", 6)])
        self.assertEqual(told["files"][-1][0], "version.json")
        self.assertTrue(json.loads(self.releases.manifest(1, "watch", 6, True))["older"])

    def test_proof(self) -> None:
        """The proof before it is that of SPEC: of key, id, nonce and the manifest's digest."""
        self.make()
        data = self.releases.manifest(1, "watch", 6, False)
        told = release_file.for_board(data, bytes(range(32)), "w-1", "ab" * 16)
        mac, _, rest = told.partition(b"\n")
        text = f"iotd1|ota|w-1|{'ab' * 16}|{hashlib.sha256(data).hexdigest()}"
        wanted = hmac.new(bytes(range(32)), text.encode(), hashlib.sha256).hexdigest()
        self.assertEqual((mac, rest), (wanted.encode(), data))

    def test_unknown_kind(self) -> None:
        """There is no manifest for a kind, or a build, that there is not."""
        self.make()
        for build, kind in ((1, "toaster"), (2, "watch")):
            with self.assertRaises(Invalid):
                self.releases.manifest(build, kind, 6, False)

    def test_progress(self) -> None:
        """How far a board is follows from what it asked last."""
        made = self.make()
        plan = Plan(self.releases.manifest(1, "watch", 6, False))
        entries = made.entries("watch", 6)
        self.assertEqual(plan.total, sum(each.size for each in entries))
        self.assertEqual(plan.after("", 700), (0, plan.total))
        self.assertEqual(plan.after(entries[1].sha256, 5), (entries[0].size + 5, plan.total))
        last = entries[-1]
        self.assertEqual(plan.after(last.sha256, last.size), (plan.total, plan.total))
