"""Streams to browsers: what was asked for, ends in time, slow and stalled viewers."""

from __future__ import annotations

import io
import time
from typing import Any

from PIL import Image

from tests.field_camera import scene
from tests.running_daemon import until
from tests.system import wire
from tests.system.house import SystemTest, tell
from tests.system.viewers import Reading, Watching, slow_ages, stalled

LARGE = [scene(number, (640, 480), 88) for number in range(4)]  # 40 to 50 KB each


class AskedForTests(SystemTest):
    """fps, width and walls."""

    shared = True

    def test_fps(self) -> None:
        """fps=2 gives two pictures a second of a camera at ten, each still a whole one."""
        camera = self.streaming(fps=10.0)
        watching = self.watch("fps=2")
        until(lambda: len(watching.parts) >= 7, "seven pictures")
        times = [float(headers["x-timestamp"]) for _, headers, _ in watching.parts[:7]]
        self.assertLess(abs((times[-1] - times[0]) / 6 - 0.5), 0.15)
        self.assertTrue(set(watching.pictures()) <= set(camera.frames))

    def test_width(self) -> None:
        """width=160 gives pictures 160 wide and as high as fits; a width beyond is as it is."""
        camera = self.streaming(fps=10.0)
        small, large = self.watch("width=160"), self.watch("width=4096")
        until(lambda: small.parts and large.parts, "a picture of each")
        self.assertEqual(Image.open(io.BytesIO(small.pictures()[0])).size, (160, 120))
        self.assertEqual(Image.open(io.BytesIO(large.pictures()[0])).size, (320, 240))
        self.assertLess(len(small.pictures()[0]), len(camera.frames[0]))

    def test_wall(self) -> None:
        """One stream carries several cameras, each part with its camera's name and pictures."""
        places = {self.source: self.cam, "127.0.10.1": "cam-127-0-10-1"}
        cameras = {id: self.streaming(source, frames=[scene(number)], fps=8.0)
                   for number, (source, id) in enumerate(places.items())}
        ids = ",".join(cameras)
        watching = Watching(self.daemon.open("GET", f"/cameras/wall.multipart?ids={ids}"))
        until(lambda: len(watching.parts) >= 12, "twelve parts")
        seen = {headers["x-camera"] for _, headers, _ in watching.parts}
        self.assertEqual(seen, set(cameras))
        for _, headers, picture in watching.parts:
            self.assertTrue(picture == cameras[headers["x-camera"]].frames[0])

    def test_nonsense(self) -> None:
        """Impossible wishes are refused with the field's name, unknown cameras with 404."""
        self.camera()
        for query, field in (("fps=0", "fps"), ("fps=nan", "fps"), ("fps=-1", "fps"),
                             ("width=1", "width"), ("width=1e9", "width")):
            answer = self.daemon.ask("GET", f"/cameras/{self.cam}/stream.mjpeg?{query}")
            self.assertEqual((answer.status, answer.json["field"]), (422, field), query)
        for ids in ("nobody", f"{self.cam},nobody"):
            answer = self.daemon.ask("GET", f"/cameras/wall.multipart?ids={ids}")
            self.assertEqual(answer.status, 404)

    def watch(self, query: str) -> Watching:
        """A viewer of this test's camera."""
        return Watching(self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg?{query}"))


class EndTests(SystemTest):
    """Open streams end within 2 s of the right to them."""

    shared = True

    def setUp(self) -> None:
        super().setUp()
        self.streaming()
        self.vera = self.person(f"vera-{self.cam}", "viewer")

    def ends(self, path: str, how: Any, **options: Any) -> float:
        """Seconds from ``how()`` returning to the end of a stream."""
        watching = Watching(self.daemon.open("GET", path, role=None, **options))
        until(lambda: watching.parts, "a picture")
        begun = time.monotonic()
        how()
        ended = until(lambda: watching.ended_at, "the stream ends", 2.0)
        return float(ended - begun)

    def test_log_out(self) -> None:
        """Logging out ends the session's pictures and events, and the cookie is worth nothing."""
        vera = self.vera
        events = Reading(self.daemon.open("GET", "/api/v1/events", role=None,
                                          headers=vera.headers()))
        took = self.ends(f"/cameras/{self.cam}/stream.mjpeg",
                         lambda: vera.ask("DELETE", "/api/v1/session"), headers=vera.headers())
        tell("stream open after log-out", f"{took:.2f} s")
        until(lambda: events.ended_at, "the events end", 2.0)
        self.assertEqual(vera.ask("GET", "/api/v1/session").status, 401)

    def test_disabled_user(self) -> None:
        """Disabling an account ends its wall and its sessions."""
        took = self.ends(
            f"/cameras/wall.multipart?ids={self.cam}",
            lambda: self.daemon.call("PATCH", f"/api/v1/users/{self.vera.id}", {"disabled": True},
                                     role="admin"),
            headers=self.vera.headers(),
        )
        tell("stream open after disabling", f"{took:.2f} s")
        self.assertEqual(self.vera.sign_in().status, 401)

    def test_revoked_token(self) -> None:
        """Deleting a token ends what it holds open."""
        made = self.daemon.call("POST", "/api/v1/tokens", {"name": "t", "role": "viewer"},
                                role="admin")
        took = self.ends(
            f"/cameras/{self.cam}/stream.mjpeg",
            lambda: self.daemon.ask("DELETE", f"/api/v1/tokens/{made['id']}", role="admin"),
            headers={"Authorization": f"Bearer {made['secret']}"},
        )
        tell("stream open after revoking its token", f"{took:.2f} s")


class SlowTests(SystemTest):
    """Viewers that can't keep up."""

    def test_picture_on_a_slow_line(self) -> None:
        """On a line of five pictures a second a viewer sees pictures at most 1.5 s old."""
        self.streaming(frames=LARGE, fps=20.0, piece_pause=0.0, padded=False)
        line = stalled(self.daemon, self.cam, 16384)
        self.addCleanup(line.close)
        part = sum(map(len, LARGE)) / len(LARGE) + 120
        ages = slow_ages(line, 5 * part, 7.0)[5:]
        tell("age of pictures on a 5 fps line", f"median {sorted(ages)[len(ages) // 2]:.2f} s, "
             f"oldest {max(ages):.2f} s of {len(ages)}")
        self.assertLess(max(ages), 1.5)
        self.assertGreater(len(ages), 20)

    def test_stalled_viewers(self) -> None:
        """200 viewers that never read cost at most 30 MB, and one beside them sees 90 %."""
        camera = self.streaming(frames=LARGE, fps=20.0, piece_pause=0.0, padded=False)
        good = Watching(self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg"))
        until(lambda: len(good.parts) >= 20, "the good one sees pictures")
        before = self.daemon.rss()
        crowd = [stalled(self.daemon, self.cam) for _ in range(200)]
        self.addCleanup(wire.hang_up, crowd)
        until(lambda: self.shown("viewers") == 201, "all watch")
        sent, seen, skipped = len(camera.sent), len(good.parts), self.shown("dropped")
        until(lambda: len(camera.sent) >= sent + 100, "100 more pictures")
        grown, part = self.daemon.rss() - before, (len(good.parts) - seen) / 100
        tell("200 stalled viewers", f"{grown:.1f} MB more memory; the good one sees {part:.0%}; "
             f"{self.shown('dropped') - skipped} pictures skipped")
        self.assertLess(grown, 30)
        self.assertGreaterEqual(part, 0.9)


class LoginTests(SystemTest):
    """Nobody sees a picture without an account."""

    shared = True

    def test_strangers(self) -> None:
        """Streams, snapshots and walls are 401 to strangers and to tokens in the address."""
        self.streaming()
        token = self.daemon.token()
        for path in (f"/cameras/{self.cam}/stream.mjpeg", f"/cameras/{self.cam}/snapshot.jpg",
                     f"/cameras/wall.multipart?ids={self.cam}", "/api/v1/events"):
            for more in ("", f"token={token}", f"access_token={token}"):
                joint = "&" if "?" in path else "?"
                answer = self.daemon.ask("GET", path + joint * bool(more) + more, role=None)
                self.assertEqual(answer.status, 401, path)
                self.assertNotIn(b"\xff\xd8", answer.body)

    def test_other_roles(self) -> None:
        """Patients and doctors see no camera, and not even which there are."""
        self.camera()
        for role in ("patient", "doctor"):
            for path in (f"/cameras/{self.cam}/stream.mjpeg", "/cameras/nobody/stream.mjpeg",
                         "/api/v1/cameras", f"/cameras/wall.multipart?ids={self.cam}"):
                self.assertEqual(self.daemon.ask("GET", path, role=role).status, 403, path)
