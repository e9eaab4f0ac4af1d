"""Devices over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from iotd.devices.model import KINDS
from iotd.devices.service import Registry
from iotd.site.bodies import Strict
from iotd.site.paging import TextPaging, page_of
from iotd.site.routes import Answer, Call, Page, route


class Approving(Strict):
    """How a device is let in."""

    kind: str | None = Field(None, description=f"one of {', '.join(KINDS)}")
    same_as: str | None = Field(None, description="the id of the device that it really is")


class Keying(Strict):
    """For which kind a key is made."""

    kind: str | None = None


class Changing(Strict):
    """What of a device a person may change; what is left out stays."""

    name: str | None = Field(None, max_length=100)
    kind: str | None = None
    patient: str | None = Field(None, max_length=40)
    camera: str | None = Field(None, max_length=64)
    place: str | None = Field(None, max_length=100, description="where it hangs")


class Command(Strict):
    """One word, or line, for the device."""

    command: str = Field(max_length=200)


class DeviceOut(BaseModel):
    """A device; ``state`` is pending, online, offline or revoked."""

    id: str
    name: str
    kind: str
    state: str
    address: str | None
    keyed: bool
    firmware: str | None
    last_seen: str | None
    rssi: int | None
    patient: str | None
    camera: str | None
    place: str | None
    connected: bool
    connected_since: str | None
    waits_because: str | None


class DeviceList(BaseModel):
    """A page of devices."""

    items: list[DeviceOut]
    next: str | None


class DevicesApi:
    """Routes of the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @route("GET", "/devices", kind="page")
    async def devices_page(self, call: Call) -> Page:
        """Devices: who waits, who is there, who was refused and why."""
        return Page("devices.html", title="Devices", data=self._registry.page_data())

    @route("GET", "/api/v1/devices", query=TextPaging, answer=DeviceList)
    async def list_devices(self, call: Call) -> dict[str, Any]:
        """Every device, by id."""
        return page_of(self._registry.list(), call)

    @route("GET", "/api/v1/devices/refusals")
    async def list_refusals(self, call: Call) -> dict[str, Any]:
        """Connections turned away, newest first, with the reason and the next step."""
        return {"items": self._registry.admissions.refusals.items(), "next": None}

    @route("GET", "/api/v1/devices/<id>", answer=DeviceOut)
    async def get_device(self, call: Call, id: str) -> dict[str, Any]:
        """One device."""
        return self._registry.get(id)

    @route("PATCH", "/api/v1/devices/<id>", body=Changing, answer=DeviceOut)
    async def change_device(self, call: Call, id: str) -> dict[str, Any]:
        """Rename it, or change its kind, patient, camera or place."""
        fields = call.body.model_dump(exclude_unset=True)
        return await self._registry.change(id, fields, call.who.name)

    @route("DELETE", "/api/v1/devices/<id>", status=204)
    async def remove_device(self, call: Call, id: str) -> None:
        """Forget a device; when it connects again it is a new one."""
        await self._registry.remove(id, call.who.name)

    @route("POST", "/api/v1/devices/<id>/approve", body=Approving, answer=DeviceOut)
    async def approve(self, call: Call, id: str) -> dict[str, Any]:
        """Let a device in, perhaps as one that is known at another address."""
        body = call.body or Approving(kind=None, same_as=None)
        return await self._registry.approve(id, body.kind, body.same_as, call.who.name)

    @route("POST", "/api/v1/devices/<id>/revoke", answer=DeviceOut)
    async def revoke(self, call: Call, id: str) -> dict[str, Any]:
        """Shut a device out."""
        return await self._registry.revoke(id, call.who.name)

    @route("POST", "/api/v1/devices/<id>/key", body=Keying, status=201)
    async def make_key(self, call: Call, id: str) -> dict[str, Any]:
        """A new key, 64 hex digits, shown this once; an unknown id is made."""
        body = call.body or Keying(kind=None)
        key = await self._registry.make_key(id, body.kind, call.who.name)
        return {**self._registry.get(id), "key": key}

    @route("POST", "/api/v1/devices/<id>/commands", body=Command, status=202)
    async def command(self, call: Call, id: str) -> Answer:
        """Say a word to a connected device, in its turn."""
        await self._registry.command(id, call.body.command, call.who.name)
        return Answer({"id": id, "command": call.body.command}, status=202)
