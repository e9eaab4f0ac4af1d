"""Releases: made, signed, and never offered once a single bit of them is another."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import shutil
from pathlib import Path
from typing import Any, Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
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
        with self.assertRaisesRegex(Invalid, "128 files"):
            self.releases.make(self.source)
        self.assertEqual(self.releases.all(), [])


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


class AlteredTests(ReleasesTest):
    """Nothing that was altered on disk is offered, and it is told what is wrong."""

    ROUNDS = 1000

    def test_altered(self) -> None:
        """1,000 altered releases: none is offered, none of their bytes is told, all say why."""
        self.make("first")
        self.make("second")
        dice, ways = random.Random(51), _ways()
        pristine = self.folder / "pristine"
        shutil.copytree(self.home, pristine)
        refused = dict.fromkeys((name for name, _ in ways), 0)
        for number in range(self.ROUNDS):
            name, way = ways[number % len(ways)]
            with self.subTest(number=number, way=name):
                changed = way(self.home, dice)
                self.refuses()
            refused[name] += 1
            for path in changed:
                target = self.home / path
                target.unlink(missing_ok=True)
                shutil.copy(pristine / path, target)
        self.assertEqual(sum(refused.values()), 1000)
        self.assertEqual(self.releases.newest(), self.releases.get(2))
        self.assertIsNone(self.releases.all()[0].fault)

    def refuses(self) -> None:
        """Build 2 is altered: whoever asks gets the first one, or nothing."""
        found = self.releases.get(2)
        assert found is not None
        self.assertTrue(found.fault)
        newest = self.releases.newest()
        self.assertTrue(newest is None or newest.build == 1)
        try:
            manifest = json.loads(self.releases.manifest(2, "watch", 6, False))
        except Invalid as fault:
            self.assertTrue(str(fault))
            return
        # its signature is right: then a file is not, and that is not told
        self.assertNotIn("can't", str(found.fault))
        for _, size, sha256 in manifest["files"]:
            data = self.releases.blob(sha256)
            self.assertTrue(data is None or hashlib.sha256(data).hexdigest() == sha256)
            self.assertTrue(data is None or len(data) == size)

    def test_words(self) -> None:
        """Each fault is told in words that say where to look."""
        made = self.make()
        blob = self.home / "files" / made.entries("watch", 6)[1].sha256
        blob.write_bytes(b"else")
        self.assertRegex(self.fault(), r"common/link\.mpy of the \w+ is not what was signed")
        blob.unlink()
        self.assertRegex(self.fault(), r"common/link\.mpy of the \w+ is missing")
        (self.home / "1" / "release.sig").unlink()
        self.assertEqual(self.fault(), "release.sig is missing, or can't be read")
        (self.home / "1" / "release.sig").write_bytes(b"\0" * 64)
        self.assertEqual(self.fault(), "release.json was not signed with this server's key")

    def test_moved(self) -> None:
        """A signed release under another number is not offered: nobody is led back by it."""
        self.make("first")
        self.make("second")
        shutil.copytree(self.home / "1", self.home / "3")
        found = self.releases.get(3)
        self.assertEqual(found and found.fault, "release.json is that of build 1")
        newest = self.releases.newest()
        self.assertEqual(newest and newest.build, 2)

    def test_names(self) -> None:
        """A blob is had by its digest only, never by a path."""
        self.make()
        for name in ("../key", "key", "", "..", "../1/release.json", "A" * 64, "0" * 64):
            self.assertIsNone(self.releases.blob(name))

    def fault(self) -> str:
        """What is wrong with build 1."""
        found = self.releases.get(1)
        return str(found and found.fault)


Way = Callable[[Path, random.Random], list[str]]


def _ways() -> list[tuple[str, Way]]:
    return [
        ("bit of release.json", lambda home, dice: _flip(home, "2/release.json", dice)),
        ("bit of release.sig", lambda home, dice: _flip(home, "2/release.sig", dice)),
        ("bit of a file", lambda home, dice: _flip(home, _blob(home, dice), dice)),
        ("length of release.json", lambda home, dice: _cut(home, "2/release.json", dice)),
        ("length of release.sig", lambda home, dice: _cut(home, "2/release.sig", dice)),
        ("length of a file", lambda home, dice: _cut(home, _blob(home, dice), dice)),
        ("something missing", _without), ("files swapped", _swap), ("said otherwise", _retell),
        ("other signature", _other_signature), ("other key", _other_key),
    ]


def _blob(home: Path, dice: random.Random) -> str:
    told = json.loads((home / "2" / "release.json").read_text())
    entries = told["kinds"][dice.choice(sorted(told["kinds"]))][dice.choice(["py", "mpy6"])]
    return "files/" + dice.choice([digest for _, size, digest in entries if size])


def _flip(home: Path, path: str, dice: random.Random) -> list[str]:
    data = bytearray((home / path).read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    (home / path).write_bytes(data)
    return [path]


def _cut(home: Path, path: str, dice: random.Random) -> list[str]:
    data = (home / path).read_bytes()
    longer = dice.random() < 0.3
    (home / path).write_bytes(data + b"\n" if longer else data[:dice.randrange(len(data))])
    return [path]


def _without(home: Path, dice: random.Random) -> list[str]:
    path = dice.choice(["2/release.json", "2/release.sig", _blob(home, dice), "key.pub"])
    if path == "key.pub":  # without either key nobody can say whether a release is right
        (home / "key").unlink()
        (home / path).unlink()
        return [path, "key"]
    (home / path).unlink()
    return [path]


def _swap(home: Path, dice: random.Random) -> list[str]:
    while True:
        one, other = _blob(home, dice), _blob(home, dice)
        if one != other:
            break
    first, second = (home / one).read_bytes(), (home / other).read_bytes()
    (home / one).write_bytes(second)
    (home / other).write_bytes(first)
    return [one, other]


def _retell(home: Path, dice: random.Random) -> list[str]:
    """Lawful JSON that says something else, or the same in other signs."""
    path = home / "2" / "release.json"
    told: Any = json.loads(path.read_text())
    kind = dice.choice(sorted(told["kinds"]))
    entry = dice.choice(told["kinds"][kind]["mpy6"])
    edits: list[Callable[[], Any]] = [
        lambda: told.update(build=told["build"] + dice.randrange(1, 9)),
        lambda: told.update(version="9.9"), lambda: told.update(made_at=0),
        lambda: told.update(build="2"), lambda: told.update(extra=1),
        lambda: told["kinds"].pop(kind), lambda: told["kinds"][kind].pop("py"),
        lambda: told["kinds"].update(toaster=told["kinds"][kind]),
        lambda: entry.__setitem__(0, dice.choice(["../main.py", "/main.py", "a:b", "x.mpy", ""])),
        lambda: entry.__setitem__(1, entry[1] + 1), lambda: entry.__setitem__(1, -1),
        lambda: entry.__setitem__(2, os.urandom(32).hex()),
        lambda: told["kinds"][kind]["mpy6"].append(list(entry)),
        lambda: told["kinds"][kind]["mpy6"].remove(entry), lambda: None,
    ]
    dice.choice(edits)()
    path.write_text(json.dumps(told, indent=1))
    return ["2/release.json"]


def _other_signature(home: Path, dice: random.Random) -> list[str]:
    """The first release's, or that of the same bytes by somebody else's key."""
    path = home / "2" / "release.sig"
    if dice.random() < 0.5:
        path.write_bytes((home / "1" / "release.sig").read_bytes())
    else:
        data = (home / "2" / "release.json").read_bytes()
        path.write_bytes(Ed25519PrivateKey.generate().sign(data))
    return ["2/release.sig"]


def _other_key(home: Path, dice: random.Random) -> list[str]:
    """All is well, but for the key: then neither release is ours."""
    other = home.parent / "stranger"
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir()
    Signing(other).sign(b"")
    shutil.copy(other / "key.pub", home / "key.pub")
    return ["key.pub"]
