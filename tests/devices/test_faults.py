"""What devices got wrong: counted always, told now and then."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.faults import MAX_REMEMBERED, Faults


class FaultsTests(SynchronousTestCase):
    """Faults of devices."""

    def setUp(self) -> None:
        self.metrics, self.lines = CollectorRegistry(), list[Any]()
        self.patch(Faults, "_log", Logger(observer=self.lines.append))
        self.faults = Faults(self.metrics)

    def test_each_device_and_cause(self) -> None:
        """The 1st, 2nd, 4th … of each device and cause is a line; all are in the figures."""
        for _ in range(5):
            self.faults.add("wch", "reading", "nan")
        self.faults.add("wch", "message", "short")
        self.faults.add("wch-2", "reading", "nan")
        told = [(line["id"], line["cause"], line["count"]) for line in self.lines]
        self.assertEqual(told, [
            ("wch", "reading", 1), ("wch", "reading", 2), ("wch", "reading", 4),
            ("wch", "message", 1), ("wch-2", "reading", 1),
        ])
        name = "iotd_device_faults_total"
        self.assertEqual(self.metrics.get_sample_value(name, {"cause": "reading"}), 6)

    def test_memory(self) -> None:
        """Counts of devices that were long quiet are forgotten."""
        for number in range(MAX_REMEMBERED + 10):
            self.faults.add(f"d{number}", "reading", "nan")
        self.assertEqual(len(self.faults._counts), MAX_REMEMBERED)
