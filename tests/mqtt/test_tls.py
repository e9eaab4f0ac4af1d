"""The client of the broker over TLS: whose certificate it accepts."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from iotd.mqtt.address import Address
from iotd.mqtt.probe import Probe
from tests.brokers import HERE, Mosquitto
from tests.mqtt.room import SEEN, BridgeTest, Inbox


def certificate(folder: Path, address: str) -> Path:
    """key.pem and cert.pem for an address, signed by itself; the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.datetime.now(datetime.timezone.utc)
    other_name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(other_name, False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))
    return (folder / "cert.pem").resolve()


class TlsTests(BridgeTest):
    """A Mosquitto with a certificate, and one that has none."""

    def tls_broker(self, address: str = HERE) -> tuple[Mosquitto, ssl.SSLContext]:
        """With a certificate for ``address``, and what trusts it."""
        trusted = certificate(self.folder / "tls", address)
        lines = (f"certfile {trusted}", f"keyfile {trusted.with_name('key.pem')}")
        return self.broker(*lines), ssl.create_default_context(cafile=str(trusted))

    def at(self, broker: Mosquitto) -> Address:
        """Its address, over TLS."""
        return Address(HERE, broker.port, tls=True)

    async def test_trusted(self) -> None:
        """Messages of any size come in and go out; what is asked of the broker works too."""
        broker, trust = self.tls_broker()
        inbox = Inbox()
        bridge = self.bridge(self.at(broker), inbox, tls=trust)
        await self.up(bridge)
        payloads = [b"%d" % number + bytes(number * 1000) for number in range(1, 200)]
        for payload in payloads:
            bridge.publish(SEEN, payload)
        await inbox.has(*payloads)
        await self.until(lambda: bridge.handover.acknowledged == 199, "all acknowledged")
        self.assertTrue(Probe(self.at(broker), trust).run().session_kept)

    async def test_not_trusted(self) -> None:
        """A certificate that nobody known has signed is refused, and that is said."""
        broker, _ = self.tls_broker()
        bridge = self.bridge(self.at(broker))
        await self.until(lambda: "its certificate: self" in bridge.why, f"why: {bridge.why}")

    async def test_another_name(self) -> None:
        """So is one of another host."""
        broker, trust = self.tls_broker("192.0.2.7")
        bridge = self.bridge(self.at(broker), tls=trust)
        await self.until(lambda: "its certificate: IP address mismatch" in bridge.why, "why")

    async def test_no_tls(self) -> None:
        """A broker that does not speak TLS is not spoken to in the clear."""
        bridge = self.bridge(self.at(self.broker()))
        await self.until(lambda: bridge.why not in ("", "not connected yet"), "it failed")
        self.assertFalse(bridge.connected)
