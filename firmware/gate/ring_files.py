"""The ring's folder after a power failure: what was half written goes, whenever it failed."""

import os

PIECE_BYTES = 512


def numbers(folder: str) -> list:
    """Of the segments, in order."""
    return sorted(int(name[:-4]) for name in _ours(folder, ".log"))


def finish_repairs(folder: str) -> None:
    """Make the folder; a repair that was cut counts once the old file is gone, else the old one."""
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there
    logs = _ours(folder, ".log")
    for name in _ours(folder, ".tmp"):
        log = name[:-4] + ".log"
        if log in logs:
            os.remove(folder + "/" + name)
        else:
            os.rename(folder + "/" + name, folder + "/" + log)


def repair(segment) -> None:
    """Cut off what was half written, so that what follows can be read."""
    if os.stat(segment.path)[6] == segment.size:
        return
    copy = segment.path[:-4] + ".tmp"
    with open(segment.path, "rb") as file, open(copy, "wb") as to:
        left = segment.size
        while left:
            piece = file.read(min(left, PIECE_BYTES))
            to.write(piece)
            left -= len(piece)
    os.remove(segment.path)  # FAT renames onto no other file
    os.rename(copy, segment.path)


def _ours(folder: str, ending: str) -> list:
    """What else lies there is nobody's business."""
    return [name for name in os.listdir(folder) if name.endswith(ending) and name[:-4].isdigit()]
