"""Keys and certificates are made here: the authority's, the web's, the boards'."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from iotd.tls.names import is_address

DAY = 86400.0
# Browsers take certificates of at most 398 days, whoever signed them.
WEB_DAYS = 397
LONG_DAYS = 30 * 365
#: A board's clock begins here when it has no power: nothing on it may be younger.
BOARD_EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)
BOARD_NAME = "iotd"


@dataclass(frozen=True)
class Pair:
    """A private key and the certificate of its public half."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def ends_at(self) -> float:
        """Unix time after which it is no longer good."""
        return self.certificate.not_valid_after_utc.timestamp()

    @property
    def lifetime(self) -> float:
        """Seconds from its first to its last moment."""
        return self.ends_at - self.certificate.not_valid_before_utc.timestamp()

    @property
    def names(self) -> tuple[str, ...]:
        """What it is for, as :func:`iotd.tls.names.checked` writes names."""
        return names_of(self.certificate)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names in a certificate; none when it has no such field."""
    try:
        field = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(str(each.value) for each in field)


def new_authority(site: str, now: float) -> Pair:
    """Signs the others; as old as boards' clocks begin, good for thirty years."""
    key = ec.generate_private_key(ec.SECP256R1())
    day = _moment(now).date().isoformat()
    name = _name(f"iotd authority of {site}"[:49] + f", {day}")
    builder = _builder(name, name, key, BOARD_EPOCH, _moment(now + LONG_DAYS * DAY))
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return Pair(key, builder.sign(key, SHA256()))


def new_web(authority: Pair, names: Sequence[str], now: float, days: int = WEB_DAYS) -> Pair:
    """For browsers, under ``names``; from the day before, as phones' clocks go wrong."""
    begin, longest = _moment(now - DAY), _moment(now + (WEB_DAYS - 1) * DAY)
    end = min(_moment(now + days * DAY), longest, _end_of(authority))
    return _server(authority, "iotd", names, begin, end)


def new_boards(authority: Pair, now: float) -> Pair:
    """For the ports of devices: the name that boards check, good for thirty years."""
    end = min(_moment(now + LONG_DAYS * DAY), _end_of(authority))
    return _server(authority, "iotd for boards", (BOARD_NAME,), BOARD_EPOCH, end)


def is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether that authority signed it."""
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # a bad signature, another name, another kind of key
        return False
    return True


def _server(
    authority: Pair, called: str, names: Sequence[str], begin: datetime, end: datetime
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    builder = _builder(_name(called), issuer, key, begin, end)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    usage = _usage(digital_signature=True)
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True), (usage, True),
        (purposes, False), (signer, False),
        (x509.SubjectAlternativeName([_general(name) for name in names]), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return Pair(key, builder.sign(authority.key, SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    public = key.public_key()
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(end)
    known_as = x509.SubjectKeyIdentifier.from_public_key(public)
    return builder.add_extension(known_as, critical=False)


def _usage(**true: bool) -> x509.KeyUsage:
    none = dict.fromkeys((
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ), False)
    return x509.KeyUsage(**{**none, **true})


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), timezone.utc)


def _end_of(authority: Pair) -> datetime:
    return authority.certificate.not_valid_after_utc
