"""A manifest as the one who serves it knows it: what it names, and how far a board is with it."""

from __future__ import annotations

import json

from iotd.updates.release_file import for_board


class Plan:
    """The canonical bytes of a manifest; boards fetch its files in their order."""

    def __init__(self, manifest: bytes) -> None:
        self._manifest = manifest
        self._before: dict[str, int] = {}  # bytes of the files ahead of each
        self.total = 0
        for _, size, sha256 in json.loads(manifest)["files"]:
            self._before.setdefault(sha256, self.total)
            self.total += size

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._before

    def for_board(self, key: bytes, id: str, nonce: str) -> bytes:
        """The manifest with the proof for this board."""
        return for_board(self._manifest, key, id, nonce)

    def after(self, sha256: str, offset: int) -> tuple[int, int]:
        """(bytes that a board has, of all) when it was told a file up to there; a file that
        it passed over it had already. With no file it has the manifest only."""
        return (self._before[sha256] + offset if sha256 else 0), self.total
