"""The firmware of a virtual board: what it tells of itself, and updates over the air.

As our boards do: it tells every 30 s, fetches an update that it is offered piece by
piece, believes the manifest only with the right proof and each file only with its
digest, then starts anew with the new build.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Callable

from iotd.wire import board_lines
from iotd.wire.board_lines import Report
from iotd.wire.hello import device_mac

REPORT_SECONDS = 30.0

#: What a board makes of an update: runs it, falls back to what it had, or refuses it.
ENDINGS = ("well", "back", "refused")


@dataclass
class Firmware:
    """What stays on a board when its link ends; ``now`` and ``random`` bytes come in."""

    id: str
    kind: str
    key: bytes
    now: Callable[[], float]
    random: Callable[[int], bytes]
    build: int = 0
    version: str = "1.0.0"
    ending: str = "well"
    reset: str = "power"
    last: str | None = None
    booted_at: float = field(init=False)
    boot: str = field(init=False)

    def __post_init__(self) -> None:
        self.start(self.reset)

    def start(self, reset: str) -> None:
        """Power on, or start anew for this reason."""
        self.reset, self.booted_at = reset, self.now()
        self.boot = self.random(4).hex()

    def report(self) -> str:
        """The line that tells of it."""
        up = max(0, int(self.now() - self.booted_at))
        noise = self.random(2)
        return board_lines.format_report(Report(
            fw=self.version, build=self.build, kind=self.kind, chip="simulated", boot=self.boot,
            reset=self.reset, up=up, free=120_000 + 16 * noise[0], rssi=-50 - noise[1] % 16,
            slot="ab"[self.build % 2], mpy=6, last=self.last,
        ))

    def end(self, build: int, version: str) -> bool:
        """All is fetched: whether it starts anew, and as what."""
        if self.ending == "refused":
            self.last = f"refused-{build}-hash"
            return False
        if self.ending == "back":
            self.last = f"back-{build}-crash"
        else:
            self.build, self.version, self.last = build, version, f"ok-{build}"
        self.start("update")
        return True


class Updating:
    """One connection's part: hear() lines of the daemon; ``write`` takes a line's text.

    ``restart()`` is called when the board starts anew.
    """

    def __init__(
        self, firmware: Firmware, write: Callable[[str], None], restart: Callable[[], None]
    ) -> None:
        self._firmware, self._write, self._restart = firmware, write, restart
        self._nonce = ""
        self._bytes = b""
        self._files: list[tuple[str, int, str]] = []
        self._manifest: dict[str, Any] | None = None

    def hear(self, text: str) -> None:
        """``update``, ``part`` or ``gone``."""
        word, _, rest = text.partition(" ")
        if word == "update" and not self._nonce and rest != str(self._firmware.build):
            self._nonce = self._firmware.random(16).hex()
            self._ask()
        elif word == "part" and (piece := board_lines.parse_part(text)) is not None:
            self._take(*piece)
        elif word == "gone":
            self._refuse("gone")

    def _ask(self) -> None:
        offset = len(self._bytes)
        if self._manifest is None:
            self._write(board_lines.fetch_manifest(self._nonce, offset))
        else:
            self._write(board_lines.fetch_file(self._files[0][2], offset))

    def _take(self, total: int, offset: int, data: bytes) -> None:
        if not self._nonce or offset != len(self._bytes):
            return
        self._bytes += data
        if len(self._bytes) < total and data:
            self._ask()
            return
        whole, self._bytes = self._bytes, b""
        if self._manifest is None:
            self._read_manifest(whole)
        elif hashlib.sha256(whole).hexdigest() != self._files.pop(0)[2]:
            self._refuse("hash")
        else:
            self._go_on()

    def _read_manifest(self, whole: bytes) -> None:
        mac, _, manifest = whole.partition(b"\n")
        digest = hashlib.sha256(manifest).hexdigest()
        mine = device_mac(
            self._firmware.key, "ota", self._firmware.id, f"{self._nonce}|{digest}")
        if not hmac.compare_digest(mac, mine.encode()):
            self._refuse("mac")
            return
        self._manifest = json.loads(manifest)
        self._files = [tuple(each) for each in self._manifest["files"]]  # type: ignore[misc]
        self._go_on()

    def _go_on(self) -> None:
        assert self._manifest is not None
        if self._files:
            self._ask()
            return
        build, version = self._manifest["build"], self._manifest["version"]
        self._forget()
        if self._firmware.end(build, version):
            self._restart()

    def _refuse(self, word: str) -> None:
        if self._nonce:
            self._firmware.last = f"refused-{self._firmware.build}-{word}"
            self._forget()

    def _forget(self) -> None:
        self._nonce, self._bytes, self._manifest, self._files = "", b"", None, []


class Telling:
    """A board's link while it stands: reports in time, updates as they are offered."""

    def __init__(
        self, clock: Any, firmware: Firmware, write: Callable[[str], None],
        restart: Callable[[], None], busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock, self._firmware, self._write, self._busy = clock, firmware, write, busy
        self._updating = Updating(firmware, write, restart)
        self.hear = self._updating.hear
        self._timer: Any = None

    def start(self) -> None:
        """It was let in: tell now, and from now on; not while it is ``busy`` with a message."""
        self._timer = None
        if not self._busy():
            self._write(self._firmware.report())
        self._timer = self._clock.callLater(REPORT_SECONDS, self.start)

    def stop(self) -> None:
        """The link is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
