"""Every kind of listener carries pages and pictures; only named proxies are believed."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import Answer, RunningDaemon, picture_in, until
from tests.site.test_sockets import write_certificate
from tests.system import wire
from tests.system.house import FRAMES, SystemTest


class OverUnix(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class ListenerTests(SynchronousTestCase):
    """TCP, IPv6, TLS and a file, all at once."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir(parents=True)
        write_certificate(folder)
        self.file = Path("/tmp") / f"iotd-{folder.parent.name[:30]}.sock"
        tls = f"ssl:0:interface=127.0.0.1:privateKey={folder}/key.pem:certKey={folder}/cert.pem"
        here = "tcp:0:interface=127.0.0.1"
        six = "tcp6:0:interface=\\:\\:1"
        self.daemon = RunningDaemon(folder, {
            "web": {"listen": [here, six, tls, f"unix:{self.file}"]},
            "cameras": {"listen": [here, six]}, "devices": {"enrolment": "open"},
        })
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        found = self.daemon.listening()
        self.web = [port for name, _, port in found if name == "web"]
        self.cameras = [port for name, _, port in found if name == "cameras"]

    def over_tls(self) -> http.client.HTTPSConnection:
        """A connection to the TLS listener; its certificate is self-made."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.web[2], timeout=10, context=context)

    def test_pictures_over_each(self) -> None:
        """A camera on IPv6 is watched over IPv4, IPv6, TLS and a file, byte for byte."""
        camera = socket.create_connection(("::1", self.cameras[1]), 10)
        self.addCleanup(camera.close)
        id = "cam---1"
        until(lambda: self.daemon.ask("GET", f"/api/v1/devices/{id}").status == 200, "known")
        ways = [http.client.HTTPConnection("127.0.0.1", self.web[0], timeout=10),
                http.client.HTTPConnection("::1", self.web[1], timeout=10),
                self.over_tls(), OverUnix(self.file)]
        streams = [self.daemon.open("GET", f"/cameras/{id}/stream.mjpeg", over=way)
                   for way in ways]
        for picture in FRAMES[:5]:
            camera.sendall(wire.frame(picture))
            for stream in streams:
                self.assertTrue(picture_in(stream)[1] == picture)
        for stream in streams:
            stream.close()

    def test_tls(self) -> None:
        """Over TLS cookies are Secure and HSTS is sent, over plain HTTP neither."""
        self.daemon.iotd("user", "add", "vera", "--role", "viewer", "--password-stdin",
                         stdin="correct horse battery")
        said = {"username": "vera", "password": "correct horse battery"}
        secure = self.daemon.ask("POST", "/api/v1/session", said, role=None, over=self.over_tls())
        plain = self.daemon.ask("POST", "/api/v1/session", said, role=None)
        self.assertIn("secure", secure.headers["set-cookie"].lower())
        self.assertIn("max-age=", secure.headers["strict-transport-security"])
        self.assertNotIn("strict-transport-security", plain.headers)
        with socket.create_connection(("127.0.0.1", self.web[2]), 10) as sock:
            wire.send(sock, b"GET / HTTP/1.1\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", wire.rest(sock))
        self.assertNotIn("Traceback", self.daemon.log())

    def test_old_tls(self) -> None:
        """TLS 1.1 is refused, 1.2 and 1.3 are spoken."""
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = context.maximum_version = version
            try:
                with socket.create_connection(("127.0.0.1", self.web[2]), 10) as sock:
                    context.wrap_socket(sock).close()
                self.assertTrue(spoken, version)
            except ssl.SSLError:
                self.assertFalse(spoken, version)


class ProxyTest(SystemTest):
    """What is told of a client's address."""

    shared = True

    def seen_as(self, told: str) -> str:
        """The address that a session of somebody who says this is shown with."""
        person = self.person(f"x-{self.cam}-{len(told)}", "viewer")
        answer: Answer = person.sign_in(**{"X-Forwarded-For": told})
        self.assertEqual(answer.status, 200)
        sessions = person.ask("GET", "/api/v1/sessions").json["items"]
        return str(max(sessions, key=lambda each: each["created_at"])["address"])


class StrangerTests(ProxyTest):
    """Without trusted_proxies."""

    def test_not_believed(self) -> None:
        """What a stranger says of its address is not believed."""
        self.assertEqual(self.seen_as("192.0.2.7"), "127.0.0.1")


class TrustedTests(ProxyTest):
    """trusted_proxies = ["127.0.0.1"]."""

    settings = {"web": {"trusted_proxies": ["127.0.0.1"]}}

    def test_believed(self) -> None:
        """A trusted proxy is believed for the last address it adds, not for what it was told."""
        self.assertEqual(self.seen_as("192.0.2.7"), "192.0.2.7")
        self.assertEqual(self.seen_as("198.51.100.1, 192.0.2.77"), "192.0.2.77")
