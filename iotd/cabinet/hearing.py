"""What the bus tells of boards, taken to the cabinet that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from iotd.bus import DeviceChanged, DeviceLinked, PictureHeard, WeightHeard
from iotd.cabinet import records
from iotd.cabinet.model import Closed, Event, LinkedUp, Opened, Want
from iotd.cabinet.records import Picture
from iotd.wire.jpeg import trim

if TYPE_CHECKING:
    from iotd.cabinet.service import Cabinets


class Hearing:
    """Listens for as long as the bus lives."""

    _log = Logger()

    def __init__(self, cabinets: Cabinets) -> None:
        self._cabinets, self._boards = cabinets, cabinets.boards
        bus = cabinets.bus
        bus.subscribe(WeightHeard, self._weight_heard)
        bus.subscribe(PictureHeard, self._picture_heard)
        bus.subscribe(DeviceLinked, self._device_linked)
        bus.subscribe(DeviceChanged, self._device_changed)

    def _weight_heard(self, event: WeightHeard) -> None:
        id = event.device
        if self._boards.find(id) is None:
            self._log.warn("{device} sent a weight, but is no cabinet", device=id)
            return
        cycle = self._cabinets.cycle(id)
        what: Event = Opened(event.grams)
        if event.moment == "aft":
            what = Closed(event.grams, self._boards.camera_of(id) is not None)
            cycle.closing()
            self._cabinets.counting.fresh(id)
        cycle.run(records.apply, cycle.do, what, event.at)

    def _picture_heard(self, event: PictureHeard) -> None:
        picture = trim(event.jpeg)
        if picture is None:
            self._log.warn("{camera}: a message without a picture", camera=event.device)
            return
        seen = Picture(0, event.device, event.at, picture.width, picture.height)
        for id in self._boards.seen_by(event.device):
            self._keep(id, seen, picture.data)

    def _keep(self, id: str, seen: Picture, jpeg: bytes) -> None:
        cycle, counting = self._cabinets.cycle(id), self._cabinets.counting
        counted = counting.possible(id)
        cycle.pictured()

        def kept(result: tuple[int, frozenset[Want]]) -> None:
            number, wants = result
            if counted:
                counting.picture(id, number, jpeg)
            cycle.do(wants)

        cycle.run(records.add_picture, kept, seen, jpeg, counted, heavy=True)

    def _device_linked(self, event: DeviceLinked) -> None:
        there = self._boards.there
        (there.add if event.linked else there.discard)(event.id)
        if event.kind == "cabinet":
            if event.linked:
                camera = self._boards.camera_of(event.id) is not None
                self._cabinets.cycle(event.id).event(LinkedUp(camera))
            self._cabinets.publish(event.id)
        elif event.kind == "cabinet_camera":
            for id in self._boards.seen_by(event.id) if event.linked else ():
                self._cabinets.cycle(id).ask_if_awaited()
            self._publish_all()

    def _device_changed(self, event: DeviceChanged) -> None:
        if not self._boards.changed(event.id, event.data):
            return
        if event.data["state"] == "deleted":
            self._cabinets.forget(event.id)
        elif self._boards.find(event.id) and not self._cabinets.appeared(event.id):
            self._cabinets.cycle(event.id).run(_nothing, _nothing)  # its row is made with it
        self._publish_all()

    def _publish_all(self) -> None:
        for device in self._boards.cabinets():
            self._cabinets.publish(device.id)


def _nothing(*_: Any) -> None:
    """No work: what is made with every commit is enough."""
