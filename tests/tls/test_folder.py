"""The folder of the authority: whole whenever the power goes, faults told of in words."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.tls.folder import PAIRS, Folder
from iotd.tls.issuing import is_signed_by
from iotd.tls.pem import Faulty, Files, read_material
from tests.tls.room import START, Wish, made, office

STEPS = ("open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "shutil.rmtree")


def cut_off_after(steps: int, work: Any) -> bool:
    """Run ``work`` in a child that ends before its step ``steps``; whether it got through."""
    child = os.fork()
    if child == 0:
        left = [steps]

        def hook(event: str, args: Any) -> None:
            if event in STEPS:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        try:
            sys.addaudithook(hook)
            work()
        finally:
            os._exit(0 if left[0] >= 0 else 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class FolderTests(SynchronousTestCase):
    """Generations, one after the other."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.folder = Folder(self.path)

    def serials(self) -> tuple[int, ...]:
        """Which certificates there are; all fit their keys and the authority."""
        pairs = [self.folder.read(pair) for pair in PAIRS]
        for pair in pairs[1:]:
            self.assertTrue(is_signed_by(pair.certificate, pairs[0].certificate))
        for pair in PAIRS:
            files = Files(self.path / f"{pair}.key", self.path / f"{pair}.pem")
            read_material(files)
        return tuple(pair.certificate.serial_number for pair in pairs)

    def test_power_goes(self) -> None:
        """Cut off at any step, a renewal leaves all of the old or all of the new."""
        desk = made(self.path)
        old, seen = self.serials(), set()
        for steps in range(200):
            through = cut_off_after(
                steps, lambda: desk.take(Wish(renew=True, authority=bool(steps % 2)), START)
            )
            now = self.serials()
            seen.add(now == old)
            old = now
            if through:
                break
        self.assertTrue(through and seen == {True, False})
        desk.take(Wish(renew=True), START)
        self.assertNotEqual(self.serials(), old)
        self.assertLessEqual(len([each for each in self.path.iterdir() if each.is_dir()]), 3)

    def test_first_cut_off(self) -> None:
        """Cut off at any step, the very first making can be begun again."""
        for steps in range(60):
            if cut_off_after(steps, lambda: made(self.path)):
                break
            if not self.folder.exists:
                continue
            self.serials()
        made(self.path)
        self.serials()

    def test_private(self) -> None:
        """Whatever the umask, folders and files are their owner's alone."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        made(self.path)
        for each in [self.path, *self.path.rglob("*")]:
            if not each.is_symlink():
                self.assertEqual(each.stat().st_mode & 0o077, 0, each)

    def test_copied(self) -> None:
        """Plain files that somebody copied there are taken, and give way to the next ones."""
        made(self.path)
        before, other = self.serials(), Path(self.mktemp())
        other.mkdir()
        for pair in PAIRS:
            for kind in ("pem", "key"):
                (other / f"{pair}.{kind}").write_bytes((self.path / f"{pair}.{kind}").read_bytes())
        self.folder, self.path = Folder(other), other
        self.assertEqual(self.serials(), before)
        office(other).take(Wish(renew=True), START)
        self.assertEqual(self.serials()[0], before[0])
        self.assertNotEqual(self.serials()[1], before[1])

    def test_not_ours(self) -> None:
        """A folder that can't be written is told of by name."""
        self.path.write_text("a file")
        self.assertIn(str(self.path), str(self.assertRaises(Faulty, made, self.path)))


class PemTests(SynchronousTestCase):
    """Files that are no good."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        made(self.path)
        self.own = Files(self.path / "server.key", self.path / "server.pem")
        self.bad = self.path / "bad.pem"

    def why(self, files: Files) -> str:
        """The sentence."""
        return str(self.assertRaises(Faulty, read_material, files))

    def test_good(self) -> None:
        """Key, certificate and chain may be in one file, in any order."""
        texts = [self.own.certificate.read_bytes(), self.own.key.read_bytes()]
        for order in (texts, texts[::-1]):
            self.bad.write_bytes(b"\n".join(order))
            material = read_material(Files(self.bad, self.bad))
            self.assertEqual(len(material.chain), 1)

    def test_bad(self) -> None:
        """Missing, foreign, cut, encrypted, huge files, folders and pipes: a sentence each."""
        other = self.path / "boards.key"
        self.assertIn("is not the key", self.why(Files(other, self.own.certificate)))
        self.assertIn("No such file", self.why(Files(self.path / "none", self.own.certificate)))
        self.assertIn("directory", self.why(Files(self.path, self.own.certificate)))
        os.mkfifo(self.path / "pipe")
        self.assertIn("is no file", self.why(Files(self.path / "pipe", self.own.certificate)))
        self.assertIn("no private key", self.why(Files(self.own.certificate, self.own.certificate)))
        self.assertIn("no certificate", self.why(Files(self.own.key, self.own.key)))
        for text, told in (
            (b"x" * 300_000, "larger"), (self.own.key.read_bytes()[:90], "no private key"),
            (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "can't be read"),
            (_locked(self.path), "has a password"),
        ):
            self.bad.write_bytes(text)
            self.assertIn(told, self.why(Files(self.bad, self.own.certificate)))
        self.bad.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
        self.assertIn("can't be read", self.why(Files(self.own.key, self.bad)))

    def test_symlinks(self) -> None:
        """Links to files of one's own are followed, as certbot has them; a ring is told of."""
        link, ring = self.path / "link", self.path / "ring"
        link.symlink_to(self.own.key.resolve())
        ring.symlink_to(ring.absolute())
        read_material(Files(link, self.own.certificate))
        self.assertIn("ring", self.why(Files(ring, self.own.certificate)))
        self.assertTrue(stat.S_ISLNK(link.lstat().st_mode))


def _locked(path: Path) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption, Encoding, PrivateFormat,
    )

    key = Folder(path).read("server").key
    return bytes(key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    ))
