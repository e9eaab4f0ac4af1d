"""One camera connection on the reactor: its deadlines, its commands, its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from iotd.cameras.deadlines import SETTLE_SECONDS, Deadlines
from iotd.cameras.model import Drive
from iotd.devices.links import NO_HELLO, LinkProtocol
from iotd.errors import Conflict, Invalid
from iotd.wire.camera import (
    NEED_DATA, BadFrame, CameraConversation, EmptyFrame, Event, FieldDecided, FrameReceived,
    HelloReceived, LineReceived, Phase, PingReceived, PongReceived, ProofReceived,
)
from iotd.wire.commands import START, STOP
from iotd.wire.errors import ImpossibleLength, LocalProtocolError, RemoteProtocolError

MAX_LINES = 1000  # of a camera with a key, in one second; it says a few in a minute

if TYPE_CHECKING:
    from iotd.cameras.server import CameraFactory
    from iotd.cameras.camera import Camera


class CameraProtocol(LinkProtocol):
    """The server's side; a Link for the registry once it is admitted."""

    deadlines_of = Deadlines
    _server: CameraFactory

    def __init__(self, factory: CameraFactory, address: str, max_frame_bytes: int) -> None:
        LinkProtocol.__init__(self, factory, address)
        self.camera: Camera | None = None
        self.drive = Drive()
        self._conversation = CameraConversation(max_frame_bytes)
        self._spoke = False
        self._second = self._lines = 0

    # -- life -------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Deadlines begin."""
        self._settle = self._server.clock.callLater(SETTLE_SECONDS, self._silent)
        self._ask_again: Any = None
        LinkProtocol.connectionMade(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Everything that waits for this connection ends."""
        self._closed = True
        for call in (self._settle, self._ask_again):
            if call is not None and call.active():
                call.cancel()
        if self.camera is not None:
            self.camera.disconnected(self)
        LinkProtocol.connectionLost(self, reason)

    def dataReceived(self, data: bytes) -> None:
        """Bytes in, events out."""
        conversation = self._conversation
        now = self._server.seconds()
        self._spoke = self._spoke or bool(data)
        self._deadlines.heard(now, conversation.unfinished)
        conversation.receive_data(data)
        try:
            while not self._closed and (event := conversation.next_event()) is not NEED_DATA:
                self._deadlines.began_at = now
                if type(event) is FrameReceived:
                    self._frame(event, now)
                else:
                    self._happened(event)
        except RemoteProtocolError as fault:
            self._broke_the_protocol(fault)
        self.needs_check = (
            conversation.unfinished or conversation.phase is not Phase.FIELD or self._id is None
        )

    # -- what a camera says -------------------------------------------------------

    def _frame(self, event: FrameReceived, now: float) -> None:
        if self.camera is not None:
            self.camera.frame(event.jpeg, event.width, event.height)
        if self.drive.frame(now) and self.camera is not None:
            self.move()

    def _happened(self, event: Event) -> None:
        if isinstance(event, (PingReceived, PongReceived, LineReceived)):
            self._count_line()
        if isinstance(event, FieldDecided):
            self._join_unkeyed()
        elif isinstance(event, HelloReceived):
            self._hello(event.id)
        elif isinstance(event, ProofReceived):
            self._proof(event.mac)
        elif isinstance(event, PingReceived):
            self.transport.write(self._conversation.pong())
        elif isinstance(event, EmptyFrame) and self.camera is not None:
            self.camera.rates.empty_frames += event.count
        elif isinstance(event, LineReceived):
            self._line(event.text)
        elif isinstance(event, BadFrame):
            self._bad_frame(event.reason)

    def _count_line(self) -> None:
        second = int(self._server.seconds())
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines > MAX_LINES:
            raise RemoteProtocolError(f"more than {MAX_LINES} lines in a second")

    def _line(self, text: str) -> None:
        if self.camera is not None and self._board_line(text):
            return
        if text.startswith("error "):
            self._complained(text.removeprefix("error "))

    def _silent(self) -> None:
        self._conversation.settle_as_field()
        self.dataReceived(b"")

    def _join_unkeyed(self) -> None:
        if self._server.waits_for_key and not self._spoke:
            return  # it may still say key~ for 30 s; check() ends that
        self._admit(self._server.admissions.join_camera(self))

    def _hello(self, id: str) -> None:
        self._leave_unkeyed()
        LinkProtocol._hello(self, id)

    def _complained(self, text: str) -> None:
        if self.camera is not None:
            self.camera.complained(text)

    def _bad_frame(self, reason: str) -> None:
        if self.camera is not None:
            self.camera.bad_frame(reason)

    # -- the registry's Link ---------------------------------------------

    def admitted(self, id: str) -> None:
        """It is this camera from now on, and does what that camera is meant to do."""
        if self.camera is not None and self._id == id:
            return
        if self.camera is not None:
            self.camera.disconnected(self)
        self._id = id
        self.camera = self._server.camera(id)
        self.camera.connected(self)

    def command(self, text: str, by: str) -> Awaitable[Any] | None:
        """START and STOP as the buttons do it, SET key=value … in its turn."""
        try:
            self._conversation.command(text)
        except LocalProtocolError as fault:
            raise Invalid(f"{fault}.", "command") from None
        if text in (START, STOP) and self.camera is not None:
            return self.camera.press(text == START, by)
        if not self.drive.add(text):
            raise Conflict("Too many commands wait for this camera already.", "command")
        self.move()
        return None

    def _leave_unkeyed(self) -> None:
        if self._id is not None:  # silence had made it a field camera
            self._server.abandon(self._id, self, self._is_new)
            self._id = None
        if self.camera is not None:
            self.camera.disconnected(self)
            self.camera = None

    def _broke_the_protocol(self, fault: RemoteProtocolError) -> None:
        if isinstance(fault, ImpossibleLength):
            self._bad_frame(str(fault))
        LinkProtocol._broke_the_protocol(self, fault)
        if self._id is not None and self.drive.last_frame is None:
            # no camera ever spoke here: nobody is to approve it
            self._server.abandon(self._id, self, is_new=False)

    # -- commands -------------------------------------------------------------------

    def move(self) -> None:
        """Send what is due, and come back when the next may be."""
        if self._closed or self._conversation.phase not in (Phase.FIELD, Phase.KEYED):
            return
        now = self._server.seconds()
        command, again = self.drive.next_command(now)
        if command is not None:
            self.transport.write(self._conversation.command(command))
        if self._ask_again is not None and self._ask_again.active():
            self._ask_again.cancel()
        self._ask_again = None
        if again is not None:
            self._ask_again = self._server.clock.callLater(max(again - now, 0.01), self.move)

    # -- deadlines: called about every second -------------------------------------------

    def check(self, now: float) -> None:
        """Close what is late; ask a silent keyed camera whether it lives."""
        phase, deadlines = self._conversation.phase, self._deadlines
        if self._closed:
            return
        if phase is Phase.UNDECIDED or (phase is Phase.FIELD and self._id is None):
            self._check_unknown(now)
            return
        late = deadlines.late_proof(now) or deadlines.late_frame(now, self._unfinished)
        if phase is Phase.KEYED:
            late = late or deadlines.gone(now)
            if late is None and deadlines.ping_due(now):
                self.transport.write(self._conversation.ping())
        if late is not None:
            self._no_proof()
            self._refuse("late", late)

    @property
    def _unfinished(self) -> int:
        return self._conversation.begun_bytes

    def _check_unknown(self, now: float) -> None:
        over = self._deadlines.silent_too_long(now)
        if self._server.waits_for_key and (over or self.drive.last_frame is not None):
            self._admit(self._server.admissions.join_camera(self))
        elif over:
            self._refuse("late", NO_HELLO)
