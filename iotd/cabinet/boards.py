"""Which cabinets and cabinet cameras are approved, who of them is there, who sees into whom."""

from __future__ import annotations

from typing import Any, Sequence

from iotd.devices.model import Approval, Device
from iotd.devices.service import Registry
from iotd.errors import NotFound

KINDS = ("cabinet", "cabinet_camera")


class Boards:
    """The registry as this room needs it; ``there`` are devices that can be told words now."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.there: set[str] = set()
        # the registry looks through all its devices: with 5,000 watches that is felt
        self._approved: dict[str, Sequence[Device]] = {}

    def cabinets(self) -> Sequence[Device]:
        """The approved cabinets, by id."""
        return self._all("cabinet")

    def cameras(self) -> Sequence[Device]:
        """The approved cabinet cameras, by id."""
        return self._all("cabinet_camera")

    def _all(self, kind: str) -> Sequence[Device]:
        if kind not in self._approved:
            self._approved[kind] = self._registry.approved(kind)
        return self._approved[kind]

    def changed(self, id: str, data: dict[str, Any]) -> bool:
        """Take note of a change; whether it is about a cabinet or a camera, or may be."""
        ours = data.get("kind", KINDS[0]) in KINDS  # one that is deleted has none
        if ours or any(id == each.id for known in self._approved.values() for each in known):
            self._approved.clear()
            return True
        return False

    def find(self, id: str) -> Device | None:
        """An approved cabinet, or None."""
        try:
            device = self._registry.device(id)
        except NotFound:
            return None
        fits = device.kind == "cabinet" and device.approval is Approval.APPROVED
        return device if fits else None

    def exists(self, id: str) -> bool:
        """Whether there is such a device at all."""
        try:
            return bool(self._registry.device(id))
        except NotFound:
            return False

    def camera_of(self, id: str) -> str | None:
        """The assigned camera; else the only one that no other cabinet has, if there is one."""
        device = self.find(id)
        cameras = {camera.id for camera in self.cameras()}
        if device is not None and device.camera is not None:
            return device.camera if device.camera in cameras else None
        free = sorted(cameras - {other.camera for other in self.cabinets()})
        candidates = free if len(free) == 1 else [each for each in free if each in self.there]
        return candidates[0] if len(candidates) == 1 else None

    def seen_by(self, camera: str) -> Sequence[str]:
        """The cabinets that a camera sees into."""
        return [each.id for each in self.cabinets() if self.camera_of(each.id) == camera]
