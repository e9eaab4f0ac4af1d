"""What a camera is told and when, by the rules of the camera wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.cameras.model import SPACING, Drive, camera_state


def sent(drive: Drive, until: float, begin: float = 100.0, frames: frozenset = frozenset()) -> list:
    """(time, command) pairs between ``begin`` and ``until`` in steps of 10 ms."""
    found = []
    for step in range(round((until - begin) * 100)):
        now = round(begin + step / 100, 2)
        if now in frames:
            drive.frame(now)
        command, _ = drive.next_command(now)
        if command:
            found.append((now, command))
    return found


class DriveTests(SynchronousTestCase):
    """One connected camera."""

    def test_idle(self) -> None:
        """A camera that nobody started and that is silent is told nothing."""
        self.assertEqual(sent(Drive(), 130), [])

    def test_start_is_repeated(self) -> None:
        """START without a frame is said again every five seconds."""
        drive = Drive(wanted=True)
        self.assertEqual(sent(drive, 111), [(100.0, "START"), (105.0, "START"), (110.0, "START")])

    def test_frames_silence_it(self) -> None:
        """While frames come START is not repeated; five seconds after the last it is."""
        frames = frozenset(round(100.2 + n / 5, 2) for n in range(50))  # the last at 110.0
        self.assertEqual(
            sent(Drive(wanted=True), 116, frames=frames), [(100.0, "START"), (115.0, "START")]
        )

    def test_stop_is_repeated(self) -> None:
        """STOP is said again when frames still come two seconds later, not for stragglers."""
        drive = Drive(wanted=True)
        sent(drive, 101)
        drive.want(False)
        frames = frozenset({101.3, 101.9, 103.4})
        self.assertEqual(
            sent(drive, 108, begin=101, frames=frames), [(101.0, "STOP"), (103.4, "STOP")]
        )

    def test_quick_fingers(self) -> None:
        """START, STOP, START pressed at once leaves 250 ms between words and ends started."""
        drive = Drive()
        drive.want(True)
        found = sent(drive, 100.05)
        drive.want(False)
        found += sent(drive, 100.1, begin=100.05)
        drive.want(True)
        found += sent(drive, 104, begin=100.1)
        self.assertEqual(found, [(100.0, "START"), (100.25, "START")])

    def test_unasked_frames(self) -> None:
        """A camera that streams unasked is stopped."""
        self.assertEqual(sent(Drive(), 101, frames=frozenset({100.5})), [(100.5, "STOP")])

    def test_pressed_stop(self) -> None:
        """Stop pressed for a silent camera is said once: it might have missed the last one."""
        drive = Drive(wanted=True)
        sent(drive, 100.5)
        drive.want(False)
        self.assertEqual(sent(drive, 110, begin=100.5), [(100.5, "STOP")])

    def test_settings_take_their_turn(self) -> None:
        """Other commands go out after START, each 250 ms after the one before."""
        drive = Drive(wanted=True)
        drive.add("SET fps=5")
        drive.add("SET quality=40")
        self.assertEqual(sent(drive, 102), [
            (100.0, "START"), (100.25, "SET fps=5"), (100.5, "SET quality=40"),
        ])

    @given(st.lists(st.tuples(st.sampled_from(["start", "stop", "frame", "wait"]),
                              st.floats(0.001, 3)), max_size=60))
    def test_never_two_in_flight(self, story: list) -> None:
        """Whatever happens, two commands are never less than 250 ms apart."""
        drive, now, times = Drive(), 100.0, []
        for event, passing in story:
            now += passing
            if event == "frame":
                drive.frame(now)
            elif event != "wait":
                drive.want(event == "start")
            if drive.next_command(now)[0]:
                times.append(now)
        self.assertTrue(all(b - a >= SPACING for a, b in zip(times, times[1:])))

    @given(st.floats(100, 200), st.booleans())
    def test_asked_again_in_time(self, now: float, wanted: bool) -> None:
        """When nothing is sent the drive says when to ask again, and then something is."""
        drive = Drive(wanted=wanted)
        _, again = drive.next_command(now)
        self.assertEqual(again is not None, wanted)
        if again is not None:
            self.assertEqual(drive.next_command(again + 1e-6)[0], "START")


class StateTests(SynchronousTestCase):
    """The state as people see it."""

    def test_states(self) -> None:
        """Frames make it streaming; a stopped camera is idle a second after the last."""
        for expected, case in (
            ("offline", (False, True, 0.1)), ("idle", (True, True, None)),
            ("streaming", (True, True, 2.9)), ("idle", (True, True, 3.1)),
            ("streaming", (True, False, 0.9)), ("idle", (True, False, 1.1)),
        ):
            self.assertEqual(camera_state(*case), expected, case)
