"""What is handed to the reactor, and what may be acknowledged when."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from iotd.mqtt.handover import BATCH, Handover
from iotd.mqtt.pipe import Pipe
from iotd.mqtt.stream import Heard, Message


class LaterReactor:
    """Calls of other threads wait until ``run``."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], Any]] = []

    def callFromThread(self, call: Callable[[], Any]) -> None:
        """Remember it."""
        self.calls.append(call)

    def run(self) -> None:
        """Do what was asked."""
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def heard(*numbers: int, qos: int = 1) -> Heard:
    """One read with these messages; their acknowledgement is their number."""
    messages = [Message("t", b"%d" % number, False, qos) for number in numbers]
    told = b"".join(b"@\2" + number.to_bytes(2, "big") for number in numbers) if qos else b""
    return Heard(messages, told, 0, b"")


class HandoverTests(SynchronousTestCase):
    """On a reactor that waits, with an inbox that keeps its Deferreds."""

    def setUp(self) -> None:
        self.reactor = LaterReactor()
        self.given: list[tuple[list[bytes], Deferred[None]]] = []
        self.wakes = 0
        self.handover = self.make()

    def make(self, **limits: int) -> Handover:
        """A handover with these limits."""
        return Handover(self.reactor, self.inbox, self.wake, **limits)

    def inbox(self, messages: list[Message]) -> Deferred[None]:
        """Keep a batch."""
        self.given.append(([message.payload for message in messages], Deferred()))
        return self.given[-1][1]

    def wake(self) -> None:
        """Count."""
        self.wakes += 1

    def pipe(self) -> Pipe:
        """A new connection."""
        return Pipe(None, 1000)

    def numbers(self, pipe: Pipe) -> list[int]:
        """What may be acknowledged now."""
        told = self.handover.acknowledgements(pipe)
        return [int.from_bytes(told[at + 2:at + 4], "big") for at in range(0, len(told), 4)]

    def test_one_call_for_what_gathered(self) -> None:
        """While the reactor is busy reads gather, and come as one batch."""
        pipe = self.pipe()
        for number in (1, 2, 3):
            self.handover.hear(heard(number), pipe)
        self.assertEqual(len(self.reactor.calls), 1)
        self.reactor.run()
        self.assertEqual([batch for batch, _ in self.given], [[b"1", b"2", b"3"]])

    def test_a_batch_has_an_end(self) -> None:
        """What gathered is handed over in batches that are not endless."""
        for _ in range(3):
            self.handover.hear(heard(*range(1, BATCH + 1)), self.pipe())
        self.reactor.run()
        self.assertEqual([len(batch) for batch, _ in self.given], [BATCH] * 3)

    def test_not_before_it_is_safe(self) -> None:
        """Nothing is acknowledged before its Deferred fired, and all of it then."""
        pipe = self.pipe()
        self.handover.hear(heard(1, 2), pipe)
        self.reactor.run()
        self.assertEqual((self.numbers(pipe), self.wakes), ([], 0))
        self.given[0][1].callback(None)
        self.assertEqual((self.numbers(pipe), self.wakes), ([1, 2], 1))
        self.assertEqual(self.numbers(pipe), [])
        self.assertEqual(self.handover.acknowledged, 2)

    def test_in_order(self) -> None:
        """A batch that is ready waits for those before it."""
        pipe = self.pipe()
        for number in (1, 2, 3):
            self.handover.hear(heard(number), pipe)
            self.reactor.run()
        self.given[1][1].callback(None)
        self.assertEqual((self.numbers(pipe), self.wakes), ([], 0))
        self.given[0][1].callback(None)
        self.assertEqual(self.numbers(pipe), [1, 2])

    def test_on_its_own_connection(self) -> None:
        """What an older connection brought is not acknowledged on a newer one."""
        old, new = self.pipe(), self.pipe()
        self.handover.hear(heard(1), old)
        self.handover.hear(heard(1), new)
        self.reactor.run()
        self.assertEqual(len(self.given), 2)
        self.given[0][1].callback(None)
        self.assertEqual(self.numbers(new), [])
        self.given[1][1].callback(None)
        self.assertEqual(self.numbers(new), [1])

    def test_a_failure(self) -> None:
        """What could not be kept spoils its connection: nothing more is acknowledged on it."""
        pipe = self.pipe()
        for number in (1, 2):
            self.handover.hear(heard(number), pipe)
            self.reactor.run()
        self.given[0][1].errback(OSError("disk full"))
        self.given[1][1].callback(None)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertTrue(pipe.spoiled)
        self.assertEqual((self.numbers(pipe), self.handover.waiting), ([], 0))
        self.handover.hear(heard(3), pipe)
        self.assertEqual((self.reactor.calls, self.handover.waiting), ([], 0))

    def test_an_inbox_that_raises(self) -> None:
        """An exception in the inbox is a failure like others."""
        self.handover = Handover(self.reactor, lambda messages: 1 / 0, self.wake)  # type: ignore
        pipe = self.pipe()
        self.handover.hear(heard(1), pipe)
        self.reactor.run()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual((pipe.spoiled, self.numbers(pipe)), (True, []))

    def test_overload(self) -> None:
        """Beyond the limits QoS 0 is dropped and counted, QoS 1 is left to come again."""
        for limits in ({"most_messages": 2}, {"most_bytes": 2}):
            self.handover = self.make(**limits)
            pipe = self.pipe()
            self.handover.hear(heard(1, 2, qos=0), pipe)
            self.handover.hear(heard(3, 4, qos=0), pipe)
            self.assertEqual((self.handover.dropped, pipe.spoiled), (2, False))
            self.handover.hear(heard(5), pipe)
            self.assertEqual((self.handover.dropped, pipe.spoiled), (2, True))
            self.assertEqual(self.handover.waiting, 2)
            self.reactor.run()

    def test_idle(self) -> None:
        """It tells when all that was handed over is done with, and at once when nothing is."""
        self.successResultOf(self.handover.idle())
        self.handover.hear(heard(1), self.pipe())
        idle = self.handover.idle()
        self.reactor.run()
        self.assertNoResult(idle)
        self.given[0][1].callback(None)
        self.successResultOf(idle)

    def test_refused_alone(self) -> None:
        """A read that held nothing but what nobody can read is acknowledged as well."""
        pipe = self.pipe()
        self.handover.hear(Heard([], b"@\2\0\7", 1, b""), pipe)
        self.reactor.run()
        self.given[0][1].callback(None)
        self.assertEqual((self.numbers(pipe), self.handover.refused), ([7], 1))
