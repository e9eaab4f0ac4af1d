"""Files that are whole or absent, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """A new, empty file that only its owner can read; FileExistsError if there is one."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    leave_to_owner(path)


def leave_to_owner(path: Path) -> None:
    """What root makes belongs to the folder's owner, or the daemon could not use it."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def sync_file(path: Path) -> None:
    """Return when the file's bytes are on disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Return when the names in a folder are on disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def put(draft: Path, path: Path) -> None:
    """Give a finished draft its real name, replacing what was there."""
    sync_file(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
