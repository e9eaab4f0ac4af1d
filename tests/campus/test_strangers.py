"""Unregistered devices, told apart for a day."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus.batches import Strangers
from iotd.campus.hearing import Hearing
from iotd.campus.routes import Route
from iotd.campus.strangers import ALL_GATES, WHOLE_DAY, DayKey
from iotd.wire.gate_messages import seen_payload
from tests.campus.intake_house import HASHER, MACS, ANNA, known

US = 1_000_000
CALENDAR = Calendar("Europe/Berlin")
MORNING = 1_795_676_400  # 2026-11-26 08:00 in Berlin
MIDNIGHT = int(CALENDAR.span("2026-11-26")[1])


class StrangersTest(SynchronousTestCase):
    """What is counted, by day, hour and gate."""

    def setUp(self) -> None:
        self.hearing = Hearing(HASHER, CALENDAR, -100, True)
        self.hearing.owners.replace(known())
        self.seq = 0

    def saw(self, gate: str, at: float, *macs: str, received: float | None = None) -> Strangers:
        """What is new when a gate saw these."""
        self.seq += 1
        payload = seen_payload("b1", self.seq, at, 0, [(mac, -50) for mac in macs])
        received_at = round((at if received is None else received) * US)
        batch, _ = self.hearing.hear([(Route(gate, "seen", True), payload, received_at)])
        return batch.strangers


class CountTests(StrangersTest):
    """Different devices, each once in each place."""

    def test_places(self) -> None:
        """A new device is new in its hour and day, at its gate and everywhere."""
        day = "2026-11-26"
        self.assertEqual(self.saw("north", MORNING, "02000000000a", MACS[ANNA]), {
            (day, 8, "north"): 1, (day, WHOLE_DAY, "north"): 1,
            (day, 8, ALL_GATES): 1, (day, WHOLE_DAY, ALL_GATES): 1,
        })
        self.assertEqual(self.saw("north", MORNING + 9, "02000000000a"), {})
        self.assertEqual(self.saw("south", MORNING + 9, "02000000000a"), {
            (day, 8, "south"): 1, (day, WHOLE_DAY, "south"): 1,
        })
        self.assertEqual(self.saw("north", MORNING + 3600, "02000000000a"), {
            (day, 9, "north"): 1, (day, 9, ALL_GATES): 1,
        })

    def test_expired_phones_count(self) -> None:
        """What was somebody's is a stranger's from its end on."""
        self.hearing.owners.replace({HASHER.mac(MACS[ANNA]): (ANNA, MORNING * US)})
        self.assertEqual(self.saw("north", MORNING - 1, MACS[ANNA]), {})
        self.assertEqual(len(self.saw("north", MORNING, MACS[ANNA])), 4)
        self.assertEqual(self.saw("north", MORNING + 1, MACS[ANNA]), {})

    def test_midnight(self) -> None:
        """After local midnight a known device is new; yesterday's are not counted any more."""
        self.saw("north", MIDNIGHT - 1, "02000000000a")
        new = self.saw("north", MIDNIGHT, "02000000000a")
        self.assertEqual({place[:2] for place in new}, {("2026-11-27", 0), ("2026-11-27", 24)})
        late = self.saw("north", MIDNIGHT - 1, "02000000000b", received=MIDNIGHT + 5)
        self.assertEqual(late, {})

    def test_fast_clock(self) -> None:
        """A gate whose clock is ahead begins no new day."""
        new = self.saw("north", MIDNIGHT + 100, "02000000000a", received=MIDNIGHT - 100)
        self.assertEqual({place[0] for place in new}, {"2026-11-26"})
        self.assertEqual(self.saw("north", MIDNIGHT - 50, "02000000000a"), {})

    def test_backlog_of_today(self) -> None:
        """Late ones of today count in their own hour."""
        new = self.saw("north", MORNING, "02000000000a", received=MORNING + 7200)
        self.assertIn(("2026-11-26", 8, "north"), new)

    def test_off(self) -> None:
        """Nothing is counted when the operator does not want it."""
        self.hearing = Hearing(HASHER, CALENDAR, -100, False)
        self.assertEqual(self.saw("north", MORNING, "02000000000a"), {})

    @settings(deadline=None, max_examples=60)
    @given(st.lists(st.tuples(
        st.sampled_from("abc"), st.integers(0, 86400 * 2), st.lists(st.integers(1, 9), max_size=4)
    ), max_size=40))
    def test_sums(self, sightings: list[tuple[str, int, list[int]]]) -> None:
        """All that was said to be new adds up to the number of different devices."""
        self.hearing = Hearing(HASHER, CALENDAR, -100, True)
        counted: dict[tuple[str, int, str], int] = defaultdict(int)
        devices: dict[tuple[str, int, str], set[int]] = defaultdict(set)
        for gate, after, numbers in sorted(sightings, key=lambda one: one[1]):
            at = MORNING + after
            macs = [f"0200000000{number:02x}" for number in numbers]
            for place, new in self.saw(gate, at, *macs).items():
                counted[place] += new
            local = CALENDAR.local(at)
            for hour in (local.hour, WHOLE_DAY):
                for where in (gate, ALL_GATES):
                    devices[local.date().isoformat(), hour, where].update(numbers)
        self.assertEqual(counted, {place: len(them) for place, them in devices.items() if them})


class KeyTests(SynchronousTestCase):
    """The key of a day."""

    def test_days_have_nothing_in_common(self) -> None:
        """What a device is called today says nothing about tomorrow."""
        key = DayKey(CALENDAR)
        key.turn(MORNING * US)
        today = key.digest("02000000000a")
        self.assertEqual(key.digest("02000000000a"), today)
        self.assertFalse(key.turn((MIDNIGHT - 1) * US))
        self.assertTrue(key.turn(MIDNIGHT * US))
        self.assertNotEqual(key.digest("02000000000a"), today)
        self.assertNotEqual(DayKey(CALENDAR).digest("02000000000a"), key.digest("02000000000a"))

    def test_local_hours(self) -> None:
        """Hours are those on the wall, in zones of any quarter, in summer and winter."""
        for zone in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"):
            key, calendar = DayKey(Calendar(zone)), Calendar(zone)
            for at in range(MORNING - 200 * 86400, MORNING, 86400 * 3 + 1777):
                local = calendar.local(at)
                self.assertEqual(key.hour_of(at * US), (local.date().isoformat(), local.hour))
