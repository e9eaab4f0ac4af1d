"""What messages of gates become."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus import hearing as module
from iotd.campus.batches import Batch
from iotd.campus.hearing import AHEAD, EARLIEST, Hearing
from iotd.campus.model import NO_CLOCK, SKEWED, Heard, Method
from iotd.campus.notes import FAULTS, Notes
from iotd.campus.routes import Route
from iotd.wire.gate_messages import backlog_payload, badge_payload, seen_payload, text_payload
from tests.campus.intake_house import (
    ANNA, BADGE, BERT, CARL, HASHER, MACS, NOW, SEEN, STRANGER, TEXT, known, seen,
)

US = 1_000_000
AT = round(NOW * US)


class HearingTest(SynchronousTestCase):
    """A hearing that knows Anna's, Bert's and Carl's phones."""

    def setUp(self) -> None:
        self.hearing = Hearing(HASHER, Calendar("Europe/Berlin"), -80, True)
        self.hearing.owners.replace(known())

    def hear(self, *work: tuple[Route, bytes], at: int = AT) -> tuple[Batch, Notes]:
        """These messages, all received at ``at``."""
        return self.hearing.hear([(route, payload, at) for route, payload in work])

    def students(self, route: Route, *seen: tuple[str, float | None]) -> tuple[int, ...]:
        """Whom a gate sees that saw these."""
        batch, _ = self.hear((route, seen_payload("b1", 1, NOW, 0, seen)))
        return batch.heard[0].students


class WhoTests(HearingTest):
    """Whose an address or badge is."""

    def test_each_student_once(self) -> None:
        """Strongest first, each once, however many phones they have."""
        self.hearing.owners.change({HASHER.mac(STRANGER): (ANNA, None)}, [])
        self.assertEqual(
            self.students(SEEN, (MACS[BERT], -50), (STRANGER, -60), (MACS[ANNA], -70)),
            (BERT, ANNA),
        )

    def test_floor(self) -> None:
        """What is weaker than the gate's own floor, or else the house's, is not there."""
        near = Route("gate-2", "seen", True, -60)
        sights = ((MACS[ANNA], -60), (MACS[BERT], -61), (MACS[CARL], None))
        self.assertEqual(self.students(near, *sights), (ANNA, CARL))
        self.assertEqual(self.students(SEEN, *sights), (ANNA, BERT, CARL))
        _, notes = self.hear((near, seen_payload("b1", 2, NOW, 0, sights)))
        self.assertEqual(notes.of("gate-2").below_floor, 1)
        near.min_rssi = -61
        self.assertEqual(self.students(near, *sights), (ANNA, BERT, CARL))

    def test_expired(self) -> None:
        """An identifier ends with its moment, by the event's time and not the arrival's."""
        self.hearing.owners.replace({HASHER.mac(MACS[ANNA]): (ANNA, AT)})
        batch, notes = self.hear(
            (SEEN, seen(1, MACS[ANNA], ts=NOW - 1e-6)), (SEEN, seen(2, MACS[ANNA], ts=NOW))
        )
        self.assertEqual([one.students for one in batch.heard], [(ANNA,), ()])
        self.assertEqual(notes.of("gate-1").strangers, 1)

    def test_badges(self) -> None:
        """A card is its holder's with the method it was registered for."""
        self.hearing.owners.change({HASHER.badge("04A1B2C3", "rfid"): (BERT, AT + 5)}, [])
        batch, notes = self.hear(
            (BADGE, badge_payload("b1", 5, NOW, 1, "04:a1:b2:c3")),
            (BADGE, badge_payload("b1", 6, NOW, 1, "04A1B2C3", "face")),
            (BADGE, badge_payload("b1", 7, NOW + 1, 1, "04A1B2C3")),
        )
        self.assertEqual(
            [(one.seq, one.method, one.students) for one in batch.heard],
            [(5, Method.RFID, (BERT,)), (6, Method.FACE, ()), (7, Method.RFID, ())],
        )
        self.assertEqual([fault.reason[:13] for fault in notes.faults], ["unknown badge"] * 2)
        self.assertNotIn("A1B2", str(notes.faults).upper())

    def test_field_gates(self) -> None:
        """They have no number and no time; what names nobody of the register is not kept."""
        exit = Route("sample-exit", "text", True)
        batch, notes = self.hear(
            (TEXT, text_payload(0, [(MACS[ANNA], -45)])), (exit, text_payload(1, [])),
            (exit, text_payload(1, [(MACS[ANNA], -45), (STRANGER, -45)])),
        )
        self.assertEqual(batch.heard, [
            Heard("sample-entry", None, None, AT, AT, 0, Method.WIFI, (ANNA,), 0),
            Heard("sample-exit", None, None, AT, AT, 1, Method.WIFI, (ANNA,), 0),
        ])
        figures = notes.of("sample-exit")
        self.assertEqual((figures.messages, figures.strangers, figures.direction), (2, 1, 1))


class TimeTests(HearingTest):
    """When it was."""

    def test_ends(self) -> None:
        """From 2020 to five minutes ahead the gate's time counts, to the microsecond."""
        for ts, at, flags in (
            (None, AT, NO_CLOCK), (0, AT, SKEWED), (-1e299, AT, SKEWED), (1e299, AT, SKEWED),
            (EARLIEST - 0.001, AT, SKEWED), (EARLIEST, EARLIEST * US, 0),
            (NOW + AHEAD, AT + AHEAD * US, 0), (NOW + AHEAD + 0.001, AT, SKEWED),
            (1732150000.2, 1732150000200000, 0), (NOW * 1000, AT, SKEWED),
        ):
            batch, notes = self.hear((SEEN, seen(1, ts=ts)))
            one = batch.heard[0]
            self.assertEqual((one.at, one.received_at, one.flags), (at, AT, flags), ts)
            figures = notes.of("gate-1")
            self.assertEqual(
                (figures.skewed, figures.no_clock), (flags == SKEWED, flags == NO_CLOCK)
            )


class FaultTests(HearingTest):
    """What can't be read, and what must not be heard."""

    def test_pending(self) -> None:
        """Of a gate that is not approved nothing is kept; it is counted."""
        waiting = Route("gate-3", "seen", False)
        batch, notes = self.hear((waiting, seen(1, MACS[ANNA])), (waiting, b"rubbish"))
        self.assertFalse(batch)
        figures = notes.of("gate-3")
        self.assertEqual((figures.held, figures.messages, figures.faults), (2, 0, 0))

    def test_bad_among_good(self) -> None:
        """Bad messages are counted and shown by their form; those around them count."""
        rubbish = b'{"boot":"b1","seq":2,"seen":[{"mac":"aa:bb:cc:dd:ee:01"'
        batch, notes = self.hear(
            (SEEN, seen(1, MACS[ANNA])), (SEEN, rubbish), (SEEN, seen(3, MACS[ANNA])),
            (BADGE, b"[]"), (TEXT, b"?"), (Route("gate-1", "status", True), b"online"),
        )
        self.assertEqual([one.seq for one in batch.heard], [1, 3])
        self.assertEqual([fault.gate for fault in notes.faults], ["gate-1", "sample-entry"])
        self.assertEqual(notes.of("gate-1").messages, 3)
        self.assertIn('"mac":"xx:xx:xx:xx:xx:xx"', notes.faults[0].sample)

    def test_bad_address_keeps_the_number(self) -> None:
        """A message with a bad address counts, or its number would be asked for for ever."""
        payload = seen(9, MACS[ANNA], STRANGER).replace(b"02:00", b"zz:00")
        batch, notes = self.hear((SEEN, payload))
        self.assertEqual([(one.seq, one.students) for one in batch.heard], [(9, (ANNA,))])
        self.assertEqual(notes.of("gate-1").faults, 1)

    def test_many_faults(self) -> None:
        """Of one gate only so many are kept in words; all are counted."""
        backlog = backlog_payload([b"{}"] * 500)
        _, notes = self.hear((SEEN, backlog), (TEXT, b""))
        self.assertEqual(notes.of("gate-1").faults, 500)
        self.assertEqual(len(notes.faults), FAULTS + 1)

    def test_own_error(self) -> None:
        """An error of ours costs one message and leaves a line in the log."""
        self.patch(module, "parse_badge", lambda payload: 1 / 0)
        batch, notes = self.hear((BADGE, b"[]"), (SEEN, seen(2)))
        self.assertEqual([one.seq for one in batch.heard], [2])
        self.assertEqual(notes.of("gate-1").faults, 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class BatchTests(SynchronousTestCase):
    """As it stands in the spool."""

    heard = st.builds(
        Heard, st.text(max_size=9), st.none() | st.text(max_size=9), st.none() | st.integers(0),
        st.integers(), st.integers(), st.integers(0, 1), st.sampled_from([*Method]),
        st.lists(st.integers(1, 9), max_size=4).map(tuple), st.integers(0, 15),
    )
    batches = st.builds(
        Batch, st.lists(heard, max_size=5),
        st.dictionaries(st.tuples(st.dates().map(str), st.integers(0, 24), st.text(max_size=5)),
                        st.integers(1), max_size=4),
    )

    @settings(deadline=None)
    @given(batches)
    def test_it_comes_back(self, batch: Batch) -> None:
        """What was written is what is read."""
        self.assertEqual(Batch.from_json(batch.to_json()), batch)

    @settings(deadline=None)
    @given(batches, st.sets(st.integers(1, 9)))
    def test_without(self, batch: Batch, gone: set[int]) -> None:
        """The others stay, and all messages do."""
        found = batch.without(gone)
        expected: list[Any] = [[s for s in one.students if s not in gone] for one in batch.heard]
        self.assertEqual([[*one.students] for one in found.heard], expected)
        self.assertEqual([one._replace(students=()) for one in found.heard],
                         [one._replace(students=()) for one in batch.heard])
        self.assertEqual(found.strangers, batch.strangers)
