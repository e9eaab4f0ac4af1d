"""Keys and certificates in files, read whole or refused in one sentence; these block."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key,
)

from iotd.errors import Conflict
from iotd.tls.issuing import Pair

MOST_BYTES = 256 * 1024  # a chain has a few KiB
_KEY = re.compile(
    rb"-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL
)


class Faulty(Conflict):
    """A file of a key or certificate that can't be used; says which and why."""


@dataclass(frozen=True)
class Files:
    """Where a listener's key and certificate lie; the last two are for files of one's own."""

    key: Path
    certificate: Path
    chain: Path | None = None
    dh: Path | None = None


@dataclass(frozen=True)
class Material:
    """A key, its certificate, and the certificates that lead to the authority."""

    key: Any
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def ends_at(self) -> float:
        """Unix time after which the certificate is no longer good."""
        return self.certificate.not_valid_after_utc.timestamp()


def read_material(files: Files) -> Material:
    """What is in the files; Faulty unless key and certificate belong together."""
    key, certificates = read_key(files.key), read_certificates(files.certificate)
    more = read_certificates(files.chain) if files.chain is not None else []
    if _public(certificates[0].public_key()) != _public(key.public_key()):
        raise Faulty(f"{files.key} is not the key of the certificate in {files.certificate}.")
    return Material(key, certificates[0], (*certificates[1:], *more))


def read_key(path: Path) -> Any:
    """The first private key in a file, which may hold its certificate too."""
    found = _KEY.search(_read(path))
    if found is None:
        raise Faulty(f"{path} has no private key in it (PEM).")
    try:
        return load_pem_private_key(found.group(), None)
    except TypeError:
        raise Faulty(f"{path}: its key has a password; store it without one.") from None
    except Exception:
        raise Faulty(f"{path}: its private key can't be read.") from None


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates in a file, at least one."""
    data = _read(path)
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise Faulty(f"{path} has no certificate in it (PEM).")
    try:
        return x509.load_pem_x509_certificates(data)
    except Exception:
        raise Faulty(f"{path}: its certificate can't be read.") from None


def readable_by_others(path: Path, mask: int = stat.S_IRWXO) -> bool:
    """Whether a key's file lets strangers of this machine in; ``mask`` says who is one."""
    try:
        return bool(path.stat().st_mode & mask)
    except OSError:
        return False


def key_text(pair: Pair) -> bytes:
    """A private key as PEM."""
    return pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_text(*certificates: x509.Certificate) -> bytes:
    """Certificates as PEM, one after the other."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def _read(path: Path) -> bytes:
    try:
        # a pipe or a terminal would keep the daemon waiting for ever
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Faulty(f"{path} is no file.")
            data = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise Faulty(f"{path} can't be read: {problem.strerror}.") from None
    if len(data) > MOST_BYTES:
        raise Faulty(f"{path} is larger than any certificate.")
    return data


def _public(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
