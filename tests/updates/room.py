"""A small firmware, releases of it, and updates over real parts on a fake clock."""

from __future__ import annotations

import atexit
import functools
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from iotd.bus import AlertWanted, BoardTold, RolloutChanged
from iotd.simulate.firmware import Firmware, Updating
from iotd.updates.firmware import KINDS
from iotd.updates.releases import Releases
from iotd.updates.service import Updates
from tests.devices.room import DevicePartsTest
from tests.parts import NOW

TEXTS = ("first", "second", "third")


def write_source(folder: Path, text: str = "first", version: str = "1.0.0") -> Path:
    """Board code of all kinds that is quickly compiled; ``text`` is in it."""
    for kind in KINDS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / "main.py").write_text(f"print({f'{text} {kind}'!r})\n")
        (folder / kind / "settings.example.json").write_text("{}")
    (folder / "common").mkdir(exist_ok=True)
    (folder / "common" / "__init__.py").write_text("")
    (folder / "common" / "link.py").write_text("STEPS = [\n" + "    0,\n" * 300 + "]\n")
    (folder / "camera" / "sensors").mkdir(exist_ok=True)
    (folder / "camera" / "sensors" / "__init__.py").write_text("WIDTH = 320\n")
    (folder / "VERSION").write_text(version + "\n")
    return folder


class SimulatedBoard:
    """A board on a line of its own to ``Updates.hear``; ``here`` while it is linked.

    ``told`` is all that it was told; it takes updates as boards do, see iotd.simulate.
    """

    wire = "dev"

    def __init__(self, test: UpdatesTest, id: str, key: str, kind: str, build: int) -> None:
        self._test, self.id = test, id
        self.told: list[str] = []
        self.here, self.mute = False, False
        dice = random.Random(id)
        self.firmware = Firmware(
            id, kind, bytes.fromhex(key), test.now, dice.randbytes, build=build)
        self._updating = self._new_link()

    def _new_link(self) -> Updating:
        return Updating(self.firmware, self.say, self.leave)

    def come(self) -> None:
        """It connects, and tells of itself."""
        self.here, self._updating = True, self._new_link()
        self._test.link(self.id, True)
        self.tell()

    def leave(self) -> None:
        """Its link is gone: also what starting anew does."""
        self.here = False
        self._test.link(self.id, False)

    def tell(self) -> None:
        """It tells of itself, as every half minute."""
        self.say(self.firmware.report())

    def say(self, text: str) -> None:
        """A line from it."""
        if self.here:
            self._test.assertTrue(self._test.updates.hear(self.id, self.wire, text, self.hear))

    def hear(self, line: str) -> None:
        """A line to it; an answer is heard when the reactor turns, as over a wire."""
        self.told.append(line)
        if not self.mute:
            self._test.clock.callLater(0, self._updating.hear, line)


class UpdatesTest(DevicePartsTest):
    """Updates beside devices; boards come over no wire but tell their lines at once."""

    enrolment = "approve"

    def build(self) -> None:
        """All parts anew, on the same folder: also what a restart does."""
        DevicePartsTest.build(self)
        self.releases = Releases(self.folder / "firmware")
        self.updates = Updates(
            store=self.store, bus=self.bus, registry=self.registry, releases=self.releases,
            clock=self.clock, now=self.now, in_thread=self.in_thread, metrics=self.metrics,
        )
        self.registry.on_board_line = self.updates.hear
        self.store.call(self.updates.load)
        self.updates.start_service()
        self.office = self.updates.office
        self.heard: list[BoardTold] = []
        self.shown: list[RolloutChanged] = []
        self.alerts: list[AlertWanted] = []
        self.bus.subscribe(BoardTold, self.heard.append)
        self.bus.subscribe(RolloutChanged, self.shown.append)
        self.bus.subscribe(AlertWanted, self.alerts.append)

    def release(self, text: str) -> int:
        """The build of a release of small firmware: of "first" 1, of "second" 2, …"""
        return copy_release(self.folder / "firmware", text)

    async def simulated(self, id: str, kind: str = "watch", build: int = 1) -> SimulatedBoard:
        """A board with a key that is not there yet."""
        key = await self.registry.make_key(id, kind, "ada")
        return SimulatedBoard(self, id, key, kind, build)

    async def simulated_many(self, count: int, here: bool = True) -> list[SimulatedBoard]:
        """So many watches."""
        boards = [await self.simulated(f"w-{number:02}") for number in range(count)]
        for board in boards if here else ():
            board.come()
        return boards

    def link(self, id: str, there: bool) -> None:
        """The registry sees a board come or go."""
        roster = self.registry._roster
        if there:
            roster.connect(self.registry.device(id), _NoLink())
        elif id in roster.links:
            roster.leave(id, roster.links[id])

    async def turn(self, seconds: float) -> None:
        """Time passes, from one thing that happens to the next, and what happened is saved."""
        end = self.clock.seconds() + seconds
        while (now := self.clock.seconds()) < end:
            calls: list[Any] = list(self.clock.getDelayedCalls())
            due = min((call.getTime() for call in calls), default=end)
            self.clock.advance(max(0.0, min(due, end) - now))
        await self.settled()
        await self.settled()

    async def live(self, boards: list[SimulatedBoard], seconds: float, away: float = 2.0) -> None:
        """Boards report every half minute; one that started anew is back after ``away`` s."""
        for _ in range(round(seconds / 30)):
            await self.turn(30.0 - away)
            for board in boards:
                if not board.here and not getattr(board, "lost", False):
                    board.come()
            await self.turn(away)
            for board in boards:
                if board.here:
                    board.tell()

    def of_each(self, rollout: dict[str, Any]) -> dict[str, str]:
        """Of each board."""
        return {board["device"]: board["state"] for board in rollout["boards"]}

    async def restart(self) -> None:
        """The daemon ends and starts again."""
        await self.tear_down()
        self.build()

    async def tear_down(self) -> None:  # type: ignore[override]
        """Close everything; no timer may remain."""
        for protocol in tuple(self.devices._connections):
            self.disconnect(protocol)
        await self.updates.stop_service()
        calls: list[Any] = list(self.clock.getDelayedCalls())
        for call in calls:
            if getattr(call.func, "__name__", "") == "hear":  # a line that is on its way to a board
                call.cancel()
        await DevicePartsTest.tear_down(self)


def copy_release(home: Path, text: str) -> int:
    """Put a release of small firmware into a folder of releases; its build."""
    build, made = TEXTS.index(text) + 1, _all_releases()
    for part in ("files", str(build)):
        shutil.copytree(made / part, home / part, dirs_exist_ok=True)
    for key in ("key", "key.pub"):
        shutil.copy(made / key, home / key)
    return build


@functools.cache
def _all_releases() -> Path:
    """Of each text one, made once in this process."""
    folder = Path(tempfile.mkdtemp(prefix="iotd-releases-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for text in TEXTS:
        Releases(folder / "firmware").make(write_source(folder / "source", text), now=NOW)
    return folder / "firmware"


class _NoLink:
    """A connection that is there and does nothing."""

    address, heard_at = "10.0.0.9", 0.0

    def last_heard(self, now: float) -> float:
        """It is there."""
        return now

    def close(self, reason: str) -> None:
        """It has to go."""

    def admitted(self, id: str) -> None:
        """It may work."""

    def command(self, text: str, by: str) -> None:
        """It is told something."""

    def hold(self) -> None:
        """It has to wait."""
