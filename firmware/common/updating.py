"""An update over the air: fetch, check, write into the slot that does not run, try it.

    fetch manifest:<nonce> 0     ->  part <total> 0 <base64 of 768 bytes at most>
    fetch <sha256> 768           ->  part <total> 768 <base64>, or gone 768

Nothing of the firmware that runs is touched. The file that makes the next start try the
other slot is written when all the rest is there and was read back from flash.
"""

import hashlib
import os
from binascii import a2b_base64, hexlify

from common import manifest
from common.manifest import Refused

PART_BYTES = 768
#: What a file or a folder takes at least, on LittleFS with its blocks of 4 KB.
SPARE_BLOCKS = 8
_FOLDER = 0x4000


class Update:
    """steps() is the whole of it; ``slots`` says where, ``work()`` is called all along."""

    def __init__(self, slots, id: str, key: bytes, build: int, work, random=os.urandom):
        self._slots = slots
        self._id = id
        self._key = key
        self._build = build
        self._work = work
        self._nonce = hexlify(random(16)).decode()
        self._slot = "{}/{}".format(slots.root, slots.other)

    def steps(self):
        """A generator: gives what to fetch, wants (total, data), or None when it is gone.

        Ends when the other slot is whole and on trial. Raises Refused or OSError.
        """
        found = yield from self._manifest()
        if not self._slots.replaces():
            raise Refused("fs", "the file system replaces no file, so no firmware can be tried")
        # From here on the slot is no good until it is whole
        if not self._slots.settle():
            raise OSError("the flash takes nothing")
        wipe(self._slot, self._work)
        self._check_room(found["files"])
        for path, size, digest in found["files"]:
            yield from self._file(path, size, digest)
        self._check_version(found)
        self._slots.begin_trial()

    def _manifest(self):
        answer, total = b"", 1
        while len(answer) < total:
            part = yield "manifest:" + self._nonce, len(answer), 0
            if part is None:
                raise Refused("gone", "the daemon has no manifest for us")
            total, data = part
            if total > manifest.MAX_MANIFEST_BYTES + manifest.MAC_HEX + 1:
                raise Refused("size", "a manifest of {} bytes".format(total))
            answer += data
        found = manifest.checked(manifest.proven(answer, self._key, self._id, self._nonce),
                                 self._slots.version)
        if found["build"] != self._build:
            raise Refused("build", "build {} was offered, not {}".format(
                self._build, found["build"]))
        return found

    def _file(self, path: str, size: int, digest: str):
        """Fetch one file; once more when what is on flash then is not it."""
        target = "{}/{}".format(self._slot, path)
        make_folders(self._slot, path)
        for _ in range(2):
            yield from self._write(target, size, digest)
            if digest_of(target, self._work) == digest:
                return
        raise Refused("hash", "{} is not what the manifest says".format(path))

    def _write(self, target: str, size: int, digest: str):
        with open(target, "wb") as file:
            done = 0
            while done < size:
                part = yield digest, done, size
                if part is None:
                    raise Refused("gone", "the daemon has no {}".format(target))
                file.write(part[1])
                done += len(part[1])

    def _check_room(self, files: list) -> None:
        found = os.statvfs(self._slot)
        block, free = found[0], found[3]
        folders = len(set(each[0].rpartition("/")[0] for each in files))
        needed = sum(each[1] // block + 1 for each in files) + 2 * folders + SPARE_BLOCKS
        if needed > free:
            raise Refused("space", "needs {} KB, {} are free".format(
                needed * block // 1024, free * block // 1024))

    def _check_version(self, found: dict) -> None:
        """What the new firmware will say of itself is what it was fetched as."""
        told = self._slots.version_in(self._slots.other)
        if told.get("build") != found["build"] or told.get("kind") != found["kind"]:
            raise Refused("version", "version.json does not say build {}".format(found["build"]))


def part_of(line: str):
    """(total, offset, data) of a ``part`` line, or None when it is no lawful one."""
    words = line.split(" ")
    try:
        total, offset, data = int(words[1]), int(words[2]), a2b_base64(words[3].encode())
    except Exception:  # what broken base64 raises differs from port to port
        return None
    if len(words) != 4 or not 0 <= offset <= total or len(data) > PART_BYTES:
        return None
    return total, offset, data


def wipe(slot: str, work) -> None:
    """Leave an empty folder; first goes what makes it look whole."""
    try:
        os.remove(slot + "/" + manifest.VERSION_FILE)
    except OSError:
        pass  # there was none
    _empty(slot, work)
    make_folders(slot, "x")


def _empty(folder: str, work) -> None:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = "{}/{}".format(folder, name)
        work()
        if os.stat(path)[0] & _FOLDER:
            _empty(path, work)
            os.rmdir(path)
        else:
            os.remove(path)


def make_folders(slot: str, path: str) -> None:
    """The folders that this file of the slot needs."""
    folder = slot
    for name in [""] + path.split("/")[:-1]:
        folder = folder + "/" + name if name else folder
        try:
            os.stat(folder)
        except OSError:
            os.mkdir(folder)


def digest_of(path: str, work) -> str:
    """SHA-256 of a file as 64 hex digits, a piece at a time."""
    seen, piece = hashlib.sha256(), bytearray(PART_BYTES)
    view = memoryview(piece)
    with open(path, "rb") as file:
        count = file.readinto(piece)
        while count:
            work()
            seen.update(view[:count])
            count = file.readinto(piece)
    return hexlify(seen.digest()).decode()
