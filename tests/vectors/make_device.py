"""Writes device.json: ``python -m tests.vectors.make_device``.

What is expected is stated by hand in device_sessions.py and device_hostile.py,
from the protocol, and never asked of the codec. Run it again only to add
sessions: firmware tests read the file too.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.vectors import device_hostile as hostile, device_sessions as honest
from tests.vectors.device_session import GREETING, Session

PATH = Path(__file__).with_name("device.json")

FORMAT = {
    "what": "Sessions on the device wire, byte by byte, for tests of the daemon and of firmware.",
    "greeting": "hex: the 36 bytes that the daemon says first on every connection",
    "sessions": "a list; each session is one TCP connection, told from the device's first byte",
    "name": "unique, words joined by -",
    "about": "one sentence: what must hold",
    "max_message_bytes": "the daemon's limit",
    "kind": "what the device is started as: watch, cabinet, cabinet_camera, other; null: held",
    "nonce": "the nonce the daemon will use, 32 hex digits, or null when no hello comes",
    "key": "hex: the 32 bytes of the device's key as the daemon knows it, or null",
    "glued": "true: with all turns in one piece and no silence the events are the same",
    "turns": {
        "what": "a list, in order",
        "says": "what the daemon says of its own accord at the beginning, or null",
        "device": "hex: bytes the device sends then; TCP may cut them anywhere",
        "quiet_ms": "for so long it sends nothing afterwards; 0: the next turn may be glued to it",
        "daemon": "hex: every byte the daemon sends in this turn, what it says included",
        "events": "what the daemon hears in this turn",
    },
    "events": {
        "what": "each is a list that begins with its name",
        "NewReceived": "[id]",
        "HelloReceived": "[id]",
        "ProofReceived": "[mac]: 64 hex digits; the daemon compares and accepts or denies",
        "SizeDeclared": "[size]: answered send",
        "WeightReceived": "[moment, grams, raw]",
        "PictureReceived": "[jpeg as hex, width, height]",
        "BadMessage": "[words that its reason contains]",
        "ReadingReceived": "[value, unit, raw]",
        "BadReading": "[raw, words that its reason contains]",
        "RequestReceived": "[what]",
        "PingReceived": "[]: answered pong",
        "PongReceived": "[]",
        "LineReceived": "[text]",
    },
    "error": "words that the error contains with which the daemon closes, or null",
    "phase": "greeted, proving, held, started or closed: how it stands at the end",
    "begun_bytes": "bytes of something unfinished at the end",
}


def all_sessions() -> list[Session]:
    """In the order of the file."""
    return [
        *honest.watch_sessions(), *honest.request_sessions(), *honest.cabinet_sessions(),
        *honest.camera_sessions(), *hostile.bad_reading_sessions(), *honest.keyed_sessions(),
        *hostile.opening_sessions(), *hostile.hostile_sessions(),
    ]


def main() -> None:
    """Write the file, one session a paragraph."""
    entries = ",\n".join(json.dumps(session.entry()) for session in all_sessions())
    head = json.dumps({"format": FORMAT, "greeting": GREETING.hex()}, indent=1)[:-2]
    PATH.write_text(f'{head},\n "sessions": [\n{entries}\n]}}\n', encoding="ascii")


if __name__ == "__main__":
    main()
