"""The devices' table, on both databases."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from iotd.devices import records
from iotd.devices.model import Approval, Device
from tests.databases import DatabaseTest, both

CAMERA = Device(
    "cam-10-0-0-7", "Front door", "camera", Approval.PENDING, "cam", 1000.25, "10.0.0.7",
    last_seen=1001.5, rssi=-60, firmware="1.2",
)


@both
class DevicesTests(DatabaseTest, SynchronousTestCase):
    """Devices in and out."""

    def test_round_trip(self) -> None:
        """What is saved is read back equal, a second save updates the one row."""
        connection = self.connect()
        records.save_device(connection, CAMERA)
        self.assertEqual(records.all_devices(connection), [CAMERA])
        changed = replace(CAMERA, approval=Approval.APPROVED, key_sealed="x" * 200, rssi=None)
        records.save_device(connection, changed)
        self.assertEqual(records.all_devices(connection), [changed])

    def test_touch(self) -> None:
        """Only last_seen of the named devices changes."""
        connection = self.connect()
        other = replace(CAMERA, id="cam-10-0-0-8")
        for device in (CAMERA, other):
            records.save_device(connection, device)
        records.touch_devices(connection, {other.id: 2000.5, "unknown": 1.0})
        self.assertEqual(
            records.all_devices(connection), [CAMERA, replace(other, last_seen=2000.5)]
        )

    def test_merge(self) -> None:
        """A duplicate vanishes into the device that it is."""
        connection = self.connect()
        duplicate = replace(CAMERA, id="cam-10-0-0-9", address="10.0.0.9")
        for device in (CAMERA, duplicate):
            records.save_device(connection, device)
        changes = {"address": "10.0.0.9", "approval": Approval.APPROVED}
        records.merge_device(connection, duplicate.id, CAMERA.id, changes)
        self.assertEqual(records.all_devices(connection), [replace(CAMERA, **changes)])

    def test_change(self) -> None:
        """Only the named columns change, and a device that is gone stays gone."""
        connection = self.connect()
        records.save_device(connection, CAMERA)
        for id in (CAMERA.id, "unknown"):
            records.change_device(connection, id, {"approval": Approval.REVOKED})
            records.change_device(connection, id, {})
        self.assertEqual(
            records.all_devices(connection), [replace(CAMERA, approval=Approval.REVOKED)]
        )

    def test_remove(self) -> None:
        """A removed device is gone; removing it again does nothing."""
        connection = self.connect()
        records.save_device(connection, CAMERA)
        records.remove_device(connection, CAMERA.id)
        records.remove_device(connection, CAMERA.id)
        self.assertEqual(records.all_devices(connection), [])
