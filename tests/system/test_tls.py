"""TLS as its users meet it: `iotd cert`, browsers, boards, gates, new certificates at SIGHUP."""

from __future__ import annotations

import atexit
import http.client
import re
import shutil
import signal
import socket
import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import HERE, RunningDaemon, picture_in, until
from tests.system import wire
from tests.system.house import FRAMES, PASSWORD, tell
from tests.tls.room import made

TLS = f"ssl:0:{HERE}"
PLAIN = f"tcp:0:{HERE}"
SETTINGS = {
    "site": {"public_url": "https://house.example"},
    "web": {"listen": [PLAIN, TLS]}, "cameras": {"listen": [PLAIN, TLS]},
    "devices": {"listen": [PLAIN, TLS]}, "mqtt": {"listen": TLS},
}


class Secured:
    """A daemon with certificates of its own; ``refused`` is why it did not start without."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="iotd-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.daemon = RunningDaemon(folder, SETTINGS)
        atexit.register(self.daemon.stop)
        self.daemon.launch()
        self.code = self.daemon.end()
        self.refused = self.daemon.log()
        self.advice = self.daemon.iotd("cert", "--name", "board.example")
        self.daemon.start()
        found = self.daemon.listening()
        self.ports = {name: port for name, _, port in found}  # the last of each speaks TLS
        self.ports["mqtt"] = self.daemon.ports["mqtt"]
        self.folder = self.daemon.data / "tls"

    def context(self, authority: Path | None = None) -> ssl.SSLContext:
        """What a browser or a board trusts."""
        return ssl.create_default_context(cafile=str(authority or self.folder / "ca.pem"))

    def dial(self, to: str, name: str = "iotd", context: Any = None) -> ssl.SSLSocket:
        """A TLS connection that checks this name."""
        sock = wire.dial(self.ports[to])
        return (context or self.context()).wrap_socket(sock, server_hostname=name)

    def browser(self) -> http.client.HTTPSConnection:
        """A browser that trusts the authority."""
        port = self.ports["web"]
        return http.client.HTTPSConnection("localhost", port, timeout=10, context=self.context())

    def key(self, id: str, kind: str) -> str:
        """A new device's key."""
        made = self.daemon.call("POST", f"/api/v1/devices/{id}/key", {"kind": kind})
        return str(made["key"])

    def camera(self, id: str) -> ssl.SSLSocket:
        """A keyed camera, over TLS, told to stream."""
        sock = self.dial("cameras")
        wire.say_hello(sock, id, self.key(id, "camera"))
        until(lambda: self.daemon.ask("GET", f"/api/v1/cameras/{id}").status == 200, id)
        self.daemon.call("POST", f"/api/v1/cameras/{id}/start")
        assert wire.line(sock) == b"START\n"
        return sock


@cache
def secured() -> Secured:
    """One for all tests here."""
    return Secured()


class TlsTest(SynchronousTestCase):
    """On one daemon; none of them leaves it dead or with a traceback in its log."""

    def setUp(self) -> None:
        self.house = secured()
        self.addCleanup(self.unharmed)

    def unharmed(self) -> None:
        """It lives and has logged no traceback."""
        log = self.house.daemon.log()
        self.assertTrue(self.house.daemon.alive, log[-3000:])
        bad = re.search("traceback|unhandled", log, re.I)
        self.assertIsNone(bad, bad and bad.string[max(0, bad.start() - 500):bad.end() + 4000])

    def figure(self, name: str) -> float:
        """One line of /metrics."""
        text = self.house.daemon.ask("GET", "/metrics", role="admin").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        assert found, (name, text)
        return float(found[1])


class StartTests(TlsTest):
    """Before and after `iotd cert`."""

    def test_without_certificate(self) -> None:
        """Without certificates the daemon ends with a sentence that names the command."""
        self.assertEqual(self.house.code, 1)
        self.assertIn("Make it with `iotd cert`", self.house.refused)

    def test_advice(self) -> None:
        """The command says which lines to add, where ca.pem is and how boards get it."""
        for words in ("ssl:8443", "ca.pem", "iotd flash", "iPhone", "board.example"):
            self.assertIn(words, self.house.advice)

    def test_names(self) -> None:
        """The certificate is for this host, public_url's host and the names that were given."""
        for name in ("localhost", "127.0.0.1", "house.example", "board.example"):
            self.house.dial("web", name).close()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.house.dial("web", "other.example")

    def test_cookie(self) -> None:
        """Over TLS the cookie is Secure; a browser is not told to insist on TLS for a year."""
        daemon = self.house.daemon
        who = {"name": "vera", "role": "viewer", "password": PASSWORD}
        daemon.call("POST", "/api/v1/users", who, role="admin")
        said = {"username": "vera", "password": PASSWORD}
        answer = daemon.ask("POST", "/api/v1/session", said, role=None, over=self.house.browser())
        self.assertIn("Secure", answer.headers["set-cookie"])
        self.assertNotIn("strict-transport-security", answer.headers)


class BoardTests(TlsTest):
    """Boards and gates over TLS."""

    def test_camera(self) -> None:
        """A keyed camera streams over TLS to a browser over TLS, byte for byte."""
        camera = self.house.camera("tls-cam")
        stream = self.house.daemon.open(
            "GET", "/cameras/tls-cam/stream.mjpeg", over=self.house.browser()
        )
        for picture in FRAMES[:4]:
            camera.sendall(wire.frame(picture))
            self.assertTrue(picture_in(stream)[1] == picture)
        stream.close()
        camera.close()

    def test_device(self) -> None:
        """A keyed device is greeted, proves its key and is started over TLS."""
        key = self.house.key("tls-watch", "watch")
        with self.house.dial("devices") as sock:
            self.assertEqual(len(_exactly(sock, 36)), 36)
            sock.sendall(b"key~tls-watch\n")
            nonce = wire.line(sock)[6:-1].decode()
            proof = wire.mac(key, "tls-watch", nonce, "dev")
            sock.sendall(b"mac~%b\n" % proof.encode())
            self.assertEqual(wire.line(sock), b"start\n")

    def test_gate(self) -> None:
        """A gate signs in to the embedded broker over TLS and its message is acknowledged."""
        key = self.house.key("tls-gate", "gate")
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="tls-gate")
        client.username_pw_set("tls-gate", key)
        context = self.house.context()
        context.check_hostname = False  # paho checks the address it dials, a board checks "iotd"
        client.tls_set_context(context)
        client.connect("127.0.0.1", self.house.ports["mqtt"])
        client.loop_start()
        self.addCleanup(client.loop_stop)
        self.addCleanup(client.disconnect)
        sent = client.publish("iotd/gate/tls-gate/status", b"online", 1, True)
        sent.wait_for_publish(10)
        self.assertTrue(sent.is_published())

    def test_wrong_authority(self) -> None:
        """A board that trusts another authority does not connect, and the list says why."""
        made(other := Path(self.mktemp()))
        for to in ("cameras", "devices", "mqtt"):
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.house.dial(to, context=self.house.context(other / "ca.pem"))
        until(lambda: self.figure('iotd_tls_failed_total{listener="devices",why="distrust"}'),
              "it is counted")
        shown = self.house.daemon.call("GET", "/api/v1/devices/refusals")["items"]
        self.assertIn("does not accept the certificate", str(shown))

    def test_wrong_name(self) -> None:
        """What boards check is the name iotd, which the web's certificate does not have."""
        self.house.dial("cameras", "iotd").close()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.house.dial("web", "iotd")


class ReloadTests(TlsTest):
    """New certificates under a daemon that runs."""

    def serial(self, to: str = "web") -> Any:
        """Which certificate a new connection gets."""
        with self.house.dial(to, "localhost" if to == "web" else "iotd") as sock:
            told: Any = sock.getpeercert()
            return told["serialNumber"]

    def test_renewed_while_streaming(self) -> None:
        """`iotd cert --renew` changes the certificate of new connections; open ones go on."""
        camera = self.house.camera("steady")
        stream = self.house.daemon.open(
            "GET", "/cameras/steady/stream.mjpeg", over=self.house.browser()
        )
        camera.sendall(wire.frame(FRAMES[0]))
        picture_in(stream)
        before = self.serial(), self.serial("cameras")
        told = self.house.daemon.iotd("cert", "--renew")
        self.assertIn("In use now at: cameras, devices, mqtt, web", told)
        after = self.serial(), self.serial("cameras")
        self.assertTrue(before[0] != after[0] and before[1] != after[1])
        for picture in FRAMES[1:4]:
            camera.sendall(wire.frame(picture))
            self.assertTrue(picture_in(stream)[1] == picture)

    def test_hang_up(self) -> None:
        """At SIGHUP files are read anew; broken ones leave the old certificate, with one line."""
        daemon, before = self.house.daemon, self.serial()
        files = self.house.folder / "current" / "server.pem"
        good = files.read_text()
        files.write_text(good.replace("A", "B", 40))
        self.addCleanup(files.write_text, good)
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "goes on with its old certificate" in daemon.log(), "it is told")
        self.assertEqual(self.serial(), before)
        files.write_text(good)
        read = daemon.log().count("read anew")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.log().count("read anew") > read, "it is read")
        self.assertEqual(self.serial(), before)

    def test_expiry(self) -> None:
        """/metrics tells of each listener how long its certificate is good."""
        days = self.figure('iotd_tls_expires_seconds{listener="web"}') / 86400
        self.assertTrue(394 < days < 398, days)
        self.assertGreater(self.figure('iotd_tls_expires_seconds{listener="mqtt"}') / 86400, 10000)


class StrangerTests(TlsTest):
    """Who speaks something else, or nothing, costs nobody else anything."""

    def test_garbage(self) -> None:
        """Plain HTTP and garbage on ports with TLS are cut off and told of."""
        for to in ("web", "devices", "cameras", "mqtt"):
            for said in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 8, b"\x16\x03\x01\xff\xff"):
                with wire.dial(self.house.ports[to]) as sock:
                    wire.send(sock, said)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertNotIn(b"HTTP/1.1 200", wire.rest(sock))
        until(lambda: self.figure('iotd_tls_failed_total{listener="devices",why="plain"}'),
              "it is counted")

    def test_half_open(self) -> None:
        """200 who begin a handshake and say no more are in nobody's way."""
        hello = _client_hello()
        idle = [wire.dial(self.house.ports[to]) for to in ("web", "cameras") for _ in range(100)]
        for sock in idle:
            sock.sendall(hello)
            self.addCleanup(sock.close)
        until(lambda: self.figure("iotd_tls_handshakes") >= 200, "they wait")
        self.house.dial("cameras").close()
        answer = self.house.daemon.ask("GET", "/healthz", role=None, over=self.house.browser())
        self.assertEqual(answer.status, 200)
        names = [each["id"] for each in self.house.daemon.call("GET", "/api/v1/devices")["items"]]
        self.assertFalse([name for name in names if name.startswith("cam-")], names)
        memory = self.house.daemon.rss()
        tell("memory with 200 half-open handshakes", f"{memory:.0f} MiB")


def _exactly(sock: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += sock.recv(size - len(got))
    return got


def _client_hello() -> bytes:
    """The first bytes of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="iotd")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()
