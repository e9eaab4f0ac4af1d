"""What a browser needs to put a board together: a key, settings, files, an image.

The board's Wi-Fi is no part of it: the page merges it in, so no password comes here.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, Awaitable, Callable

from iotd.config_sections import Config
from iotd.devices import model
from iotd.devices.proving import proved
from iotd.devices.service import Registry
from iotd.errors import Conflict, Invalid, NotFound
from iotd.flashing import presets, settings, shelf, wires
from iotd.flashing.shapes import NewBoard, ProofIn
from iotd.flashing.shelf import Shelf
from iotd.flashing.wires import Wire
from iotd.updates.releases import Releases

InThread = Callable[..., Awaitable[Any]]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_KEY = "0" * 64
_NOT_TOLD = ("id", "key", "wifi", "server", "host", "port", "tls")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:%-]{0,251}[A-Za-z0-9])?")


class FlashDesk:
    """Answers the dialog "Add a board"; ``https_url()`` is the daemon's https address or None.

    ``in_thread(function, *arguments)`` runs what reads files.
    """

    def __init__(
        self, registry: Registry, releases: Releases, images_folder: Path, config: Config,
        https_url: Callable[[], str | None], in_thread: InThread,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._shelf = Shelf(releases, images_folder, config.data_dir, now)
        self._config = config
        self._https_url = https_url
        self._in_thread = in_thread

    async def kinds(self) -> dict[str, Any]:
        """Everything the dialog offers, as JSON."""
        hosts = await self._in_thread(wires.own_addresses)
        images = await self._in_thread(self._shelf.images_json)
        return {
            "kinds": presets.kinds(), "wires": wires.wires_json(self._config),
            "ids": self._free_ids(), "hosts": hosts, "images": images,
            "chips": shelf.chips_json(), "https_url": self._https_url(),
            "authority": await self._in_thread(self._shelf.authority),
        }

    def prove(self, told: ProofIn) -> dict[str, Any]:
        """As the control command ``board key`` judges it; makes no key."""
        found = proved(
            self._registry, told.id, told.kind, told.nonce or "", told.mac or ""
        )
        return found._asdict()

    async def add(self, wanted: NewBoard, by: str) -> dict[str, Any]:
        """A key for this board, made as ``iotd device key`` does, and what goes with it.

        ``dry_run``: without a key. A board that is written again has a good one until the end.
        """
        changes = self._check(wanted)
        wire = wires.wire_of(wanted.kind, self._config, wanted.tls)
        host = wanted.host or wire.host or await self._first_address()
        told = told_of(wanted, host, wire)
        # a fault is told before there is a key
        made = await self._in_thread(settings.build, wanted.kind, wanted.preset, told, _NO_KEY)
        files = await self._in_thread(
            self._shelf.files_for, wanted.kind, wanted.mpy, made["server"].get("tls", False)
        )
        del made["key"]
        if not wanted.dry_run:
            made["key"] = await self._registry.make_key(wanted.id, wanted.kind, by)
            if changes:
                await self._registry.change(wanted.id, changes, by)
        return {"id": wanted.id, "kind": wanted.kind, **files, "settings": made}

    async def file(self, sha256: str) -> bytes:
        """A file that a board was told of, or NotFound."""
        found = await self._in_thread(self._shelf.file, _digest(sha256))
        return _found(found, "There is no such file of the firmware.")

    async def image(self, sha256: str) -> bytes:
        """An image of MicroPython in the daemon's folder, or NotFound."""
        found = await self._in_thread(self._shelf.image, _digest(sha256))
        return _found(found, "There is no such image of MicroPython here.")

    def _check(self, wanted: NewBoard) -> dict[str, Any]:
        """Invalid or Conflict when it can't be; else the fields that people gave."""
        if wanted.kind not in wires.WIRES:
            allowed = ", ".join(wires.WIRES)
            raise Invalid(f"There is no firmware for {wanted.kind!r}: {allowed}.", "kind")
        model.check_id(wanted.id, wanted.kind)
        if self._registry.find(wanted.id) is not None and not wanted.again:
            raise Conflict(f"{wanted.id} is there already: choose another id.", "id")
        if wanted.host is not None and not _HOST.fullmatch(wanted.host):
            raise Invalid("A host is a name or an address, without http:// and path.", "host")
        given: dict[str, Any] = {}
        if wanted.name and wanted.name.strip():
            given["name"] = model.check_name(wanted.name)
        if wanted.place and wanted.place.strip():
            given["place"] = _place(wanted.place.strip())
        return given

    async def _first_address(self) -> str:
        found = await self._in_thread(wires.own_addresses)
        if not found:
            raise Invalid("This machine knows no address of its own: give one.", "host")
        return str(found[0])

    def _free_ids(self) -> dict[str, str]:
        taken = {device["id"] for device in self._registry.list()}
        return {kind: _free(kind.replace("_", "-"), taken) for kind in wires.WIRES}


def _place(text: str) -> str:
    if not text.isprintable():
        raise Invalid("A place has up to 100 printable characters.", "place")
    return text


def told_of(wanted: NewBoard, host: str, wire: Wire) -> dict[str, Any]:
    """What goes over a preset's settings; Invalid names a key that is not a page's to tell."""
    port = wanted.port or wire.port
    if port is None:
        raise Invalid("The daemon does not know its port for these boards: give one.", "port")
    for name in wanted.values or ():
        if name.partition(".")[0] in _NOT_TOLD:
            raise Invalid(f"{name[:40]} is not told to the server like this.", "values")
    return {**(wanted.values or {}), "id": wanted.id, "host": host, "port": port,
            **({"tls": True} if wire.tls else {})}


def _free(base: str, taken: set[str]) -> str:
    return next(id for id in (f"{base}-{n}" for n in range(1, len(taken) + 2)) if id not in taken)


def _digest(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise NotFound("Files are named by 64 hex digits.")
    return text


def _found(data: bytes | None, otherwise: str) -> bytes:
    if data is None:
        raise NotFound(otherwise)
    return data
