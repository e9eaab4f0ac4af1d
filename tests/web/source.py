"""Where the front-end's files are, and the build backend as a module."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def backend() -> ModuleType:
    """deploy/build_backend.py, which is on no import path."""
    spec = importlib.util.spec_from_file_location(
        "build_backend", ROOT / "deploy" / "build_backend.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
