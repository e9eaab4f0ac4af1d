"""What an update consists of, and whether to believe it.

The daemon answers with ``<64 hex of an HMAC>\\n<manifest>``; the manifest is JSON:

    {"build": 8, "kind": "camera", "older": false, "version": "1.1.0",
     "files": [["common/link.mpy", 1234, "<64 hex of its SHA-256>"], ...]}
"""

import hashlib
import json
from binascii import hexlify

from common.hello import hmac_sha256

MAX_FILES = 128
MAX_BYTES = 1 << 20
#: 128 files need 15 KB.
MAX_MANIFEST_BYTES = 16384
MAX_PATH = 64
MAC_HEX = 64
#: Without these a slot does not start, or nobody knows what is in it.
VERSION_FILE = "version.json"


class Refused(Exception):
    """Not taken; ``word`` says why to the daemon, in the report's ``last``."""

    def __init__(self, word: str, text: str):
        super().__init__(text)
        self.word = word


def proven(answer: bytes, key: bytes, id: str, nonce: str) -> bytes:
    """The manifest in this answer, when the MAC before it was made for us and this nonce."""
    mac, manifest = answer[:MAC_HEX], answer[MAC_HEX + 1:]
    digest = hexlify(hashlib.sha256(manifest).digest()).decode()
    wanted = hmac_sha256(key, "iotd1|ota|{}|{}|{}".format(id, nonce, digest).encode())
    if answer[MAC_HEX:MAC_HEX + 1] != b"\n" or not same(mac, hexlify(wanted)):
        raise Refused("mac", "the manifest is not from our daemon, or not for us")
    return manifest


def same(one: bytes, other: bytes) -> bool:
    """Whether they are equal; takes the same time wherever they differ."""
    if len(one) != len(other):
        return False
    differing = 0
    for left, right in zip(one, other):
        differing |= left ^ right
    return differing == 0


def checked(manifest: bytes, own: dict) -> dict:
    """The manifest as a dict, its files in the order to write them; ``own`` is our version.json.

    Refused for another kind of board, for what is not newer unless the daemon says that
    it is meant, and for anything that is not as described above.
    """
    try:
        found = json.loads(manifest)
        build, kind, files = found["build"], found["kind"], found["files"]
        older = found["older"]
    except (ValueError, KeyError, TypeError):
        raise Refused("form", "the manifest is not what it should be")
    if type(build) is not int or build < 1 or not isinstance(files, list):
        raise Refused("form", "the manifest is not what it should be")
    if kind != own.get("kind"):
        raise Refused("kind", "firmware for another kind of board")
    _check_build(build, older is True, own.get("build", 0))
    _check_files(files)
    # Last of all: a slot without it is not whole
    files.sort(key=lambda each: each[0] == VERSION_FILE)
    return found


def _check_build(build: int, older: bool, ours: int) -> None:
    if build == ours:
        raise Refused("same", "build {} runs already".format(build))
    if build < ours and not older:
        raise Refused("older", "build {} is older than ours, {}".format(build, ours))


def _check_files(files: list) -> None:
    if len(files) > MAX_FILES:
        raise Refused("files", "{} files, allowed are {}".format(len(files), MAX_FILES))
    names, total = set(), 0
    for entry in files:
        path, size = _entry(entry)
        names.add(path)
        total += size
    if total > MAX_BYTES:
        raise Refused("size", "{} bytes, allowed are {}".format(total, MAX_BYTES))
    if len(names) != len(files) or VERSION_FILE not in names:
        raise Refused("files", "a file twice, or no version.json")
    if ("main.py" in names) == ("main.mpy" in names):
        raise Refused("files", "needs one main.py or main.mpy")


def _entry(entry) -> tuple:
    """(path, size) of one line of the list."""
    if not isinstance(entry, list) or len(entry) != 3:
        raise Refused("form", "a file is [path, size, sha256]")
    path, size, digest = entry
    if not isinstance(path, str) or not _lawful(path):
        raise Refused("path", "a path that leads elsewhere")
    if type(size) is not int or not 0 <= size <= MAX_BYTES:
        raise Refused("size", "a file of {} bytes".format(size))
    if not isinstance(digest, str) or len(digest) != 64 or not _all_of(digest, "0123456789abcdef"):
        raise Refused("form", "a file without its SHA-256")
    return path, size


def _lawful(path: str) -> bool:
    """Whether it names a file below the slot and nothing else."""
    if not 0 < len(path) <= MAX_PATH or not _all_of(path, _PATH):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


#: No backslash, no colon, no blank.
_PATH = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"


def _all_of(text: str, allowed: str) -> bool:
    for letter in text:
        if letter not in allowed:
            return False
    return True
