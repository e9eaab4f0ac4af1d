"""Bodies and answers of the routes by which a browser puts firmware onto a board."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict


class NewBoard(Strict):
    """A board that a browser is about to write; Wi-Fi is not among it: that stays there."""

    kind: str = Field(max_length=20)
    id: str = Field(max_length=64)
    preset: str | None = Field(None, max_length=40)
    name: str | None = Field(None, max_length=100)
    place: str | None = Field(None, max_length=100)
    host: str | None = Field(None, max_length=253, description="where the board finds the daemon")
    port: int | None = Field(None, ge=1, le=65535)
    tls: bool | None = Field(None, description="null: encrypted if the daemon listens so")
    mpy: int | None = Field(None, ge=0, le=255, description="byte code that the board runs")
    again: bool = Field(False, description="true: an id that is known gets a new key")
    values: dict[str, Any] | None = Field(None, description="settings beyond the preset's")
    dry_run: bool = Field(False, description="true: everything but a key is told; 200")


class ProofIn(Strict):
    """What a board that is being written knows of its key, told by whoever holds its cable."""

    id: str = Field(max_length=64)
    kind: str | None = Field(None, max_length=20, description="what it is to be")
    nonce: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    mac: str | None = Field(
        None, pattern="^[0-9a-f]{64}$",
        description="HMAC-SHA256 under its key over iotd1|flash|<id>|<nonce>",
    )


class ProofOut(BaseModel):
    """``kept``: it has the right key. Else ``why`` a new one should be asked about first."""

    kept: bool
    why: str | None


class FileOut(BaseModel):
    """A file for the board; bytes are at ``/api/v1/flash/files/<sha256>``."""

    path: str
    size: int
    sha256: str


class BoardOut(BaseModel):
    """What a browser writes: ``files`` by their paths on the board, ``slot_files`` below the
    folder of a slot, ``settings`` without Wi-Fi as /settings.json, their key told this once."""

    id: str
    kind: str
    build: int
    version: str
    settings: dict[str, Any]
    files: list[FileOut]
    slot_files: list[FileOut]


class WireOut(BaseModel):
    """Where a kind of board connects; ``host`` null: to this machine."""

    port: int | None
    tls: bool
    host: str | None


class KindsOut(BaseModel):
    """What can be written, and from where."""

    kinds: list[dict[str, Any]]
    wires: dict[str, WireOut]
    ids: dict[str, str]
    hosts: list[str]
    images: list[dict[str, Any]]
    chips: list[dict[str, Any]]
    https_url: str | None
    authority: str | None = Field(None, description="certificate for encrypted wires, PEM")
