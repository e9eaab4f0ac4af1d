"""Who a camera is: names by address, approval, keys, and nobody in another's place."""

from __future__ import annotations

import secrets
import socket

from tests.field_camera import FieldCamera, scene
from tests.running_daemon import picture_in, until
from tests.system import wire
from tests.system.house import SystemTest

PICTURE = scene(1)


class ApprovalTests(SystemTest):
    """Field cameras wait for a person."""

    shared = True

    def power_on(self) -> FieldCamera:
        """A field camera that nobody has approved."""
        camera = FieldCamera("127.0.0.1", self.daemon.ports["cameras"], source=self.source)
        self.addCleanup(camera.power_off)
        return camera.power_on()

    def test_approved_on_the_command_line(self) -> None:
        """A pending camera does nothing; once `iotd device approve` returns, it can be started."""
        camera = self.power_on()
        until(lambda: self.state(self.cam) == "pending", "pending")
        start = f"/api/v1/cameras/{self.cam}/start"
        self.assertEqual(self.daemon.ask("POST", start).status, 409)
        self.daemon.iotd("device", "approve", self.cam)
        self.assertEqual(self.state(self.cam), "online")
        self.daemon.call("POST", start)
        until(lambda: camera.sent, "frames")

    def test_revoked(self) -> None:
        """Revoking closes the link before the command returns, and it is not let in again."""
        camera = self.camera()
        self.daemon.iotd("device", "revoke", self.cam)
        self.assertEqual(self.state(self.cam), "revoked")
        until(lambda: not camera.running, "the link is closed")
        again = wire.dial(self.daemon.ports["cameras"], self.source)
        self.addCleanup(again.close)
        self.assertEqual(wire.rest(again), b"")
        refusals = self.daemon.call("GET", "/api/v1/devices/refusals")["items"]
        self.assertIn((self.cam, "it was revoked"), [(r["id"], r["reason"]) for r in refusals])

    def test_lowest_free_name(self) -> None:
        """A further camera of an address is -2; a name that is free again goes to the next."""
        first = self.power_on()
        until(lambda: self.connected(self.cam), "the first")
        self.power_on()
        until(lambda: self.connected(f"{self.cam}-2"), "the second")
        first.power_off()
        until(lambda: not self.connected(self.cam), "the first is gone")
        self.power_on()
        until(lambda: self.connected(self.cam), "its name is taken again")
        self.assertIsNone(self.state(f"{self.cam}-3"))

    def connected(self, id: str) -> bool:
        """Whether a device is connected now."""
        answer = self.daemon.ask("GET", f"/api/v1/devices/{id}")
        return answer.status == 200 and bool(answer.json["connected"])


class RestartTests(SystemTest):
    """What outlives the daemon."""

    settings = {"devices": {"enrolment": "open"}}

    def test_started_and_stopped(self) -> None:
        """A started camera streams again after a restart, a stopped one stays still."""
        for wanted, led in (("start", "green"), ("stop", "red")):
            camera = self.camera()
            self.daemon.call("POST", f"/api/v1/cameras/{self.cam}/{wanted}")
            until(lambda: camera.led == led, led)
            self.daemon.stop()
            camera.power_off()
            self.daemon.start()
            again = self.camera()
            self.assertEqual(self.shown("started"), wanted == "start")
            until(lambda: self.state(self.cam) == "online", "online")
            until(lambda: again.led == led, f"{led} after a restart")
            again.power_off()


class KeyTests(SystemTest):
    """The keyed hello by a plain socket."""

    shared = True

    def setUp(self) -> None:
        super().setUp()
        self.name = "k" + secrets.token_hex(4)
        made = self.daemon.call("POST", f"/api/v1/devices/{self.name}/key", {"kind": "camera"})
        self.key = made["key"]
        self.port = self.daemon.ports["cameras"]

    def connect(self, key: str = "", source: str = "") -> socket.socket:
        """A link that has sent its proof."""
        sock = wire.keyed(self.port, self.name, key or self.key, source or self.source)
        self.addCleanup(sock.close)
        return sock

    def test_streams(self) -> None:
        """A right proof is answered by silence, START comes with a newline, frames get through."""
        sock = self.connect()
        until(lambda: self.state(self.name) == "online", "online")
        self.daemon.call("POST", f"/api/v1/cameras/{self.name}/start")
        self.assertEqual(wire.line(sock), b"START\n")
        with self.daemon.open("GET", f"/cameras/{self.name}/stream.mjpeg") as stream:
            sock.sendall(wire.frame(PICTURE))
            self.assertTrue(picture_in(stream)[1] == PICTURE)
        self.daemon.call("POST", f"/api/v1/cameras/{self.name}/stop")
        self.assertEqual(wire.line(sock), b"STOP\n")

    def test_glued_hello(self) -> None:
        """Hello and proof in one segment are taken apart; a proof without its nonce is wrong."""
        sock = wire.dial(self.port, self.source)
        self.addCleanup(sock.close)
        sock.sendall(b"key~%b\nmac~%b\n" % (self.name.encode(), b"0" * 64))
        self.assertRegex(wire.rest(sock), rb"\Anonce~[0-9a-f]{32}\ndenied\n\Z")

    def test_first_frame_glued_to_the_proof(self) -> None:
        """A frame in the same segment as the proof is a frame."""
        sock = wire.dial(self.port, self.source)
        self.addCleanup(sock.close)
        sock.sendall(b"key~%b\n" % self.name.encode())
        nonce = wire.line(sock)[6:-1].decode()
        proof = b"mac~%b\n" % wire.mac(self.key, self.name, nonce).encode()
        sock.sendall(proof + wire.frame(PICTURE))
        path = f"/cameras/{self.name}/snapshot.jpg"
        until(lambda: self.daemon.ask("GET", path).body == PICTURE, "the picture")

    def test_five_wrong_then_at_once(self) -> None:
        """Five wrong proofs get a nonce each, the sixth hello is denied at once; elsewhere not."""
        for _ in range(5):
            self.assertEqual(wire.rest(self.connect("00" * 32)), b"denied\n")
        sock = wire.dial(self.port, self.source)
        self.addCleanup(sock.close)
        sock.sendall(b"key~%b\n" % self.name.encode())
        self.assertEqual(wire.rest(sock), b"denied\n")
        elsewhere = self.connect(source="127.0.8.1")
        until(lambda: self.state(self.name) == "online", "the owner is let in elsewhere")
        self.assertFalse(wire.closed(elsewhere))

    def test_unknown_id_looks_like_a_wrong_key(self) -> None:
        """An id that nobody knows gets a nonce and denied, as a wrong proof does."""
        sock = wire.keyed(self.port, "nobody-knows", self.key, self.source)
        self.addCleanup(sock.close)
        self.assertEqual(wire.rest(sock), b"denied\n")

    def test_new_key_ends_the_old_link(self) -> None:
        """A new key closes the link made with the old one, and the old one is worth nothing."""
        old = self.connect()
        until(lambda: self.state(self.name) == "online", "online")
        key = self.daemon.iotd("device", "key", self.name)
        self.assertEqual(wire.rest(old), b"")
        self.assertEqual(wire.rest(self.connect()), b"denied\n")
        self.connect(key)
        until(lambda: self.state(self.name) == "online", "online with the new key")

    def test_only_a_right_proof_replaces(self) -> None:
        """The live link survives wrong proofs, and gives way to a right one within a second."""
        live = self.connect()
        until(lambda: self.state(self.name) == "online", "online")
        for _ in range(4):
            wire.rest(self.connect("11" * 32, source="127.0.8.2"))
        self.assertFalse(wire.closed(live))
        newer = self.connect(source="127.0.8.3")
        until(lambda: wire.closed(live), "the older link is closed", 1.0)
        self.assertFalse(wire.closed(newer))

    def test_nothing_short_of_the_proof(self) -> None:
        """Empty, cut, padded and replayed proofs are all denied; the key's own is let in."""
        right = wire.mac(self.key, self.name, "0" * 32)
        bad = ["", right[:-1], right + "0", right.upper(), "g" * 64, right[:32], "\0" * 64]
        for number, proof in enumerate(bad):
            sock = wire.dial(self.port, f"127.0.7.{number + 1}")
            self.addCleanup(sock.close)
            sock.sendall(b"key~%b\n" % self.name.encode())
            wire.line(sock)
            sock.sendall(b"mac~%b\n" % proof.encode())
            self.assertEqual(wire.rest(sock), b"denied\n", proof)
        self.connect()
        until(lambda: self.state(self.name) == "online", "the owner")

    def test_silent_connection_says_its_key_late(self) -> None:
        """First bytes `key~` after a second of silence still are a hello; no other row stays."""
        sock = wire.dial(self.port, self.source)
        self.addCleanup(sock.close)
        until(lambda: self.state(self.cam) == "pending", "taken for a field camera")
        wire.say_hello(sock, self.name, self.key)
        until(lambda: self.state(self.name) == "online", "keyed after all")
        self.assertIsNone(self.state(self.cam))


class ShownTests(SystemTest):
    """Nothing on the pages or in the log gives a key away."""

    def test_keys_are_shown_once(self) -> None:
        """The key is in no list, no log line and no file of the data folder."""
        key = self.daemon.iotd("device", "key", "hall", "--kind", "camera")
        self.assertRegex(key, r"\A[0-9a-f]{64}\Z")
        wire.keyed(self.daemon.ports["cameras"], "hall", key).close()
        seen = [self.daemon.log(), str(self.daemon.call("GET", "/api/v1/devices"))]
        self.daemon.stop()
        seen += [path.read_bytes().decode("latin-1") for path in self.daemon.data.rglob("*")
                 if path.is_file()]
        for text in seen:
            self.assertNotIn(key, text)
            self.assertNotIn(bytes.fromhex(key).decode("latin-1"), text)
        self.daemon.start()


class KeyedOnlyTests(SystemTest):
    """enrolment = "keyed"."""

    settings = {"devices": {"enrolment": "keyed"}}

    def test_unkeyed_are_refused(self) -> None:
        """A camera without a key is closed and shown with the reason; keyed ones stay."""
        key = self.daemon.iotd("device", "key", "hall", "--kind", "camera")
        port = self.daemon.ports["cameras"]
        keyed = wire.keyed(port, "hall", key)
        unkeyed = wire.dial(port, self.source)
        self.addCleanup(wire.hang_up, [keyed, unkeyed])
        unkeyed.sendall(wire.frame(PICTURE))
        self.assertEqual(wire.rest(unkeyed), b"")
        until(lambda: self.state("hall") == "online", "the keyed one")
        [refusal] = self.daemon.call("GET", "/api/v1/devices/refusals")["items"]
        self.assertEqual(refusal["reason"], "it has no key, and enrolment is keyed")
        self.assertIsNone(self.state(self.cam))


class OrderTests(SystemTest):
    """Cameras of other makers."""

    settings = {"devices": {"enrolment": "open"}}

    def test_little_endian(self) -> None:
        """Little-endian lengths are understood from the first frame on, zero lengths skipped."""
        sock = wire.dial(self.daemon.ports["cameras"], self.source)
        self.addCleanup(sock.close)
        sock.sendall(b"\0\0\0\0" * 3)
        until(lambda: self.state(self.cam) == "online", "online")
        with self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg") as stream:
            for number in range(3):
                sock.sendall(wire.frame(scene(number), "<"))
                self.assertTrue(picture_in(stream)[1] == scene(number))
        self.assertEqual(self.shown("bad_frames"), 0)
