"""What TLS is spoken with: new connections get the newest certificate, others keep theirs."""

from __future__ import annotations

from functools import cache
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import (
    AcceptableCiphers, CertificateOptions, DiffieHellmanParameters, TLSVersion,
)
from twisted.python.filepath import FilePath
from zope.interface import implementer

from iotd.tls.pem import Faulty, Files, Material, read_material

# Forward secrecy and authenticated encryption only; what ESP32s and phones of ten years speak.
CIPHERS = (
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"
)


def context_of(material: Material, files: Files) -> Any:
    """An OpenSSL context that presents this certificate; Faulty when OpenSSL refuses it."""
    dh = None if files.dh is None else DiffieHellmanParameters.fromFile(FilePath(str(files.dh)))
    # Twisted's types are older than what pyOpenSSL takes
    certificate: Any = material.certificate
    chain: Any = list(material.chain)
    options = CertificateOptions(
        privateKey=material.key, certificate=certificate, extraCertChain=chain,
        acceptableCiphers=_ciphers(), dhParameters=dh,
        raiseMinimumTo=TLSVersion.TLSv1_2,
    )
    try:
        return options.getContext()
    except SSL.Error as problem:
        reason = problem.args[0][-1][-1] if problem.args and problem.args[0] else "it says not why"
        raise Faulty(f"{files.certificate} can't be used for TLS: {reason}.") from None
    except Exception as problem:
        raise Faulty(f"{files.certificate} can't be used for TLS: {problem}.") from None


@cache
def _ciphers() -> Any:
    return AcceptableCiphers.fromOpenSSLCipherString(CIPHERS)


def read_context(files: Files) -> tuple[Material, Any]:
    """The files' content and a context of it; blocks, Faulty tells what is wrong."""
    material = read_material(files)
    return material, context_of(material, files)


@implementer(IOpenSSLServerConnectionCreator)
class Switch:
    """Gives each new connection the context of the day."""

    def __init__(self, material: Material, context: Any) -> None:
        self.material, self._context = material, context

    def turn(self, material: Material, context: Any) -> None:
        """From now on this one; connections that are open go on as they are."""
        self.material, self._context = material, context

    def serverConnectionForTLS(self, protocol: Any) -> Any:
        """For Twisted: the TLS of one connection."""
        return SSL.Connection(self._context, None)
