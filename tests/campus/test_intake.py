"""From the broker to the disk."""

from __future__ import annotations

from twisted.logger import capturedLogs

from iotd.campus import intake as module
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


class WaitingTests(IntakeTest):
    """Messages that can't be saved yet: here because the register was not read."""

    async def test_field_messages_are_bounded(self) -> None:
        """Of what nobody sends again so many wait; the rest is counted, with two log lines."""
        self.patch(module, "MOST", 100)
        await self.intake.start_service()
        text = (TEXT, b"0 WiFi: BSSID: " + b"aa:bb:cc:dd:ee:01")
        with capturedLogs() as logs:
            kept = [self.intake.submit([text] * 50) for _ in range(2)]
            await self.until(self.fault)
            lost = self.intake.submit([text] * 30)
            mixed = self.intake.submit([text, (SEEN, seen(1)), text])
            self.successResultOf(lost)
            for each in (*kept, mixed):
                self.assertNoResult(each)
            self.assertEqual(self.metrics.get_sample_value("iotd_intake_dropped_total"), 32)
            self.assertEqual(self.metrics.get_sample_value("iotd_intake_waiting"), 101)
            await self.intake.identify_all(known())
            for each in (*kept, mixed):
                await each
        self.assertEqual(sum(len(batch.heard) for _, batch, _ in self.heard), 101)
        lines = [event for event in logs if "field gates" in event["log_format"]]
        self.assertEqual([each.get("count", each.get("most")) for each in lines], [100, 32])

    async def test_back_off(self) -> None:
        """It is tried again after 0.2 s, 0.4 s … 5 s, with one log line at either end."""
        with capturedLogs() as logs:
            await self.intake.start_service()
            told = self.intake.submit([(SEEN, seen(1))])
            waits = []
            for _ in range(8):
                await self.until(lambda: self.intake._timer is not None)
                waits.append(round(self.intake._timer.getTime() - self.clock.seconds(), 3))
                self.clock.advance(waits[-1])
            await self.until(lambda: self.intake._timer is not None)
            await self.intake.identify_all(known())
            await told
        self.assertEqual(waits, [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])
        self.assertEqual(self.fault(), "")
        self.assertEqual([event["log_level"].name for event in logs], ["error", "info"])

    async def test_stop_while_it_waits(self) -> None:
        """A stop tells that what was not saved is not: the broker must keep it."""
        await self.intake.start_service()
        told = self.intake.submit([(SEEN, seen(1))])
        await self.until(self.fault)
        await self.intake.stop_service()
        self.failureResultOf(told, Unavailable)
        self.assertEqual(self.spool.read(0, 9), [])

    async def test_stop_before_the_start(self) -> None:
        """An intake that was never started stops, too."""
        self.successResultOf(self.intake.stop_service())


class BrokenSpoolTests(IntakeTest):
    """A file that is begun anew."""

    async def test_identifiers_are_kept_again(self) -> None:
        """A new file gets the copy of the register, also in a quiet hour."""
        await self.start()
        before = self.spool.uuid
        with capturedLogs():
            self.spool._access.renew(ValueError("the test says so"), 5)
            self.spool.open()
        self.assertNotEqual(self.spool.uuid, before)
        self.assertIsNone(self.spool.known())
        self.clock.advance(1)
        await self.until(lambda: self.spool.known() is not None)
        self.assertEqual(self.spool.known(), known())

    async def test_folder_that_comes_later(self) -> None:
        """A disk that is not there at the start is waited for."""
        blocked = self.path.parent
        blocked.parent.mkdir(parents=True, exist_ok=True)
        blocked.write_bytes(b"")  # a file where the folder is to be
        with capturedLogs():
            started = self.intake.start_service()
            await self.until(self.fault)
            told = self.intake.submit([(SEEN, seen(1, MACS[ANNA]))])
            await self.intake.identify_all(known())
            self.assertNoResult(started)
            blocked.unlink()
            self.clock.advance(5)
            await started
            await told
        await self.until(lambda: self.spool.known() is not None)
        self.assertEqual(self.spool.known(), known())
        self.assertEqual(self.heard[0][1].heard[0].students, (ANNA,))


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
