"""The rules of devices: names, states, failures."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.index import Known
from iotd.devices.model import (
    Approval, Device, Failures, camera_name, check_id, state, waits_because,
)
from iotd.errors import Invalid

HERE = "10.0.0.7"


def device(id: str, address: str = HERE, key: str | None = None) -> Device:
    """An approved camera."""
    return Device(id, id, "camera", Approval.APPROVED, "cam", 0.0, address, key)


class NameTests(SynchronousTestCase):
    """What a device without a key is called."""

    def name(self, *known: Device, connected: tuple[str, ...] = ()) -> str:
        """The name of a new connection from HERE."""
        devices = Known()
        devices.update({each.id: each for each in known})
        return devices.camera_here(HERE, connected)

    def test_addresses(self) -> None:
        """Dots and colons become dashes, in IPv4 and IPv6."""
        self.assertEqual(camera_name("10.0.0.7"), "cam-10-0-0-7")
        self.assertEqual(camera_name("fe80::1A"), "cam-fe80--1a")

    def test_new(self) -> None:
        """The first connection of an address has the plain name."""
        self.assertEqual(self.name(), "cam-10-0-0-7")

    def test_known_and_away(self) -> None:
        """A known device that is not connected gets its name back."""
        self.assertEqual(self.name(device("cam-10-0-0-7")), "cam-10-0-0-7")

    def test_connected_names_are_taken(self) -> None:
        """The lowest number that is not connected is taken, tenth after ninth."""
        names = ["cam-10-0-0-7", *(f"cam-10-0-0-7-{n}" for n in range(2, 12))]
        known = [device(name) for name in names]
        self.assertEqual(self.name(*known, connected=tuple(names)), "cam-10-0-0-7-12")
        self.assertEqual(
            self.name(*known, connected=(*names[:8], names[9])), "cam-10-0-0-7-9"
        )

    def test_names_with_a_key(self) -> None:
        """A name that has a key is never given to a connection without one."""
        self.assertEqual(self.name(device("cam-10-0-0-7", key="sealed")), "cam-10-0-0-7-2")

    def test_devices_that_moved_away(self) -> None:
        """A name whose device lives elsewhere now is not taken over."""
        self.assertEqual(self.name(device("cam-10-0-0-7", "10.0.0.9")), "cam-10-0-0-7-2")

    def test_devices_that_moved_here(self) -> None:
        """A device that a person moved to this address comes first."""
        self.assertEqual(self.name(device("cam-10-0-0-2")), "cam-10-0-0-2")

    def test_neighbours(self) -> None:
        """10.0.0.70 is no further camera of 10.0.0.7."""
        self.assertEqual(self.name(device("cam-10-0-0-70", "10.0.0.70")), "cam-10-0-0-7")

    def test_ids(self) -> None:
        """Ids have 3 to 32 of a-z, 0-9 and dash; everything else is refused by name."""
        self.assertEqual(check_id("front-door"), "front-door")
        for wrong in ("ab", "A" * 5, "a" * 33, "a b c", "é" * 4, "abc\n", "", "wall"):
            self.assertRaises(Invalid, check_id, wrong)


class StateTests(SynchronousTestCase):
    """What people see."""

    def test_states(self) -> None:
        """Approved devices are online or offline; others are what was said of them."""
        approved = device("cam-1")
        self.assertEqual([state(approved, c) for c in (True, False)], ["online", "offline"])
        for approval in (Approval.PENDING, Approval.REVOKED):
            self.assertEqual(state(replace(approved, approval=approval), True), approval.value)

    def test_why_it_waits(self) -> None:
        """Only a pending device says why it waits, and whether it is there."""
        pending = replace(device("cam-1"), approval=Approval.PENDING)
        self.assertIn("held", waits_because(pending, True) or "")
        self.assertIn("not connected", waits_because(pending, False) or "")
        self.assertIsNone(waits_because(device("cam-1"), True))


class FailureTests(SynchronousTestCase):
    """Wrong proofs."""

    def test_five_in_a_minute(self) -> None:
        """The fifth makes this id wait at this address only, for a minute."""
        failures = Failures()
        for at in range(5):
            self.assertFalse(failures.must_wait("cam-1", HERE, at))
            failures.add("cam-1", HERE, at)
        self.assertTrue(failures.must_wait("cam-1", HERE, 5))
        self.assertFalse(failures.must_wait("cam-2", HERE, 5))
        self.assertFalse(failures.must_wait("cam-1", "10.0.0.8", 5))
        self.assertTrue(failures.must_wait("cam-1", HERE, 63))
        self.assertFalse(failures.must_wait("cam-1", HERE, 64))

    def test_one_in_a_while(self) -> None:
        """Five wrong proofs spread over more than a minute make nobody wait."""
        failures = Failures()
        for at in range(0, 100, 16):
            failures.add("cam-1", HERE, at)
            self.assertFalse(failures.must_wait("cam-1", HERE, at))

    def test_fifty_of_one_address(self) -> None:
        """Fifty over all ids make the whole address wait."""
        failures = Failures()
        for number in range(50):
            failures.add(f"cam-{number}", HERE, 0)
        self.assertTrue(failures.must_wait("another", HERE, 1))

    def test_memory(self) -> None:
        """What no longer counts is forgotten."""
        failures = Failures()
        for number in range(1000):
            failures.add(f"cam-{number}", f"10.0.{number // 250}.{number % 250}", 0)
        failures.prune(100)
        self.assertEqual((failures._times, failures._until), ({}, {}))
