"""The daemon's folder: made private, held by one process, with a socket inside."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from iotd.errors import Unavailable

LOCK = "daemon.lock"
SOCKET = "control.sock"
# sun_path holds 108 bytes with its closing zero
SOCKET_PATH_BYTES = 107
RETRY_SECONDS = 0.1


class InUse(Unavailable):
    """Another process has the folder; it may give it back."""


class DataLock:
    """Who holds it may write to the folder; it ends with the process, however that ends."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._fd: int | None = None

    def acquire(self, wait: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take it, making the folder if need be; InUse when another has it still
        after ``wait`` seconds. Blocks: call it before the reactor runs."""
        fd = self._open()
        for _ in range(int(wait / RETRY_SECONDS)):
            if _locked(fd):
                break
            sleep(RETRY_SECONDS)
        else:
            if not _locked(fd):
                owner = _owner(fd)
                os.close(fd)
                raise InUse(f"{self.data_dir} is in use by another iotd{owner}.")
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Let others have it; does nothing when it isn't held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise Unavailable(
                f"{self.data_dir} can't be used: {problem.filename}: {problem.strerror}."
            ) from None


@contextmanager
def socket_address(data_dir: Path) -> Iterator[str]:
    """An address for the folder's socket that fits into a socket's name.

    A longer one goes through the open folder, as long as the context lasts.
    """
    path = str(data_dir / SOCKET)
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        yield path
        return
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _owner(fd: int) -> str:
    text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return f", process {text}" if text.isdigit() else ""
