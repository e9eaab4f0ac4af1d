"""A camera as it stands in the field, from its socket to those who watch."""

from __future__ import annotations

import os
import subprocess
import time

import cv2

from tests.field_camera import scenes
from tests.running_daemon import picture_in, until
from tests.system import wire
from tests.system.house import SystemTest


class FieldTests(SystemTest):
    """One field camera and its viewers."""

    shared = True

    def test_streams_stops_and_streams_again(self) -> None:
        """Start, Stop and Start again through the API turn the board's light each time."""
        camera = self.camera()
        for _ in range(2):
            self.daemon.call("POST", f"/api/v1/cameras/{self.cam}/start")
            until(lambda: camera.led == "green", "green")
            until(lambda: self.shown("state") == "streaming", "shown as streaming")
            self.assertTrue(self.daemon.stream(self.cam, 2))
            self.daemon.call("POST", f"/api/v1/cameras/{self.cam}/stop")
            until(lambda: camera.led == "red", "red")
            until(lambda: self.shown("state") == "idle", "shown as idle")
        self.assertIsNone(camera.failure)

    def test_byte_for_byte(self) -> None:
        """Every picture delivered is one that the camera took, whole, in order, with its length."""
        camera = self.streaming(frames=scenes(40), fps=15.0)
        pictures = self.daemon.stream(self.cam, 30)
        camera.power_off()
        sent = camera.sent_jpegs()
        first = sent.index(pictures[0])
        self.assertTrue(pictures == sent[first:first + 30], "not what the camera recorded")
        self.assertEqual(self.shown("bad_frames"), 0)

    def test_part_headers(self) -> None:
        """Each part tells its type, its length and when it came, on a clock that goes on."""
        self.streaming()
        with self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg") as stream:
            parts = [picture_in(stream) for _ in range(3)]
        times = [float(headers["x-timestamp"]) for headers, _ in parts]
        self.assertEqual(times, sorted(set(times)))
        self.assertLess(abs(times[-1] - time.time()), 5)
        for headers, picture in parts:
            self.assertEqual(headers["content-type"], "image/jpeg")
            self.assertEqual(picture[:2] + picture[-2:], b"\xff\xd8\xff\xd9")

    def test_waits_for_the_first_picture(self) -> None:
        """A stream of a camera that is not streaming stays open and begins with its first frame."""
        camera = self.camera()
        with self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg") as stream:
            self.assertEqual(stream.status, 200)
            self.daemon.call("POST", f"/api/v1/cameras/{self.cam}/start")
            self.assertTrue(picture_in(stream)[1] == camera.frames[0], "another picture")

    def test_snapshot(self) -> None:
        """The snapshot is the newest picture, byte for byte, or as wide as asked for."""
        camera = self.streaming()
        path = f"/cameras/{self.cam}/snapshot.jpg"
        until(lambda: self.daemon.ask("GET", path).status == 200, "a picture")
        whole = self.daemon.ask("GET", path)
        self.assertTrue(whole.body in camera.frames, "another picture")
        self.assertEqual(whole.headers["content-type"], "image/jpeg")
        small = self.daemon.ask("GET", path + "?width=80")
        self.assertLess(len(small.body), len(whole.body))


class ProgramTests(SystemTest):
    """Programs that others wrote read the stream."""

    shared = True

    def test_ffmpeg(self) -> None:
        """ffmpeg decodes ten frames of the stream without a complaint."""
        self.streaming(fps=10.0)
        token = self.daemon.token("viewer")
        done = subprocess.run(
            ["ffmpeg", "-v", "error", "-headers", f"Authorization: Bearer {token}\r\n",
             "-i", self.address(), "-frames:v", "10", "-f", "framehash", "-"],
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        frames = [row for row in done.stdout.splitlines() if not row.startswith("#")]
        self.assertEqual(len(frames), 10)

    def test_opencv(self) -> None:
        """OpenCV's VideoCapture reads pictures of the right size."""
        self.streaming(fps=10.0)
        self.patch_environment(self.daemon.token("viewer"))
        capture = cv2.VideoCapture(self.address(), cv2.CAP_FFMPEG)
        self.addCleanup(capture.release)
        for _ in range(5):
            taken, picture = capture.read()
            self.assertTrue(taken)
            self.assertEqual(picture.shape, (240, 320, 3))

    def address(self) -> str:
        """The stream's, for this machine."""
        return f"http://127.0.0.1:{self.daemon.ports['web']}/cameras/{self.cam}/stream.mjpeg"

    def patch_environment(self, token: str) -> None:
        """OpenCV takes headers from the environment only."""
        name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
        os.environ[name] = f"headers;Authorization: Bearer {token}"
        self.addCleanup(os.environ.pop, name)


class LinkTests(SystemTest):
    """What the daemon asks of its side of a camera's link."""

    shared = True

    def test_half_open_links_are_tested(self) -> None:
        """The kernel tests an idle link: the keepalive timer runs, and after at most 10 s."""
        sock = wire.dial(self.daemon.ports["cameras"])
        self.addCleanup(sock.close)
        mine = "%s:%d" % sock.getsockname()
        shown = until(lambda: timer_of(self.daemon.ports["cameras"], mine), "the link's timer")
        self.assertRegex(shown, r"timer:\(keepalive,([0-9]\.?\d*(sec|ms)|10sec)")

    def test_camera_that_is_switched_off(self) -> None:
        """A camera that loses power is shown as offline, and comes back under its name."""
        camera = self.camera()
        camera.power_off()
        until(lambda: self.state(self.cam) == "offline", "offline")
        camera.power_on()
        until(lambda: self.state(self.cam) == "online", "online again")


def timer_of(port: int, peer: str) -> str:
    """What the kernel says of the daemon's end of a connection."""
    said = subprocess.run(["ss", "-tnoH", f"sport = :{port}"], capture_output=True, text=True)
    rows = [row for row in said.stdout.splitlines() if peer in row and "timer:" in row]
    return rows[0] if rows else ""
