"""What is kept of cameras, on both databases."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.cameras import records
from iotd.devices.records import remove_device, save_device
from tests.databases import DatabaseTest, both
from tests.devices.test_records import CAMERA


@both
class CamerasTests(DatabaseTest, SynchronousTestCase):
    """Started or stopped."""

    def test_remembered(self) -> None:
        """The last press counts; a camera nobody touched has no row; a removed one none either."""
        connection = self.connect()
        save_device(connection, CAMERA)
        self.assertEqual(records.all_started(connection), {})
        for started in (True, False, True):
            records.save_started(connection, CAMERA.id, started)
            self.assertEqual(records.all_started(connection), {CAMERA.id: started})
        remove_device(connection, CAMERA.id)
        self.assertEqual(records.all_started(connection), {})
