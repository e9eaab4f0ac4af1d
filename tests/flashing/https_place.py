"""A place on https:// that has a file, or what went wrong with it."""

from __future__ import annotations

import datetime
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from iotd.flashing.image_catalogue import Pinned


@dataclass(frozen=True)
class Elsewhere(Pinned):
    """An image that is not on micropython.org."""

    where: str = ""

    @property
    def url(self) -> str:
        """Where it is instead."""
        return self.where


class HttpsPlace:
    """``with HttpsPlace(folder, data) as place:`` answers ``place.url``.

    ``cut`` bytes of it come and no more, ``leads_to`` another address, ``status`` a fault;
    ``dribble`` comes a byte at a time, ``length`` is told of it. ``place.context`` trusts it.
    """

    def __init__(
        self, folder: Path, data: bytes, cut: int | None = None, leads_to: str = "",
        status: int = 200, dribble: bool = False, length: str | None = None,
    ) -> None:
        place = self
        self.asked: list[str] = []
        self._stop = threading.Event()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.asked.append(self.path)
                self.send_response(302 if leads_to else status)
                if leads_to:
                    self.send_header("Location", leads_to)
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                self._send(data if cut is None else data[:cut])

            def _send(self, body: bytes) -> None:
                if not dribble:
                    self.wfile.write(body)
                    return
                for at in range(len(body)):
                    if place._stop.wait(0.02):
                        return
                    self.wfile.write(body[at:at + 1])

            def log_message(self, *words: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.handle_error = lambda *words: None  # type: ignore[method-assign]
        certificate = _certificate(folder)
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(certificate)
        self._server.socket = ours.wrap_socket(self._server.socket, server_side=True)
        self.context = ssl.create_default_context(cafile=str(certificate))
        self.url = f"https://localhost:{self._server.server_address[1]}/image.bin"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "HttpsPlace":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _certificate(folder: Path) -> Path:
    """A key and a certificate of its own for localhost, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
