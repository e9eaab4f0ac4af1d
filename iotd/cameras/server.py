"""The server of the camera wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from prometheus_client import CollectorRegistry

from iotd.cameras.protocol import CameraProtocol
from iotd.devices.link_factory import LinkFactory
from iotd.devices.service import Registry

if TYPE_CHECKING:
    from iotd.cameras.camera import Camera


class CameraFactory(LinkFactory):
    """Makes a protocol for each connection within the limits."""

    wire, section = "cam", "cameras"

    def __init__(
        self, *, clock: Any, registry: Registry, camera: Callable[[str], Camera],
        max_frame_bytes: int, max_connections: int, max_per_address: int,
        metrics: CollectorRegistry,
    ) -> None:
        LinkFactory.__init__(
            self, clock=clock, registry=registry, max_connections=max_connections,
            max_per_address=max_per_address, metrics=metrics,
        )
        self.camera = camera
        self.waits_for_key = registry.admissions.enrolment == "keyed"
        self._max_frame_bytes = max_frame_bytes

    def protocol_for(self, address: str) -> CameraProtocol:
        """The protocol of one connection."""
        return CameraProtocol(self, address, self._max_frame_bytes)
