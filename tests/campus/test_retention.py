"""Old sightings go, a few at a time, while everything else goes on."""

from __future__ import annotations

from typing import Any

from iotd.campus import applier, retention
from iotd.campus.model import KEPT, SECOND
from iotd.campus.movements import PRUNE_EVERY
from tests.campus.movement_room import MovementTest
from tests.campus.work_room import ENTRY, EXIT
from tests.databases import both

WEEK = KEPT // SECOND


@both
class RetentionTests(MovementTest):
    """The timer of :class:`iotd.campus.movements.Movements`."""

    students = 5

    async def see(self, seconds: float, direction: int, *rollnos: str) -> None:
        """One commit."""
        heard = [self.seen(seconds, direction, rollno) for rollno in rollnos]
        await self.movements.commit(lambda work: work.hear(heard))

    async def pruned(self) -> None:
        """Let the timer look, as often as it wants to."""
        for _ in range(10):
            self.clock.advance(PRUNE_EVERY)
            while self.movements._pruning is not None:
                await self.settled()

    def settled(self) -> Any:
        """Fires when the writer has done what it was given."""
        return self.store.run(lambda connection: None)

    async def left(self) -> list[tuple[int, float]]:
        """Part and second of each sighting."""
        rows = await self.store.read(lambda connection: connection.exec_driver_sql(
            "SELECT part, at FROM campus_sightings ORDER BY part, at"
        ).all())
        return [(part, round(at / SECOND) - 1_800_000_000) for part, at in rows]

    async def test_old_parts_go(self) -> None:
        """Parts that are empty are forgotten; those of students who were away since stay."""
        self.patch(applier, "PART_ROWS", 4)
        self.patch(retention, "AT_ONCE", 2)
        await self.see(0, ENTRY, "R1", "R2", "R3", "R4")
        await self.see(10, ENTRY, "R1", "R2", "R3", "R5")
        self.movements.start_service()
        await self.pruned()
        self.assertEqual(len(await self.left()), 8)
        await self.see(WEEK + 5, EXIT, "R1", "R2", "R3", "R4")
        await self.pruned()
        self.assertEqual(await self.left(), [(2, 10)] * 4 + [(3, WEEK + 5)] * 4)
        self.assertEqual([*self.movements.memory.parts], [2, 3])
        await self.see(WEEK + 20, EXIT, "R1", "R2", "R3")
        await self.pruned()
        self.assertEqual(await self.left(), [(2, 10)] + [(3, WEEK + 5)] * 4 + [(4, WEEK + 20)] * 3)
        self.check_memory()
        # R5 was seen last at 10: that one counts still
        await self.see(9, EXIT, "R5")
        self.assertEqual(await self.moved("R5"), [(9, "exit")])
        await self.movements.stop_service()

    async def test_a_store_that_is_away_is_asked_later(self) -> None:
        """Nothing is lost by it but time."""
        await self.see(0, ENTRY, "R1")
        await self.see(10, ENTRY, "R2")
        await self.see(WEEK + 5, EXIT, "R1")
        self.movements.start_service()
        self.store.away = True
        self.clock.advance(PRUNE_EVERY)
        self.store.away = False
        await self.pruned()
        self.assertEqual([at for _, at in await self.left()], [10, WEEK + 5])
        await self.movements.stop_service()
