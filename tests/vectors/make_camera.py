"""Writes camera.json: ``python -m tests.vectors.make_camera``.

What is expected is stated here by hand, from the protocol, and never asked of
the codec. Run it again only to add sessions: firmware tests read the file too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Sequence

from tests.wire.jpegs import jpeg, with_segment, with_thumbnail

PATH = Path(__file__).with_name("camera.json")

FORMAT = {
    "what": "Sessions on the camera wire, byte by byte, for tests of the daemon and of firmware.",
    "sessions": "a list; each session is one TCP connection, told from its first byte",
    "name": "unique, words joined by -",
    "about": "one sentence: what must hold",
    "max_frame_bytes": "the daemon's limit",
    "silent_first": "true: a second of silence passed before the camera's first byte",
    "camera": "hex: every byte the camera sends, in order; TCP may cut them anywhere",
    "daemon": "hex: every byte the daemon answers, in order; START, STOP and the like not included",
    "nonce": "the nonce the daemon will use, 32 hex digits, or null when no hello comes",
    "key": "hex: the 32 bytes of the camera's key as the daemon knows it, or null",
    "events": {
        "what": "what the daemon hears, in order; each is a list that begins with its name",
        "FieldDecided": "[]: a camera that says nothing of itself",
        "HelloReceived": "[id]",
        "ProofReceived": "[mac]: 64 hex digits; the daemon compares and accepts or denies",
        "FrameReceived": "[offset, length, width, height]: the picture is this slice of 'camera'",
        "EmptyFrame": "[]",
        "BadFrame": "[size, first]: bytes of the payload, and its first 8 at most as spaced hex",
        "PingReceived": "[]: answered pong",
        "PongReceived": "[]",
        "LineReceived": "[text]",
    },
    "error": "words that the error contains with which the daemon closes, or null",
    "phase": "undecided, field, proving, keyed or closed: how it stands at the end",
    "begun_bytes": "bytes of an unfinished header, frame or line at the end",
}

LIMIT = 4096
KEY = bytes(range(32))
NONCE = "00112233445566778899aabbccddeeff"

SMALL = jpeg(optimize=True, quality=20)
OTHER = jpeg(24, 16, optimize=True, quality=30)
PROGRESSIVE = jpeg(progressive=True, quality=30)
RESTARTS = jpeg(32, 32, optimize=True, quality=20, restart_marker_blocks=1)
THUMBNAIL = with_thumbnail(OTHER, SMALL)
COMMENTED = with_segment(SMALL, 0xFE, b"an end \xff\xd9, a beginning \xff\xd8\xff\xe0")


class Session:
    """A session in the making: the camera's bytes and what the daemon hears of them."""

    def __init__(self, name: str, about: str, silent: bool = False, keyed: bool = False) -> None:
        self.name, self.about, self.silent = name, about, silent
        self.camera, self.daemon = b"", b""
        self.events: list[list[Any]] = []
        self.order = "big"
        self.error: str | None = None
        self.phase, self.begun = "undecided", 0
        self.nonce: str | None = None
        if keyed:
            self.hello().proof()
        elif silent:
            self.field()

    def field(self) -> Session:
        """From here on a field camera."""
        self.phase = "field"
        return self.hears("FieldDecided")

    def says(self, data: bytes) -> Session:
        """Raw bytes."""
        self.camera += data
        return self

    def hears(self, *event: Any) -> Session:
        """What the daemon makes of them."""
        self.events.append(list(event))
        return self

    def frame(self, picture: bytes, size: tuple[int, int], before: bytes = b"",
              after: bytes = b"") -> Session:
        """A frame with one picture in it and what stands around that in the FIFO."""
        payload = before + picture + after
        offset = len(self.camera) + 4 + len(before)
        self.says(len(payload).to_bytes(4, self.order) + payload)  # type: ignore[arg-type]
        return self.hears("FrameReceived", offset, len(picture), *size)

    def empty(self) -> Session:
        """A frame of length zero."""
        return self.says(bytes(4)).hears("EmptyFrame")

    def bad(self, payload: bytes) -> Session:
        """A frame with no whole picture in it."""
        self.says(len(payload).to_bytes(4, self.order) + payload)  # type: ignore[arg-type]
        return self.hears("BadFrame", len(payload), payload[:8].hex(" "))

    def hello(self, id: str = "cam-7f3a") -> Session:
        """The camera says who it is, and is asked to prove it."""
        self.id, self.nonce, self.phase = id, NONCE, "proving"
        self.daemon += b"nonce~%b\n" % NONCE.encode()
        return self.says(b"key~%b\n" % id.encode()).hears("HelloReceived", id)

    def proof(self, key: bytes = KEY) -> Session:
        """The proof; a wrong key is denied."""
        mac = hmac.new(key, f"iotd1|cam|{self.id}|{NONCE}".encode(), hashlib.sha256).hexdigest()
        self.phase = "keyed" if key == KEY else "closed"
        self.daemon += b"" if key == KEY else b"denied\n"
        return self.says(b"mac~%b\n" % mac.encode()).hears("ProofReceived", mac)

    def answers(self, data: bytes) -> Session:
        """What the daemon sends of its own accord."""
        self.daemon += data
        return self

    def fails(self, words: str) -> Session:
        """The daemon closes, with these words in its error."""
        self.error, self.phase = words, "closed"
        return self

    def ends_within(self, begun: bytes) -> Session:
        """The camera's last bytes begin something that is not complete."""
        self.begun = len(begun)
        return self.says(begun)

    def entry(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {
            "name": self.name, "about": self.about, "max_frame_bytes": LIMIT,
            "silent_first": self.silent, "nonce": self.nonce,
            "key": KEY.hex() if self.nonce else None, "camera": self.camera.hex(),
            "daemon": self.daemon.hex(), "events": self.events, "error": self.error,
            "phase": self.phase, "begun_bytes": self.begun,
        }


def field_sessions() -> Sequence[Session]:
    """Cameras as they stand in the field, and those of other makers."""
    little = Session("field-little-endian", "Little-endian lengths are settled by the first.")
    little.order = "little"
    empties_first = Session("field-little-endian-after-empties", "Zero lengths settle nothing.")
    empties_first.order = "little"
    tail = OTHER[len(OTHER) // 2:]
    return [
        Session("field-silent", "A camera that was silent for a second.", silent=True),
        Session("field-big-endian", "Zeros of the FIFO follow each picture.").field()
        .frame(SMALL, (16, 12), after=bytes(40)).frame(OTHER, (24, 16), after=bytes(7)),
        Session("field-silent-then-frames", "Silence, START, frames.", silent=True)
        .frame(SMALL, (16, 12)).frame(OTHER, (24, 16)),
        little.field().frame(SMALL, (16, 12)).frame(OTHER, (24, 16)),
        empties_first.field().empty().empty().frame(SMALL, (16, 12)).empty(),
        Session("field-stray-byte", "A stray byte precedes SOI.").field()
        .frame(SMALL, (16, 12), before=b"\x00").frame(SMALL, (16, 12), before=b"\xff"),
        Session("field-thumbnail", "An embedded thumbnail has an EOI too.").field()
        .frame(THUMBNAIL, (24, 16), after=bytes(9)).frame(COMMENTED, (16, 12)),
        Session("field-tail-of-an-earlier-picture", "What follows EOI is cut off.").field()
        .frame(SMALL, (16, 12), after=bytes(3) + tail).frame(SMALL, (16, 12), after=OTHER),
        Session("field-progressive", "A picture of several scans.").field()
        .frame(PROGRESSIVE, (16, 12), after=tail),
        Session("field-restart-markers", "Restart marks are no end.").field()
        .frame(RESTARTS, (32, 32), after=bytes(5)),
        Session("field-empties", "A zero length is nothing to show and no error.").field()
        .empty().empty().empty().empty().frame(SMALL, (16, 12)).empty(),
        Session("field-one-byte-short", "A frame that is not complete is waited for.").field()
        .frame(SMALL, (16, 12)).ends_within(len(SMALL).to_bytes(4, "big") + SMALL[:-1]),
        Session("field-cut-header", "A header that is not complete is waited for.").field()
        .ends_within(b"\x00\x00\x01"),
        Session("field-two-bad", "A good picture forgives two bad payloads.").field()
        .bad(b"rubbish").bad(SMALL[:-2]).frame(SMALL, (16, 12)).bad(b"\x00").empty().bad(b"x"),
    ]


def keyed_sessions() -> Sequence[Session]:
    """New firmware."""
    late = Session("keyed-after-silence", "key~ still counts after silence.", silent=True)
    return [
        Session("keyed", "Hello, proof, frames with lines between them.", keyed=True)
        .frame(SMALL, (16, 12)).says(b"ping\n").hears("PingReceived").answers(b"pong\n")
        .frame(OTHER, (24, 16)).says(b"pong\n").hears("PongReceived")
        .says(b"fw 1.2 rssi=-61\n").hears("LineReceived", "fw 1.2 rssi=-61").empty(),
        late.hello().proof().frame(SMALL, (16, 12)),
        Session("keyed-carriage-returns", "A \\r before \\n belongs to neither.", keyed=True)
        .says(b"ping\r\n").hears("PingReceived").answers(b"pong\n")
        .says("température 21°\r\n".encode()).hears("LineReceived", "température 21°"),
        Session("keyed-padding", "The FIFO is the same as in the field.", keyed=True)
        .frame(SMALL, (16, 12), before=b"\x00", after=bytes(30)),
        Session("keyed-wrong-key", "A wrong mac is denied; what follows is dropped.")
        .hello().proof(bytes(32)).says(b"ping\n" + bytes(4)),
        Session("keyed-cut-hello", "A hello that is not complete is waited for.")
        .ends_within(b"key~cam-1"),
        Session("keyed-cut-mark", "Fewer than four bytes of key~ decide nothing.")
        .ends_within(b"key"),
        Session("keyed-cut-mark-after-silence", "Nor do they after silence.", silent=True)
        .ends_within(b"k"),
        Session("keyed-second-hello", "Later on key~ is a line like any other.", keyed=True)
        .says(b"key~cam-8\n").hears("LineReceived", "key~cam-8"),
        Session("keyed-cut-line", "A line that is not complete is waited for.", keyed=True)
        .ends_within(b"pin"),
    ]


def hostile_sessions() -> Sequence[Session]:
    """What must close the connection, and nothing else."""
    return [
        Session("hostile-huge-length", "No reading of the header is legal.").field()
        .says(b"\xff\xff\xff\xff").fails("impossible frame length 4294967295"),
        Session("hostile-limit-and-one", "One byte over the limit, once settled.").field()
        .frame(SMALL, (16, 12)).says((LIMIT + 1).to_bytes(4, "big"))
        .fails("impossible frame length 4097: allowed are 4096 bytes"),
        Session("hostile-two-to-the-31", "Both readings are over the limit.").field()
        .says(b"\x80\x00\x00\x01").fails("impossible frame length 2147483649"),
        Session("hostile-three-bad", "Three bad payloads in a row.").field()
        .bad(b"GET / HTTP/1.1").bad(b"\xff\xd8\xff").bad(SMALL[1:]).says(bytes(4))
        .fails("3 payloads in a row with no whole JPEG in them: the limit is 3"),
        Session("hostile-http", "A browser came to the wrong port.").field()
        .says(b"GET / HTTP/1.1\r\n\r\n").fails("impossible frame length 1195725856"),
        Session("hostile-almost-key", "key~ is decided on all four bytes.").field()
        .says(b"key!cam-1\n").fails("impossible frame length 1801812257"),
        Session("hostile-late-hello", "key~ counts only as the very first bytes.").field()
        .empty().says(b"key~cam-1\n").fails("impossible frame length 1801812350"),
        Session("hostile-bad-id", "An id has small letters, digits and - only.")
        .says(b"key~Cam_1\n").fails("bad id 'Cam_1'"),
        Session("hostile-short-id", "An id has three characters at least.")
        .says(b"key~ab\n").fails("allowed are 3 to 32 of a-z, 0-9 and -"),
        Session("hostile-endless-hello", "A hello has a limit.")
        .says(b"key~" + b"a" * 80).fails("allowed are 64 bytes"),
        Session("hostile-ping-for-a-proof", "While proving only mac~ is legal.")
        .hello().says(b"ping\n").fails("only mac~ and 64 hex digits are allowed"),
        Session("hostile-short-mac", "A mac has 64 hex digits.")
        .hello().says(b"mac~" + b"0" * 63 + b"\n").fails("only mac~ and 64 hex digits"),
        Session("hostile-frame-for-a-proof", "A frame proves nothing.")
        .hello().says(len(SMALL).to_bytes(4, "big") + SMALL).fails("a proof"),
        Session("hostile-endless-line", "A line has a limit.", keyed=True)
        .says(b"x" * 300).fails("allowed are 256 bytes"),
        Session("hostile-line-of-controls", "A line is text.", keyed=True)
        .says(b"\x1b[2J\n").fails("a line that is not printable"),
        Session("hostile-line-not-utf-8", "A line is UTF-8.", keyed=True)
        .says(b"caf\xe9\n").fails("a line that is not UTF-8"),
        Session("hostile-keyed-length", "A keyed camera has limits too.", keyed=True)
        .says(b"\x00\xff\xff\xff").fails("impossible frame length 16777215"),
    ]


def main() -> None:
    """Write the file, one session a paragraph."""
    sessions = [*field_sessions(), *keyed_sessions(), *hostile_sessions()]
    entries = ",\n".join(json.dumps(session.entry(), ensure_ascii=True) for session in sessions)
    head = json.dumps({"format": FORMAT}, indent=1)[:-2]
    PATH.write_text(f'{head},\n "sessions": [\n{entries}\n]}}\n', encoding="ascii")


if __name__ == "__main__":
    main()
