"""Secrets at rest: sealed with a key that lies beside the database, never in it."""

from __future__ import annotations

import base64
import os
import stat
import tempfile
from pathlib import Path
from typing import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from iotd.store.disk import leave_to_owner, sync_file, sync_folder
from iotd.store.errors import KeyRefused
from iotd.store.records import get_fact, put_fact

NAME = "secret.key"
WITNESS = "sealed_with"  # the fact by which a database knows its key


class Sealer:
    """Seals and unseals with one key; KeyRefused says what is wrong with its file.

    ``guarded``: others are kept from the file by its folder, whatever its mode.
    """

    def __init__(self, key_path: Path, guarded: bool = False) -> None:
        self._path = key_path
        self._guarded = guarded
        self._fernet: Fernet | None = None
        self._secret = b""
        self._derived: dict[bytes, bytes] = {}

    @classmethod
    def beside(cls, data_dir: Path, environ: Mapping[str, str]) -> Sealer:
        """With the key that systemd hands over, or else the one in ``data_dir``."""
        given = Path(environ.get("CREDENTIALS_DIRECTORY") or data_dir) / NAME
        # systemd may show an ACL for the service as rights of a group.
        if "CREDENTIALS_DIRECTORY" in environ and given.exists():
            return cls(given, guarded=True)
        return cls(data_dir / NAME)

    @property
    def exists(self) -> bool:
        """Whether the key was made already."""
        return self._path.exists()

    def seal(self, secret: bytes) -> str:
        """The secret as text for the database; differs each time."""
        return self._key().encrypt(secret).decode("ascii")

    def unseal(self, sealed: str) -> bytes:
        """What was sealed with this key; KeyRefused if it was another."""
        try:
            return self._key().decrypt(sealed.encode("utf-8"))
        except InvalidToken:
            raise KeyRefused(
                f"a secret in the database was not sealed with {self._path}:"
                " put back the key that belongs to this database"
            ) from None

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes for one purpose, always the same of this key; they don't give it away."""
        known = self._derived.get(purpose)
        if known is None:
            self._key()
            known = HKDF(SHA256(), 32, salt=None, info=b"iotd|" + purpose).derive(self._secret)
            self._derived[purpose] = known
        return known

    def must_fit(self, connection: Connection) -> None:
        """KeyRefused unless this is the key of that database; a new one takes this key.

        Else a second key would come to be where the right one is out of reach.
        """
        witness = get_fact(connection, WITNESS)
        if witness is None:
            put_fact(connection, WITNESS, self.seal(b"iotd"))
        elif not self._path.exists():
            raise KeyRefused(f"the key {self._path} is missing: put back this database's key")
        else:
            self.unseal(witness)

    def _key(self) -> Fernet:
        if self._fernet is None:
            self._fernet = self._load()
        return self._fernet

    def _load(self) -> Fernet:
        try:
            if not self._path.exists():
                _make(self._path)
            key = self._read()
        except OSError as error:
            raise KeyRefused(f"can't use the key {self._path}: {error.strerror}") from error
        try:
            fernet = Fernet(key)
            self._secret = base64.urlsafe_b64decode(key)
            return fernet
        except ValueError:
            raise KeyRefused(f"{self._path} holds no key made by iotd") from None

    def _read(self) -> bytes:
        with open(self._path, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077 and not self._guarded:
                raise KeyRefused(
                    f"{self._path} can be read by others (mode {mode:04o}):"
                    f" run chmod 600 {self._path}"
                )
            return file.read(100).strip()


def _make(path: Path) -> None:
    """A new key, whole from its first moment; the first of two makers wins."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=NAME)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
        leave_to_owner(Path(draft))
        sync_file(Path(draft))
        os.link(draft, path)
        sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
