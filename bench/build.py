"""The C helpers, compiled when needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "c"
NAMES = ("loop", "viewers", "cameras")


def build(folder: Path) -> dict[str, Path]:
    """Compile every helper into ``folder``; RuntimeError in plain words without a compiler."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise RuntimeError("the bench needs a C compiler: install gcc, or name one in CC")
    binaries = {}
    for name in NAMES:
        binaries[name] = folder / name
        subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", binaries[name],
             SOURCES / f"{name}.c"],
            check=True,
        )
    return binaries
