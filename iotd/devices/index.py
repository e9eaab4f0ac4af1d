"""Devices by id, and by what a connection without a key is recognised by.

Kept up to date with each change, so that the 5,000th connection is judged as
quickly as the first.
"""

from __future__ import annotations

from typing import Callable, Container, Iterator, MutableMapping

from iotd.devices.model import Approval, Device, base_of, camera_name, series

Place = tuple[str, ...]

MAX_HINTS = 10_000  # series of which the lowest free number is remembered


class FreeNames:
    """The lowest free one of ``base``, ``base-2``, ``base-3`` …, without counting up each time."""

    def __init__(self) -> None:
        self._from: dict[str, int] = {}

    def lowest(self, base: str, is_free: Callable[[str], bool]) -> str:
        """The first free name; what was found taken must be told by freed() when it is free."""
        number = self._from.get(base, 1)
        while not is_free(name := base if number == 1 else f"{base}-{number}"):
            number += 1
        if len(self._from) >= MAX_HINTS:
            self._from.clear()  # addresses come and go; counting up once more does no harm
        if number > 1:
            self._from[base] = number
        return name

    def freed(self, name: str) -> None:
        """This name may be free from now on."""
        self._from.pop(name, None)  # as the first of its own series
        base, _, number = name.rpartition("-")
        if base in self._from and number.isdecimal():
            self._from[base] = min(self._from[base], int(number))


class Known(MutableMapping[str, Device]):
    """All devices by id; at hand are who waits, and who without a key lives where."""

    def __init__(self) -> None:
        self.pending: set[str] = set()
        self.names = FreeNames()
        self._devices: dict[str, Device] = {}
        self._places: dict[Place, set[str]] = {}

    def moved_here(self, address: str) -> list[str]:
        """Cameras named after another address that a person moved to this one, by id."""
        return sorted(self._places.get(("cam", address), ()))

    def pair(self, base: str, address: str) -> list[Device]:
        """The devices that say they are ``base`` at this address: one, unless boards share it."""
        ids = self._places.get(("dev", address, base), ())
        return [self._devices[id] for id in sorted(ids, key=lambda id: (len(id), id))]

    def camera_here(self, address: str, connected: Container[str]) -> str:
        """The name that a camera from ``address`` goes by when it says none.

        One that a person moved to this address comes first, then the lowest of
        the address's own names that is not connected. Names with a key, and
        devices that live at another address, are never given away.
        """
        for id in self.moved_here(address):
            if id not in connected:
                return id

        def is_free(id: str) -> bool:
            device = self._devices.get(id)
            return id not in connected and (device is None or _lives_here(device, "cam", address))

        return self.names.lowest(camera_name(address), is_free)

    def new_name(self, base: str) -> str:
        """The lowest name of ``base`` that no device has."""
        return self.names.lowest(base, lambda id: id not in self._devices)

    def __getitem__(self, id: str) -> Device:
        return self._devices[id]

    def __setitem__(self, id: str, device: Device) -> None:
        old = self._devices.get(id)
        self._devices[id] = device
        if old is None or _place(old) != _place(device) or old.keyed != device.keyed:
            if old is not None:
                self._leave(old)
            if (place := _place(device)) is not None:
                self._places.setdefault(place, set()).add(id)
        if device.approval is Approval.PENDING:
            self.pending.add(id)
        else:
            self.pending.discard(id)

    def __delitem__(self, id: str) -> None:
        self._leave(self._devices.pop(id))
        self.pending.discard(id)

    def __contains__(self, id: object) -> bool:
        return id in self._devices

    def __iter__(self) -> Iterator[str]:
        return iter(self._devices)

    def __len__(self) -> int:
        return len(self._devices)

    def _leave(self, device: Device) -> None:
        self.names.freed(device.id)
        place = _place(device)
        if place is not None:
            self._places[place].discard(device.id)
            if not self._places[place]:
                del self._places[place]


def _lives_here(device: Device, wire: str, address: str) -> bool:
    return device.address == address and device.wire == wire and not device.keyed


def _place(device: Device) -> Place | None:
    # cameras that are named after their address need no place: their name is one
    address = device.address
    if device.keyed or address is None:
        return None
    if device.wire == "dev":
        return "dev", address, base_of(device.id)
    home = camera_name(address)
    if device.wire == "cam" and device.id != home and not device.id.startswith(series(home)):
        return "cam", address
    return None
