"""The person that virtual watches are worn by."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.person import DAY, FEVER_EVERY, Person

START = 1_790_000_000.0 // DAY * DAY


class PersonTests(SynchronousTestCase):
    """Ada over the days."""

    def setUp(self) -> None:
        self.ada = Person("Ada")

    def moments(self, days: float) -> list[float]:
        """Every half hour of so many days."""
        return [START + number * 1800 for number in range(round(days * 48))]

    def test_same_moment_same_values(self) -> None:
        """What is drawn up as history is what the watch says live at that moment."""
        for now in self.moments(1):
            self.assertEqual(self.ada.measure(now), Person("Ada").measure(now))
        self.assertNotEqual(self.ada.measure(START), Person("Bo", 82).measure(START))

    def test_values_are_believable(self) -> None:
        """Over half a year nothing is measured that a person alive can't have."""
        for now in self.moments(183):
            self.assertTrue(45 <= self.ada.heart_rate(now) <= 130, now)
            self.assertTrue(35.8 <= self.ada.temperature(now) <= 39.0, now)
            self.assertTrue(92 <= self.ada.saturation(now) <= 100, now)
            systolic, diastolic = self.ada.pressure(now)
            self.assertTrue(95 <= systolic <= 145 and diastolic < systolic - 20, now)

    def test_sleep_is_calmer(self) -> None:
        """At night the heart beats slower than by day."""
        night = [self.ada.heart_rate(START + 3 * 3600 + n * 60) for n in range(60)]
        day = [self.ada.heart_rate(START + 12 * 3600 + n * 60) for n in range(60)]
        self.assertLess(sum(night) / 60 + 4, sum(day) / 60)

    def test_a_cold_comes_and_goes(self) -> None:
        """In every stretch of 37 days there is a fever, and most days have none."""
        warm = [now for now in self.moments(FEVER_EVERY) if self.ada.temperature(now) > 37.6]
        self.assertTrue(0 < len(warm) < 48 * 5)

    def test_field_watch_counts_fours(self) -> None:
        """A field watch counts 15 s, so that its rates are multiples of 4; temperatures vary."""
        texts = [self.ada.measure(now) for now in self.moments(2)]
        self.assertEqual({float(rate) % 4 for rate, _ in texts}, {0.0})
        self.assertGreater(len({heat for _, heat in texts}), 20)

    def test_watch_is_charged(self) -> None:
        """Once a day it is off for about an hour."""
        off = [now for now in self.moments(10) if not self.ada.wears(now)]
        self.assertTrue(10 <= len(off) <= 40)
