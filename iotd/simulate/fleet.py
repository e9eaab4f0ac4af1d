"""Many virtual devices in one process, each with an address or a key of its own."""

from __future__ import annotations

import secrets
from itertools import count
from random import Random
from typing import Any, Callable, Mapping, Sequence

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred

from iotd.simulate.camera import CameraBoard
from iotd.simulate.comeback import Comeback, retry_seconds
from iotd.simulate.cupboard import Cupboard
from iotd.simulate.device import CabinetBoard, CabinetCameraBoard, Habits, WatchBoard
from iotd.simulate.firmware import Firmware
from iotd.simulate.person import Person
from iotd.simulate.pictures import Film, Studio
from iotd.simulate.plans import Plan
from iotd.simulate.scene import View
from iotd.simulate.virtual import Report, Tell, Virtual
from iotd.wire.camera import CameraClient
from iotd.wire.device_client import DeviceClient

NAMES = ("Ada", "Bo", "Chandra", "Dewi", "Emeka", "Farah", "Goran", "Hana")


class Fleet(MultiService):
    """All devices of a plan; ``report(name, state, detail)`` hears each change of state.

    ``ports`` are by wire: "camera" and "device". The first cabinet shares its cupboard
    with the first cabinet camera, the second with the second, and so on. ``retry`` is the
    longest wait in seconds before one connects again. Keyed boards tell of themselves and
    take updates.
    """

    def __init__(
        self, reactor: Any, plans: Sequence[Plan], host: str, ports: Mapping[str, int],
        report: Report, *, now: Callable[[], float], fps: float = 5.0,
        size: tuple[int, int] = (320, 240), habits: Habits = Habits(),
        retry: float | None = None, random: Random | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reactor, self._now, self._fps, self._size = reactor, now, fps, size
        self._habits = habits
        self._studio = Studio(reactor, now)
        self._cupboards: dict[int, Cupboard] = {}
        self._devices: list[Virtual] = []
        numbers: dict[str, count[int]] = {}
        longest = retry_seconds(len(plans)) if retry is None else retry
        draw = (random or Random()).random
        for plan in plans:
            number = next(numbers.setdefault(plan.kind, count()))
            device = Virtual(
                reactor, plan, self._maker(plan, number), report, Comeback(draw, longest))
            wire = "camera" if plan.kind == "camera" else "device"
            service = device.service(host, ports[wire])
            service.setServiceParent(self)  # type: ignore[no-untyped-call]
            self._devices.append(device)

    def startService(self) -> None:
        """Draw and connect."""
        self._studio.start()
        super().startService()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Disconnect everywhere, then end the drawing."""
        stopped: Deferred[None] = self.stopService()  # type: ignore[no-untyped-call]
        for device in self._devices:
            device.hang_up()
        await stopped
        self._studio.stop()

    def _maker(self, plan: Plan, number: int) -> Callable[[Tell], Any]:
        firmware = self._firmware(plan)
        if plan.kind == "camera":
            film = Film(self._studio.draw, View(plan.name, number + 1, self._size))
            return lambda tell: CameraBoard(
                self._reactor, CameraClient(plan.name, field=plan.key is None), film, self._fps,
                tell, plan.key, firmware,
            )
        make, own = self._device_maker(plan, number)
        return lambda tell: make(
            self._reactor, DeviceClient(plan.id, plan.key is None, plan.kind), tell, plan.key,
            firmware=firmware, **own,
        )

    def _firmware(self, plan: Plan) -> Firmware | None:
        if plan.key is None:
            return None
        return Firmware(plan.id, plan.kind, plan.key, self._now, secrets.token_bytes)

    def _device_maker(self, plan: Plan, number: int) -> tuple[Callable[..., Any], dict[str, Any]]:
        if plan.kind == "watch":
            person = Person(NAMES[number % len(NAMES)], 62 + number * 7 % 20)
            return WatchBoard, {"person": person, "now": self._now, "habits": self._habits}
        cupboard = self._cupboards.setdefault(number, Cupboard(number))
        if plan.kind == "cabinet":
            return CabinetBoard, {"cupboard": cupboard, "habits": self._habits}
        return CabinetCameraBoard, {"cupboard": cupboard, "draw": self._studio.draw_shelf}
