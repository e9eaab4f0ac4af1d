"""Names are found without counting up, and the index follows every change."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.index import MAX_HINTS, FreeNames, Known
from iotd.devices.model import Approval, Device

HERE, THERE = "10.0.0.7", "10.0.0.9"


def device(id: str, address: str = HERE, wire: str = "dev", key: str | None = None) -> Device:
    """An approved device."""
    return Device(id, id, "other", Approval.APPROVED, wire, 0.0, address, key)


class FreeNameTests(SynchronousTestCase):
    """The lowest free name of a series."""

    def test_not_counted_anew(self) -> None:
        """A thousand names are found by looking at about two each, not at all before them."""
        names, taken, looks = FreeNames(), set(), []

        def is_free(name: str) -> bool:
            looks.append(name)
            return name not in taken

        for _ in range(1000):
            taken.add(names.lowest("wch", is_free))
        self.assertEqual(len(taken), 1000)
        self.assertLess(len(looks), 2100)

    def test_memory(self) -> None:
        """Series that are long gone are not remembered for ever."""
        names = FreeNames()
        for number in range(MAX_HINTS + 5):
            names.lowest(f"cam-{number}", lambda name: name.endswith("-2"))
        self.assertLess(len(names._from), MAX_HINTS)

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.integers(-20, 20), max_size=60))
    def test_lowest(self, steps: list[int]) -> None:
        """Whatever is taken and given back, the name is the lowest that is free."""
        names, taken = FreeNames(), set()
        for step in steps:
            name = "wch" if abs(step) < 2 else f"wch-{abs(step)}"
            if step < 0:
                taken.discard(name)
                names.freed(name)
                continue
            found = names.lowest("wch", lambda name: name not in taken)
            lowest = next(n for n in range(1, 99) if _name(n) not in taken)
            self.assertEqual(found, _name(lowest))
            taken.add(found)


def _name(number: int) -> str:
    return "wch" if number == 1 else f"wch-{number}"


class KnownTests(SynchronousTestCase):
    """Devices by what they are recognised by."""

    def setUp(self) -> None:
        self.known = Known()

    def pair(self, base: str = "cab", address: str = HERE) -> list[str]:
        """The ids of a pair."""
        return [each.id for each in self.known.pair(base, address)]

    def test_pairs(self) -> None:
        """Rows of one id at one address, the first one first; other ids and wires are not."""
        for number in (10, 2, 1):
            id = "cab" if number == 1 else f"cab-{number}"
            self.known[id] = device(id)
        self.known["wch"] = device("wch")
        self.known["cam-10-0-0-7"] = device("cam-10-0-0-7", wire="cam")
        self.assertEqual(self.pair(), ["cab", "cab-2", "cab-10"])

    def test_changes(self) -> None:
        """A device that moves, gets a key or goes leaves its place, and its name where it can."""
        for id in ("cab", "cab-2", "cab-3"):
            self.known[id] = device(id)
        self.known["cab"] = replace(self.known["cab"], address=THERE)
        self.known["cab-2"] = replace(self.known["cab-2"], key_sealed="sealed")
        self.assertEqual((self.pair(), self.pair(address=THERE)), (["cab-3"], ["cab"]))
        self.assertEqual(self.known.new_name("cab"), "cab-4")
        del self.known["cab-2"]
        self.assertEqual(self.known.new_name("cab"), "cab-2")

    def test_pending(self) -> None:
        """Who waits is known by name, also after a decision."""
        self.known["cab"] = replace(device("cab"), approval=Approval.PENDING)
        self.known["wch"] = device("wch")
        self.assertEqual(self.known.pending, {"cab"})
        self.known["cab"] = replace(self.known["cab"], approval=Approval.APPROVED)
        self.known["wch"] = replace(self.known["wch"], approval=Approval.PENDING)
        self.assertEqual(self.known.pending, {"wch"})
        self.known.clear()
        self.assertEqual((self.known.pending, self.known._places), (set(), {}))
