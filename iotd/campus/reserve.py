"""Room on the disk that is kept for getting out of a full one.

SQLite needs room to delete: its log grows before the file shrinks. A spool that filled the
disk while the store was away could never be emptied again without this.
"""

from __future__ import annotations

import os
from pathlib import Path

from iotd.store.disk import leave_to_owner

#: More than SQLite's log grows to between two checkpoints: 1,000 pages of 4 KiB.
BYTES = 8 << 20


class Reserve:
    """A file that holds nothing but its place; none of it raises."""

    def __init__(self, path: Path, size: int = BYTES) -> None:
        self._path, self._size = path, size

    def keep(self) -> bool:
        """Take the room, if the disk has it; True when it is taken."""
        try:
            if self._path.exists():
                return True
            self._take()
        except OSError:
            self.give()
            return False
        return True

    def give(self) -> bool:
        """Leave the room to others; False when there was none."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _take(self) -> None:
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)
        finally:
            os.close(handle)
        leave_to_owner(self._path)
