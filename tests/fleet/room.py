"""The fleet over real parts, on a fake clock, and boards that tell of themselves."""

from __future__ import annotations

from typing import Any

from iotd.bus import AlertWanted, BoardChanged, BoardTold
from iotd.fleet.service import Fleet
from iotd.wire.board_lines import Report
from tests.devices.room import DevicePartsTest

SILENT = 900.0


class FleetTest(DevicePartsTest):
    """The fleet beside devices and cameras; boards come over the device wire."""

    enrolment = "approve"
    silent_seconds = SILENT

    def build(self) -> None:
        """All parts anew, on the same folder: also what a restart does."""
        DevicePartsTest.build(self)
        self.fleet = self.build_fleet()
        self.store.call(self.fleet.load)
        self.fleet.start_service()
        self.alerts: list[AlertWanted] = []
        self.shown: list[BoardChanged] = []
        self.bus.subscribe(AlertWanted, self.alerts.append)
        self.bus.subscribe(BoardChanged, self.shown.append)

    def build_fleet(self) -> Fleet:
        """The service under test."""
        return Fleet(
            store=self.store, bus=self.bus, registry=self.registry, clock=self.clock,
            now=self.now, silent_seconds=self.silent_seconds, metrics=self.metrics,
        )

    async def with_key(self, id: str, kind: str = "watch") -> str:
        """The key of a new device."""
        return await self.registry.make_key(id, kind, "ada")

    def tells(self, id: str, **report: Any) -> None:
        """A board tells of itself."""
        self.bus.publish(BoardTold(id, "dev", Report(**report), self.now()))

    def turn(self, seconds: float) -> None:
        """Time passes, in steps of a second: what hears every second hears it."""
        for _ in range(round(seconds)):
            self.clock.advance(1.0)

    def begun(self, cause: str) -> list[str]:
        """The boards of which an alarm of this cause began and has not ended."""
        on: dict[str, bool] = {}
        for alert in self.alerts:
            if alert.cause == cause:
                on[str(alert.device)] = alert.active
        return [id for id, active in on.items() if active]

    async def restart(self) -> None:
        """The daemon ends and starts again."""
        await self.tear_down()
        self.build()

    async def tear_down(self) -> None:  # type: ignore[override]
        """Close everything; no timer may remain."""
        for protocol in tuple(self.devices._connections):
            self.disconnect(protocol)
        await self.fleet.stop_service()
        await DevicePartsTest.tear_down(self)
