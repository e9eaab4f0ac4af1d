"""What was announced to Home Assistant, in a file: whoever takes it back may be a later start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.logger import Logger

NAME = "discovery.json"
HANDED_OVER = 2.0  # seconds until a message is the broker's, or the library says it again

#: Components (key and platform) by config topic.
Announced = dict[str, dict[str, str]]


class AnnouncedFile:
    """``data_dir/discovery.json``; both calls block, and :meth:`write` raises OSError."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / NAME

    def read(self) -> Announced:
        """What is announced; nothing when the file is missing or is not ours."""
        try:
            return _checked(json.loads(self.path.read_bytes()))
        except (OSError, ValueError):
            return {}

    def write(self, announced: Mapping[str, Mapping[str, str]]) -> None:
        """Replace it, whole or not at all; nothing announced leaves no file."""
        if not announced:
            self.path.unlink(missing_ok=True)
            return
        beside = self.path.with_name(f".{NAME}.{os.getpid()}")
        with open(beside, "w", opener=_private) as file:
            json.dump(announced, file, separators=(",", ":"), sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _checked(found: Any) -> Announced:
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise ValueError("not ours")
    return {
        topic: {key: str(platform) for key, platform in components.items()}
        for topic, components in found.items() if topic.count("/") == 3
    }


class Memory:
    """The file, written behind. ``kept`` is what it has: only that may be announced."""

    _log = Logger()

    def __init__(
        self, file: AnnouncedFile, seconds: Callable[[], float],
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._file, self._seconds, self._in_thread = file, seconds, in_thread
        self.kept: Announced = {}
        self.ever: Announced = {}  # all components since the start, those of the file included
        self._wanted: Announced = {}
        self._gone: dict[str, float] = {}  # taken back at
        self._changed = self._failed = False
        self._saving: Deferred[Any] | None = None

    def load(self, kept: Announced) -> None:
        """What the file has."""
        self.kept, self._wanted = dict(kept), {**kept, **self._wanted}
        for topic, found in kept.items():
            self.ever[topic] = {**found, **self.ever.get(topic, {})}

    def keep(self, topic: str, components: Mapping[str, str]) -> None:
        """It is to be announced with these."""
        self._gone.pop(topic, None)
        self.ever.setdefault(topic, {}).update(components)
        if self._wanted.get(topic) != components:
            self._wanted[topic], self._changed = dict(components), True

    def taken_back(self, topic: str) -> None:
        """The broker was told that it is gone."""
        self._gone[topic] = self._seconds()

    def save(self) -> None:
        """Write what changed, if nothing is being written."""
        if self._saving is not None:
            return
        self._drop()
        if self._changed:
            self._changed = False
            wanted = dict(self._wanted)
            self._saving = done = self._in_thread(self._file.write, wanted)
            done.addCallbacks(self._saved, self._not_saved, callbackArgs=(wanted,))
            done.addBoth(self._finished)

    async def idle(self) -> None:
        """Nothing is being written any more."""
        if self._saving is not None:
            await self._saving

    def _drop(self) -> None:
        now = self._seconds()
        for topic in [each for each, at in self._gone.items() if now - at >= HANDED_OVER]:
            for announced in (self._gone, self._wanted, self.ever):
                announced.pop(topic, None)  # type: ignore[attr-defined]
            self._changed = True

    def _saved(self, _: Any, wanted: Announced) -> None:
        self.kept, self._failed = wanted, False

    def _not_saved(self, failure: Any) -> None:
        self._changed = True
        if not self._failed:
            self._log.error(
                "{file} can't be written: {why}; Home Assistant is told of nothing new",
                file=str(self._file.path), why=failure.getErrorMessage(),
            )
        self._failed = True

    def _finished(self, _: Any) -> None:
        self._saving = None
