"""A chip on a pseudo terminal, with what can go wrong between it and us."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from typing import Callable

from tests.flashing.rom import Rom


class Board:
    """``with Board(rom) as port:`` something answers on a port, as the chip does.

    ``cut_after`` blocks of a write the cable is out. For boards that are in no boot loader:
    ``says`` makes of what was heard what is answered, ``prints`` comes all the time.
    """

    def __init__(
        self, rom: Rom, cut_after: int | None = None,
        says: Callable[[bytes], bytes] | None = None, prints: bytes = b"",
    ) -> None:
        self.rom = rom
        self._cut_after = cut_after
        self._says = says or rom.hear
        self._prints = prints
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.port = os.ttyname(self._theirs)
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return self.port

    def __exit__(self, *error: object) -> None:
        os.close(self._stop)
        self._thread.join()
        for end in (self._ours, self._theirs, self._wake):
            if end >= 0:
                os.close(end)

    def _serve(self) -> None:
        while self._ours >= 0:
            pause = 0.01 if self._prints else None
            ready, _, _ = select.select([self._ours, self._wake], [], [], pause)
            if self._wake in ready:
                return
            if not ready:
                self._say(self._prints)
                continue
            self._say(self._says(os.read(self._ours, 65536)))
            if self._cut_after is not None and self.rom.blocks >= self._cut_after:
                self._pull()

    def _say(self, said: bytes) -> None:
        while said and select.select([], [self._ours], [], 0.1)[1]:
            said = said[os.write(self._ours, said[:256]):]

    def _pull(self) -> None:
        for end in (self._ours, self._theirs):
            os.close(end)
        self._ours = self._theirs = -1
