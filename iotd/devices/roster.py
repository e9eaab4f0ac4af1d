"""Devices in memory, and who of them is connected now.

All devices are loaded at start, so that a connection is judged without
waiting for the store; what changes is written behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Awaitable, Callable, Protocol, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger, LogLevel

from iotd.bus import Bus, DeviceChanged
from iotd.devices import model, records
from iotd.devices.few_lines import FewLines
from iotd.devices.index import Known
from iotd.devices.model import Approval, Device
from iotd.devices.pairs import two_boards
from iotd.errors import NotFound
from iotd.store.engine import Store
from iotd.times import rfc3339


class Link(Protocol):
    """A live connection, as the registry sees it."""

    address: str

    @property
    def heard_at(self) -> float:
        """When its last bytes came, in monotonic seconds."""

    def last_heard(self, now: float) -> float:
        """When it was last known to be there, in Unix seconds; a connection is there ``now``."""

    def admitted(self, id: str) -> None:
        """It may work from now on, under this id."""

    def hold(self) -> None:
        """It has to wait for a person again, and nothing it says counts meanwhile."""

    def close(self, reason: str) -> None:
        """It has to go; the reason is for the log."""

    def command(self, text: str, by: str) -> Awaitable[Any] | None:
        """Say this to the device, for somebody; Invalid when the device can't take it.

        What it gives, if anything, fires once the command is in effect.
        """


class Roster:
    """Every device, and every link."""

    _log = Logger()

    def __init__(self, store: Store, bus: Bus, now: Callable[[], float]) -> None:
        self.store, self.now = store, now
        self.devices = Known()
        self.links: dict[str, Link] = {}
        self.loaded = False
        self.bus = bus
        # whoever looks after boards hears of each connection, and of its end
        self.on_link: Callable[[str, str, bool], None] = lambda id, address, connected: None
        self._heard: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._lines = FewLines(self._log)

    def load(self, connection: Any) -> None:
        """Read all devices; at start, before anything connects."""
        for device in records.all_devices(connection):
            self.devices[device.id] = device
        self.loaded = True

    def device(self, id: str) -> Device:
        """One device, or NotFound."""
        if id not in self.devices:
            raise NotFound(f"There is no device {id[:64]!r}.", "id")
        return self.devices[id]

    def with_approval(self, approval: Approval) -> Sequence[Device]:
        """The devices of which a person, or the setting, said this."""
        return [device for device in self.devices.values() if device.approval is approval]

    def counts(self) -> dict[str, int]:
        """How many devices are in each state."""
        counts = dict.fromkeys(("pending", "online", "offline", "revoked"), 0)
        for device in self.devices.values():
            counts[model.state(device, device.id in self.links)] += 1
        return counts

    def connect(self, device: Device, link: Link) -> None:
        """``link`` is this device from now on; an older one is told to go."""
        older = self.links.pop(device.id, None)
        if older is not None:
            older.close("the same device connected again")
        self.links[device.id] = link
        self._since[device.id] = self.now()
        self.devices[device.id] = replace(device, last_seen=self.now())
        waits = device.approval is Approval.PENDING
        hint = ": it waits; approve it under Devices, or: iotd device approve {id}"
        self._say(link, "{id} connected from {address}" + (hint if waits else ""), device.id)
        self.on_link(device.id, link.address, True)
        self.publish(device.id)

    def leave(self, id: str, link: Link) -> None:
        """A connection ended; nothing happens when another took its place."""
        if self.links.get(id) is not link:
            return
        self.unlink(id)
        self._say(link, "{id} left", id)
        device = self.devices.get(id)
        if device is not None:
            self._heard[id] = link.last_heard(self.now())
            self.devices[id] = replace(device, last_seen=self._heard[id])
            self.on_link(id, link.address, False)
            self.publish(id)

    def abandon(self, id: str, link: Link, is_new: bool) -> None:
        """It is another device, or none: a row that only waits for it, or that its
        connection made, goes too."""
        self.leave(id, link)
        device = self.devices.get(id)
        if device is None or id in self.links:
            return
        if is_new or device.approval is Approval.PENDING:
            self.drop(id)

    def close(self, id: str, reason: str) -> None:
        """End the live connection of a device, if it has one."""
        link = self.unlink(id)
        if link is not None:
            link.close(reason)
            self.on_link(id, link.address, False)
            self.publish(id)

    def unlink(self, id: str) -> Link | None:
        """Take the live connection of a device, if it has one, off it."""
        self.devices.names.freed(id)
        self._since.pop(id, None)
        return self.links.pop(id, None)

    def hold(self, id: str) -> None:
        """A device that is connected waits for a person again."""
        self.amend(id, approval=Approval.PENDING)
        self.links[id].hold()
        self.publish(id)

    def keep(self, device: Device) -> None:
        """Take a new device into memory and write it behind."""
        self.devices[device.id] = device
        self._log_end(self.store.run(records.save_device, device))

    def amend(self, id: str, **changes: Any) -> Device:
        """Take what a connection told of a device into memory and write it behind."""
        self._log_end(self.store.run(records.change_device, id, changes))
        self.devices[id] = replace(self.devices[id], **changes)
        return self.devices[id]

    def note(self, id: str, firmware: str | None, rssi: int | None) -> bool:
        """Take what a board told of itself into memory; whether that is news to be written."""
        before = self.devices[id]
        rssi = before.rssi if rssi is None else rssi
        self.devices[id] = replace(before, firmware=firmware or before.firmware, rssi=rssi)
        if self.devices[id].firmware != before.firmware:
            self.publish(id)
        return self.devices[id] != before

    def apply(self, id: str, changes: dict[str, Any]) -> None:
        """A decision is on disk: it is in effect, unless the device went meanwhile."""
        before = self.devices.get(id)
        if before is not None:
            self.devices[id] = replace(before, **changes)
            self._tell_pair(before)
            self.publish(id)

    def drop(self, id: str) -> None:
        """Forget a device and write that behind."""
        self.forget(id)
        self._log_end(self.store.run(records.remove_device, id))

    def forget(self, id: str) -> None:
        """It is gone from the store: take it out of memory and pages too."""
        before = self.devices.pop(id, None)
        self._heard.pop(id, None)  # or a new one of that id would have been heard before it was
        if before is not None:
            self._tell_pair(before)
        self.bus.publish(DeviceChanged(id, {"id": id, "state": "deleted"}))

    def publish(self, id: str) -> None:
        """Tell the pages how a device is now."""
        if id in self.devices:
            self.bus.publish(DeviceChanged(id, self.json(self.devices[id])))

    def write_heard(self) -> Deferred[Any] | None:
        """Write when devices were last heard; called now and then, and at the end."""
        self._lines.flush(self.now())
        now, known = self.now(), self.devices
        links = self.links.items()
        self._heard.update({id: link.last_heard(now) for id, link in links if id in known})
        heard, self._heard = self._heard, {}
        if not heard:
            return None
        written: Deferred[Any] = self.store.run(records.touch_devices, heard)
        self._log_end(written)
        return written

    def json(self, device: Device) -> dict[str, Any]:
        """A device as the API shows it."""
        link = self.links.get(device.id)
        connected = link is not None
        last_seen = device.last_seen if link is None else link.last_heard(self.now())
        return {
            "id": device.id, "name": device.name, "kind": device.kind,
            "state": model.state(device, connected), "address": device.address,
            "keyed": device.keyed, "firmware": device.firmware, "last_seen": rfc3339(last_seen),
            "rssi": device.rssi, "patient": device.patient, "camera": device.camera,
            "place": device.place, "connected": connected,
            "connected_since": rfc3339(self._since.get(device.id)),
            "waits_because": self._why_it_waits(device, connected),
        }

    def _why_it_waits(self, device: Device, connected: bool) -> str | None:
        shared = device.approval is Approval.PENDING and len(self._pair(device)) > 1
        return model.waits_because(device, connected, shared)

    def _pair(self, device: Device) -> Sequence[Device]:
        if device.wire != "dev" or device.address is None:
            return ()
        return self.devices.pair(model.base_of(device.id), device.address)

    def _tell_pair(self, before: Device) -> None:
        # nobody waits any more: the alert about two boards, if there was one, is over
        if before.wire == "dev" and before.address and before.approval is Approval.PENDING:
            if all(device.approval is not Approval.PENDING for device in self._pair(before)):
                base = model.base_of(before.id)
                self.bus.publish(two_boards(base, before.address, before.id, active=False))

    def _say(self, link: Link, text: str, id: str) -> None:
        self._lines.tell(
            self.now(), link.address, LogLevel.info, text, id=id, address=link.address
        )

    def _log_end(self, written: Deferred[Any]) -> None:
        written.addErrback(lambda f: self._log.failure("devices were not written", failure=f))
