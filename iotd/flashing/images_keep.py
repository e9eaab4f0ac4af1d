"""Files of the images' folder: whole under their name or not there, and its owner's."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Iterator

from iotd.errors import Unavailable


def make(folder: Path) -> None:
    """Make the folder, for its owner alone; Unavailable when it can't be."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            if os.geteuid() == 0:  # the daemon's user must read what root has made
                above = folder.parent.stat()
                os.chown(folder, above.st_uid, above.st_gid)
    except OSError as problem:
        raise Unavailable(f"{folder} can't be made: {problem.strerror}.") from None


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Write to this, and it is the file of that name when the block has ended well; as it was
    otherwise. Unavailable when the disk does not take it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        # nothing that is there already is written to: root may work in another's folder
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            if os.geteuid() == 0:
                above = path.parent.stat()
                os.fchown(handle, above.st_uid, above.st_gid)
            yield file
            file.flush()
            os.fsync(handle)
        os.replace(part, path)
    except OSError as problem:
        raise Unavailable(f"{path} can't be written: {problem.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
