"""One connection of the device wire on a fake clock: what it says, is told, and when it must go."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed

from iotd.accounts.records import list_audit
from iotd.bus import DeviceLinked, PictureHeard, ReadingHeard, WeightHeard
from iotd.errors import Conflict, Invalid
from tests.devices.room import GREETING, DevicePartsTest
from tests.parts import picture


class FieldTests(DevicePartsTest):
    """Field devices under open enrolment."""

    def test_greeting(self) -> None:
        """On connect exactly 36 bytes are said, and nothing else until it has a name."""
        board = self.board()
        self.advance(5)
        self.assertEqual(board.heard(), GREETING)
        self.assertEqual(len(GREETING), 36)

    def test_started(self) -> None:
        """`new~` is answered by `start`, alone; the id says the kind."""
        for id, kind in (("cab", "cabinet"), ("img", "cabinet_camera"), ("wch", "watch")):
            board = self.board(id)
            self.assertEqual(board.heard(), GREETING + b"start")
            self.assertEqual(self.registry.get(id)["kind"], kind)
            self.assertIn(DeviceLinked(id, kind, True), self.events)
            self.assertEqual(self.devices.linked(kind), [id])

    def test_other_kinds(self) -> None:
        """An id that nobody knows makes a device of kind other."""
        self.board("abc")
        self.assertEqual(self.registry.get("abc")["kind"], "other")

    def test_split_name(self) -> None:
        """A name in single bytes is the same name."""
        board = self.board()
        for byte in b"new~wch":
            board.say(bytes([byte]))
        self.assertEqual(self.states(), [("wch", "online")])

    def test_readings(self) -> None:
        """Glued and split readings are heard once each, as they were said."""
        board = self.started("wch")
        for piece in (b"72.0", b"0,bpm36.5", b"0,temp97,spo2"):
            board.say(piece)
        heard = [(e.device, e.value, e.unit, e.raw) for e in self.of(ReadingHeard)]
        self.assertEqual(heard, [
            ("wch", 72.0, "bpm", "72.00,bpm"), ("wch", 36.5, "temp", "36.50,temp"),
            ("wch", 97.0, "spo2", "97,spo2"),
        ])
        self.assertEqual(self.of(ReadingHeard)[0].at, self.now())

    def test_half_a_reading(self) -> None:
        """Quiet never ends half a reading."""
        board = self.started("wch")
        board.say(b"72.00,bp")
        self.advance(5)
        board.say(b"m")
        self.assertEqual([e.raw for e in self.of(ReadingHeard)], ["72.00,bpm"])

    def test_weight(self) -> None:
        """The under-declared weight is granted, and heard whole."""
        board = self.started("cab")
        board.say(b"size-9")
        self.advance(0.1)
        self.assertEqual(board.heard(), b"send")
        board.say(b"bfr-1023.4567")
        self.advance(0.2)
        [heard] = self.of(WeightHeard)
        self.assertEqual((heard.device, heard.moment, heard.grams), ("cab", "bfr", 1023.4567))

    def test_split_number(self) -> None:
        """A size is whole only after 50 ms of silence."""
        board = self.started("cab")
        board.say(b"size-")
        self.advance(0.4)
        board.say(b"1")
        self.clock.advance(0.04)
        board.say(b"3")
        self.clock.advance(0.045)
        self.assertEqual(board.heard(), b"")
        self.clock.advance(0.01)
        self.assertEqual(board.heard(), b"send")

    def test_silence_of_a_busy_reactor(self) -> None:
        """Bytes that came while nobody could read them are no silence: they are read first."""
        board = self.started("cab")
        board.say(b"size-1")
        self.clock.callLater(0.05, lambda: board.say(b"3"))
        self.clock.advance(0.05)  # the timer first, as in a reactor that was held up
        self.assertEqual(board.heard(), b"")
        self.advance(0.1)
        self.assertEqual(board.heard(), b"send")

    def test_picture(self) -> None:
        """A picture is heard as the camera's own bytes."""
        board, jpeg = self.started("img"), picture(1)
        board.say(b"size-%d" % len(jpeg))
        self.advance(0.1)
        for start in range(0, len(jpeg), 100):
            board.say(jpeg[start:start + 100])
        self.advance(0.2)
        self.assertEqual([e.jpeg for e in self.of(PictureHeard)], [jpeg])

    def test_two_at_once(self) -> None:
        """Two devices that speak in turn do not disturb each other."""
        watch, cabinet = self.started("wch"), self.started("cab")
        cabinet.say(b"size-9")
        watch.say(b"72.00,")
        self.advance(0.1)
        cabinet.say(b"aft-12.5")
        watch.say(b"bpm")
        self.assertEqual(len(self.of(ReadingHeard)), 1)
        cabinet.say(b"00000")
        self.advance(0.2)
        self.assertEqual(self.of(WeightHeard)[0].grams, 12.5)


class WordTests(DevicePartsTest):
    """What devices are told."""

    def said(self, id: str, word: str) -> list[Any]:
        """The list that takes the outcome of a word."""
        outcomes: list[Any] = []
        self.devices.say(id, word).addBoth(outcomes.append)
        return outcomes

    def test_after_start(self) -> None:
        """The first word comes a quarter of a second after `start`."""
        board = self.board("wch")
        self.said("wch", "bpm")
        self.advance(0.2)
        self.assertEqual(board.heard(), GREETING + b"start")
        self.advance(0.1)
        self.assertEqual(board.heard(), b"bpm")

    def test_bpm(self) -> None:
        """bpm ends with the heart rate that answers it."""
        board = self.started("wch")
        outcome = self.said("wch", "bpm")
        self.advance(15)
        self.assertEqual((board.heard(), outcome), (b"bpm", []))
        board.say(b"72.00,bpm36.50,temp")
        self.assertEqual(outcome, [True])

    def test_one_lost_answer(self) -> None:
        """A bpm without an answer is given up after poll_seconds, and the next is said."""
        board = self.started("wch")
        first, _ = self.said("wch", "bpm"), self.said("wch", "bpm")
        self.advance(29.9)
        self.assertEqual((board.heard(), first), (b"bpm", []))
        self.advance(0.3)
        self.assertEqual((board.heard(), first), (b"bpm", [False]))

    def test_img(self) -> None:
        """img ends with the picture; `send` goes out though its answer is awaited."""
        board, jpeg = self.started("img"), picture(1)
        outcome = self.said("img", "img")
        self.advance(2)
        board.say(b"size-%d" % len(jpeg))
        self.advance(0.1)
        self.assertEqual(board.heard(), b"imgsend")
        board.say(jpeg)
        self.advance(0.1)
        self.assertEqual(outcome, [True])

    def test_amid_a_message(self) -> None:
        """From the first byte of `size-` to the end of the message nothing but `send` is said."""
        board = self.started("cab")
        board.say(b"s")
        self.said("cab", "lof")
        self.advance(0.3)
        board.say(b"ize-9")
        self.advance(0.3)
        self.assertEqual(board.heard(), b"send")
        board.say(b"bfr-1023.4567")
        self.advance(0.4)
        self.assertEqual(board.heard(), b"lof")

    def test_swallowed_lights(self) -> None:
        """lof within a second before a size is said again after the message, and stands."""
        board = self.started("cab")
        outcome = self.said("cab", "lof")
        self.advance(0.9)
        self.assertEqual(board.heard(), b"lof")
        self.weigh(board, "bfr")
        self.advance(0.3)
        self.assertEqual(board.heard(), b"lof")
        self.advance(1.5)
        self.assertEqual((board.heard(), outcome), (b"", [True]))

    def test_aft(self) -> None:
        """After `aft` it is not said again: the lights belong to the new cycle."""
        board = self.started("cab")
        outcome = self.said("cab", "lof")
        self.advance(0.5)
        board.heard()
        self.weigh(board, "aft")
        self.advance(3)
        self.assertEqual((board.heard(), outcome), (b"", [False]))

    def test_lights_of_the_answer_to_aft(self) -> None:
        """lof that is said because of `aft`, as it is heard, goes out after the message."""
        board = self.started("cab")
        self.bus.subscribe(WeightHeard, lambda event: self.said("cab", "lof") and None)
        self.weigh(board, "aft")
        self.advance(0.3)
        self.assertEqual(board.heard(), b"lof")

    def test_wrong_word(self) -> None:
        """A word that the kind does not know is refused, and the right ones are named."""
        self.started("cab")
        with self.assertRaisesRegex(Invalid, "lof, lon"):
            self.devices.say("cab", "img")

    def test_nobody_there(self) -> None:
        """A device that is not started can be told nothing."""
        self.assertRaises(Conflict, self.devices.say, "cab", "lof")

    def test_lost_link(self) -> None:
        """When the link is lost every word ends, and others hear that it is gone."""
        board = self.started("wch")
        outcome, later = self.said("wch", "bpm"), self.said("wch", "bpm")
        board.leave()
        self.assertEqual((outcome, later), ([False], [False]))
        self.assertEqual(self.of(DeviceLinked)[-1], DeviceLinked("wch", "watch", False))
        self.assertEqual(self.devices.linked("watch"), [])

    async def test_commands_of_people(self) -> None:
        """A command is a word in its turn; others, and devices that are away, are refused."""
        board = self.started("cab")
        await self.registry.command("cab", "lon", "test")
        row, = await self.store.read(list_audit, 1)
        self.assertEqual([row[name] for name in ("who", "action", "subject", "detail")],
                         ["test", "command device", "cab", "lon"])
        self.assertEqual(board.heard(), b"lon")
        with self.assertRaisesRegex(Invalid, "lof, lon"):
            await self.registry.command("cab", "start", "test")
        board.leave()
        with self.assertRaisesRegex(Conflict, "offline"):
            await self.registry.command("cab", "lof", "test")


class RequestTests(DevicePartsTest):
    """What devices ask."""

    def test_answered(self) -> None:
        """0,rep and 0,a are answered with what is known of this device's person."""
        board = self.started("wch")
        self.answers = lambda device, what: succeed({"rep": "hrx5,,", "a": "crdWalk."}[what])
        board.say(b"0,rep")
        board.say(b"0,a")
        self.advance(0.06)
        self.assertEqual(board.heard(), b"hrx5,,")
        self.advance(0.3)
        self.assertEqual(board.heard(), b"crdWalk.")

    def test_cut_reading_is_no_request(self) -> None:
        """0,b may be a cut 0,bpm: it is one when no more comes in 50 ms."""
        board, asked = self.started("wch"), []
        self.answers = lambda device, what: asked.append((device, what)) or succeed("glc")
        board.say(b"0,b")
        self.clock.advance(0.04)
        board.say(b"pm0,b")
        self.advance(0.3)
        self.assertEqual(asked, [("wch", "b")])
        self.assertEqual([e.raw for e in self.of(ReadingHeard)], ["0,bpm"])

    def test_no_answer(self) -> None:
        """An answer that fails or never comes is told to the log; later questions are answered."""
        board = self.started("wch")
        waits: Deferred[str] = Deferred()
        self.answers = _in_turn([waits, ZeroDivisionError(), succeed("nonsense"), succeed("crd.")])
        for _ in range(4):
            board.say(b"0,a")
            self.advance(0.1)
        self.advance(11)
        self.assertEqual(board.heard(), b"crd.")
        self.assertEqual(len(self.flushLoggedErrors()), 3)

    def test_too_many_questions(self) -> None:
        """Questions beyond four are counted, not answered."""
        timers, waits = len(self.clock.getDelayedCalls()), Deferred()
        board = self.started("wch")
        self.answers = lambda device, what: waits
        board.say(b"0,rep" * 7)
        self.advance(0.1)
        self.assertEqual(self.count("iotd_device_faults_total", cause="request"), 3)
        board.leave()
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)


def _in_turn(results: list[Any]) -> Any:
    def answers(device: str, what: str) -> Any:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result
    return answers
