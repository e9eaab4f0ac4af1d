"""What sessions on the device wire are written with: turns, devices, their secrets."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from tests.wire.jpegs import jpeg, with_thumbnail

GREETING = b"6" + b" " * 29 + b"id pls"
LIMIT = 4096
KEY = bytes(range(32))
NONCE = "00112233445566778899aabbccddeeff"
QUIET, PATIENCE = 50, 1000

SMALL = jpeg(optimize=True, quality=20)
OTHER = jpeg(24, 16, optimize=True, quality=30)
THUMBNAIL = with_thumbnail(OTHER, SMALL)


class Session:
    """A session in the making, turn by turn."""

    def __init__(self, name: str, about: str, kind: str | None, keyed: bool = False) -> None:
        self.name, self.about, self.kind, self.keyed = name, about, kind, keyed
        self.turns: list[dict[str, Any]] = []
        self.error: str | None = None
        self.phase, self.begun, self.glued = "greeted", 0, False
        self.nonce: str | None = None
        if keyed:
            self.hello().proof()

    def sends(self, data: bytes, *events: list[Any], quiet: int = 0) -> Session:
        """One more turn of the device's, and what the daemon makes of it."""
        self.turns.append({
            "says": None, "device": data, "quiet_ms": quiet, "daemon": b"",
            "events": list(events),
        })
        return self

    def answered(self, data: bytes) -> Session:
        """What the daemon sends back in that turn."""
        self.turns[-1]["daemon"] += data + (b"\n" if self.keyed else b"")
        return self

    def asked(self, word: str, turns: int = 1) -> Session:
        """Before the last turn, or so many of them, the daemon spoke."""
        turn = self.turns[-turns]
        turn["says"] = word
        turn["daemon"] = word.encode() + (b"\n" if self.keyed else b"") + turn["daemon"]
        return self

    def new(self, id: str, *events: list[Any], more: bytes = b"", quiet: int = 0) -> Session:
        """A field device comes, and is started or held."""
        self.phase = "started" if self.kind else "held"
        self.sends(b"new~" + id.encode() + more, ["NewReceived", id], *events, quiet=quiet)
        return self.answered(b"start") if self.kind else self

    def hello(self, id: str = "board-7f3a") -> Session:
        """A keyed device says who it is, and is asked to prove it."""
        self.id, self.nonce, self.phase = id, NONCE, "proving"
        self.sends(b"key~%b\n" % id.encode(), ["HelloReceived", id])
        self.turns[-1]["daemon"] += b"nonce~%b\n" % NONCE.encode()
        return self

    def proof(self, key: bytes = KEY) -> Session:
        """The proof; a wrong key is denied."""
        mac = hmac.new(key, f"iotd1|dev|{self.id}|{NONCE}".encode(), hashlib.sha256).hexdigest()
        right = key == KEY
        self.phase = ("started" if self.kind else "held") if right else "closed"
        self.sends(b"mac~%b\n" % mac.encode(), ["ProofReceived", mac])
        if self.phase != "held":
            self.turns[-1]["daemon"] += b"start\n" if right else b"denied\n"
        return self

    def weighs(self, moment: str, text: str, declared: int | None = None) -> Session:
        """A cabinet's size and message."""
        message = f"{moment}-{text}".encode()
        size = declared or (len(message) if self.keyed else len(text))
        return self.declares(size).sends(
            message, ["WeightReceived", moment, float(text), message.decode()])

    def declares(self, size: int) -> Session:
        """A size, granted."""
        end = b"\n" if self.keyed else b""
        self.sends(b"size-%d" % size + end, ["SizeDeclared", size],
                   quiet=0 if self.keyed else QUIET)
        return self.answered(b"send")

    def shows(self, picture: bytes, size: tuple[int, int], sent: bytes = b"",
              declared: int = 0) -> Session:
        """A camera's size and picture."""
        sent = sent or picture
        return self.declares(declared or len(sent)).sends(
            sent, ["PictureReceived", picture.hex(), *size])

    def measures(self, text: str, *readings: tuple[float, str, str]) -> Session:
        """Readings in one text."""
        end = b"\n" if self.keyed else b""
        return self.sends(text.encode() + end,
                          *(["ReadingReceived", *reading] for reading in readings))

    def fails(self, words: str) -> Session:
        """The daemon closes, with these words in its error."""
        self.error, self.phase = words, "closed"
        return self

    def ends_within(self, begun: bytes, quiet: int = QUIET) -> Session:
        """The device's last bytes begin something that is not complete."""
        self.begun = len(begun)
        return self.sends(begun, quiet=quiet)

    def even_glued(self) -> Session:
        """No silence is needed to understand it."""
        self.glued = True
        return self

    def entry(self) -> dict[str, Any]:
        """As it stands in the file."""
        turns = [{**turn, "device": turn["device"].hex(), "daemon": turn["daemon"].hex()}
                 for turn in self.turns]
        return {
            "name": self.name, "about": self.about, "max_message_bytes": LIMIT,
            "kind": self.kind, "nonce": self.nonce, "key": KEY.hex() if self.nonce else None,
            "glued": self.glued, "turns": turns, "error": self.error, "phase": self.phase,
            "begun_bytes": self.begun,
        }


BPM, TEMP = (72.0, "bpm", "72.00,bpm"), (36.5, "temp", "36.50,temp")
BOTH = "72.00,bpm36.50,temp"


def watch(name: str, about: str) -> Session:
    """A field watch that was started."""
    return Session(name, about, "watch").new("wch")


def cabinet(name: str, about: str) -> Session:
    """A field cabinet that was started."""
    return Session(name, about, "cabinet").new("cab")


def camera(name: str, about: str) -> Session:
    """A field cabinet camera that was started."""
    return Session(name, about, "cabinet_camera").new("img")


def keyed(name: str, about: str, kind: str) -> Session:
    """New firmware that was started."""
    return Session(name, about, kind, keyed=True)
