"""An update as an honest daemon would serve it, written from the description of the wire."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from iotd.wire import board_lines
from tests.firmware.flash import version_file


def sha256(data: bytes) -> str:
    """In hex."""
    return hashlib.sha256(data).hexdigest()


def mac_of(key: bytes, id: str, nonce: str, manifest: bytes) -> str:
    """What proves a manifest to the board with this key."""
    text = f"iotd1|ota|{id}|{nonce}|{sha256(manifest)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Release:
    """These files as build so and so of a kind of board; ``questions`` is what was fetched."""

    def __init__(self, kind: str, build: int, files: dict[str, bytes], older: bool = False,
                 version: str = "1.1.0") -> None:
        self.build = build
        self.files = {**files, "version.json": version_file(kind, build, version)}
        self.manifest = canonical({
            "build": build, "kind": kind, "version": version, "older": older,
            "files": [[name, len(data), sha256(data)] for name, data in sorted(self.files.items())],
        })
        self.blobs = {sha256(data): data for data in self.files.values()}
        self.questions: list[str] = []

    def answer(self, text: str, id: str, key: bytes) -> str:
        """The line that answers this ``fetch``."""
        self.questions.append(text)
        asked = board_lines.parse(text)
        assert isinstance(asked, board_lines.Fetch), text
        whole = self.blobs.get(asked.sha256)
        if asked.nonce:
            mac = mac_of(key, id, asked.nonce, self.manifest)
            whole = mac.encode() + b"\n" + self.manifest
        if whole is None or asked.offset >= len(whole):
            return board_lines.gone(asked.offset)
        piece = whole[asked.offset:asked.offset + board_lines.PART_BYTES]
        return board_lines.part(len(whole), asked.offset, piece)


def canonical(manifest: dict[str, Any]) -> bytes:
    """The one spelling that is signed."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()


class Serving:
    """Hears a board's lines: keeps its reports, offers a release that it does not run, serves it.

    ``mute`` swallows questions, as a link does that is bad.
    """

    def __init__(self, id: str, key: bytes, release: Release | None = None) -> None:
        self.id, self.key, self.release = id, key, release
        self.reports: list[board_lines.Report] = []
        self.mute = 0

    def hear(self, text: str) -> str | None:
        """The answer to one line, if it is due one."""
        told = board_lines.parse(text)
        if isinstance(told, board_lines.Report):
            self.reports.append(told)
            release = self.release
            return board_lines.offer(release.build) if release and told.slot and (
                told.build != release.build) else None
        if told is None or self.release is None:
            return None
        if self.mute:
            self.mute -= 1
            return None
        return self.release.answer(text, self.id, self.key)

    def last(self) -> str | None:
        """What the newest report says of the last update."""
        return self.reports[-1].last if self.reports else None
