"""From the broker to the disk."""

from __future__ import annotations

from iotd.campus.model import Heard, Method
from iotd.campus.notes import Notes
from iotd.campus.batches import Batch
from iotd.errors import Unavailable
from tests.campus.intake_house import (
    ANNA, BERT, CARL, HASHER, MACS, NOW, SEEN, STRANGER, TEXT, IntakeTest, known, seen,
)

US = 1_000_000


class IntakeTests(IntakeTest):
    """What is told to be safe is on the disk."""

    async def test_safe_when_told(self) -> None:
        """When a submit fires, another reader of the file finds its messages."""
        await self.start()
        await self.intake.submit([(SEEN, seen(1, MACS[ANNA], STRANGER, MACS[BERT]))])
        (id, batch), = self.spool.read(0, 10)
        at = round(NOW * US)
        self.assertEqual(batch.heard, [
            Heard("gate-1", "b1", 1, at, at, 0, Method.WIFI, (ANNA, BERT), 0)
        ])
        self.assertEqual([told[:2] for told in self.heard], [(id, batch)])

    async def test_order(self) -> None:
        """What was submitted first has the lower id or place, however much there is."""
        await self.start()
        told = [
            self.intake.submit([(SEEN, seen(10 * n + m, MACS[ANNA])) for m in range(10)])
            for n in range(300)
        ]
        for each in told:
            await each
        found = [one.seq for _, batch in self.spool.read(0, 999) for one in batch.heard]
        self.assertEqual(found, [*range(3000)])
        self.assertEqual([told[0] for told in self.heard], sorted(t[0] for t in self.heard))

    async def test_nothing_to_keep(self) -> None:
        """What can never count is told to be done and costs no row."""
        await self.start()
        await self.intake.submit([(SEEN, b"rubbish"), (TEXT, b"0 WiFi: ")])
        self.assertEqual(self.spool.read(0, 10), [])
        (id, batch, notes), = self.heard
        self.assertEqual((id, bool(batch)), (None, False))
        self.assertEqual(notes.of("gate-1").faults, 1)
        await self.intake.submit([])

    async def test_stop_saves_what_waits(self) -> None:
        """A stop begins no new work and finishes what there is."""
        await self.start()
        told = self.intake.submit([(SEEN, seen(1, MACS[ANNA]))])
        await self.intake.stop_service()
        self.successResultOf(told)
        self.assertEqual(len(self.spool.read(0, 10)), 1)
        self.failureResultOf(self.intake.submit([(SEEN, seen(2))]), Unavailable)
        self.failureResultOf(self.intake.forget([1]), Unavailable)
        await self.intake.stop_service()

    async def test_who_is_told_may_fail(self) -> None:
        """An error of whoever hears of it is logged; the next is heard."""
        await self.start()

        def fails(id: int | None, batch: Batch, notes: Notes) -> None:
            raise ZeroDivisionError

        self.intake._on_spooled = fails
        await self.intake.submit([(SEEN, seen(1))])
        await self.intake.submit([(SEEN, seen(2))])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    async def test_done_goes_in_a_quiet_moment(self) -> None:
        """What the store has is deleted within a second, also when nothing more comes."""
        await self.start()
        await self.intake.submit([(SEEN, seen(1))])
        self.intake.done(self.heard[-1][0] or 0)
        self.assertEqual(self.intake.figures.show()["batches"], 1)
        self.clock.advance(1)
        await self.until(lambda: not self.spool.untidy)
        self.assertEqual(self.intake.figures.show()["batches"], 0)


class RegisterTests(IntakeTest):
    """Whose an address is, as the register changes."""

    async def students(self, *macs: str) -> tuple[int, ...]:
        """Whom a message with these addresses shows."""
        self.seq = getattr(self, "seq", 0) + 1
        await self.intake.submit([(SEEN, seen(self.seq, *macs))])
        return self.heard[-1][1].heard[-1].students

    async def test_changes_count_from_the_next_message_on(self) -> None:
        """Added, moved, taken away: also for addresses that were seen before."""
        await self.start()
        hash = HASHER.mac(STRANGER)
        self.assertEqual(await self.students(STRANGER, MACS[ANNA]), (ANNA,))
        await self.intake.identify([(hash, CARL, None)])
        self.assertEqual(await self.students(STRANGER, MACS[ANNA]), (CARL, ANNA))
        await self.intake.identify([(hash, BERT, round((NOW - 1) * US))])
        self.assertEqual(await self.students(STRANGER), ())
        await self.intake.identify([(HASHER.mac(MACS[ANNA]), None, None)])
        self.assertEqual(await self.students(MACS[ANNA], MACS[BERT]), (BERT,))
        self.assertEqual(self.spool.known(), {
            hash: (BERT, round((NOW - 1) * US)),
            **{HASHER.mac(MACS[one]): (one, None) for one in (BERT, CARL)},
        })

    async def test_store_away_at_start(self) -> None:
        """The copy in the spool recognises students before the register was read."""
        await self.start()
        await self.intake.stop_service()
        self.spool.close()
        self.spool, self.intake = self.build()
        await self.intake.start_service()
        self.assertEqual(await self.students(MACS[BERT]), (BERT,))
        await self.intake.identify_all({HASHER.mac(MACS[BERT]): (CARL, None)})
        self.assertEqual(await self.students(MACS[BERT]), (CARL,))

    async def test_nobody_is_a_stranger_too_soon(self) -> None:
        """Without a register and without a copy of it messages wait; the check says why."""
        await self.intake.start_service()
        told = self.intake.submit([(SEEN, seen(1, MACS[ANNA]))])
        await self.until(self.fault)
        self.assertNoResult(told)
        self.assertIn("the register was not read yet", self.fault())
        await self.intake.identify_all(known())
        await told
        self.intake.check()
        self.assertEqual(self.heard[-1][1].heard[-1].students, (ANNA,))

    async def test_erased(self) -> None:
        """Who is erased stands in nothing that waits, and the messages still count."""
        await self.start()
        await self.students(MACS[ANNA], MACS[BERT])
        await self.intake.forget([ANNA])
        (_, batch), = self.spool.read(0, 9)
        self.assertEqual([one.students for one in batch.heard], [(BERT,)])
