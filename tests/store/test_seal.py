"""Secrets at rest and the key that opens them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.store.errors import KeyRefused
from iotd.store.seal import Sealer
from tests.databases import DatabaseTest


class SealerTests(SynchronousTestCase):
    """One key file, private, made at first use."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="iotd-seal-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "secret.key"

    def test_key_is_made_private_at_first_use(self) -> None:
        """The key file appears with the first secret, readable by its owner alone."""
        sealer = Sealer(self.path)
        self.assertFalse(self.path.exists())
        sealer.seal(b"x")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder), ["secret.key"])

    @given(st.binary(max_size=200))
    def test_sealed_comes_back(self, secret: bytes) -> None:
        """Any bytes come back, also through another Sealer on the same file."""
        sealed = Sealer(self.path).seal(secret)
        self.assertEqual(Sealer(self.path).unseal(sealed), secret)
        self.assertNotIn(secret.hex() if len(secret) > 3 else "~", sealed)

    def test_derived_keys(self) -> None:
        """Each purpose has its own key, the same of one file each time."""
        sealer = Sealer(self.path)
        one, other = sealer.derive(b"one"), sealer.derive(b"other")
        self.assertEqual({len(one), len(other)}, {32})
        self.assertNotEqual(one, other)
        self.assertEqual(Sealer(self.path).derive(b"one"), one)
        self.assertNotEqual(Sealer(self.folder / "other.key").derive(b"one"), one)
        # stable for good: what was hashed under it could never be found again
        (self.folder / "fixed.key").write_bytes(b"A" * 43 + b"=")
        (self.folder / "fixed.key").chmod(0o600)
        fixed = Sealer(self.folder / "fixed.key").derive(b"campus identifiers")
        self.assertEqual(
            fixed.hex(),
            "a924ebc4e39ad160312f6252b4bc6333f65954df9f318e4d619d5ea684e9b71d",
        )

    def test_two_makers_agree(self) -> None:
        """A key that appeared meanwhile is used, never replaced."""
        first, second = Sealer(self.path), Sealer(self.path)
        sealed = first.seal(b"x")
        self.assertEqual(second.unseal(sealed), b"x")

    def test_key_that_others_can_read(self) -> None:
        """A key file open to group or others is refused with the command that helps."""
        Sealer(self.path).seal(b"x")
        for mode in (0o640, 0o604, 0o620):
            self.path.chmod(mode)
            refused = self.assertRaises(KeyRefused, Sealer(self.path).seal, b"x")
            self.assertIn(f"chmod 600 {self.path}", str(refused))

    def test_wrong_key(self) -> None:
        """What another key sealed, and what is no seal at all, is refused in words."""
        sealed = Sealer(self.folder / "other.key").seal(b"x")
        for text in (sealed, "", "rubbish", "gAAAAA=="):
            refused = self.assertRaises(KeyRefused, Sealer(self.path).unseal, text)
            self.assertIn("put back the key", str(refused))

    def test_file_that_is_no_key(self) -> None:
        """An empty, short or foreign key file is named and left as it is."""
        for content in (b"", b"hello", bytes(range(100)), b"A" * 43):
            self.path.write_bytes(content)
            self.path.chmod(0o600)
            refused = self.assertRaises(KeyRefused, Sealer(self.path).seal, b"x")
            self.assertIn("holds no key made by iotd", str(refused))
            self.assertEqual(self.path.read_bytes(), content)

    def test_folder_that_is_gone(self) -> None:
        """A key that can't be made is refused with the system's reason."""
        refused = self.assertRaises(KeyRefused, Sealer(self.folder / "no" / "secret.key").seal, b"")
        self.assertIn("No such file or directory", str(refused))

    def test_systemd_credential_goes_first(self) -> None:
        """A credential from systemd is used whatever its mode; without one, the data folder's."""
        given_dir = self.folder / "credentials"
        given_dir.mkdir()
        environ = {"CREDENTIALS_DIRECTORY": str(given_dir)}
        own = Sealer.beside(self.folder, environ).seal(b"own")
        Sealer(given_dir / "secret.key").seal(b"x")
        (given_dir / "secret.key").chmod(0o440)
        theirs = Sealer.beside(self.folder, environ).seal(b"theirs")
        self.assertEqual(Sealer.beside(self.folder, {}).unseal(own), b"own")
        self.assertRaises(KeyRefused, Sealer.beside(self.folder, {}).unseal, theirs)


class FitTests(DatabaseTest, SynchronousTestCase):
    """A database knows its key."""

    def test_own_key(self) -> None:
        """The first key becomes the database's, and fits ever after."""
        store, path = self.new_store(), self.data_dir() / "secret.key"
        for _ in range(2):
            store.call(Sealer(path).must_fit)

    def test_another_or_no_key(self) -> None:
        """Another key is refused, a missing one too, and none is made in its place."""
        store, folder = self.new_store(), self.data_dir()
        store.call(Sealer(folder / "secret.key").must_fit)
        Sealer(folder / "other.key").seal(b"x")
        for name in ("other.key", "missing.key"):
            self.assertRaises(KeyRefused, store.call, Sealer(folder / name).must_fit)
        self.assertFalse((folder / "missing.key").exists())
