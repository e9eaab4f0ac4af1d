"""Releases that were altered on disk: never offered once a single bit of them is another."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from iotd.errors import Invalid
from iotd.updates.signing import Signing, Unreadable
from tests.updates.test_releases import ReleasesTest


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
        self.assertEqual(self.fault(), "release.sig is missing")
        (self.home / "1" / "release.sig").write_bytes(b"\0" * 64)
        self.assertEqual(self.fault(), "release.json was not signed with this server's key")

    def test_disk_error(self) -> None:
        """What the disk does not give may be as it was signed: that is another fault."""
        made = self.make()
        blob = self.home / "files" / made.entries("watch", 6)[1].sha256
        for path, ask in ((blob, lambda: self.releases.blob(blob.name)),
                          (self.home / "1" / "release.json", lambda: self.releases.signed(1))):
            with _away(path):
                self.assertIn(f"{path.name} can't be read", str(self.assertRaises(
                    Unreadable, ask)))
                self.assertIn("can't be read", self.fault())
        self.assertEqual(self.fault(), "None")

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


@contextmanager
def _away(path: Path) -> Iterator[None]:
    """The disk gives this file to nobody: a loop of links stands for a bad block."""
    kept = path.with_name("kept")
    path.rename(kept)
    path.symlink_to(path.name)
    yield
    path.unlink()
    kept.rename(path)


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
