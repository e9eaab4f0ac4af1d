"""One connection of the device wire on the reactor: its words, its deadlines, what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from iotd.bus import PictureHeard, ReadingHeard, WeightHeard
from iotd.devices.links import NO_HELLO, LinkProtocol
from iotd.devices.questions import MAX_ASKED, Questions
from iotd.devices.queue import Act, Due, WordQueue
from iotd.errors import Conflict, Invalid
from iotd.wire.conversation import NEED_DATA, DeviceConversation, DevicePhase
from iotd.wire.device_events import (
    BadMessage, BadReading, HelloReceived, LineReceived, NewReceived, PictureReceived,
    PingReceived, PongReceived, ProofReceived, ReadingReceived, RequestReceived, SizeDeclared,
    WeightReceived,
)
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.words import check_word

if TYPE_CHECKING:
    from iotd.devices.server import DeviceFactory

QUIET = 0.05  # seconds without a byte that end what only silence can end
MAX_READINGS = 50  # good or bad, in one second of one device; a watch sends two in 30 s
# Of anything, in one second. 64 KiB can hold 65,536 commas, which take half a second to read.
MAX_EVENTS = 1000

_HELD, _STARTED = DevicePhase.HELD, DevicePhase.STARTED


class DeviceProtocol(LinkProtocol):
    """The server's side; a Link for the registry once it is admitted."""

    _server: DeviceFactory

    def __init__(
        self, factory: DeviceFactory, address: str, max_message_bytes: int, poll_seconds: float
    ) -> None:
        LinkProtocol.__init__(self, factory, address)
        self._conversation = DeviceConversation(max_message_bytes)
        self._words = WordQueue(poll_seconds)
        self._timer: Any = None
        self._quiet_from = 0.0
        self._settling = self._linked = False
        self._questions: Questions | None = None
        self._second = self._readings = self._events = 0

    # -- life -------------------------------------------------------------------

    def connectionMade(self) -> None:
        """It is greeted, and deadlines begin."""
        LinkProtocol.connectionMade(self)
        self.transport.write(self._conversation.greeting())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Everything that waits for this connection ends."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._part()
        LinkProtocol.connectionLost(self, reason)

    def dataReceived(self, data: bytes) -> None:
        """Bytes in, events out."""
        now = self._server.seconds()
        self._deadlines.heard(now, self._conversation.begun_bytes > 0)
        self._quiet_from, self._settling = now, False
        self._conversation.receive_data(data)
        self._read(now)

    def _read(self, now: float) -> None:
        conversation, deadlines = self._conversation, self._deadlines
        try:
            while not self._closed and (event := conversation.next_event()) is not NEED_DATA:
                self._count_event()
                began_at, deadlines.began_at = deadlines.began_at, now
                _HEARD[type(event)](self, event, began_at)
        except RemoteProtocolError as fault:
            self._broke_the_protocol(fault)
        self.move()

    def _broke_the_protocol(self, fault: RemoteProtocolError) -> None:
        started = self._linked
        LinkProtocol._broke_the_protocol(self, fault)
        if self._is_new and self._id is not None and not started:
            # no device ever spoke here: nobody is to approve it
            self._server.abandon(self._id, self, is_new=False)

    # -- the registry's Link ---------------------------------------------------------

    @property
    def kind(self) -> str:
        """What it was started as."""
        return self._conversation.kind or "other"

    def admitted(self, id: str) -> None:
        """It is started, or goes on where hold() stopped it, under this id."""
        if self._closed or (self._linked and self._id == id):
            return
        self._part()
        kind = self._server.kind_of(id)
        self._id = id
        now = self._server.seconds()
        if self._conversation.phase is _HELD:
            self.transport.write(self._conversation.start(kind))
            self._words.said(now)
        elif self.kind != kind:
            self.close(f"it is a {kind} now")  # it starts anew when it connects again
            return
        self._linked = True
        self._server.linked_up(id, self)
        self._read(now)

    def hold(self) -> None:
        """Nothing it says counts, and it is told nothing, until it is admitted again."""
        self._part()

    def close(self, reason: str) -> None:
        """End the connection; the reason was logged by who decided it."""
        self._closed = True
        self._part()
        LinkProtocol.close(self, reason)

    def command(self, text: str, by: str) -> None:
        """A word in its turn; nobody waits for what comes back."""
        self.say(text)

    def say(self, text: str) -> Deferred[bool]:
        """Queue a word; see DeviceFactory.say."""
        try:
            check_word(text, self.kind)
        except LocalProtocolError as fault:
            raise Invalid(f"{fault}.", "command") from None
        outcome: Deferred[bool] = Deferred()
        if not self._words.add(text, outcome.callback):
            raise Conflict("Too many words wait for this device already.", "command")
        self.move()
        return outcome

    def _part(self) -> None:
        """Others hear no more of it, and nobody waits for it any longer."""
        if self._linked and self._id is not None:
            self._linked = False
            self._server.linked_off(self._id, self)
        self._words.close()
        if self._questions is not None:
            self._questions.close()
            self._questions = None

    # -- what a device says ----------------------------------------------------------

    def _new(self, event: NewReceived, began_at: float) -> None:
        self._admit(self._server.admissions.join_field(event.id, self))

    def _size(self, event: SizeDeclared, began_at: float) -> None:
        self._words.declared(began_at)

    def _reading(self, event: ReadingReceived, began_at: float) -> None:
        if self._linked and self._in_bounds():
            now = self._server.now()
            self._tell(ReadingHeard(self._id or "", event.value, event.unit, event.raw, now))
            self._words.heard(event.unit)

    def _count_event(self) -> None:
        second = int(self._deadlines.heard_at)
        if second != self._second:
            self._second, self._readings, self._events = second, 0, 0
        self._events += 1
        if self._events > MAX_EVENTS:
            raise RemoteProtocolError(f"more than {MAX_EVENTS} readings or lines in a second")

    def _in_bounds(self) -> bool:
        self._readings += 1
        if self._readings > MAX_READINGS:
            self._fault("flood", f"more than {MAX_READINGS} readings in a second")
        return self._readings <= MAX_READINGS

    def _weight(self, event: WeightReceived, began_at: float) -> None:
        self._message_ended(event.moment == "aft")
        if self._linked:
            now = self._server.now()
            self._tell(WeightHeard(self._id or "", event.moment, event.grams, now))

    def _picture(self, event: PictureReceived, began_at: float) -> None:
        self._message_ended(False)
        if self._linked:
            self._tell(PictureHeard(self._id or "", event.jpeg, self._server.now()))
            self._words.heard("img")

    def _bad_message(self, event: BadMessage, began_at: float) -> None:
        self._message_ended(False)
        self._fault("message", event.reason)

    def _bad_reading(self, event: BadReading, began_at: float) -> None:
        if self._in_bounds():
            self._fault("reading", event.reason)

    def _message_ended(self, closes_the_cycle: bool) -> None:
        self._deadlines.granted_at = None
        self._words.message_ended(closes_the_cycle)

    def _line(self, event: LineReceived, began_at: float) -> None:
        if self._linked and self._board_line(event.text):
            return
        if event.text.startswith("error "):
            self._fault("board", event.text.removeprefix("error "))

    def _tell(self, event: object) -> None:
        self._server.bus.publish(event)

    def _fault(self, cause: str, reason: str) -> None:
        self._server.faults.add(self._id or self.address, cause, reason)

    def _request(self, event: RequestReceived, began_at: float) -> None:
        # what stands in a report is not for a board that nobody let in
        if self._linked and self._id is not None:
            self._questions = self._questions or Questions(self._server, self._id, self._answer)
            if not self._questions.ask(event.what):
                self._fault("request", f"0,{event.what} while {MAX_ASKED} wait for answers")

    def _answer(self, text: str) -> None:
        if self._words.answer(text):
            self.move()
        else:
            self._fault("request", "it asks faster than answers can be told")

    # -- what it is told -----------------------------------------------------------------

    def move(self) -> None:
        """Write what is due, and come back when the next may be."""
        conversation = self._conversation
        now = self._server.seconds()
        begun = conversation.begun_bytes > 0 and not self._stalled(now)
        busy = begun or conversation.receiving
        again = None
        if conversation.phase is _STARTED and not self._closed:
            due, again = self._words.next(now, busy)
            if due is not None and self._wrote(due, now):
                return
        if not self._closed:
            self._come_back(again)
        idle = conversation.phase in (_HELD, _STARTED) and not conversation.keyed
        self.needs_check = not idle or busy

    def _wrote(self, due: Due, now: float) -> bool:
        """Write it; True when there was more to read, and everything is settled."""
        act, text = due
        if act is Act.SEND:
            self.transport.write(self._conversation.send())
            self._deadlines.granted_at = now
            self._read(now)  # some do not wait for it
            return True
        say: Callable[[str], bytes] = (
            self._conversation.answer if act is Act.ANSWER else self._conversation.word
        )
        self.transport.write(say(text))
        return False

    def _come_back(self, again: float | None) -> None:
        if self._conversation.awaits_quiet:
            silent_at = self._quiet_from + QUIET
            again = silent_at if again is None else min(again, silent_at)
        if again is None:
            return  # a timer that still runs finds nothing to do, which is cheaper
        delay = max(again - self._server.seconds(), 0.001)
        if self._timer is None:
            self._timer = self._server.clock.callLater(delay, self._woken)
        elif self._timer.getTime() > again:
            self._timer.reset(delay)

    def _woken(self) -> None:
        self._timer = None
        now = self._server.seconds()
        if not self._conversation.awaits_quiet or now < self._quiet_from + QUIET:
            self.move()
        elif not self._settling:
            # what came while the reactor was busy is read before silence is believed
            self._settling = True
            self._timer = self._server.clock.callLater(0, self._woken)
        else:
            self._quiet_from, self._settling = now, False
            self._conversation.quiet()
            self._read(now)

    # -- deadlines: called about every second ----------------------------------------------

    def check(self, now: float) -> None:
        """Close what is late; ask a silent keyed device whether it lives."""
        if self._closed:
            return
        late = self._late(now)
        if late is not None:
            self._no_proof()
            self._refuse("late", late)
        elif self._conversation.keyed and self._conversation.phase is _STARTED:
            if self._deadlines.ping_due(now):
                self.transport.write(self._conversation.ping())
        elif self._stalled(now):
            self.move()

    def _stalled(self, now: float) -> bool:
        """Whether half a reading came long ago: it is kept, but words wait for it no more."""
        half = self._conversation.half_reading
        return half and self._deadlines.late(now, 1, "a reading") is not None

    def _late(self, now: float) -> str | None:
        deadlines, received = self._deadlines, self._conversation.begun_bytes
        if self._conversation.phase is DevicePhase.GREETED:
            return NO_HELLO if deadlines.silent_too_long(now) else None
        hurry = 0 if self._conversation.half_reading else received
        late = (
            deadlines.late_proof(now) or deadlines.late_message(now, received)
            or deadlines.late(now, hurry, "a size or line")
        )
        return late or (deadlines.gone(now) if self._conversation.keyed else None)


_HEARD: dict[type, Callable[[DeviceProtocol, Any, float], None]] = {
    NewReceived: DeviceProtocol._new,
    HelloReceived: lambda self, event, _: self._hello(event.id),
    ProofReceived: lambda self, event, _: self._proof(event.mac),
    SizeDeclared: DeviceProtocol._size,
    ReadingReceived: DeviceProtocol._reading,
    BadReading: DeviceProtocol._bad_reading,
    WeightReceived: DeviceProtocol._weight,
    PictureReceived: DeviceProtocol._picture,
    BadMessage: DeviceProtocol._bad_message,
    RequestReceived: DeviceProtocol._request,
    PingReceived: lambda self, event, _: self.transport.write(self._conversation.pong()),
    PongReceived: lambda self, event, _: None,
    LineReceived: DeviceProtocol._line,
}
