"""A mail server and a web server on loopback, real ones, that can misbehave."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor, ssl
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

HOST = "127.0.0.1"


def certificate() -> tuple[ssl.PrivateCertificate, Any]:
    """A certificate for this machine, and what a client needs to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    private = ssl.PrivateCertificate.loadPEM(pem)
    authority = ssl.Certificate.loadPEM(pem)
    return private, ssl.optionsForClientTLS(HOST, trustRoot=authority)


class _Speaker(LineReceiver):
    """One connection of the mail server."""

    office: MailOffice
    secure = False
    _in_message = False

    def connectionMade(self) -> None:
        self.office.connections.append(self)
        if self.office.mode != "silent":
            self.sendLine(b"220 here")

    def lineReceived(self, line: bytes) -> None:
        if self._in_message:
            self._take(line)
            return
        self.office.lines.append(line.decode())
        verb = line.split(b" ")[0].upper().decode()
        getattr(self, f"do_{verb}", self._unknown)(line)

    def _unknown(self, line: bytes) -> None:
        self.sendLine(b"502 what")

    def do_EHLO(self, line: bytes) -> None:
        if self.office.mode == "old":
            self.sendLine(b"502 what")
            return
        offers = [b"here"]
        if self.office.tls is not None and not self.secure:
            offers.append(b"STARTTLS")
        if self.office.mode == "login":
            offers.append(b"AUTH PLAIN")
        for offer in offers[:-1]:
            self.sendLine(b"250-" + offer)
        self.sendLine(b"250 " + offers[-1])

    def do_HELO(self, line: bytes) -> None:
        self.sendLine(b"250 here")

    def do_STARTTLS(self, line: bytes) -> None:
        self.sendLine(b"220 go on")
        self.transport.startTLS(self.office.tls.options())
        self.secure = True

    def do_AUTH(self, line: bytes) -> None:
        secret = base64.b64decode(line.split(b" ")[2])
        right = secret.endswith(b"\0me\0p@ss")
        self.sendLine(b"235 welcome" if right else b"535 wrong")

    def do_MAIL(self, line: bytes) -> None:
        self.sendLine(b"451 later" if self.office.mode == "busy" else b"250 ok")

    def do_RCPT(self, line: bytes) -> None:
        self.sendLine(b"550 nobody" if b"nobody@" in line else b"250 ok")

    def do_DATA(self, line: bytes) -> None:
        if self.office.mode == "drops":
            self.transport.abortConnection()
            return
        self.sendLine(b"354 go on")
        self._in_message, self._text = True, []

    def do_RSET(self, line: bytes) -> None:
        self.sendLine(b"250 ok")

    def do_QUIT(self, line: bytes) -> None:
        self.sendLine(b"221 bye")
        self.transport.loseConnection()

    def _take(self, line: bytes) -> None:
        if line != b".":
            self._text.append(line[1:] if line.startswith(b"..") else line)
            return
        self._in_message = False
        self.office.mails.append((b"\n".join(self._text).decode(), self.secure))
        self.sendLine(b"250 taken")


class _Office:
    """A listening port that can be closed with all that is connected."""

    def __init__(self, factory: Any, tls: Any = None) -> None:
        self.connections: list[Any] = []
        listen = reactor.listenTCP if tls is None else reactor.listenSSL  # type: ignore
        options = () if tls is None else (tls,)
        self._port = listen(0, factory, *options, interface=HOST)
        self.port: int = self._port.getHost().port

    def close(self) -> Deferred[Any]:
        """No more of it."""
        for each in self.connections:
            link = getattr(each, "_channel", each).transport
            if link is not None:
                link.abortConnection()
        return self._port.stopListening()


class MailOffice(_Office):
    """``mails``: text and whether it came by TLS; ``mode`` is how it behaves."""

    def __init__(self, mode: str = "", tls: Any = None, wrapped: bool = False) -> None:
        self.mails: list[tuple[str, bool]] = []
        self.lines: list[str] = []
        self.mode, self.tls = mode, None if wrapped else tls
        factory = Factory.forProtocol(_Speaker)
        factory.noisy = False
        build = factory.buildProtocol

        def with_office(address: Any) -> Any:
            speaker = build(address)
            speaker.office, speaker.secure = self, wrapped
            return speaker

        factory.buildProtocol = with_office  # type: ignore[method-assign]
        super().__init__(factory, tls.options() if wrapped else None)


class _Hook(Resource):
    isLeaf = True

    def __init__(self, office: HookOffice) -> None:
        super().__init__()
        self._office = office

    def render_POST(self, request: Any) -> Any:
        """As the office is in the mood for."""
        office = self._office
        headers = {name.decode().lower(): values[0].decode()
                   for name, values in request.requestHeaders.getAllRawHeaders()}
        office.calls.append((request.uri.decode(), headers, json.loads(request.content.read())))
        if office.status == 0:
            return NOT_DONE_YET
        if office.status == -1:
            request.transport.abortConnection()
            return NOT_DONE_YET
        request.setResponseCode(office.status)
        if 300 <= office.status < 400:
            request.setHeader(b"location", b"/elsewhere")
        if office.endless:
            request.write(b"x" * 1000)
            return NOT_DONE_YET
        return b"thanks"


class HookOffice(_Office):
    """``calls``: address, headers, body; ``status`` is answered, 0 never, -1 hangs up."""

    def __init__(self, status: int = 200) -> None:
        self.calls: list[tuple[str, dict[str, str], Any]] = []
        self.status, self.endless = status, False
        site = Site(_Hook(self))
        site.noisy = False
        build = site.buildProtocol

        def remembered(address: Any) -> Any:
            channel = build(address)
            self.connections.append(channel)
            return channel

        site.buildProtocol = remembered  # type: ignore[method-assign]
        super().__init__(site)

    def url(self, path: str = "/hook?key=secret", login: str = "") -> str:
        """Its address."""
        return f"http://{login}{HOST}:{self.port}{path}"
