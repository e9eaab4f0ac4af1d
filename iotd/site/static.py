"""Static files, read once at start: no request reaches the disk or leaves the folder."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from iotd.errors import NotFound
from iotd.site.routes import Answer, Call, route

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PACKED = {".css", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest"}
IMMUTABLE = "public, max-age=31536000, immutable"
# esbuild's shared parts have a hash of their content in their name
_HASHED = re.compile(r"-[A-Z0-9]{8}\.[a-z]+\Z")


class AssetQuery(BaseModel):
    """``v`` is the content hash that asset() puts behind the name."""

    v: str = ""


@dataclass(frozen=True)
class Asset:
    """One file in memory, packed too where that pays."""

    body: bytes
    packed: bytes | None
    tag: str
    content_type: str
    hashed: bool


def load_assets(folder: Path) -> dict[str, Asset]:
    """Every regular file below ``folder`` by its path with slashes.

    Hidden files are left out, and links that lead out of the folder.
    """
    root = folder.resolve()
    assets = {}
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            inside = path.resolve().is_relative_to(root) and path.is_file()
            if inside and not name.startswith("."):
                assets[path.relative_to(root).as_posix()] = _load(path)
    return assets


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    packed = None
    if path.suffix in PACKED and len(body) > 1024:
        packed = gzip.compress(body, 9, mtime=0)
    return Asset(
        body,
        packed if packed is not None and len(packed) < len(body) else None,
        hashlib.sha256(body).hexdigest()[:16],
        TYPES.get(path.suffix, "application/octet-stream"),
        _HASHED.search(path.name) is not None,
    )


class StaticFiles:
    """The route of static files, and their addresses for templates."""

    def __init__(self, folder: Path) -> None:
        self._assets = load_assets(folder)

    def address(self, name: str) -> str:
        """The URL of an asset, with its content hash; KeyError for an unknown one."""
        return f"/static/{name}?v={self._assets[name].tag}"

    @route("GET", "/static/<path:name>", name="site.static", kind="plain", query=AssetQuery)
    async def static(self, call: Call, name: str) -> Answer:
        """A script, style sheet or picture of the pages."""
        asset = self._assets.get(name)
        if asset is None:
            raise NotFound("There is no such file.")
        fixed = asset.hashed or call.query.v == asset.tag
        headers = {
            "ETag": f'"{asset.tag}"',
            "Cache-Control": IMMUTABLE if fixed else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if _knows(call, asset.tag):
            return Answer(None, 304, headers)
        return _whole(call, asset, headers)


def _whole(call: Call, asset: Asset, headers: dict[str, str]) -> Answer:
    accepted = call.request.getHeader(b"accept-encoding") or b""
    if asset.packed is not None and b"gzip" in accepted and b"gzip;q=0" not in accepted:
        packed = {**headers, "Content-Encoding": "gzip"}
        return Answer(asset.packed, 200, packed, asset.content_type)
    return Answer(asset.body, 200, headers, asset.content_type)


def _knows(call: Call, tag: str) -> bool:
    known = (call.request.getHeader(b"if-none-match") or b"").decode("latin-1")
    return any(
        each.strip().removeprefix("W/") in (f'"{tag}"', "*") for each in known.split(",")
    )
