"""Firmware in MicroPython for Linux, which has what the one in WebAssembly lacks: TLS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.firmware.rig import FIRMWARE

_RUN = "import sys; from micropython_unix import main; sys.argv = ['micropython', {!r}]; main()"


def run_unix(code: str, folder: Path, seconds: float = 60) -> list[str]:
    """The lines that this text prints, with the firmware's modules to import; blocks."""
    script = folder / "script.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(FIRMWARE)!r})\n{code}")
    done = subprocess.run([sys.executable, "-c", _RUN.format(str(script))], capture_output=True,
                          text=True, timeout=seconds, check=True)
    return done.stdout.splitlines()
