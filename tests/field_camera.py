"""A camera as it stands in the field, for tests and for a person at a prompt.

It knows a plain socket and nothing of iotd: what it does was read off boards
that exist and can't be changed. From a prompt: ``python -m tests.field_camera 127.0.0.1 9001``.
"""

from __future__ import annotations

import argparse
import io
import random
import socket
import struct
import time
from typing import Iterator, NamedTuple, Sequence

from PIL import Image, ImageDraw

from tests.field_board import FieldBoard

PIECE_BYTES = 512
STOP_POLL_SECONDS = 0.01


class SentFrame(NamedTuple):
    """One frame as it left: the picture alone, and the whole FIFO around it."""

    jpeg: bytes
    payload: bytes


def scene(number: int, size: tuple[int, int] = (320, 240), quality: int = 60) -> bytes:
    """JPEG ``number`` of a moving scene; the same number gives the same bytes."""
    noise = random.Random(number)
    width, height = size
    grain = Image.frombytes("L", (width // 4, height // 4), noise.randbytes(width * height // 16))
    picture = Image.merge("RGB", [grain.resize(size)] * 3).point(lambda value: 90 + value // 6)
    draw = ImageDraw.Draw(picture)
    left = number * 7 % width
    draw.ellipse((left, height // 3, left + height // 4, height * 7 // 12), fill=(220, 120, 40))
    draw.text((8, 8), f"frame {number}", fill=(255, 255, 255))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def scenes(count: int = 12, size: tuple[int, int] = (320, 240)) -> list[bytes]:
    """``count`` different JPEGs of 5 to 10 KB at the default size."""
    return [scene(number, size) for number in range(count)]


def fifo_ends(earlier: Sequence[bytes]) -> Iterator[bytes]:
    """What may follow FF D9 in the FIFO, in turn: nothing, zeros, rubbish, an old tail."""
    noise = random.Random(2640)
    while True:
        yield b""
        yield bytes(noise.randrange(1, 64))
        yield noise.randbytes(noise.randrange(1, 64))
        yield earlier[0][-noise.randrange(20, 200):]  # ends in an FF D9 of its own


class FieldCamera(FieldBoard):
    """Connects, stays silent, streams between START and STOP, ends for good with its server.

    ``sent`` holds every frame that left whole, ``led`` is "red" or "green".
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        source: str | None = None,
        frames: Sequence[bytes] | None = None,
        stray: bytes = b"\x00",
        padded: bool = True,
        fps: float = 5.0,
        piece_pause: float = 0.001,
    ) -> None:
        super().__init__(host, port, source=source)
        self.frames = list(frames) if frames is not None else scenes()
        self.stray = stray
        self.padded = padded
        self.fps = fps
        self.piece_pause = piece_pause
        self.sent: list[SentFrame] = []
        self.led = "off"
        self._frozen = False
        self._taken = 0
        self._ends = fifo_ends(self.frames)

    def power_on(self) -> FieldCamera:
        """Also wakes one that hung."""
        self._frozen = False
        return super().power_on()

    def power_off(self) -> None:
        """Pull the plug; the thread has ended and the socket is closed on return."""
        super().power_off()
        self.led = "off"

    def freeze(self) -> None:
        """Hang after the frame being sent: the connection stays open and nobody is there."""
        self._frozen = True

    @property
    def streaming(self) -> bool:
        """Whether START was the last command understood, and the board still lives."""
        return self.running and self.led == "green"

    def sent_jpegs(self) -> list[bytes]:
        """The pictures alone, in order: what a viewer must be shown, byte for byte."""
        return [frame.jpeg for frame in list(self.sent)]

    def _live(self, sock: socket.socket) -> None:
        while not self._frozen:
            self._idle(sock)
            self._stream(sock)

    def _ended(self, sock: socket.socket) -> None:
        self.led = "off" if self.led == "off" else "red"
        if not self._frozen:
            sock.close()

    def _idle(self, sock: socket.socket) -> None:
        self.led = "red"
        while not self._frozen:
            try:
                if self._command(sock, 0.2) == b"START":
                    return
            except TimeoutError:
                continue

    def _stream(self, sock: socket.socket) -> None:
        self.led = "green"
        while not self._frozen:
            begun = time.monotonic()
            self._send_frame(sock)
            try:
                if self._command(sock, STOP_POLL_SECONDS) == b"STOP":
                    return
            except TimeoutError:
                pass
            time.sleep(max(0.0, 1 / self.fps - (time.monotonic() - begun)))

    def _command(self, sock: socket.socket, seconds: float) -> bytes:
        sock.settimeout(seconds)
        return self._read(sock).strip()

    def _send_frame(self, sock: socket.socket) -> None:
        jpeg = self.frames[self._taken % len(self.frames)]
        payload = self.stray + jpeg + (next(self._ends) if self.padded else b"")
        self._taken += 1
        sock.settimeout(None)
        sock.sendall(struct.pack(">I", len(payload)))
        for start in range(0, len(payload), PIECE_BYTES):
            sock.sendall(payload[start:start + PIECE_BYTES])
            time.sleep(self.piece_pause)
        self.sent.append(SentFrame(jpeg, payload))


def main() -> None:
    """Be one field camera until the server goes away."""
    parser = argparse.ArgumentParser(description="one field camera")
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", type=int, default=9001)
    parser.add_argument("--source", help="loopback address to speak from, such as 127.0.0.7")
    parser.add_argument("--fps", type=float, default=5.0)
    options = parser.parse_args()
    camera = FieldCamera(options.host, options.port, source=options.source, fps=options.fps)
    camera.power_on()
    while camera.running:
        time.sleep(1.0)
        print(f"led {camera.led}, {len(camera.sent)} frames sent", flush=True)


if __name__ == "__main__":
    main()
