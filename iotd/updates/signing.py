"""Signatures of releases: made with a private key, which may lie elsewhere, checked with the other.

Ed25519, RFC 8032: 64 bytes over the bytes of ``release.json`` as they are.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key, load_pem_public_key,
)

from iotd.errors import Conflict, Unavailable
from iotd.store.disk import make_private, put, sync_file, sync_folder

PRIVATE, PUBLIC = "key", "key.pub"
_MOST = 4096  # bytes of a file that can be one key
#: Of reading: it will be no better the next time.
NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class Unreadable(Unavailable):
    """The disk did not give a file that may be as it should be; trying again may help."""


class Signing:
    """The pair of keys in a folder; every call reads what lies there now, and may block."""

    def __init__(self, folder: Path) -> None:
        self._private, self._public = folder / PRIVATE, folder / PUBLIC

    def sign(self, data: bytes) -> bytes:
        """A signature that :meth:`verify` takes; makes the keys at the first need.

        Conflict when the private one lies elsewhere, Unavailable when it can't be used.
        """
        if not self._private.exists():
            self._make()
        private = self._read_private()
        if not self._public.exists():
            self._write_public(private.public_key())
        if _raw(private.public_key()) != _raw(self._read_public()):
            raise Conflict(f"{self._private} does not belong to {self._public.name} beside it.")
        return private.sign(data)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether this was signed with the private key that belongs to ours; Unreadable."""
        try:
            self._read_public().verify(signature, data)
        except Unreadable:
            raise
        except (InvalidSignature, Unavailable):
            return False
        return True

    def _make(self) -> None:
        # the private key is put there first: beside a public one it may have come meanwhile
        if self._public.exists() and not self._private.exists():
            raise Conflict(
                f"The private key is not in {self._private.parent}: make the release where it"
                " is kept, and copy it here."
            )
        private = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        with _draft_of(self._private, private) as draft:
            try:
                os.link(draft, self._private)
            except FileExistsError:
                pass  # somebody else's was first: that is the key
        sync_folder(self._private.parent)

    def _write_public(self, key: Ed25519PublicKey) -> None:
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with _draft_of(self._public, pem) as draft:
            put(draft, self._public)

    def _read_private(self) -> Ed25519PrivateKey:
        if os.stat(self._private).st_mode & 0o077:
            raise Unavailable(f"{self._private} can be read by others: chmod 600 {self._private}")
        try:
            key = load_pem_private_key(_read(self._private), None)
        except (*NOT_THERE, ValueError, TypeError) as fault:
            raise Unavailable(f"{self._private} is no private key that can be read.") from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise Unavailable(f"{self._private} is no Ed25519 key.")
        return key

    def _read_public(self) -> Ed25519PublicKey:
        """The public key; made again of the private one when its file is lost."""
        try:
            if not self._public.exists() and self._private.exists():
                return self._read_private().public_key()
            key = load_pem_public_key(_read(self._public))
        except (*NOT_THERE, ValueError) as fault:
            raise Unavailable(f"{self._public} is no public key that can be read.") from fault
        if not isinstance(key, Ed25519PublicKey):
            raise Unavailable(f"{self._public} is no Ed25519 key.")
        return key


@contextmanager
def _draft_of(path: Path, data: bytes) -> Iterator[Path]:
    """A private file of this content beside it, on disk, that no other process has; it goes."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    make_private(draft)
    try:
        draft.write_bytes(data)
        sync_file(draft)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    return read(path, _MOST)


def read(path: Path, most: int) -> bytes:
    """So many bytes of a file; one of NOT_THERE, or Unreadable."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except NOT_THERE:
        raise
    except OSError as fault:
        raise Unreadable(f"{path.name} can't be read: {fault.strerror or fault}") from fault


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
