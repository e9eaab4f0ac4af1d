"""Firmware in MicroPython for Linux, which has what the one in WebAssembly lacks: TLS."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
import sys
from pathlib import Path

from tests.firmware.rig import FIRMWARE

_RUN = "import sys; from micropython_unix import main; sys.argv = ['micropython', {!r}]; main()"

#: Why there is none, by its makers: a wheel for one kind of machine. setup.cfg says the same.
NOT_HERE = None if importlib.util.find_spec("micropython_unix") else (
    "MicroPython for Linux is there for x86-64 and Python 3.11 only")
if NOT_HERE and platform.machine() == "x86_64" and sys.version_info[:2] == (3, 11):
    NOT_HERE = None  # it is missing where it could be: the tests say so by failing


def run_unix(code: str, folder: Path, seconds: float = 60) -> list[str]:
    """The lines that this text prints, with the firmware's modules to import; blocks."""
    done = subprocess.run(_command(code, folder), capture_output=True, text=True,
                          timeout=seconds, check=True)
    return done.stdout.splitlines()


def start_unix(code: str, folder: Path) -> subprocess.Popen[bytes]:
    """The same, in its folder and for as long as it likes; what it prints is in ``said``."""
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(_command(code, folder), cwd=folder, stdout=said, stderr=said)


def _command(code: str, folder: Path) -> list[str]:
    script = (folder / "script.py").resolve()
    script.write_text(f"import sys\nsys.path.insert(0, {str(FIRMWARE)!r})\n{code}")
    return [sys.executable, "-c", _RUN.format(str(script))]
