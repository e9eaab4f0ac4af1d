"""The server of the device wire: cabinets, their cameras, watches."""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred

from iotd.bus import Bus, DeviceLinked
from iotd.devices.faults import Faults
from iotd.devices.link_factory import LinkFactory
from iotd.devices.protocol import DeviceProtocol
from iotd.devices.service import Registry
from iotd.errors import Conflict

Answers = Callable[[str, str], Awaitable[str]]


class DeviceFactory(LinkFactory):
    """Makes a protocol for each connection within the limits.

    ``answers(device, what)`` gives the text for what a device asks ("rep", "a"
    to "i"). Heard on the bus: DeviceLinked, ReadingHeard, WeightHeard,
    PictureHeard; of approved devices only.
    """

    wire, section = "dev", "devices"

    def __init__(
        self, *, clock: Any, registry: Registry, bus: Bus, answers: Answers,
        poll_seconds: float, max_message_bytes: int, max_connections: int, max_per_address: int,
        metrics: CollectorRegistry, now: Callable[[], float],
    ) -> None:
        LinkFactory.__init__(
            self, clock=clock, registry=registry, max_connections=max_connections,
            max_per_address=max_per_address, metrics=metrics,
        )
        self.bus, self.answers, self.now = bus, answers, now
        self.faults = Faults(metrics)
        self._poll_seconds, self._max_message_bytes = poll_seconds, max_message_bytes
        self._linked: dict[str, DeviceProtocol] = {}

    def protocol_for(self, address: str) -> DeviceProtocol:
        """The protocol of one connection."""
        return DeviceProtocol(self, address, self._max_message_bytes, self._poll_seconds)

    def say(self, id: str, word: str) -> Deferred[bool]:
        """Queue ``img``, ``lof``, ``lon`` or ``bpm`` for a device.

        Fires True when the answer came (img: a picture, bpm: a heart rate), or
        when lof or lon stands; False when it was given up, replaced or cut off.
        Conflict when the device is not started, Invalid for another word.
        """
        protocol = self._linked.get(id)
        if protocol is None:
            raise Conflict(f"{id} is not connected, or waits for approval.", "id")
        return protocol.say(word)

    def linked(self, kind: str) -> list[str]:
        """The ids of the devices of a kind that may be told words now."""
        return [id for id, protocol in self._linked.items() if protocol.kind == kind]

    # -- for the protocols ----------------------------------------------------------

    def kind_of(self, id: str) -> str:
        """What this device is, as the registry knows it."""
        return self.registry.device(id).kind

    def linked_up(self, id: str, protocol: DeviceProtocol) -> None:
        """It was started."""
        self._linked[id] = protocol
        self.bus.publish(DeviceLinked(id, protocol.kind, True))

    def linked_off(self, id: str, protocol: DeviceProtocol) -> None:
        """It is gone, or has to wait again."""
        if self._linked.get(id) is protocol:
            del self._linked[id]
            self.bus.publish(DeviceLinked(id, protocol.kind, False))

    async def answer(self, id: str, what: str) -> str:
        """What to tell a device that asked."""
        return await self.answers(id, what)
